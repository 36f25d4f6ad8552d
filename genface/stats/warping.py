"""Dynamic time warping: how alike two series are if one may hurry or tarry."""

import numpy as np

from genface.errors import InputError, ShapeError

BATCH = 512
"""Pairs of series at a time: their band then stays in the processor's cache."""

TIE = 1e-9
"""Costs as near as this are equal, and the step of (1, 1) is taken: otherwise rounding
would choose the path of faces that rest at 0 for long."""


def warping_cost(x: np.ndarray, y: np.ndarray, band: int) -> np.ndarray:
    """Cost per step of the cheapest alignment of x (..., T) with y (..., T).

    The path goes from both starts to both ends by steps of (1, 1), (1, 0) or (0, 1),
    never more than ``band`` samples apart (Sakoe & Chiba 1978, IEEE Trans ASSP 26:43).
    A pair of samples costs its absolute difference; the sum along the path is divided
    by its number of pairs. With ``band`` 0 it is the mean absolute difference.
    """
    x, y = np.broadcast_arrays(x, y)
    if band < 0:
        raise InputError(f"band={band}: expected 0 samples or more.")
    if not x.shape[-1]:
        raise ShapeError("expected series of one sample or more, got none.")
    rows = [np.reshape(series, (-1, x.shape[-1])) for series in (x, y)]
    parts = [
        _cost(rows[0][start : start + BATCH].T, rows[1][start : start + BATCH].T, band)
        for start in range(0, len(rows[0]), BATCH)
    ]
    return np.concatenate(parts).reshape(x.shape[:-1])


def _cost(x: np.ndarray, y: np.ndarray, band: int) -> np.ndarray:
    """:func:`warping_cost` of the columns of (T, M), by diagonals i + j = constant.

    Row k of a diagonal is i - j = k - band - 1. Neighbours on one are two rows apart;
    the rows between belong to the diagonals before and after.
    """
    T, M = x.shape
    band = min(band, T - 1)
    cost = np.full((2 * band + 3, M), np.inf)  # latest of each row
    steps = np.zeros((2 * band + 3, M))
    for d in range(2 * T - 1):
        low = max(0, d - T + 1, -(-(d - band) // 2))
        high = min(T - 1, d, (d + band) // 2)
        here = slice(2 * low - d + band + 1, 2 * high - d + band + 2, 2)
        step = np.abs(x[low : high + 1] - y[d - high : d - low + 1][::-1])
        if d == 0:
            cost[here], steps[here] = step, 1
            continue
        back = slice(here.start - 1, here.stop - 1, 2)  # (i - 1, j)
        ahead = slice(here.start + 1, here.stop + 1, 2)  # (i, j - 1)
        least, count = cost[here], steps[here]  # (i - 1, j - 1)
        for other in (back, ahead):
            nearer = cost[other] < least - TIE
            least = np.where(nearer, cost[other], least)
            count = np.where(nearer, steps[other], count)
        cost[here], steps[here] = least + step, count + 1
    return cost[band + 1] / steps[band + 1]
