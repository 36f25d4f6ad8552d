"""A face table with another number of rows a second."""

import numpy as np
import pandas as pd

from genface.errors import InputError
from genface.fex import Fex
from genface.pipelines.faces import chosen_faces, frame_rate, inputs_of, times_of
from genface.stats import resample

LOST = ("absent", "no_face")
"""Status of a row that holds no face."""


def at_rate(fex: Fex, rate: float) -> Fex:
    """Rows of each face at the times k / ``rate`` seconds.

    Numbers are on the line between two frames, or averaged over it where there are more
    of them than asked for; words are those of the nearest frame. What lies beside a
    frame without the face is missing. ``frame`` still counts the source's frames and is
    no whole number any more; ``attrs`` tells ``sampling_freq`` and ``resampled_from``
    (None: several rates). A single frame stays as it is.
    """
    if not 0 < rate < np.inf:
        raise InputError(f"fps {rate}: expected a number of rows a second, above 0.")
    parts = []
    rates: set[float] = set()
    for name, rows in inputs_of("the table", fex):
        faces = chosen_faces(rows, "all") or {0: rows}
        several = [_face_at_rate(face, rate, name) for face in faces.values()]
        parts.append(_merged(pd.concat(several, ignore_index=True)))
        if len(rows) > 1:
            rates.add(frame_rate(rows)[0])
    made = pd.concat(parts, ignore_index=True)
    result = Fex(made[[*fex.columns, *made.columns.difference(fex.columns)]])
    result.attrs = {**fex.attrs, "sampling_freq": float(rate)}
    result.attrs["resampled_from"] = rates.pop() if len(rates) == 1 else None
    return result


def _face_at_rate(rows: Fex, rate: float, name: str) -> pd.DataFrame:
    times = times_of(rows)
    table = pd.DataFrame(rows).reset_index(drop=True)
    if len(table) == 1:
        return table
    steps = np.diff(times)
    if not (steps > 0).all():
        raise InputError(
            f"{name}: its times must rise from row to row of a face; it cannot be put "
            "at another rate."
        )
    numbers = table.select_dtypes("number").astype(np.float64)
    wide = numbers.set_axis(pd.Index(times, name="time"))
    if "status" in table:
        seen = ~table["status"].isin(LOST).to_numpy()
        wide = wide.assign(status=np.where(seen, 1.0, np.nan))
    made = resample(wide, rate, 1.5 * float(np.median(steps)))
    moments = made.index.to_numpy() + 0.0  # 0 rather than -0
    # A mean of ones may be a hair above 1.
    made = made.reset_index(drop=True).clip(wide.min(), wide.max(), axis=1)
    nearest = np.searchsorted((times[1:] + times[:-1]) / 2, moments)
    for word in table.columns.difference(numbers.columns):
        told = table[word].iloc[nearest].reset_index(drop=True)
        if word == "status":
            lost = told.where(told.isin(LOST), "absent")
            told = told.mask(told.isin(LOST), "ok").where(made[word].notna(), lost)
        made[word] = told
    made["time"] = moments
    if "frame" in numbers:
        made["frame"] = np.interp(moments, times, numbers["frame"])
    return made


def _merged(faces: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of time; those without a face only where there is none."""
    if not {"face_id", "status"} <= set(faces.columns):
        return faces
    lost = faces["status"].isin(LOST)
    faces.loc[lost, "face_id"] = np.nan
    faces = faces.assign(lost=lost).sort_values(["time", "lost", "face_id"])
    return faces[~faces.pop("lost") | ~faces.duplicated("time")]
