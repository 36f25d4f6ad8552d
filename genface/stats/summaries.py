"""Mean, standard deviation and the like of every numeric column, session by session.

The sums of all sessions and columns are taken at once, over rows sorted by session.
"""

from typing import Any

import numpy as np
import pandas as pd

from genface.errors import InputError
from genface.stats.people import warn_if_crowded
from genface.stats.sessions import like, row_groups, session_labels

ORDER = ("mean", "sem", "std", "max", "min")
"""Order of the blocks in a summary; py-feat's."""


def extract_summary(
    frame: pd.DataFrame,
    mean: bool = True,
    std: bool = True,
    sem: bool = True,
    max: bool = True,
    min: bool = True,
    ignore_sessions: bool = False,
    *,
    sessions: Any = None,
) -> pd.DataFrame:
    """The chosen statistics of each session: ``mean_AU01``, ``sem_AU01``, ...

    One row per session, sorted (or one row, 0, without sessions), for all numeric
    columns; columns of words are left out. NaN is skipped, as in pandas; ``std`` has
    n - 1 below the line, ``sem`` is std / sqrt(n), and both are NaN for a single value.
    """
    asked = {"mean": mean, "sem": sem, "std": std, "max": max, "min": min}
    wanted = [name for name in ORDER if asked[name]]
    if not wanted:
        raise InputError("extract_summary: ask for one of mean, std, sem, max, min.")
    return _extract(frame, wanted, ignore_sessions, sessions)


def extract_mean(
    frame: pd.DataFrame, ignore_sessions: bool = False, *, sessions: Any = None
) -> pd.DataFrame:
    """Mean of every numeric column by session; see :func:`extract_summary`."""
    return _extract(frame, ["mean"], ignore_sessions, sessions)


def extract_std(
    frame: pd.DataFrame, ignore_sessions: bool = False, *, sessions: Any = None
) -> pd.DataFrame:
    """Standard deviation (n - 1) by session; see :func:`extract_summary`."""
    return _extract(frame, ["std"], ignore_sessions, sessions)


def extract_sem(
    frame: pd.DataFrame, ignore_sessions: bool = False, *, sessions: Any = None
) -> pd.DataFrame:
    """Standard error of the mean by session; see :func:`extract_summary`.

    It takes rows as independent; neighbouring frames of a clip are not.
    """
    return _extract(frame, ["sem"], ignore_sessions, sessions)


def extract_min(
    frame: pd.DataFrame, ignore_sessions: bool = False, *, sessions: Any = None
) -> pd.DataFrame:
    """Smallest value by session; see :func:`extract_summary`."""
    return _extract(frame, ["min"], ignore_sessions, sessions)


def extract_max(
    frame: pd.DataFrame, ignore_sessions: bool = False, *, sessions: Any = None
) -> pd.DataFrame:
    """Largest value by session; see :func:`extract_summary`."""
    return _extract(frame, ["max"], ignore_sessions, sessions)


def segment_statistics(
    values: np.ndarray, starts: np.ndarray, wanted: list[str]
) -> dict[str, np.ndarray]:
    """Statistics (S, C) of consecutive rows of ``values`` (N, C), segments from
    ``starts`` (S,) on; NaN is skipped.
    """  # noqa: D205
    sizes = np.diff(np.append(starts, len(values)))
    missing = np.isnan(values)
    gaps = missing.any()
    filled = np.where(missing, 0.0, values) if gaps else values
    n = np.repeat(sizes[:, None].astype(float), values.shape[1], axis=1)
    if gaps:
        n -= np.add.reduceat(missing, starts, axis=0, dtype=float)
    found: dict[str, np.ndarray] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        if {"mean", "std", "sem"} & set(wanted):
            found["mean"] = np.add.reduceat(filled, starts, axis=0) / n
        if {"std", "sem"} & set(wanted):
            apart = values - np.repeat(found["mean"], sizes, axis=0)
            apart *= apart
            if gaps:
                apart[missing] = 0.0
            below = np.where(n > 1, n - 1, np.nan)
            found["std"] = np.sqrt(np.add.reduceat(apart, starts, axis=0) / below)
            found["sem"] = found["std"] / np.sqrt(n)
    if "max" in wanted:
        found["max"] = np.fmax.reduceat(values, starts, axis=0)
    if "min" in wanted:
        found["min"] = np.fmin.reduceat(values, starts, axis=0)
    return found


def _extract(
    frame: pd.DataFrame, wanted: list[str], ignore_sessions: bool, sessions: Any
) -> pd.DataFrame:
    if not len(frame):
        raise InputError(f"extract_{wanted[0]}: the table has no rows.")
    groups = row_groups(frame, sessions, ignore_sessions)
    warn_if_crowded(frame, groups, wanted[0])
    numeric = frame.select_dtypes(["number", "bool"])
    if numeric.shape[1] == 0:
        raise InputError("the table has no numeric column to summarise.")
    rows = np.concatenate([rows for _, rows in groups])
    starts = np.cumsum([0] + [len(rows) for _, rows in groups[:-1]])
    values = _matrix(numeric)[rows]
    found = segment_statistics(values, starts, wanted)
    index = [value for value, _ in groups]
    table = pd.DataFrame(
        np.hstack([found[name] for name in wanted]),
        index=index,
        columns=[f"{name}_{column}" for name in wanted for column in numeric.columns],
    )
    labelled = not ignore_sessions and session_labels(frame, sessions) is not None
    return like(frame, table, index if labelled else None)


def _matrix(numeric: pd.DataFrame) -> np.ndarray:
    """Columns as float64 (N, C), NaN where a nullable column has no value."""
    complex_ = [str(name) for name, kind in numeric.dtypes.items() if kind.kind == "c"]
    if complex_:
        raise InputError(
            f"complex columns have no such summary ({complex_[0]}, ...); take their "
            "magnitude, phase or power first."
        )
    return numeric.to_numpy(dtype=np.float64, na_value=np.nan)
