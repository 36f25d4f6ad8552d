"""Regressions that statsmodels fits: robust standard errors, random intercepts.

In a module of its own because statsmodels takes seconds to import.
"""

import warnings

import numpy as np
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import ModelWarning

from genface.errors import InputError
from genface.stats.least_squares import Fit, ordinary

FULL_LEVERAGE = 1 - 1e-10
NO_VARIANCE = 1e-6
"""Variance of the groups, relative to the rows', that is taken as none."""


def hc3(design: np.ndarray, values: np.ndarray) -> Fit:
    """Least squares with HC3 standard errors (MacKinnon & White 1985).

    Residuals are divided by 1 - leverage; where a row is the only one that determines
    a coefficient, that is 0 and all standard errors are NaN.
    """
    fits = [
        sm.OLS(column, design).fit(cov_type="HC3", use_t=True) for column in values.T
    ]
    b = np.stack([fit.params for fit in fits], axis=1)
    se = np.full_like(b, np.nan)
    leverage = (design * np.linalg.pinv(design).T).sum(axis=1)
    if leverage.max() < FULL_LEVERAGE:
        se = np.stack([fit.bse for fit in fits], axis=1)
    return Fit(b, se, len(design) - design.shape[1], values - design @ b)


def random_intercept(design: np.ndarray, values: np.ndarray, groups: np.ndarray) -> Fit:
    """Linear mixed model y = Xb + u[group] + e, by REML; each column by itself.

    Where groups differ no more than their rows do, the variance of u is 0 and the fit
    is least squares. A column that does not converge is NaN. The residuals are
    y - Xb - u. ``df`` is infinite: standard errors are asymptotic.
    """
    sizes = np.unique(groups, return_counts=True)[1]
    if len(sizes) < 2 or sizes.max() < 2:
        raise InputError(
            'mode="mixed" needs at least two groups, and one with several rows; there '
            f"are {len(sizes)} groups of at most {sizes.max()} rows."
        )
    fits = [_random_intercept(design, column, groups) for column in values.T]
    b, se, residuals = (np.stack(part, axis=1) for part in zip(*fits, strict=True))
    return Fit(b, se, np.inf, residuals)


def _random_intercept(
    design: np.ndarray, column: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients, standard errors and residuals of one column."""
    scale = column.std()  # the optimiser's steps suit values of about 1
    with warnings.catch_warnings():
        # It warns of every variance that is 0; `converged` says what failed.
        for kind in (ModelWarning, RuntimeWarning):
            warnings.simplefilter("ignore", kind)
        try:
            model = sm.MixedLM(column / scale, design, groups)
            # Gradients vanish where the variance is 0, and their methods stop short.
            fit = model.fit(reml=True, method=["powell", "lbfgs"])
            se = np.asarray(fit.bse_fe)
        except np.linalg.LinAlgError:
            return _nothing(design)
    if fit.cov_re[0, 0] < NO_VARIANCE * fit.scale:
        plain = ordinary(design, column[:, None])
        return plain.b[:, 0], plain.se[:, 0], plain.residuals[:, 0]
    if not fit.converged:
        return _nothing(design)
    return fit.fe_params * scale, se * scale, fit.resid * scale


def _nothing(design: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n, p = design.shape
    return np.full(p, np.nan), np.full(p, np.nan), np.full(n, np.nan)
