"""Columns as signals over time: cleaned, set off from a baseline; session by session.

Columns that say what a row is (input, frame, time, face_id, ...) pass unchanged.
"""

import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
import scipy.signal

from genface.errors import InputError, warn
from genface.stats.people import need_series
from genface.stats.selections import chosen_columns, numbers
from genface.stats.sessions import like, needed_rate, row_groups, session_labels
from genface.table import groups

ORDER = 5
"""Order of the Butterworth filters; applied forward and backward, so twice that."""


def measured(frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """The columns that hold measurements, as float64; words are an error."""
    labels = set(groups(frame.columns)["meta"])
    table = frame[[name for name in frame.columns if name not in labels]]
    if table.shape[1] == 0:
        raise InputError(f"{what}: the table has no column of measurements.")
    if not len(table):
        raise InputError(f"{what}: the table has no rows.")
    return numbers(pd.DataFrame(table), f"{what}: columns")


def clean(
    frame: pd.DataFrame,
    detrend: bool = True,
    standardize: bool = True,
    confounds: Any = None,
    low_pass: float | None = None,
    high_pass: float | None = None,
    ensure_finite: bool = False,
    ignore_sessions: bool = False,
    *,
    sampling_freq: float | None = None,
    sessions: Any = None,
) -> pd.DataFrame:
    """Take trend, frequencies and confounds out of every column, and standardise it.

    In this order, session by session: linear trend; Butterworth filter of order 5,
    forward and backward, of frequencies (Hz) above ``low_pass`` and below
    ``high_pass``; least-squares fit of ``confounds``, filtered alike, and an intercept;
    division by the standard deviation (n - 1), not of constant columns. ``confounds``
    are values (N,) or (N, C), or columns by name (see
    :func:`genface.stats.selections.chosen_columns`). Gaps are bridged by straight lines
    for the filter, left out of the fits, and NaN in the result, with a warning;
    ``ensure_finite`` makes them 0.
    """
    rate = None
    if low_pass is not None or high_pass is not None:
        rate = needed_rate(frame, sampling_freq, "clean with a filter")
    bands = _bands(low_pass, high_pass, rate)
    noise = None if confounds is None else _confounds(frame, confounds)

    def one(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        seen = ~np.isnan(values)
        values = bridged(values)
        if detrend:
            values = _detrended(values, seen)
        values = _filtered(values, bands)
        if noise is not None:
            values = _without(values, _filtered(noise[rows], bands), seen)
        values[~seen] = np.nan
        return _standardized(values) if standardize else values

    result = by_session(frame, "clean", one, ignore_sessions, sessions)
    if ensure_finite:
        names = measured(frame, "clean").columns
        result[names] = result[names].where(np.isfinite(result[names]), 0.0)
    return result


def baseline(
    frame: pd.DataFrame,
    baseline: Literal["median", "mean", "begin"] | pd.Series = "median",
    normalize: Literal["db", "pct"] | None = None,
    ignore_sessions: bool = False,
    *,
    sessions: Any = None,
) -> pd.DataFrame:
    """Values x relative to a baseline b: the session's median, mean or first value.

    Or a Series with a value per column. ``normalize``: None x - b; ``"pct"``
    100 (x - b) / b; ``"db"`` 10 log10(x / b). NaN, with a warning, where that has no
    meaning: b = 0, or for decibels x or b <= 0.
    """
    names = measured(frame, "baseline").columns
    if normalize not in (None, "pct", "db"):
        raise InputError(f"normalize={normalize!r}: use None, 'pct' or 'db'.")
    given = None
    if isinstance(baseline, pd.Series):
        absent = [str(name) for name in names if name not in baseline.index]
        if absent:
            raise InputError(f"baseline has no value for {', '.join(absent[:5])}.")
        given = baseline[names].to_numpy(float)
    elif baseline not in ("median", "mean", "begin"):
        raise InputError(
            f"baseline={baseline!r}: use 'median', 'mean', 'begin' or a Series."
        )

    def one(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        level = _level(values, baseline) if given is None else given
        with np.errstate(divide="ignore", invalid="ignore"):
            if normalize == "pct":
                change = 100 * (values - level) / level
            elif normalize == "db":
                positive = (values > 0) & (level > 0)
                change = np.where(positive, 10 * np.log10(values / level), np.nan)
            else:
                change = values - level
        return np.where(np.isfinite(change), change, np.nan)

    result = by_session(frame, "baseline", one, ignore_sessions, sessions)
    lost = result[names].isna().to_numpy() & frame[names].notna().to_numpy()
    if normalize and lost.any():
        where = names[lost.any(axis=0)]
        warn(
            f"baseline: {lost.sum()} values have no meaning as {normalize!r} and are "
            f"NaN, in {', '.join(map(str, where[:5]))} ({len(where)} columns)."
        )
    return result


def by_session(
    frame: pd.DataFrame,
    what: str,
    change: Callable[[np.ndarray, np.ndarray], np.ndarray],
    ignore_sessions: bool,
    sessions: Any,
) -> pd.DataFrame:
    """The table with ``change(values, rows)`` of each session's measurements."""
    values = measured(frame, what)
    found = row_groups(frame, sessions, ignore_sessions)
    need_series(frame, found, what)
    warn_empty(values, what)
    changed = np.full(values.shape, np.nan)
    for name, rows in found:
        try:
            changed[rows] = change(values.to_numpy()[rows], rows)
        except InputError as error:
            raise InputError(f"{what}, session {name!r}: {error}") from None
    result = pd.DataFrame(changed, index=frame.index, columns=values.columns)
    carried = frame.columns.difference(values.columns)
    if len(carried):
        result = pd.concat([result, pd.DataFrame(frame[carried])], axis=1)
    return like(frame, result[frame.columns], session_labels(frame, sessions))


def bridged(values: np.ndarray) -> np.ndarray:
    """Gaps (NaN) filled by straight lines, the ends with the nearest value.

    A column without any value becomes 0.
    """
    values = values.copy()
    places = np.arange(len(values))
    for column in values.T:
        gap = np.isnan(column)
        if gap.all():
            column[:] = 0.0
        elif gap.any():
            column[gap] = np.interp(places[gap], places[~gap], column[~gap])
    return values


def warn_empty(values: pd.DataFrame, what: str) -> None:
    """Say which columns have gaps, and which no value at all."""
    missing = values.isna()
    for columns, state in (
        (values.columns[missing.all()], "have no value and stay NaN"),
        (values.columns[missing.any() & ~missing.all()], "have gaps, which stay NaN"),
    ):
        if len(columns):
            names = ", ".join(map(str, columns[:5]))
            warn(f"{what}: {len(columns)} columns {state}: {names}.")


def _bands(
    low_pass: float | None, high_pass: float | None, rate: float | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Coefficients of the Butterworth filter, or None without any."""
    if rate is None:
        return None
    for name, cut in (("low_pass", low_pass), ("high_pass", high_pass)):
        if cut is not None and not 0 < cut < rate / 2:
            raise InputError(
                f"{name}={cut:g} Hz: use a frequency between 0 and {rate / 2:g} Hz, "
                f"half of the {rate:g} rows per second."
            )
    if low_pass is not None and high_pass is not None:
        if high_pass >= low_pass:
            raise InputError(
                f"high_pass={high_pass:g} must be below low_pass={low_pass:g} Hz."
            )
        return scipy.signal.butter(ORDER, [high_pass, low_pass], "bandpass", fs=rate)
    if low_pass is not None:
        return scipy.signal.butter(ORDER, low_pass, "lowpass", fs=rate)
    return scipy.signal.butter(ORDER, high_pass, "highpass", fs=rate)


def _filtered(
    values: np.ndarray, bands: tuple[np.ndarray, np.ndarray] | None
) -> np.ndarray:
    if bands is None:
        return values
    needed = 3 * max(map(len, bands)) + 1  # scipy's padding, and one
    if len(values) < needed:
        raise InputError(f"{len(values)} rows; this filter needs at least {needed}.")
    return scipy.signal.filtfilt(*bands, values, axis=0)


def _confounds(frame: pd.DataFrame, confounds: Any) -> np.ndarray:
    chosen = chosen_columns(frame, confounds, "confounds")
    table = numbers(chosen, "confounds").to_numpy()
    if not np.isfinite(table).all():
        raise InputError("confounds must have a value in every row.")
    return table


def _without(values: np.ndarray, noise: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Residuals of a least-squares fit of the noise and an intercept to seen rows."""
    design = np.column_stack([noise, np.ones(len(noise))])
    left = values.copy()
    patterns, pattern_of = np.unique(seen, axis=1, return_inverse=True)
    for i, rows in enumerate(patterns.T):
        columns = np.flatnonzero(pattern_of.ravel() == i)
        if rows.any():
            weights = np.linalg.lstsq(design[rows], values[np.ix_(rows, columns)])[0]
            left[:, columns] -= design @ weights
    return left


def _detrended(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    if seen.all():
        return scipy.signal.detrend(values, axis=0)
    return _without(values, np.linspace(-1, 1, len(values))[:, None], seen)


def _standardized(values: np.ndarray) -> np.ndarray:
    """Mean 0 and standard deviation 1 where a column varies."""
    seen = ~np.isnan(values)
    n = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, values, 0).sum(axis=0) / n
    centred = values - mean
    spread = np.sqrt(np.where(seen, centred**2, 0).sum(axis=0) / np.maximum(n - 1, 1))
    return centred / np.where(spread > 1e-12, spread, 1.0)


def _level(values: np.ndarray, kind: Any) -> np.ndarray:
    if kind == "begin":
        first = np.isfinite(values).argmax(axis=0)
        return np.take_along_axis(values, first[None], axis=0)[0]
    with warnings.catch_warnings():
        # A column without any value: warned of by name elsewhere.
        warnings.simplefilter("ignore", RuntimeWarning)
        take = np.nanmedian if kind == "median" else np.nanmean
        return take(values, axis=0)
