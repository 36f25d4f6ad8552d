"""Mass-univariate regression: every y column on the same predictors."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import scipy.stats

from genface.errors import InputError, warn
from genface.stats.corrections import Correction, correct_pvalues
from genface.stats.least_squares import Fit, ordinary
from genface.stats.selections import chosen_columns, numbers

Mode = Literal["ols", "robust", "mixed"]


NOTHING = 1e-10
"""Part of a predictor that the others may leave over, relative to its length."""


class Regression(NamedTuple):
    """Estimates for every predictor (row) and y column; unpacks as py-feat's tuple.

    ``b`` coefficients, ``se`` standard errors, ``t`` their ratio, ``p`` two-sided,
    ``df`` degrees of freedom (inf: ``t`` is a z value), ``residuals`` (rows by y), NaN
    where a row was left out.
    """

    b: pd.DataFrame
    se: pd.DataFrame
    t: pd.DataFrame
    p: pd.DataFrame
    df: pd.DataFrame
    residuals: pd.DataFrame

    def interval(self, level: float = 0.95) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Lower and upper ends of the confidence intervals of ``b``; not corrected."""
        reach = self.se * scipy.stats.t.ppf((1 + level) / 2, self.df)
        return self.b - reach, self.b + reach

    def partial_r2(self) -> pd.DataFrame:
        """Share of variance, left by the other predictors, that each explains.

        t^2 / (t^2 + df): exact for ``mode="ols"``; NaN where df is infinite.
        """
        return (self.t**2 / (self.t**2 + self.df)).where(np.isfinite(self.df))


def regress(
    frame: pd.DataFrame,
    X: Any,
    y: Any,
    fit_intercept: bool = True,
    mode: Mode = "ols",
    *,
    groups: Any = None,
    correct: Correction | None = None,
    sessions: Any = None,
) -> Regression:
    """Regress every column of y on X, one regression per column.

    ``X`` and ``y``: see :func:`genface.stats.selections.chosen_columns`. Modes:
    ``ols``; ``robust``, the same with HC3 standard errors (MacKinnon & White 1985) for
    unequal variances; ``mixed``, a random intercept per subject by REML, with
    ``groups`` (a column, or values per row) saying who each row is of: its ``t`` is a
    z value, too sure with few groups, and its residuals are what the intercepts leave.
    ``correct`` replaces ``p`` by corrected ones, over the y columns of each predictor.

    A missing value leaves its row out: in X everywhere, in y for that column, with a
    warning. y columns without values, without variation, or with too few rows are NaN,
    with a warning. Predictors that are combinations of others are an
    :class:`InputError`. Rows are taken as independent (except within ``groups``);
    neighbouring frames of a clip are not: summarise by clip first.
    """
    design = numbers(chosen_columns(frame, X, "X", sessions), "X")
    targets = numbers(chosen_columns(frame, y, "y", sessions), "y")
    if fit_intercept and "intercept" not in design:
        design = design.assign(intercept=1.0)
    fitting, labels = _fitting(mode, frame, groups)
    kept = _complete_rows(design, labels)
    _check_rank(design[kept])
    found = _fit_columns(fitting, design, targets, kept)
    result = _tables(found, design, targets)
    return result._replace(p=correct_pvalues(result.p, correct)) if correct else result


Fitting = Callable[[np.ndarray, np.ndarray, np.ndarray], Fit]
"""Fits (n, k) values on a design (n, p), given which rows those are."""


def _fitting(
    mode: str, frame: pd.DataFrame, groups: Any
) -> tuple[Fitting, np.ndarray | None]:
    """The fit that ``mode`` names, and the group of each row if it takes one."""
    if mode != "mixed" and groups is not None:
        raise InputError(f'groups= is for mode="mixed"; mode is {mode!r}.')
    if mode == "ols":
        return lambda design, values, rows: ordinary(design, values), None
    if mode not in ("robust", "mixed"):
        raise InputError(f"mode={mode!r}: use 'ols', 'robust' or 'mixed'.")
    from genface.stats import linear_models  # statsmodels takes seconds to import

    if mode == "robust":
        return lambda design, values, rows: linear_models.hc3(design, values), None
    if groups is None:
        raise InputError('mode="mixed" needs groups=: who each row is of.')
    labels = chosen_columns(frame, groups, "groups")
    if labels.shape[1] != 1:
        raise InputError(f"groups must be one column, not {labels.shape[1]}.")
    codes = pd.factorize(labels.iloc[:, 0])[0]
    return (
        lambda design, values, rows: linear_models.random_intercept(
            design, values, codes[rows]
        ),
        codes,
    )


