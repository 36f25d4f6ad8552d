"""Mean, standard deviation and the like of every numeric column, session by session.

Each statistic of a session is one sum over its rows of a matrix of all columns.
"""

from typing import Any

import numpy as np
import pandas as pd

from genface.errors import InputError, warn
from genface.stats.people import warn_if_crowded
from genface.stats.sessions import like, row_groups, session_labels
from genface.table import group_of

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
    columns; columns of words are left out, with a warning where numbers were to be
    expected. NaN is skipped, as in pandas, and a column without any value is NaN;
    ``std`` has n - 1 below the line, ``sem`` is std / sqrt(n), and both are NaN for a
    single value.
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


def row_statistics(values: np.ndarray, wanted: list[str]) -> list[np.ndarray]:
    """Statistics (C,) of the columns of ``values`` (N, C); NaN is skipped."""
    missing = np.isnan(values)
    gaps = missing.any()
    n = (~missing).sum(axis=0) if gaps else np.full(values.shape[1], len(values))
    found: dict[str, np.ndarray] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        if {"mean", "std", "sem"} & set(wanted):
            filled = np.where(missing, 0.0, values) if gaps else values
            found["mean"] = filled.sum(axis=0) / n
        if {"std", "sem"} & set(wanted):
            apart = values - found["mean"]
            apart *= apart
            if gaps:
                apart[missing] = 0.0
            variance = apart.sum(axis=0) / np.where(n > 1, n - 1, np.nan)
            found["std"] = np.sqrt(variance)
            found["sem"] = found["std"] / np.sqrt(n)
    if "max" in wanted:
        found["max"] = np.fmax.reduce(values)
    if "min" in wanted:
        found["min"] = np.fmin.reduce(values)
    return [found[name] for name in wanted]


def _extract(
    frame: pd.DataFrame, wanted: list[str], ignore_sessions: bool, sessions: Any
) -> pd.DataFrame:
    if not len(frame):
        raise InputError("the table has no rows to summarise.")
    groups = row_groups(frame, sessions, ignore_sessions)
    warn_if_crowded(frame, groups, wanted[0])
    numeric = frame.select_dtypes(["number", "bool"])
    if numeric.shape[1] == 0:
        raise InputError("the table has no numeric column to summarise.")
    _warn_of_words(frame.columns.difference(numeric.columns, sort=False))
    names = numeric.columns.tolist()
    values = _matrix(numeric)
    found = [np.concatenate(row_statistics(values[rows], wanted)) for _, rows in groups]
    table = pd.DataFrame(
        np.stack(found),
        index=[value for value, _ in groups],
        columns=[f"{statistic}_{name}" for statistic in wanted for name in names],
    )
    labelled = not ignore_sessions and session_labels(frame, sessions) is not None
    return like(frame, table, table.index if labelled else None)


def _warn_of_words(names: pd.Index) -> None:
    wrong = [name for name in names if group_of(name) not in (None, "meta")]
    if wrong:
        warn(
            f"{', '.join(wrong[:5])} ({len(wrong)} columns) hold words and are left "
            "out; make them numbers with pd.to_numeric."
        )


def _matrix(numeric: pd.DataFrame) -> np.ndarray:
    """Columns as float64 (N, C), NaN where a nullable column has no value."""
    if any(kind.kind == "c" for kind in numeric.dtypes.unique()):
        raise InputError(
            "complex columns have no such summary; take their magnitude, phase or "
            "power first."
        )
    return numeric.to_numpy(dtype=np.float64, na_value=np.nan)
