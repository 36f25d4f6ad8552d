"""What was measured: the columns of a face table, and its files."""

from genface.table.columns import (
    Selection,
    group_of,
    groups,
    order_columns,
    select_columns,
)
from genface.table.files import read_table, sidecar_path, write_table
from genface.table.sidecar import json_safe

__all__ = [
    "Selection",
    "group_of",
    "groups",
    "json_safe",
    "order_columns",
    "read_table",
    "select_columns",
    "sidecar_path",
    "write_table",
]
