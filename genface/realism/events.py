"""AU events of two sets: how often, how long each phase lasts, and how fast."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from genface.realism.event_detection import find_events
from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights

FEATURES = {
    "onset": ("onset duration distance", "s", "whether AUs take as long to appear"),
    "apex": ("apex duration distance", "s", "whether AUs stay at their peak as long"),
    "offset": ("offset duration distance", "s", "whether AUs take as long to go"),
    "peak": ("event peak distance", "AU", "whether AUs get as strong when they show"),
    "onset_speed": ("onset speed distance", "AU/s", "whether AUs appear as fast"),
    "offset_speed": ("offset speed distance", "AU/s", "whether AUs go as fast"),
    "asymmetry": (
        "onset-offset asymmetry distance",
        "share",
        "whether going takes as much longer than appearing",
    ),
}
"""What is known of an event: label, unit and meaning of its distance."""
MIN_EVENTS = 5
"""A side for the slope of speed over amplitude."""


@dataclass(frozen=True, eq=False)
class Events:
    """Events of all clips, by AU and feature.

    ``values`` (F, A, E) are sorted, NaN at the end; ``owner`` (F, A, E) is the clip of
    each. ``counts`` (n_clips, A) are events, ``frames`` (n_clips, A) values that were
    there. ``moments`` (n_clips, A, 5) sum 1, p, s, p^2 and p s over events with peak p
    and onset speed s.
    """

    values: np.ndarray
    owner: np.ndarray
    counts: np.ndarray
    frames: np.ndarray
    moments: np.ndarray
    fps: float


def measures(fps: float | None) -> list[Measure]:
    """Event rate, distances of the features of events, and speed over amplitude.

    Without a frame rate durations are in units of 25 frames.
    """
    source = "hysteresis events; Wasserstein-1 per AU, averaged over events"
    features = [
        Measure(
            f"event_{feature}",
            label,
            unit,
            "time",
            meaning,
            prepare,
            partial(feature_distance, feature=place),
            source=source,
        )
        for place, (feature, (label, unit, meaning)) in enumerate(FEATURES.items())
    ]
    return [
        Measure(
            "event_rate",
            "event rate ratio",
            "doublings",
            "time",
            "whether AUs show as often (sides are events of an AU per minute)",
            prepare,
            rate_ratio,
            source="|log2| of the ratio of events per frame, the mean over AUs",
        ),
        *features,
        Measure(
            "speed_amplitude",
            "speed over amplitude difference",
            "1/s",
            "time",
            "whether stronger events start as much faster",
            prepare,
            slope_difference,
            source="slope of largest onset speed over peak (Schmidt, Cohn & Tian 2003)",
        ),
    ]


def prepare(clips: Clips, context: Context) -> Events:
    """Find the events of every AU; its threshold is the context's."""
    fps = context.fps or 25.0
    n, A = len(clips), clips[0].shape[1]
    rows = []
    for i, clip in enumerate(clips):
        for j in range(A):
            for e in find_events(clip[:, j], float(context.thresholds[j]), fps):
                rows.append((i, j, *(getattr(e, name) for name in FEATURES)))
    table = np.array(rows).reshape(-1, 2 + len(FEATURES))
    owner, au = table[:, :2].astype(int).T
    counts = np.zeros((n, A))
    np.add.at(counts, (owner, au), 1)
    frames = np.array([np.isfinite(clip).sum(0) for clip in clips], float)
    moments = _moments(owner, au, table[:, 2:], (n, A))
    return Events(*_sorted(owner, au, table[:, 2:], A), counts, frames, moments, fps)


