"""Several faces in one frame: found, so that nothing averages over people unseen."""

import numpy as np
import pandas as pd

from genface.errors import InputError, warn
from genface.stats.sessions import RowGroups


def warn_if_crowded(frame: pd.DataFrame, groups: RowGroups, what: str) -> None:
    """Warn where a session holds several rows of one frame of one input."""
    where = _crowd(frame, groups)
    if where:
        warn(
            f"{what} is over several faces: {where}. Make each face a session, or "
            "choose one with fex.face(face_id)."
        )


def need_series(frame: pd.DataFrame, groups: RowGroups, what: str) -> None:
    """Raise where a session is no time series: faces mixed, or frames out of order.

    Told by the columns ``input`` and ``frame``, as far as the table has them. A session
    that joins several inputs is allowed, with a warning.
    """
    where = _crowd(frame, groups)
    if where:
        raise InputError(
            f"{what} takes one face over time, but {where}; make each face a session, "
            "or choose one with fex.face(face_id)."
        )
    if not {"input", "frame"} <= set(frame.columns):
        return
    for value, rows in groups:
        part = frame[["input", "frame"]].iloc[rows]
        if (part.groupby("input", sort=False)["frame"].diff() < 0).any():
            raise InputError(
                f"{what} takes rows in order of time, but in session {value!r} frames "
                "run backwards; sort the table by input and frame."
            )
        if part["input"].nunique() > 1:
            warn(
                f"{what} takes session {value!r} as one series, though it joins "
                f"{part['input'].nunique()} inputs; make each input a session."
            )


def _crowd(frame: pd.DataFrame, groups: RowGroups) -> str:
    """Where in a session one frame of one input comes twice; empty if nowhere."""
    if not {"input", "frame"} <= set(frame.columns):
        return ""
    codes = np.full(len(frame), -1)
    for code, (_, rows) in enumerate(groups):
        codes[rows] = code
    inputs = pd.factorize(frame["input"])[0]
    frames = pd.factorize(frame["frame"])[0]
    keys = pd.DataFrame({"session": codes, "input": inputs, "frame": frames})
    twice = keys.duplicated(keep=False) & (keys > -1).all(axis=1)
    if not twice.any():
        return ""
    rows = np.flatnonzero((keys == keys[twice].iloc[0]).all(axis=1))
    kind = "rows"
    if "face_id" in frame.columns:
        ids = frame["face_id"].iloc[rows]
        kind = "faces" if ids.nunique() == len(ids) else "rows, one face twice"
    first = frame.iloc[rows[0]]
    session = groups[codes[rows[0]]][0]
    return (
        f"in session {session!r}, {first['input']} frame {first['frame']} has "
        f"{len(rows)} {kind}"
    )
