"""Groups of columns, columns and facts as attributes of a table class."""

import re
from typing import Any

import pandas as pd

from genface.errors import InputError
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


class Column:
    """A column as a Series; an :class:`InputError` where there is none."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, table: pd.DataFrame | None, owner: type) -> Any:
        if table is None:
            return self
        if self._name not in table.columns:
            raise InputError(f"this table has no column {self._name}.")
        return table[self._name]


class Fact:
    """An entry of ``attrs`` as an attribute; None where it is unknown."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __get__(self, table: pd.DataFrame | None, owner: type) -> Any:
        return self if table is None else table.attrs.get(self._key)

    def __set__(self, table: pd.DataFrame, value: Any) -> None:
        table.attrs[self._key] = value
