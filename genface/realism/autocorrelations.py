"""How long AUs hold their value: distance of autocorrelations, corrected for length."""

from dataclasses import dataclass

import numpy as np

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.windows import all_windows, by_clip, common_length


@dataclass(frozen=True, eq=False)
class LagSums:
    """Per clip, lag 0, 1, ... and AU: sum of products about the window's mean, pairs.

    Both are (n_clips, lags + 1, A). Windows have ``length`` frames; the first ``reach``
    lags are compared, the others serve to correct for the length.
    """

    products: np.ndarray
    pairs: np.ndarray
    length: int
    reach: int


def measures(fps: float | None) -> list[Measure]:
    """The autocorrelation distance."""
    span = "1 s" if fps else "25 frames"
    return [
        Measure(
            "autocorrelation",
            "autocorrelation distance",
            "r",
            "time",
            f"whether AUs hold their value as long (lags up to {span})",
            prepare,
            value,
            source="mean |r_real(l) - r_syn(l)| over AUs and lags; Kendall 1954",
        )
    ]


def prepare(clips: Clips, context: Context) -> LagSums:
    """Sums of lagged products in windows that have the same length on both sides."""
    length = common_length(clips)
    reach = max(1, min(round(context.fps or 25), length // 2))
    longest = max(1, min(2 * reach, length - 1))
    values, owner = all_windows(clips, length)
    seen = np.isfinite(values)
    count = np.maximum(seen.sum(1, keepdims=True), 1)
    mean = np.where(seen, values, 0.0).sum(1, keepdims=True) / count
    centred = np.where(seen, values - mean, 0.0)
    return LagSums(
        by_clip(_lagged(centred, longest), owner, len(clips)),
        by_clip(_lagged(seen.astype(float), longest).round(), owner, len(clips)),
        length,
        reach,
    )


def _lagged(x: np.ndarray, longest: int) -> np.ndarray:
    """Sums over t of x_t x_{t + l} for l = 0 ... longest: (W, T, A) to (W, l, A)."""
    size = 1 << (x.shape[1] + longest).bit_length()
    power = np.abs(np.fft.rfft(x, size, axis=1)) ** 2
    return np.fft.irfft(power, size, axis=1)[:, : longest + 1]


def value(prepared: LagSums, a: np.ndarray, b: np.ndarray) -> Reading:
    """Mean difference over lags and AUs; each side stands at its value at lag 1."""
    real, synthetic = autocorrelations(prepared, a), autocorrelations(prepared, b)
    parts = np.abs(real - synthetic)[: prepared.reach].mean(0)
    return Reading(
        float(parts.mean()), parts, float(real[0].mean()), float(synthetic[0].mean())
    )


def autocorrelations(prepared: LagSums, picks: np.ndarray) -> np.ndarray:
    """Autocorrelations (lags, A) at lag 1, 2, ... of some clips; 0 for a constant AU.

    Taking out the mean of T frames takes out its variance v as well, so that r
    estimates (rho - v) / (1 - v), in units of the variance. With
    T v = 1 + 2 sum_k (1 - k / T) rho_k that is solved for v and undone.
    """
    weights = clip_weights(len(prepared.products), picks)
    products = np.tensordot(weights, prepared.products, 1)
    pairs = np.tensordot(weights, prepared.pairs, 1)
    covariance = products / np.maximum(pairs, 1.0)
    power = covariance[0]
    varies = power > 1e-12
    r = np.where(varies, covariance[1:] / np.where(varies, power, 1.0), 0.0)
    T = prepared.length
    taper = 1 - np.arange(1, len(r) + 1) / T
    v = (1 + 2 * taper @ r) / (T - 2 * taper @ (1 - r))
    v = np.clip(v, 0.0, 0.5)
    return np.where(varies, r + v * (1 - r), 0.0)
