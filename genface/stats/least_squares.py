"""Least squares with standard errors, of many columns at once."""

from typing import NamedTuple

import numpy as np


class Fit(NamedTuple):
    """A regression of k columns (n, k) on p predictors.

    Coefficients and standard errors (p, k), degrees of freedom (of each column, or of
    all), residuals (n, k).
    """

    b: np.ndarray
    se: np.ndarray
    df: float | np.ndarray
    residuals: np.ndarray


def ordinary(design: np.ndarray, values: np.ndarray) -> Fit:
    """Least squares: b = X+ y, var(b) = s^2 (X'X)+, s^2 = |y - Xb|^2 / (n - p)."""
    inverse = np.linalg.pinv(design)
    b = inverse @ values
    residuals = values - design @ b
    df = len(design) - design.shape[1]
    variance = (residuals**2).sum(axis=0) / df if df else np.full(b.shape[1], np.nan)
    scale = np.sqrt((inverse**2).sum(axis=1))
    return Fit(b, scale[:, None] * np.sqrt(variance), df, residuals)
