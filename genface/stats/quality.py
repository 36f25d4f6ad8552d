"""Doubtful rows: told by where the face box jumps or how sure the detector was."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from genface.errors import InputError, warn
from genface.stats.people import warn_if_crowded
from genface.stats.selections import numbers
from genface.stats.sessions import row_groups
from genface.table import groups

CONFIDENCE = ("FaceScore", "confidence")
"""Columns that say how sure a detector was, py-feat's and OpenFace's."""

BLANKED = ("facebox", "aus", "emotions")
FACE = (*BLANKED, "landmarks", "pose", "gaze", "mesh", "blendshapes", "valence_arousal")


def rectification(
    frame: pd.DataFrame,
    std: float = 3,
    *,
    whole_face: bool = False,
    ignore_sessions: bool = False,
    sessions: Any = None,
) -> pd.DataFrame:
    """A copy with NaN where the face box is off its usual place.

    Where ``FaceRectX`` or ``FaceRectY`` is more than ``std`` standard deviations
    (n - 1) from its mean of the session, face box, AUs and emotions become NaN; with
    ``whole_face`` everything that was measured of that face.
    """
    known = groups(frame.columns)
    absent = [group for group in BLANKED if not known[group]]
    absent += [n for n in ("FaceRectX", "FaceRectY") if n not in frame.columns]
    if absent:
        raise InputError(f"rectification needs {', '.join(absent)} in the table.")
    off = np.zeros(len(frame), dtype=bool)
    found = row_groups(frame, sessions, ignore_sessions)
    warn_if_crowded(frame, found, "the usual place of the face box")
    for _, rows in found:
        place = frame[["FaceRectX", "FaceRectY"]].iloc[rows]
        off[rows] = ((place - place.mean()).abs() > std * place.std()).any(axis=1)
    return _blanked(frame, off, FACE if whole_face else BLANKED)


def quality_filter(
    frame: pd.DataFrame,
    minimum: float,
    column: str | None = None,
    *,
    drop: bool = False,
) -> pd.DataFrame:
    """A copy with NaN for every face that the detector was less sure of.

    Confidence is in ``column``, or in ``FaceScore`` or ``confidence``; a face without
    any is below every ``minimum``. ``drop`` leaves the rows out instead, which breaks
    the time line. Says in a warning if nothing is left.
    """
    column = _confidence(frame, column)
    low = ~(frame[column] >= minimum).to_numpy()
    if low.all():
        warn(
            f"no row has {column} >= {minimum:g}; the highest is "
            f"{frame[column].max():g}."
        )
    if drop:
        return frame.iloc[np.flatnonzero(~low)]
    return _blanked(frame, low, FACE)


def quality_curve(
    frame: pd.DataFrame,
    statistic: Callable[[pd.DataFrame], Any],
    minima: Iterable[float] | None = None,
    column: str | None = None,
    *,
    sessions: Any = None,
) -> pd.DataFrame:
    """How a result depends on the confidence that is asked for.

    Calls ``statistic`` (a number, or a Series) on the rows with at least each of
    ``minima`` (0, .05, ... .95). One row per minimum: ``rows`` kept, their ``share``,
    ``sessions`` left, and the statistic, NaN where no row is left. A result that
    holds over the plateau of this curve does not hang on one choice.
    """
    column = _confidence(frame, column)
    minima = np.arange(0, 1, 0.05) if minima is None else np.asarray(list(minima))
    score = frame[column].to_numpy(dtype=float)
    found = row_groups(frame, sessions)
    table = []
    for minimum in minima:
        kept = np.flatnonzero(score >= minimum)
        line = {
            "rows": len(kept),
            "share": len(kept) / len(frame),
            "sessions": sum(bool(np.isin(rows, kept).any()) for _, rows in found),
        }
        if len(kept):
            value = statistic(frame.iloc[kept])
            line |= dict(value) if isinstance(value, pd.Series) else {"value": value}
        table.append(line)
    return pd.DataFrame(table, index=pd.Index(minima, name="minimum"))


def _confidence(frame: pd.DataFrame, column: str | None) -> str:
    if column is None:
        column = next((name for name in CONFIDENCE if name in frame.columns), None)
    if column is None or column not in frame.columns:
        raise InputError(
            f"the table has no column {column or ' or '.join(CONFIDENCE)} that says "
            "how sure its detector was; name one with column=."
        )
    return column


def _blanked(
    frame: pd.DataFrame, rows: np.ndarray, parts: Iterable[str]
) -> pd.DataFrame:
    known = groups(frame.columns)
    names = [name for part in parts for name in known[part]]
    table = frame.copy()
    values = numbers(pd.DataFrame(table[names]), "measurements").to_numpy()
    table[names] = np.where(rows[:, None], np.nan, values)
    return table