def _sorted(
    owner: np.ndarray, au: np.ndarray, features: np.ndarray, A: int
) -> tuple[np.ndarray, np.ndarray]:
    """Values and clips (F, A, E) of events, sorted by value."""
    most = max(1, int(np.bincount(au, minlength=A).max()))
    values = np.full((features.shape[1], A, most), np.nan)
    clip = np.zeros(values.shape, np.intp)
    for j in range(A):
        here = np.flatnonzero(au == j)
        for f in range(features.shape[1]):
            order = here[np.argsort(features[here, f])]  # NaN last
            values[f, j, : len(here)] = features[order, f]
            clip[f, j, : len(here)] = owner[order]
    return values, clip


def _moments(
    owner: np.ndarray, au: np.ndarray, features: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    names = list(FEATURES)
    peak = features[:, names.index("peak")]
    speed = features[:, names.index("onset_speed")]
    told = np.isfinite(speed)
    terms = np.stack([np.ones(len(peak)), peak, speed, peak**2, peak * speed], 1)
    moments = np.zeros((*shape, 5))
    np.add.at(moments, (owner[told], au[told]), terms[told])
    return moments


def feature_distance(
    events: Events, a: np.ndarray, b: np.ndarray, feature: int
) -> Reading:
    """Wasserstein distance of one feature, per AU that both sides show.

    The mean over AUs, weighted by how many events they have on both sides together.
    """
    values, owner = events.values[feature], events.owner[feature]
    seen = np.isfinite(values)
    shares, means, totals = [], [], []
    for side in (a, b):
        mass = clip_weights(len(events.counts), side)[owner] * seen
        total = mass.sum(1)
        share = mass / np.maximum(total, 1e-9)[:, None]
        shares.append(share)
        totals.append(total)
        means.append((share * np.where(seen, values, 0.0)).sum(1))
    gap = np.abs(np.cumsum(shares[0] - shares[1], axis=1))[:, :-1]
    steps = np.where(seen[:, 1:], np.diff(values, axis=1), 0.0)
    told = np.minimum(*totals) > 0
    parts = np.where(told, (gap * steps).sum(1), np.nan)
    return _weighted(parts, totals[0] + totals[1], means)


def rate_ratio(events: Events, a: np.ndarray, b: np.ndarray) -> Reading:
    """|log2| of the ratio of event rates; half an event more on each side.

    AUs without an event on either side do not count.
    """
    counts, rates = [], []
    for side in (a, b):
        weights = clip_weights(len(events.counts), side)
        counts.append(weights @ events.counts)
        frames = np.maximum(weights @ events.frames, 1.0)
        rates.append((counts[-1] + 0.5) / frames * 60 * events.fps)
    told = counts[0] + counts[1] > 0
    parts = np.where(told, np.abs(np.log2(rates[1] / rates[0])), np.nan)
    return _weighted(parts, told.astype(float), rates)


def slope_difference(events: Events, a: np.ndarray, b: np.ndarray) -> Reading:
    """Absolute difference of the slopes of onset speed over peak, per AU."""
    slopes, totals = [], []
    for side in (a, b):
        n, p, s, pp, ps = np.moveaxis(
            np.tensordot(clip_weights(len(events.moments), side), events.moments, 1),
            -1,
            0,
        )
        spread = n * pp - p**2
        told = (n >= MIN_EVENTS) & (spread > 1e-9 * np.maximum(n * pp, 1e-9))
        slopes.append(
            np.where(told, (n * ps - p * s) / np.where(told, spread, 1.0), np.nan)
        )
        totals.append(n)
    return _weighted(np.abs(slopes[0] - slopes[1]), totals[0] + totals[1], slopes)


def _weighted(
    parts: np.ndarray, weights: np.ndarray, sides: list[np.ndarray]
) -> Reading:
    """The weighted mean of the parts (A,) that are there, and of both sides."""
    weights = np.where(np.isfinite(parts), weights, 0.0)
    if not weights.sum():
        return Reading(np.nan, parts)
    weights = weights / weights.sum()
    value, left, right = (
        float(weights @ np.where(weights > 0, x, 0.0)) for x in (parts, *sides)
    )
    return Reading(value, parts, left, right)