def _complete_rows(design: pd.DataFrame, labels: np.ndarray | None) -> np.ndarray:
    """Which rows have every predictor, and a group where groups are asked for."""
    present = np.isfinite(design.to_numpy())
    empty = [str(name) for name in design.columns[~present.any(axis=0)]]
    if empty:
        raise InputError(f"X: no value in {', '.join(empty[:5])}; leave it out.")
    kept = present.all(axis=1)
    if not kept.all():
        gaps = design.columns[~present.all(axis=0)]
        warn(
            f"{(~kept).sum()} of {len(kept)} rows are left out: no value in "
            f"{_some(gaps)} of X."
        )
    if labels is not None and (labels < 0).any():
        warn(f"{(labels < 0).sum()} rows are left out: they have no group.")
        kept &= labels >= 0
    return kept


def _check_rank(design: pd.DataFrame) -> None:
    values = design.to_numpy()
    if len(values) < values.shape[1]:
        raise InputError(
            f"{len(values)} complete rows cannot tell {values.shape[1]} predictors "
            f"apart ({_some(design.columns)}); give more rows or fewer predictors."
        )
    surplus = dependent_columns(values)
    if surplus:
        raise InputError(
            f"the design is singular: {_some(design.columns[surplus])} follows from "
            "the predictors before it (or does not vary); leave it out."
        )


def dependent_columns(values: np.ndarray) -> list[int]:
    """Columns that are combinations of the others, the last of each such set.

    A constant column is a combination of an intercept further on. By Gram-Schmidt,
    each column taken twice off the ones before it.
    """
    size = np.linalg.norm(values, axis=0)
    scaled = values / np.where(size > 0, size, 1)
    order = list(range(values.shape[1]))
    if len(order) and np.ptp(values[:, -1]) == 0:
        order = [order[-1], *order[:-1]]  # blame what repeats the intercept, not it
    lengths = np.abs(np.diag(np.linalg.qr(scaled[:, order], mode="r")))
    if len(lengths) == len(order) and (lengths > NOTHING).all():
        return []
    basis = np.empty(scaled.shape, order="F")
    surplus, n = [], 0
    for column in order:
        left = scaled[:, column]
        for _ in range(2):
            left = left - basis[:, :n] @ (basis[:, :n].T @ left)
        rest = np.linalg.norm(left)
        if rest > NOTHING:
            basis[:, n], n = left / rest, n + 1
        else:
            surplus.append(column)
    return sorted(surplus)


def _fit_columns(
    fitting: Fitting, design: pd.DataFrame, targets: pd.DataFrame, kept: np.ndarray
) -> Fit:
    """Fit the columns, those that miss the same rows together."""
    predictors, values = design.to_numpy(), targets.to_numpy()
    seen = np.isfinite(values) & kept[:, None]
    p, k = predictors.shape[1], values.shape[1]
    b, se = np.full((p, k), np.nan), np.full((p, k), np.nan)
    df, residuals = np.full(k, np.nan), np.full(values.shape, np.nan)
    patterns, pattern_of = np.unique(seen, axis=1, return_inverse=True)
    unfit = np.zeros(k, dtype=bool)
    for i, rows in enumerate(patterns.T):
        columns = np.flatnonzero(pattern_of.ravel() == i)
        if rows.sum() <= p or np.linalg.matrix_rank(predictors[rows]) < p:
            unfit[columns] = True
            continue
        still = np.ptp(values[np.ix_(rows, columns)], axis=0) == 0
        unfit[columns[still]] = True
        columns = columns[~still]
        if not len(columns):
            continue
        fit = fitting(predictors[rows], values[np.ix_(rows, columns)], rows)
        b[:, columns], se[:, columns], df[columns] = fit.b, fit.se, fit.df
        residuals[np.ix_(rows, columns)] = fit.residuals
    partly = ~seen[kept].all(axis=0) & ~unfit
    _warn_columns(targets.columns[partly], "miss values; fitted on the other rows")
    _warn_columns(
        targets.columns[unfit], "are NaN: they do not vary, or too few rows have them"
    )
    _warn_columns(
        targets.columns[np.isnan(se).any(axis=0) & ~unfit],
        "have coefficients without a standard error: the data do not determine it",
    )
    return Fit(b, se, df, residuals)


def _tables(found: Fit, design: pd.DataFrame, targets: pd.DataFrame) -> Regression:
    with np.errstate(divide="ignore", invalid="ignore"):
        t = found.b / found.se
    df = np.broadcast_to(found.df, t.shape)
    p = 2 * scipy.stats.t.sf(np.abs(t), df)

    def table(values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(values, index=design.columns, columns=targets.columns)

    residuals = pd.DataFrame(found.residuals, columns=targets.columns)
    return Regression(
        table(found.b), table(found.se), table(t), table(p), table(df.copy()), residuals
    )


def _warn_columns(names: pd.Index, what: str) -> None:
    if len(names):
        warn(f"y columns {_some(names)} {what}.")


def _some(names: Any) -> str:
    shown = ", ".join(map(str, names[:5]))
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")
