"""What was measured: the columns of a face table, and its files."""

from genface.table.columns import (
    Selection,
    au_strengths,
    group_of,
    groups,
    order_columns,
    select_columns,
)
from genface.table.files import read_table, sidecar_path, write_table
from genface.table.sessions import (
    itersessions,
    sessions_of,
    update_sessions,
    with_sessions,
)
from genface.table.sidecar import json_safe

__all__ = [
    "Selection",
    "au_strengths",
    "group_of",
    "groups",
    "itersessions",
    "json_safe",
    "order_columns",
    "read_table",
    "select_columns",
    "sessions_of",
    "sidecar_path",
    "update_sessions",
    "with_sessions",
    "write_table",
]
