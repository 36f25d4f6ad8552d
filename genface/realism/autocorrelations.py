"""How long AUs hold their value: distance of autocorrelations, corrected for length."""

from dataclasses import dataclass

import numpy as np

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.windows import all_windows, by_clip, common_length

LEAST = 4
"""Frames that clips need to tell how they remember."""


@dataclass(frozen=True, eq=False)
class LagSums:
    """Per clip, lag 0, 1, ... and AU: sum of products about the window's mean, pairs.

    Both are (n_clips, lags + 1, A). The first ``reach`` lags are compared; ``undo``
    (lags + 1, lags + 1) is the inverse of :func:`centring`.
    """

    products: np.ndarray
    pairs: np.ndarray
    undo: np.ndarray
    reach: int


def measures(fps: float | None) -> list[Measure]:
    """The autocorrelation distance."""
    span = "1 s, or a third of a clip" if fps else "25 frames, or a third of a clip"
    return [
        Measure(
            "autocorrelation",
            "autocorrelation distance",
            "r",
            "time",
            f"whether AUs hold their value as long (lags up to {span})",
            prepare,
            value,
            source="mean |r_real(l) - r_syn(l)| over AUs and lags, corrected for T",
        )
    ]


def prepare(clips: Clips, context: Context) -> LagSums | None:
    """Sums of lagged products in windows that have the same length on both sides.

    None for clips of under :data:`LEAST` frames.
    """
    length = common_length(clips)
    if length < LEAST:
        return None
    reach = max(1, min(round(context.fps or 25), length // 3))
    longest = min(4 * reach, length // 3)  # beyond, correcting costs more noise
    values, owner = all_windows(clips, length)
    seen = np.isfinite(values)
    count = np.maximum(seen.sum(1, keepdims=True), 1)
    mean = np.where(seen, values, 0.0).sum(1, keepdims=True) / count
    centred = np.where(seen, values - mean, 0.0)
    return LagSums(
        by_clip(_lagged(centred, longest), owner, len(clips)),
        by_clip(_lagged(seen.astype(float), longest).round(), owner, len(clips)),
        np.linalg.inv(centring(length, longest)),
        reach,
    )


def _lagged(x: np.ndarray, longest: int) -> np.ndarray:
    """Sums over t of x_t x_{t + l} for l = 0 ... longest: (W, T, A) to (W, l, A)."""
    size = 1 << (x.shape[1] + longest).bit_length()
    power = np.abs(np.fft.rfft(x, size, axis=1)) ** 2
    return np.fft.irfft(power, size, axis=1)[:, : longest + 1]


def value(prepared: LagSums | None, a: np.ndarray, b: np.ndarray) -> Reading:
    """Mean difference over lags and AUs; each side stands at its value at lag 1."""
    if prepared is None:
        return Reading(np.nan)
    real, synthetic = autocorrelations(prepared, a), autocorrelations(prepared, b)
    parts = np.abs(real - synthetic)[: prepared.reach].mean(0)
    return Reading(
        float(parts.mean()), parts, float(real[0].mean()), float(synthetic[0].mean())
    )


def autocorrelations(prepared: LagSums, picks: np.ndarray) -> np.ndarray:
    """Autocorrelations (lags, A) at lag 1, 2, ... of some clips; 0 for constant AUs."""
    weights = clip_weights(len(prepared.products), picks)
    products = np.tensordot(weights, prepared.products, 1)
    pairs = np.tensordot(weights, prepared.pairs, 1)
    covariance = prepared.undo @ (products / np.maximum(pairs, 1.0))
    power = covariance[0]
    varies = power > 1e-12
    return np.where(varies, covariance[1:] / np.where(varies, power, 1.0), 0.0)


def centring(T: int, longest: int) -> np.ndarray:
    """What taking out the mean of T frames does to covariances up to a longest lag.

    The matrix (lags + 1, lags + 1) from true autocovariances to the expected ones of
    series about their own mean, those beyond the longest lag taken for 0. To first
    order it takes the variance of the mean off every lag (Marriott & Pope 1954).
    """
    t, k = np.arange(T)[:, None], np.arange(longest + 1)
    with_mean = ((t >= k) + ((t + k < T) & (k > 0)).astype(float)) / T
    heads = np.cumsum(with_mean, 0)[T - 1 - k] / (T - k)[:, None]
    tails = np.cumsum(with_mean[::-1], 0)[T - 1 - k] / (T - k)[:, None]
    return np.eye(longest + 1) + with_mean.mean(0) - heads - tails
