"""Fex: the face table as a pandas DataFrame that knows its groups of columns.

Groups are derived from the column names and other facts live in ``attrs``: both
survive whatever pandas does to a table. Logic lives in the rooms below.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from genface.errors import InputError
from genface.table.columns import Selection, groups, select_columns
from genface.table.files import read_table, write_table

TIMELINE = ("FrameHeight", "FrameWidth", "input", "approx_time", "time")
"""Columns that belong to a frame and not to a face in it."""


class Fex(pd.DataFrame):
    """One row per face and frame; a frame without a face is one row of NaN.

    Groups (``aus``, ``poses``, ...) are tables of those columns, without columns where
    there are none. ``attrs`` holds facts such as ``au_scale`` and ``fps``.
    """

    @property
    def _constructor(self) -> Callable[..., "Fex"]:
        return Fex

    def _group(self, *names: str) -> "Fex":
        known = groups(self.columns)
        return self[[column for name in names for column in known[name]]]

    def _named(self, *names: str) -> "Fex":
        return self[[name for name in names if name in self.columns]]

    @property
    def aus(self) -> "Fex":
        """Action Units, on the scale ``attrs["au_scale"]``; NaN where unseen."""
        return self._group("aus")

    @property
    def emotions(self) -> "Fex":
        """Emotions, in the words that the table has."""
        return self._group("emotions")

    @property
    def poses(self) -> "Fex":
        """Head rotation (radians) and position (centimetres)."""
        return self._group("pose")

    @property
    def gazes(self) -> "Fex":
        """Direction of gaze in radians."""
        return self._group("gaze")

    @property
    def landmarks(self) -> "Fex":
        """The 68 landmarks in pixels: all x, then all y."""
        return self._group("landmarks")

    @property
    def landmarks_x(self) -> "Fex":
        """Horizontal positions of the landmarks."""
        return self.landmarks.filter(regex=r"^x_")

    @property
    def landmarks_y(self) -> "Fex":
        """Vertical positions of the landmarks, downward."""
        return self.landmarks.filter(regex=r"^y_")

    @property
    def mesh(self) -> "Fex":
        """The 478 mesh points: x and y in pixels, z in widths of the face box."""
        return self._group("mesh")

    @property
    def faceboxes(self) -> "Fex":
        """Face boxes in pixels, and their scores."""
        return self._group("facebox")

    @property
    def inputs(self) -> pd.Series:
        """The file that each row comes from."""
        return self["input"]

    @property
    def time(self) -> "Fex":
        """Frame number and time; ``fex["time"]`` is the column of seconds."""
        return self._named("frame", "time", "approx_time")

    def longest_face(self) -> int:
        """``face_id`` seen in most frames; of equals, the smallest."""
        self._need_one_input()
        seen = self.loc[self._seen(), "face_id"].value_counts()
        if seen.empty:
            raise InputError("no face was found in this table, so none is the longest.")
        return int(seen.index[seen == seen.max()].min())

    def face(self, face_id: int) -> "Fex":
        """The rows of one face."""
        rows = self[self._seen() & (self["face_id"] == face_id)]
        if rows.empty:
            known = sorted(int(i) for i in self.loc[self._seen(), "face_id"].unique())
            raise InputError(f"no face {face_id} in this table; it has {known}.")
        return rows

    def complete(self, face_id: int) -> "Fex":
        """One row per frame of the table for one face, NaN where it was not seen.

        The added rows have the status ``absent``, or that of the faceless frame.
        """
        self._need_one_input()
        face = self.face(face_id)
        if face["frame"].duplicated().any():
            raise InputError(f"face {face_id} appears twice in a frame.")
        frames = self.drop_duplicates("frame").set_index("frame").sort_index()
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
        rows = Fex(rows.reset_index()[list(dict.fromkeys([*self.columns, "status"]))])
        rows.attrs = dict(self.attrs)
        return rows

    def write(self, path: Path | str, columns: Selection = "mesh") -> Path:
        """Write a CSV with its sidecar, or a Parquet file; returns the path."""
        return write_table(select_columns(self, columns), path)

    def _seen(self) -> pd.Series:
        """Rows that hold a face."""
        if "face_id" not in self.columns:
            raise InputError("this table has no column face_id to tell faces apart.")
        seen = self["face_id"].notna()
        if "status" in self.columns:
            seen &= ~self["status"].isin(["absent", "no_face"])
        return seen

    def _need_one_input(self) -> None:
        if "input" in self.columns and self["input"].nunique() > 1:
            raise InputError(
                f"this table holds {self['input'].nunique()} inputs, and faces are "
                "counted within each; choose one: fex[fex['input'] == name]."
            )


def read_fex(path: Path | str) -> Fex:
    """Read a table written by :meth:`Fex.write` (CSV or Parquet)."""
    table = read_table(path)
    fex = Fex(table)
    fex.attrs = dict(table.attrs)
    return fex
