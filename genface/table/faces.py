"""The faces of a table: which there are, the rows of one, and its whole timeline."""

from typing import TypeVar

import numpy as np
import pandas as pd

from genface.errors import InputError

TIMELINE = ("FrameHeight", "FrameWidth", "input", "approx_time", "time")
"""Columns that belong to a frame and not to a face in it."""

Table = TypeVar("Table", bound=pd.DataFrame)


def longest_face(table: pd.DataFrame) -> int:
    """``face_id`` seen in most frames; of equals, the smallest."""
    _need_one_input(table)
    seen = table.loc[_seen(table), "face_id"].value_counts()
    if seen.empty:
        raise InputError("no face was found in this table, so none is the longest.")
    return int(seen.index[seen == seen.max()].min())


def face_rows(table: Table, face_id: int) -> Table:
    """The rows of one face."""
    _need_one_input(table)
    seen = _seen(table)
    rows = table[seen & (table["face_id"] == face_id)]
    if rows.empty:
        known = sorted(int(i) for i in table.loc[seen, "face_id"].unique())
        raise InputError(f"no face {face_id} in this table; it has {known}.")
    return rows


def complete_face(table: Table, face_id: int) -> Table:
    """One row per frame of the table for one face, NaN where it was not seen.

    The added rows have the status ``absent``, or that of the faceless frame.
    """
    face = face_rows(table, face_id)
    if face["frame"].duplicated().any():
        raise InputError(f"face {face_id} appears twice in a frame.")
    frames = table.drop_duplicates("frame").set_index("frame").sort_index()
    rows = face.set_index("frame").reindex(frames.index)
    absent = ~frames.index.isin(face["frame"])
    for name in frames.columns.intersection(list(TIMELINE)):
        rows[name] = frames[name]
    rows["face_id"] = face_id
    if "status" in rows:
        empty = frames["status"] == "no_face"
        rows.loc[absent, "status"] = frames["status"].where(empty, "absent")
    else:
        rows["status"] = np.where(absent, "absent", "ok")
    return rows.reset_index()[list(dict.fromkeys([*table.columns, "status"]))]


def _seen(table: pd.DataFrame) -> pd.Series:
    """Rows that hold a face."""
    if "face_id" not in table.columns:
        raise InputError("this table has no column face_id to tell faces apart.")
    seen = table["face_id"].notna()
    if "status" in table.columns:
        seen &= ~table["status"].isin(["absent", "no_face"])
    return seen


def _need_one_input(table: pd.DataFrame) -> None:
    if "input" in table.columns and table["input"].nunique() > 1:
        raise InputError(
            f"this table holds {table['input'].nunique()} inputs, and faces are "
            "counted within each; choose one: fex[fex['input'] == name]."
        )
