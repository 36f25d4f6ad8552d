"""What a column of a table file can be: numbers, truths or words, the same in both."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from genface.errors import InputError
from genface.table.columns import GROUPS, TEXT, group_of

WORDS = "text"

MEASURED = set(GROUPS) - {"meta"}
"""Groups that hold fractions, whatever the first rows look like."""


def storable(table: pa.Table, path: Path) -> pa.Table:
    """The table with the types that CSV and Parquet both give back.

    Categories become their words, half floats float32, and a column without any value
    words. Anything else (dates, lists, ...) is an :class:`InputError`.
    """
    types = {field.name: _storable_type(field.type) for field in table.schema}
    for name, kind in types.items():
        if kind is None:
            raise InputError(
                f"{path}: the column {name} holds neither numbers nor words "
                f"({table.schema.field(name).type}); write it as one of them, or leave "
                "it out."
            )
    return table.cast(pa.schema(types.items()))


def _storable_type(kind: pa.DataType) -> pa.DataType | None:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind) or pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_float16(kind):
        return pa.float32()
    numbers = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    if numbers or pa.types.is_boolean(kind) or pa.types.is_string(kind):
        return kind
    return None


def kinds_of(table: pa.Table) -> dict[str, str]:
    """``text``, or numpy's name of the type, for each column of a storable table."""
    return {
        field.name: WORDS
        if pa.types.is_string(field.type)
        else np.dtype(field.type.to_pandas_dtype()).name
        for field in table.schema
    }


def type_of(name: str, kinds: Mapping[str, str]) -> pa.DataType | None:
    """Type that a column was written with; None where only its cells can tell."""
    kind = kinds.get(name, kinds.get("*"))
    if kind is None and name in TEXT:
        return pa.string()
    if kind is None:
        measured = group_of(name) in MEASURED and not name.endswith("_c")
        return pa.float64() if measured else None
    try:
        return pa.string() if kind == WORDS else pa.type_for_alias(kind)
    except ValueError:
        return None
