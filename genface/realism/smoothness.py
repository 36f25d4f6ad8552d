"""How fast and smoothly AUs move: speed, roughness, jerk and spectral arc length."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.windows import all_windows, by_clip, common_length

STEP = 0.01
"""A change of an AU that counts as none when spread over all frames of a side."""
CUTOFF = 10.0
"""Hz up to which the spectrum of speed is followed."""
LEAST_SHARE = 0.05
"""Of the largest amplitude in the spectrum: where it ends, if that is earlier."""
PADDING = 4
"""The spectrum of speed has at least 2 to this power times as many points as frames."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Per clip and AU, (n_clips, A): sum of a quantity, and how many it is of."""

    totals: np.ndarray
    counts: np.ndarray

    def mean(self, picks: np.ndarray) -> np.ndarray:
        """Mean (A,) over some clips; NaN without any."""
        weights = clip_weights(len(self.totals), picks)
        count = weights @ self.counts
        total = weights @ self.totals
        return np.where(count > 0, total / np.maximum(count, 1e-9), np.nan)


def measures(fps: float | None) -> list[Measure]:
    """Speed and roughness ratios, and differences of two measures of smoothness."""
    return [
        Measure(
            "speed",
            "speed ratio",
            "doublings",
            "time",
            "whether AUs change as fast (mean absolute change)",
            partial(prepare_changes, order=1),
            ratio,
            source="|log2| of the ratio, the mean over AUs",
        ),
        Measure(
            "roughness",
            "roughness ratio",
            "doublings",
            "time",
            "whether movement is as smooth (mean absolute second difference)",
            partial(prepare_changes, order=2),
            ratio,
            source="|log2| of the ratio, the mean over AUs",
        ),
        Measure(
            "jerk",
            "log dimensionless jerk difference",
            "nats",
            "time",
            "whether movement is as jerky for its size and length",
            partial(prepare_windows, statistic=_jerks),
            difference,
            source="Balasubramanian, Melendez-Calderon & Burdet 2012",
        ),
        Measure(
            "arc_length",
            "spectral arc length difference",
            "SPARC",
            "time",
            "whether speed has as many ups and downs",
            partial(prepare_windows, statistic=_arcs),
            difference,
            source="Balasubramanian et al. 2015, J NeuroEng Rehabil 12:112",
        ),
    ]


def log_dimensionless_jerk(x: np.ndarray, fps: float) -> np.ndarray:
    """-ln(D^3 / v_peak^2 * integral of the squared jerk) of positions (..., T).

    D is the duration; derivatives are differences of neighbouring frames. NaN where
    nothing moves. Higher is smoother; -ln(204.8) for the minimum-jerk movement.
    """
    speed = np.diff(x, axis=-1) * fps
    jerk = np.diff(speed, 2, axis=-1) * fps**2
    peak = np.abs(speed).max(-1)
    duration = (x.shape[-1] - 1) / fps
    total = (jerk**2).sum(-1) / fps * duration**3
    with np.errstate(divide="ignore", invalid="ignore"):
        found = -np.log(total / peak**2)
    return np.where((peak > 1e-9) & (total > 0), found, np.nan)


def spectral_arc_length(speed: np.ndarray, fps: float) -> np.ndarray:
    """SPARC of speed profiles (..., T): minus the length of the normalised spectrum.

    Up to :data:`CUTOFF` or to the last frequency with :data:`LEAST_SHARE` of the
    largest amplitude, whichever is lower. NaN where nothing moves. Higher is smoother.
    """
    size = 1 << (int(np.ceil(np.log2(speed.shape[-1]))) + PADDING)
    spectrum = np.abs(np.fft.rfft(speed, size))
    frequencies = np.fft.rfftfreq(size, 1 / fps)
    top = spectrum.max(-1, keepdims=True)
    share = spectrum / np.where(top > 1e-12, top, 1.0)
    share = share[..., frequencies <= CUTOFF]
    n = share.shape[-1]
    high = share >= LEAST_SHARE
    last = n - 1 - np.argmax(high[..., ::-1], -1)
    first = np.argmax(high, -1)
    at = np.arange(n - 1)
    inside = (at >= first[..., None]) & (at < last[..., None])
    width = np.maximum(last - first, 1)[..., None]
    steps = np.hypot(1 / width, np.diff(share, axis=-1))
    found = -np.where(inside, steps, 0.0).sum(-1)
    return np.where(top[..., 0] > 1e-12, found, np.nan)


