"""How alike two series run when one is later: whole series, and windows of them.

A positive lag says that the second series follows the first. Arrays hold time in their
last axis; axes before it are batches and broadcast.
"""

import numpy as np
from scipy.ndimage import maximum_filter1d

STILL = 1e-10
"""Share of a standardised series' variance below which a piece of it is constant."""


def lag_correlations(x: np.ndarray, y: np.ndarray, reach: int) -> np.ndarray:
    """Pearson correlation of x[t] with y[t + lag] where they overlap, (..., 2 reach+1).

    Lags are -``reach`` to ``reach`` samples, fewer than T - 2. NaN: constant there.
    """
    x, y = standard(x), standard(y)
    T = x.shape[-1]
    size = 1 << (T + reach).bit_length()  # zeros enough that ends do not meet
    lags = np.arange(-reach, reach + 1)
    spectrum = np.fft.rfft(x, size).conj() * np.fft.rfft(y, size)
    cross = np.fft.irfft(spectrum, size)[..., lags]
    n = T - np.abs(lags)
    mean_x, var_x = _overlaps(x, -lags)
    mean_y, var_y = _overlaps(y, lags)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (cross / n - mean_x * mean_y) / np.sqrt(var_x * var_y)
    return np.where((var_x > STILL) & (var_y > STILL), np.clip(r, -1, 1), np.nan)


def window_correlations(
    x: np.ndarray, y: np.ndarray, width: int, reach: int, hop: int
) -> np.ndarray:
    """Pearson correlation of x[t : t+width] with y[t+lag : t+lag+width], (..., W, L).

    Windows start every ``hop`` samples where all L = 2 reach + 1 lags fit
    (:func:`window_starts`). NaN where a window is constant. Boker et al. 2002, Psychol
    Methods 7:338.
    """
    x, y = np.broadcast_arrays(standard(x), standard(y))
    starts = window_starts(x.shape[-1], width, reach, hop)
    mean_x, var_x = _windows(x, width)
    mean_y, var_y = _windows(y, width)
    mean_x, var_x = mean_x[..., starts], var_x[..., starts]
    first, last = starts[0], starts[-1] + width
    now = x[..., first:last]
    r = np.empty((*x.shape[:-1], len(starts), 2 * reach + 1))
    for place, lag in enumerate(range(-reach, reach + 1)):
        product = now * y[..., first + lag : last + lag]
        cross = _sums(product, width)[..., starts - first] / width
        cross -= mean_x * mean_y[..., starts + lag]
        size = var_x * var_y[..., starts + lag]
        still = (var_x <= STILL) | (var_y[..., starts + lag] <= STILL)
        r[..., place] = np.where(
            still, np.nan, cross / np.sqrt(np.maximum(size, 1e-30))
        )
    return np.clip(r, -1, 1, out=r)


def window_starts(T: int, width: int, reach: int, hop: int) -> np.ndarray:
    """First samples of the windows that :func:`window_correlations` takes; maybe 0."""
    return np.arange(reach, T - width - reach + 1, hop)


def pick_peaks(curves: np.ndarray, within: int) -> np.ndarray:
    """Place of the peak nearest to the middle of each curve (..., L); -1 without one.

    A peak is nowhere lower than the curve up to ``within`` places to both sides, all of
    which are inside the curve (peak picking of Boker et al. 2002, without smoothing).
    Of two as near, the higher. NaN is never a peak.
    """
    L = curves.shape[-1]
    height = np.where(np.isnan(curves), -np.inf, curves)
    top = maximum_filter1d(height, 2 * within + 1, axis=-1, mode="nearest")
    place = np.arange(L)
    inside = (place >= within) & (place < L - within)
    peak = (height == top) & np.isfinite(height) & inside
    distance = np.abs(place - (L - 1) / 2)
    # Correlations differ by 2 at most, so that nearness comes first.
    rank = np.where(peak, 10 * distance - np.where(peak, height, 0), np.inf)
    return np.where(peak.any(-1), rank.argmin(-1), -1)


def standard(x: np.ndarray) -> np.ndarray:
    """Series with mean 0 and variance 1; constant ones become 0."""
    x = x - x.mean(-1, keepdims=True)
    size = x.std(-1, keepdims=True)
    return x / np.where(size > 0, size, 1)


def _overlaps(x: np.ndarray, lags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance (..., L) of x without its first (or, below 0, last) samples."""
    T = x.shape[-1]
    start, end = np.maximum(lags, 0), T + np.minimum(lags, 0)
    total, squares = _cumulated(x), _cumulated(x**2)
    mean = (total[..., end] - total[..., start]) / (end - start)
    return mean, (squares[..., end] - squares[..., start]) / (end - start) - mean**2


def _windows(x: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of x[t : t + width] for each t."""
    mean = _sums(x, width) / width
    return mean, _sums(x**2, width) / width - mean**2


def _sums(x: np.ndarray, width: int) -> np.ndarray:
    total = _cumulated(x)
    return total[..., width:] - total[..., :-width]


def _cumulated(x: np.ndarray) -> np.ndarray:
    """Sums of the first 0, 1, ..., T samples."""
    total = np.empty((*x.shape[:-1], x.shape[-1] + 1))
    total[..., 0] = 0
    np.cumsum(x, axis=-1, out=total[..., 1:])
    return total
