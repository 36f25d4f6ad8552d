"""Groups of columns and facts as attributes of a table class."""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from genface.table.columns import groups


class Group:
    """The columns of one group as a table; without columns where there are none.

    ``pattern`` narrows the group to the names in which it is found.
    """

    def __init__(self, name: str, pattern: str = "") -> None:
        self._name, self._pattern = name, pattern

    def __get__(self, table: pd.DataFrame | None, owner: type) -> Any:
        if table is None:
            return self
        names = groups(table.columns.tolist())[self._name]
        return table[[name for name in names if re.search(self._pattern, name)]]


class Fact:
    """An entry of ``attrs`` as an attribute; None where it is unknown."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __get__(self, table: pd.DataFrame | None, owner: type) -> Any:
        return self if table is None else table.attrs.get(self._key)

    def __set__(self, table: pd.DataFrame, value: Any) -> None:
        table.attrs[self._key] = value


def row_rate(facts: Mapping[Any, Any]) -> float | None:
    """Rows per second of one face, by a table's facts; None where they do not say.

    ``sampling_freq`` says it; else it is the clip's ``fps`` over ``skip_frames``.
    """
    if "sampling_freq" in facts or not facts.get("fps"):
        return facts.get("sampling_freq")
    return facts["fps"] / (facts.get("skip_frames") or 1)