def prepare_changes(clips: Clips, context: Context, order: int) -> Sums:
    """Absolute differences of the given order between neighbouring frames."""
    A = clips[0].shape[1]
    totals, counts = np.zeros((2, len(clips), A))
    for i, clip in enumerate(clips):
        change = np.abs(np.diff(clip, order, axis=0))
        seen = np.isfinite(change)
        totals[i], counts[i] = np.where(seen, change, 0.0).sum(0), seen.sum(0)
    return Sums(totals, counts)


def ratio(prepared: Sums, a: np.ndarray, b: np.ndarray) -> Reading:
    """Mean over AUs of |log2| of the ratio of mean changes.

    An AU that moved less than :data:`STEP` in all counts as if it had moved so far: one
    that stands still is many doublings slower, not infinitely many. AUs that stand
    still on both sides do not count.
    """
    real, synthetic = prepared.mean(a), prepared.mean(b)
    weights = [clip_weights(len(prepared.counts), side) for side in (a, b)]
    least = STEP / max(1.0, min((w @ prepared.counts).max() for w in weights))
    parts = np.abs(np.log2(np.maximum(synthetic, least) / np.maximum(real, least)))
    parts = np.where((real > 0) | (synthetic > 0), parts, np.nan)
    return _reading(parts, real, synthetic)


def _jerks(x: np.ndarray, fps: float) -> np.ndarray:
    return log_dimensionless_jerk(x, fps)


def _arcs(x: np.ndarray, fps: float) -> np.ndarray:
    return spectral_arc_length(np.abs(np.diff(x, axis=-1)) * fps, fps)


def prepare_windows(
    clips: Clips,
    context: Context,
    statistic: Callable[[np.ndarray, float], np.ndarray],
) -> Sums:
    """A statistic of windows of one length; those with a gap or at rest are left out.

    Shorter clips than the common length count as they are. Without a frame rate 25
    frames are taken for a second, on both sides.
    """
    values, owner = all_windows(clips, common_length(clips))
    found = np.full((len(values), values.shape[2]), np.nan)
    length = np.array([min(len(clips[i]), values.shape[1]) for i in owner])
    for T in np.unique(length[length >= 4]):
        rows = length == T
        x = np.swapaxes(values[rows, :T], 1, 2)
        whole = np.isfinite(x).all(-1)
        told = statistic(np.where(whole[..., None], x, 0.0), context.fps or 25.0)
        found[rows] = np.where(whole, told, np.nan)
    seen = np.isfinite(found)
    n = len(clips)
    return Sums(
        by_clip(np.where(seen, found, 0.0), owner, n),
        by_clip(seen.astype(float), owner, n),
    )


def difference(prepared: Sums, a: np.ndarray, b: np.ndarray) -> Reading:
    """Mean over AUs of the absolute difference of the means of both sides."""
    real, synthetic = prepared.mean(a), prepared.mean(b)
    return _reading(np.abs(real - synthetic), real, synthetic)


def _reading(parts: np.ndarray, real: np.ndarray, synthetic: np.ndarray) -> Reading:
    seen = np.isfinite(parts)
    if not seen.any():
        return Reading(np.nan, parts)
    left, right = (float(side[seen].mean()) for side in (real, synthetic))
    return Reading(float(parts[seen].mean()), parts, left, right)
