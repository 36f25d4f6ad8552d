"""Blinks: how often, how evenly spaced and how long, from AU 45 or 43."""

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks, peak_widths

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.stats.signals import bridged

LONGEST = 1.0
"""Seconds at half height; longer is a closed eye, no blink."""
NOISE = 8.0
"""A blink stands out by this many standard deviations of the noise at least."""


@dataclass(frozen=True, eq=False)
class Blinks:
    """Blinks of each clip, and seconds watched (n_clips,).

    ``durations`` are sorted seconds (B,) of the clips ``owner`` (B,); ``intervals``
    (n_clips, 3) sum 1, d and d^2 of the seconds between neighbours.
    """

    durations: np.ndarray
    owner: np.ndarray
    intervals: np.ndarray
    counts: np.ndarray
    seconds: np.ndarray


def measures(fps: float | None) -> list[Measure]:
    """Rate, variability and duration of blinks; none without a frame rate."""
    if not fps:
        return []
    return [
        Measure(
            "blink_rate",
            "blink rate ratio",
            "doublings",
            "time",
            "whether eyes blink as often (sides are blinks per minute)",
            prepare,
            rate_ratio,
            source="|log2| of the ratio of blinks per second",
        ),
        Measure(
            "blink_spacing",
            "inter-blink variability difference",
            "CV",
            "time",
            "whether blinks are as unevenly spaced",
            prepare,
            spacing_difference,
            source="coefficient of variation of the time between blinks",
        ),
        Measure(
            "blink_duration",
            "blink duration distance",
            "s",
            "time",
            "whether blinks last as long",
            prepare,
            duration_distance,
            source="Wasserstein-1 of widths at half height",
        ),
    ]


def eye_column(columns: tuple[str, ...]) -> list[int]:
    """Places of the columns that close the eyes: AU45, else AU43, else their sides."""
    for name in ("AU45", "AU43"):
        places = [columns.index(c) for c in (name,) if c in columns]
        places = places or [i for i, c in enumerate(columns) if c in sides(name)]
        if places:
            return places
    return []


def sides(name: str) -> tuple[str, str]:
    """The one-sided columns of an AU."""
    return f"{name}_L", f"{name}_R"


def find_blinks(
    x: np.ndarray, height: float, fps: float
) -> tuple[np.ndarray, np.ndarray]:
    """Frames of the blinks in (T,), and their widths at half height in seconds.

    A blink rises ``height`` above what is around it, for a second at most. Gaps are
    bridged by straight lines.
    """
    line = bridged(x[:, None])[:, 0]
    peaks, _ = find_peaks(line, prominence=height)
    width = peak_widths(line, peaks, rel_height=0.5)[0] / fps
    return peaks[width <= LONGEST], width[width <= LONGEST]


def prepare(clips: Clips, context: Context) -> Blinks | None:
    """Find the blinks of every clip; None without an eye column or a frame rate.

    They rise half of the way from the median to the 99.5th percentile of all clips.
    """
    places = eye_column(context.columns)
    if not places or not context.fps:
        return None
    lids = [_lids(clip[:, places]) for clip in clips]
    height = blink_height(np.concatenate(lids))
    found = [find_blinks(x, height, context.fps) for x in lids]
    intervals = np.zeros((len(clips), 3))
    for i, (peaks, _) in enumerate(found):
        gap = np.diff(peaks) / context.fps
        intervals[i] = len(gap), gap.sum(), (gap**2).sum()
    widths = np.concatenate([width for _, width in found])
    counts = np.array([len(peaks) for peaks, _ in found], float)
    order = np.argsort(widths)
    owner = np.repeat(np.arange(len(clips)), counts.astype(int))
    seconds = np.array([np.isfinite(x).sum() / context.fps for x in lids])
    return Blinks(widths[order], owner[order], intervals, counts, seconds)


def _lids(x: np.ndarray) -> np.ndarray:
    seen = np.isfinite(x)
    total = np.where(seen, x, 0.0).sum(1)
    return np.where(seen.any(1), total / np.maximum(seen.sum(1), 1), np.nan)


def blink_height(x: np.ndarray) -> float:
    """How far blinks in these values (T,) stand out at least; inf if nothing moves."""
    x = x[np.isfinite(x)]
    if not len(x):
        return np.inf
    middle, top = np.quantile(x, [0.5, 0.995])
    noise = 1.4826 * np.median(np.abs(np.diff(x))) / np.sqrt(2) if len(x) > 1 else 0.0
    return float(max(0.5 * (top - middle), NOISE * noise)) or np.inf


def rate_ratio(blinks: Blinks | None, a: np.ndarray, b: np.ndarray) -> Reading:
    """|log2| of the ratio of rates; half a blink more on each side."""
    if blinks is None:
        return Reading(np.nan)
    rates = []
    for side in (a, b):
        weights = clip_weights(len(blinks.counts), side)
        seconds = max(float(weights @ blinks.seconds), 1e-9)
        rates.append(float(weights @ blinks.counts + 0.5) / seconds)
    value = float(np.abs(np.log2(rates[1] / rates[0])))
    return Reading(value, None, 60 * rates[0], 60 * rates[1])


def spacing_difference(blinks: Blinks | None, a: np.ndarray, b: np.ndarray) -> Reading:
    """Absolute difference of the coefficients of variation; NaN under 3 intervals."""
    if blinks is None:
        return Reading(np.nan)
    found = []
    for side in (a, b):
        n, total, square = clip_weights(len(blinks.counts), side) @ blinks.intervals
        if n < 3:
            return Reading(np.nan)
        variance = max(0.0, (square - total**2 / n) / (n - 1))
        found.append(float(np.sqrt(variance) / (total / n)))
    return Reading(abs(found[1] - found[0]), None, found[0], found[1])


def duration_distance(blinks: Blinks | None, a: np.ndarray, b: np.ndarray) -> Reading:
    """Wasserstein distance of durations; sides: their means. NaN without blinks."""
    if blinks is None or not len(blinks.durations):
        return Reading(np.nan)
    shares = []
    for side in (a, b):
        mass = clip_weights(len(blinks.counts), side)[blinks.owner]
        if not mass.sum():
            return Reading(np.nan)
        shares.append(mass / mass.sum())
    gap = np.abs(np.cumsum(shares[0] - shares[1]))[:-1]
    left, right = (float(share @ blinks.durations) for share in shares)
    return Reading(float(gap @ np.diff(blinks.durations)), None, left, right)
