"""Intersubject correlation (ISC): how alike the time courses of clips or people are.

Nastase et al. 2019, Soc Cogn Affect Neurosci 14:667.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from genface.errors import InputError, warn
from genface.stats.isc_courses import even_step, time_courses

Method = Literal["pearson", "spearman", "kendall"]
METHODS = ("pearson", "spearman", "kendall")
MIN_OVERLAP = 3
"""Moments that two series must share; fewer make any correlation look large."""

STILL = 1e-12
"""A series with less of its variance than this where another is known is constant."""


def isc(
    frame: pd.DataFrame,
    col: str | Sequence[str],
    index: str | None = "frame",
    columns: str | Sequence[str] | None = "input",
    method: Method = "pearson",
    *,
    lag: int = 0,
    rate: float | None = None,
    max_gap: float | None = None,
) -> pd.DataFrame:
    """Correlation of ``col`` between every two ``columns`` over a shared ``index``.

    Series of unequal length are compared where both have values. With a ``lag`` row i,
    column j is the correlation of i with j that many rows later, and the matrix is no
    longer symmetric. ``rate`` and ``max_gap``: see :func:`time_courses`, which also
    says what is an error. NaN, with a warning: a series that never changes, or fewer
    than 3 shared moments.
    """
    wide = time_courses(frame, col, index, columns, rate, max_gap)
    return course_correlations(wide, method, lag)


def course_correlations(
    wide: pd.DataFrame, method: Method = "pearson", lag: int = 0
) -> pd.DataFrame:
    """Matrix of :func:`isc` for courses that are already columns of a table."""
    if method not in METHODS:
        raise InputError(f"method={method!r}: use one of {', '.join(METHODS)}.")
    if lag:
        matrix = _lagged(wide, lag, method)
    else:
        matrix = wide.corr(method=method, min_periods=MIN_OVERLAP)
    _warn_of_gaps(wide, matrix)
    plain = wide.columns.set_names([None] * wide.columns.nlevels)
    return matrix.set_axis(plain, axis=0).set_axis(plain, axis=1)


def isc_leave_one_out(wide: pd.DataFrame, method: Method = "pearson") -> pd.Series:
    """Correlation of each course with the mean of the others, all standardised first.

    Grows with the number of series, so never compare sets of different size by it
    (:func:`expected_leave_one_out`). Where a series is missing the others' mean goes
    on without it. NaN as in :func:`isc`.
    """
    if method not in METHODS:
        raise InputError(f"method={method!r}: use one of {', '.join(METHODS)}.")
    spread = wide.std(ddof=0).where(wide.nunique() > 1)
    scored = (wide - wide.mean()) / spread
    present = scored.notna()
    count = present.astype(int).rsub(present.sum(axis=1), axis=0)
    total = scored.fillna(0).rsub(scored.sum(axis=1), axis=0)
    means = total / count.where(count > 0)
    values = [
        scored[name].corr(means[name], method=method, min_periods=MIN_OVERLAP)
        for name in wide
    ]
    result = pd.Series(values, index=wide.columns, dtype=np.float64, name="isc")
    if result.isna().any():
        _warn_of(result.index[result.isna()])
    return result


def expected_leave_one_out(pairwise: float, n: int) -> float:
    """Leave-one-out value that goes with a mean pairwise one among n equal series.

    r sqrt((n - 1) / (1 + (n - 2) r)); for n = 2 it is r itself.
    """
    return float(pairwise * np.sqrt((n - 1) / (1 + (n - 2) * pairwise)))


def isc_lags(
    wide: pd.DataFrame, max_lag: int, method: Method = "pearson"
) -> pd.DataFrame:
    """Correlation of each pair at lags of -``max_lag`` to ``max_lag`` rows.

    One column per pair (a, b), rows in units of the index: a peak at a positive lag
    says that b follows a by that much. ``.idxmax()`` gives the lag of each pair.
    """
    if not 0 <= max_lag < len(wide):
        raise InputError(
            f"max_lag={max_lag}: expected 0 to {len(wide) - 1} rows of these series."
        )
    step = even_step(wide)
    first, second = np.triu_indices(wide.shape[1], 1)
    lags = np.arange(-max_lag, max_lag + 1)
    curves = [_lagged(wide, int(lag), method).to_numpy()[first, second] for lag in lags]
    names = [str(name) for name in wide]
    pairs = pd.MultiIndex.from_arrays(
        [[names[i] for i in first], [names[j] for j in second]], names=["a", "b"]
    )
    return pd.DataFrame(curves, index=pd.Index(lags * step, name="lag"), columns=pairs)


def mean_correlation(values: np.ndarray) -> float:
    """Mean after Fisher's z; NaN is left out, and NaN if nothing is left."""
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    return float(np.tanh(fisher_z(values).mean())) if values.size else float("nan")


