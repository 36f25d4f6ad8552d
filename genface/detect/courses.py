"""Faces of a table as they move: the rows of each in time, and the gaps in them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from genface.errors import InputError
from genface.table.rate import row_rate

# A step of more than this many usual ones is a gap: a frame or more is missing.
GAP = 1.5


class Course(NamedTuple):
    """Rows (T,) of one face by time, their times (T,) in seconds, the clip's step."""

    rows: np.ndarray
    times: np.ndarray
    step: float


def moving_rows(table: pd.DataFrame) -> Iterator[np.ndarray]:
    """Places of the rows of each face that has a neutral of its own, by time.

    Such is a face in several frames of a clip. Pictures have no times, nor have clips
    that came as arrays; of those the fact ``neutral`` says that they are clips.
    """
    times = table["time"].to_numpy(np.float64)
    in_clip = np.isfinite(times) | (table.attrs.get("neutral") == "person")
    known = np.flatnonzero(table["face_id"].notna().to_numpy() & in_clip)
    keys = [table[name].to_numpy()[known] for name in ("input", "face_id")]
    for _, rows in pd.Series(known).groupby(keys, sort=False):
        if len(rows) > 1:
            yield rows.to_numpy()[np.argsort(times[rows], kind="stable")]


def courses(table: pd.DataFrame) -> Iterator[Course]:
    """The same, with what time tells; times that are missing are an InputError.

    The step is the usual one of the input's frames: a face that is seen in few of them
    does not tell how many there are.
    """
    frames = table[["input", "face_id", "time"]]
    for rows in moving_rows(frames):
        source, face, _ = frames.iloc[rows[0]]
        times = frames["time"].to_numpy(np.float64)[rows]
        if not np.isfinite(times).all():
            raise InputError(
                f"{source}: frames without times (an array has no clock); put the "
                "seconds of each frame into the column time."
            )
        if not (np.diff(times) > 0).all():
            raise InputError(
                f"{source}: face {face} is twice at one time; expected one row for "
                "each face and frame."
            )
        clip = frames[(frames["input"] == source).to_numpy()]
        rate = row_rate(clip.drop_duplicates("time").sort_values("time"))
        assert rate is not None, "times that rise have a step"
        yield Course(rows, times, 1 / rate)


def unbroken(
    values: np.ndarray, times: np.ndarray, step: float | None = None
) -> list[np.ndarray]:
    """Places of the frames of each stretch of values (T,) without a gap.

    A gap is a value that is not known, or a time (T,) that follows after more than
    :data:`GAP` steps, as rows of a table may be missing; ``step`` is by default the
    median one.
    """
    if step is None:
        step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    known = np.flatnonzero(np.isfinite(values))
    breaks = (np.diff(known) > 1) | (np.diff(times[known]) > GAP * step)
    runs = np.split(known, np.flatnonzero(breaks) + 1)
    return [run for run in runs if len(run)]
