"""Probabilities of intervals under normal laws."""

import numpy as np
from scipy import linalg, special


def log_normal_cells(
    lower: np.ndarray, upper: np.ndarray, mean: np.ndarray, sd: np.ndarray
) -> np.ndarray:
    """Log-probability of intervals under a normal law; 0 where an end is NaN."""
    low, high = (lower - mean) / sd, (upper - mean) / sd
    mirrored = low > -high
    low, high = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    log_high, log_low = special.log_ndtr(high), special.log_ndtr(low)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_p = log_high + np.log1p(-np.exp(np.minimum(log_low - log_high, 0.0)))
    return np.where(np.isnan(lower), 0.0, log_p)


def log_chained_cells(
    away: np.ndarray, cov: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> np.ndarray:
    """Log-probability (T,) of a cell of each column under a normal law about 0.

    The probability of a box has no closed form. Columns are taken in their order
    instead, each given the earlier ones at ``away`` (T, A) in their cells: a proper
    law on the cells. Columns whose ends are NaN are summed out.
    """
    out = np.zeros(len(away))
    patterns, which = np.unique(~np.isnan(lower), axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        columns = np.flatnonzero(pattern)
        if not len(columns):
            continue
        own = np.ix_(np.flatnonzero(which.reshape(-1) == number), columns)
        factor = np.linalg.cholesky(cov[np.ix_(columns, columns)])
        steps = linalg.solve_triangular(factor, away[own].T, lower=True).T
        sd = np.diag(factor)
        cells = log_normal_cells(
            lower[own], upper[own], steps @ np.tril(factor, -1).T, sd
        )
        out[own[0][:, 0]] = cells.sum(1)
    return out