def fisher_z(r: np.ndarray) -> np.ndarray:
    """Inverse hyperbolic tangent; r of 1 (the same series twice) stays finite."""
    return np.arctanh(np.clip(r, -1 + 1e-7, 1 - 1e-7))


def _lagged(wide: pd.DataFrame, lag: int, method: Method) -> pd.DataFrame:
    """Correlation of column i with column j ``lag`` rows later."""
    even_step(wide)
    if abs(lag) >= len(wide):
        raise InputError(f"lag={lag}: the series have {len(wide)} rows.")
    values = wide.to_numpy()
    now = values[: len(values) - lag] if lag >= 0 else values[-lag:]
    later = values[lag:] if lag >= 0 else values[:lag]
    if method == "pearson":
        matrix = _pearson(now, later)
    else:
        N = values.shape[1]
        both = pd.DataFrame(np.hstack([now, later]))
        matrix = both.corr(method, min_periods=MIN_OVERLAP).to_numpy()[:N, N:]
    return pd.DataFrame(matrix, index=wide.columns, columns=wide.columns)


def _pearson(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Correlations (N, M) of the columns of (T, N) and (T, M) where both are known."""
    known_x, known_y = np.isfinite(x), np.isfinite(y)
    count = known_x.T.astype(float) @ known_y
    # Correlations do not depend on it, but sums of squares then keep their digits.
    x, y = _standardised(x), _standardised(y)
    with np.errstate(invalid="ignore", divide="ignore"):
        sum_x, sum_y = x.T @ known_y / count, known_x.T @ y / count
        cross = x.T @ y / count - sum_x * sum_y
        var_x = (x**2).T @ known_y / count - sum_x**2
        var_y = known_x.T @ (y**2) / count - sum_y**2
        changing = (var_x > STILL) & (var_y > STILL)
        matrix = np.where(changing, cross / np.sqrt(var_x * var_y), np.nan)
    return np.where(count >= MIN_OVERLAP, np.clip(matrix, -1, 1), np.nan)


def _standardised(x: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and variance 1, and 0 where nothing is known."""
    known = np.isfinite(x)
    count = np.maximum(known.sum(0), 1)
    x = np.where(known, x - np.where(known, x, 0).sum(0) / count, 0.0)
    size = np.sqrt((x**2).sum(0) / count)
    return x / np.where(size > 0, size, 1)


def _warn_of_gaps(wide: pd.DataFrame, matrix: pd.DataFrame) -> None:
    empty = matrix.isna().to_numpy()
    if not empty.any():
        return
    flat = [name for name in wide if wide[name].nunique() < 2]
    if flat:
        _warn_of(flat)
    rest = matrix.drop(index=flat, columns=flat).isna().to_numpy().sum()
    if rest:
        warn(
            f"{int(rest)} cells are NaN: those series share fewer than {MIN_OVERLAP} "
            "moments, or do not change while both are there.",
        )


def _warn_of(names: Sequence | pd.Index) -> None:
    listed = ", ".join(str(name) for name in names)
    warn(
        f"NaN for {listed}: a series without values, or that never changes, has no "
        "correlation.",
    )
