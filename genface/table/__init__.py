"""What was measured: the columns of a face table, and its files."""

from genface.table.columns import (
    Selection,
    au_strengths,
    group_of,
    groups,
    order_columns,
    select_columns,
)
from genface.table.conversion import read_any, to_feat
from genface.table.dialects import DESCRIPTION, recognise
from genface.table.feat import read_feat
from genface.table.files import read_table, sidecar_path, write_table
from genface.table.libreface import read_libreface
from genface.table.mediapipe import read_mediapipe
from genface.table.openface import read_openface
from genface.table.openface_writer import write_openface
from genface.table.sessions import (
    itersessions,
    sessions_of,
    update_sessions,
    with_sessions,
)
from genface.table.sidecar import json_safe

__all__ = [
    "DESCRIPTION",
    "Selection",
    "au_strengths",
    "group_of",
    "groups",
    "itersessions",
    "json_safe",
    "order_columns",
    "read_any",
    "read_feat",
    "read_libreface",
    "read_mediapipe",
    "read_openface",
    "read_table",
    "recognise",
    "select_columns",
    "sessions_of",
    "sidecar_path",
    "to_feat",
    "update_sessions",
    "with_sessions",
    "write_openface",
    "write_table",
]
