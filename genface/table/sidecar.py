"""The facts that travel with a table, as JSON: scale, frame rate, versions, sources."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genface.errors import InputError

SCHEMA = 1


def describe(frame: pd.DataFrame, meta: Mapping[str, Any]) -> str:
    """JSON text of a table's facts and of its columns' types.

    The commonest type is given once, under ``*``; the rest by column.
    """
    kinds = {str(name): _kind(dtype) for name, dtype in frame.dtypes.items()}
    usual = Counter(kinds.values()).most_common(1)[0][0] if kinds else "float32"
    dtypes = {"*": usual}
    dtypes |= {name: kind for name, kind in kinds.items() if kind != usual}
    facts = {"genface_table": SCHEMA, "dtypes": dtypes, "attrs": json_safe(meta)}
    return json.dumps(facts, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def parse(text: str, source: Path | str) -> tuple[dict[str, str], dict[str, Any]]:
    """``(dtypes, attrs)`` of :func:`describe`'s text; anything else: InputError."""
    try:
        facts = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{source}: not a JSON file ({error}); remove it to read the table alone."
        ) from None
    schema = facts.get("genface_table") if isinstance(facts, dict) else None
    if schema != SCHEMA:
        what = "is not the description of a table" if schema is None else "is newer"
        raise InputError(
            f"{source} {what} (genface_table is {schema!r}, this genface reads "
            f"{SCHEMA}); update genface, or move it away to read the table alone."
        )
    dtypes, attrs = facts.get("dtypes", {}), facts.get("attrs", {})
    if not isinstance(dtypes, dict) or not isinstance(attrs, dict):
        raise InputError(f"{source}: 'dtypes' and 'attrs' must be JSON objects.")
    return dtypes, attrs


def json_safe(value: Any) -> Any:
    """The value with numpy numbers, paths, dates and fractions as JSON has them.

    NaN and infinity become None. What JSON cannot hold is an :class:`InputError`.
    """
    if isinstance(value, Mapping):
        return {str(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_safe(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((json_safe(item) for item in value), key=str)
    if isinstance(value, np.ndarray):
        return json_safe(value.tolist())
    if isinstance(value, np.generic):
        return json_safe(value.item())
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    raise InputError(
        f"a table's facts hold a {type(value).__name__}, which JSON has not; "
        "give numbers, words, lists or dictionaries."
    )


def _kind(dtype: Any) -> str:
    """``text``, or numpy's name of the type."""
    name = str(dtype)
    return "text" if name in ("object", "str") or name.startswith("string") else name
