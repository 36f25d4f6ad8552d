"""t tests of every column: against a number, and between two sessions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.stats

from genface.errors import InputError, warn
from genface.stats.corrections import Correction, correct_pvalues
from genface.stats.effects import cohens_d, effect_interval, hedges_g
from genface.stats.people import warn_if_crowded
from genface.stats.selections import chosen_columns, numbers
from genface.stats.sessions import session_labels
from genface.stats.signals import measured


@dataclass(frozen=True, eq=False)
class TTest:
    """t tests; unpacks as ``statistic, pvalue``, like scipy's result.

    ``table`` has a row per column tested: ``n`` (and ``n_other``) values, the
    ``estimate`` (mean minus popmean, or difference of means) with its confidence
    interval ``low`` to ``high``, ``t``, ``df``, ``p``, Cohen's ``d`` with ``d_low`` to
    ``d_high``, and Hedges' ``g``. Intervals are of each test by itself.
    """

    table: pd.DataFrame
    single: bool = False

    @property
    def statistic(self) -> Any:
        """The t of each column (C,); a number where one was asked for by name."""
        return self._values("t")

    @property
    def pvalue(self) -> Any:
        """Two-sided p of each column, corrected if that was asked for."""
        return self._values("p")

    @property
    def df(self) -> Any:
        """Degrees of freedom of each column."""
        return self._values("df")

    def __iter__(self) -> Iterator[Any]:
        yield self.statistic
        yield self.pvalue

    def _values(self, name: str) -> Any:
        values = self.table[name].to_numpy()
        return values[0] if self.single else values


def ttest_1samp(
    frame: pd.DataFrame,
    popmean: float = 0,
    *,
    correct: Correction | None = None,
    level: float = 0.95,
) -> TTest:
    """Test each column's mean against ``popmean`` (one number, or one per column).

    Columns that say what a row is (input, frame, time, ...) are not tested. NaN is left
    out, with a warning; a column with fewer than two values, or without variation, is
    NaN, with a warning. Rows are taken as independent: neighbouring frames are not.
    """
    values = measured(frame, "ttest_1samp")
    means = np.asarray(popmean, dtype=float)
    if means.ndim and means.shape != (values.shape[1],):
        raise InputError(
            f"popmean has shape {means.shape}; give one number, or one for each of the "
            f"{values.shape[1]} columns."
        )
    warn_if_crowded(frame, [(0, np.arange(len(frame)))], "ttest_1samp")
    centred = values - means
    n, mean, variance = _moments(centred)
    with np.errstate(divide="ignore", invalid="ignore"):
        table = _tested(mean, np.sqrt(variance / n), n - 1, level, n)
    table.index = values.columns
    _warn_gaps(values)
    return TTest(_finished(table, correct))


def ttest_ind(
    frame: pd.DataFrame,
    col: Any,
    sessions: Any = None,
    equal_var: bool = True,
    *,
    correct: Correction | None = None,
    level: float = 0.95,
) -> TTest:
    """Test the difference of a column's means (or several columns') in two sessions.

    The first session to appear minus the second. ``col``: a column, a group such as
    ``"aus"``, or a list. ``sessions``: one value per row or a column, instead of the
    table's own; there must be two. ``equal_var=False`` is Welch's test; its d is
    difference / pooled std all the same. NaN and independence: see
    :func:`ttest_1samp`.
    """
    labels = session_labels(frame, sessions)
    names = [] if labels is None else list(pd.unique(labels.dropna()))
    if labels is None or len(names) != 2:
        raise InputError(
            f"ttest_ind compares two sessions, and there are {len(names)}"
            f"{': ' + ', '.join(map(str, names[:5])) if names else ''}; give two with "
            "update_sessions or sessions=."
        )
    values = numbers(chosen_columns(frame, col, "col"), "col")
    compared = [(name, np.flatnonzero(labels == name)) for name in names]
    warn_if_crowded(frame, compared, "ttest_ind")
    _warn_gaps(values)
    n, mean, variance = zip(
        *(_moments(values.iloc[rows]) for _, rows in compared), strict=True
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = ((n[0] - 1) * variance[0] + (n[1] - 1) * variance[1]) / (
            n[0] + n[1] - 2
        )
        if equal_var:
            error = np.sqrt(pooled * (1 / n[0] + 1 / n[1]))
            df = n[0] + n[1] - 2
        else:
            parts = [variance[i] / n[i] for i in (0, 1)]
            error = np.sqrt(parts[0] + parts[1])
            df = error**4 / sum(parts[i] ** 2 / (n[i] - 1) for i in (0, 1))
        table = _tested(mean[0] - mean[1], error, df, level, n[0], n[1])
        table.index = values.columns
        if not equal_var:  # the interval's t is not on the pooled scale
            d = (mean[0] - mean[1]) / np.sqrt(pooled)
            table["d"], table["g"] = d, hedges_g(d, n[0] + n[1] - 2)
            table[["d_low", "d_high"]] = np.nan
    single = isinstance(col, str) and len(table) == 1
    return TTest(_finished(table, correct), single)


def _moments(values: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number, mean and variance (n - 1) of each column's values."""
    moments = (values.count(), values.mean(), values.var(ddof=1))
    n, mean, variance = (np.asarray(part, dtype=float) for part in moments)
    return n, mean, variance


def _tested(
    estimate: np.ndarray,
    error: np.ndarray,
    df: np.ndarray,
    level: float,
    n: np.ndarray,
    n_other: np.ndarray | None = None,
) -> pd.DataFrame:
    """The table of tests of estimates with standard errors."""
    vary = error > 1e-14 * np.abs(estimate)  # more than equal values' rounding
    error = np.where((df > 0) & vary, error, np.nan)
    t = estimate / error
    reach = error * scipy.stats.t.ppf((1 + level) / 2, df)
    d = cohens_d(t, n, n_other)
    d_low, d_high = effect_interval(t, df, n, n_other, level)
    counts = {"n": n} if n_other is None else {"n": n, "n_other": n_other}
    return pd.DataFrame(
        {
            **counts,
            "estimate": estimate,
            "low": estimate - reach,
            "high": estimate + reach,
            "t": t,
            "df": df,
            "p": 2 * scipy.stats.t.sf(np.abs(t), df),
            "d": d,
            "d_low": d_low,
            "d_high": d_high,
            "g": hedges_g(d, df),
        }
    )


def _finished(table: pd.DataFrame, correct: Correction | None) -> pd.DataFrame:
    empty = table.index[table["t"].isna()]
    if len(empty):
        warn(
            f"no test of {', '.join(map(str, empty[:5]))} ({len(empty)} columns, NaN): "
            "too few values, or none that differ."
        )
    if correct:
        table["p"] = correct_pvalues(table["p"], correct)
    return table


def _warn_gaps(values: pd.DataFrame) -> None:
    gaps = values.isna().any() & ~values.isna().all()
    if gaps.any():
        names = ", ".join(map(str, values.columns[gaps][:5]))
        warn(f"{gaps.sum()} columns miss values, which are left out: {names}.")
