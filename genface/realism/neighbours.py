"""Neighbour measures: whether clips lie among those of the other side, and cover them.

Clips are the points, by their summaries; frames of one clip are each other's
neighbours and would make any ball tiny. With N real and M synthetic points, R_k(x) is
the distance from a real x to its k-th nearest other real point.

Where equal sets have another value than 1, the reading brings it along (``null``): a
synthetic point is then one more draw among the real ones, whatever their law.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import betabinom

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.points import summaries

K = 5


@dataclass(frozen=True, eq=False)
class Sets:
    """Distances real-real (N, N) and real-synthetic (N, M); how often each counts."""

    own: np.ndarray
    cross: np.ndarray
    real: np.ndarray
    synthetic: np.ndarray
    k: int

    @property
    def others(self) -> np.ndarray:
        """Real-real distances, infinite from a point to itself."""
        return np.where(np.eye(len(self.own), dtype=bool), np.inf, self.own)

    @property
    def radii(self) -> np.ndarray:
        """R_k of each real point (N,)."""
        return np.partition(self.others, self.k - 1, axis=1)[:, self.k - 1]


def sets_of(real: np.ndarray, synthetic: np.ndarray, k: int = K) -> Sets:
    """Points (N, D) and (M, D), each counted once."""
    one = np.ones(len(real)), np.ones(len(synthetic))
    return Sets(cdist(real, real), cdist(real, synthetic), *one, k)


def precision(sets: Sets) -> Reading:
    """Share of synthetic points in the ball R_k of any real one (Kynkaanniemi 2019).

    Its null is the share of real points that are among the k nearest of another: what
    one more real point would meet.
    """
    inside = (sets.cross < sets.radii[:, None]).any(0)
    nearest = (sets.others <= sets.radii[:, None]).any(0)
    null = np.average(nearest, weights=sets.real)
    value = np.average(inside, weights=sets.synthetic)
    return Reading(float(value), parts={"null": float(null)})


def density(sets: Sets) -> Reading:
    """Mean number of real balls around a synthetic point, over k (Naeem 2020, eq. 3).

    Equal sets have 1: a point is within R_k of N others with probability k / N each.
    """
    balls = (sets.cross < sets.radii[:, None]).sum(0) / sets.k
    return Reading(float(np.average(balls, weights=sets.synthetic)))


def coverage(sets: Sets) -> Reading:
    """Share of real points with a synthetic one in their ball (Naeem 2020, eq. 4)."""
    covered = (sets.cross < sets.radii[:, None]).any(1)
    value = np.average(covered, weights=sets.real)
    N, M = sets.cross.shape
    return Reading(float(value), parts={"null": null_coverage(N, M, sets.k)})


def null_coverage(n_real: int, n_synthetic: int, k: int = K) -> float:
    """Coverage of N points by M of the same law.

    One less the chance that the k nearest of the N - 1 + M others are all real.
    """
    i = np.arange(k)
    missed = (n_real - 1 - i) / (n_synthetic + n_real - 1 - i)
    return float(1 - np.prod(np.maximum(missed, 0)))


def clipped_density(sets: Sets) -> Reading:
    """Density in which no ball exceeds the median one and no point counts over 1.

    Divided by the same of the real points among themselves (Salvy et al. 2026):
    outliers with huge balls and crowds in dense regions no longer make up for junk.
    """
    radii = np.minimum(sets.radii, np.median(sets.radii))[:, None]
    real = np.minimum((sets.others <= radii).sum(0) / sets.k, 1)
    synthetic = np.minimum((sets.cross <= radii).sum(0) / sets.k, 1)
    own = np.average(real, weights=sets.real)
    found = np.average(synthetic, weights=sets.synthetic)
    return Reading(float(found / own) if own > 0 else np.nan)


def clipped_coverage(sets: Sets) -> Reading:
    """Share of synthetic points that would cover the real ones as well (Salvy 2026).

    c = mean of min(k, synthetic points in the ball) / k. A ball holds a Beta(k, N - k)
    share of the law, so M' good points have J ~ BetaBinomial(M', k, N - k) in it and an
    expected c of E min(k, J) / k: the M' that has the c found, over M. Over 1 (up to 2)
    where balls are fuller than chance has it.
    """
    counts = np.minimum((sets.cross <= sets.radii[:, None]).sum(1), sets.k)
    found = np.average(counts / sets.k, weights=sets.real)
    N, M = sets.cross.shape
    good = np.arange(2 * M + 1)
    return Reading(float(np.interp(found, _expected_cover(N, M, sets.k), good) / M))


@lru_cache(64)
def _expected_cover(n_real: int, n_synthetic: int, k: int) -> tuple[float, ...]:
    """E min(k, J) / k for 0, 1, ... 2 M good points."""
    good = np.arange(2 * n_synthetic + 1)
    under = [betabinom.sf(j, good, k, max(n_real - k, 1)) for j in range(k)]
    return tuple(np.sum(under, axis=0) / k)


def _prepare(clips: Clips, context: Context) -> np.ndarray:
    """Distances between clips (n, n)."""
    points = summaries(clips, context)
    return cdist(points, points)


def _value(
    metric: Callable[[Sets], Reading],
    distances: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
) -> Reading:
    """The metric on the different clips of each side; repeats only weigh more."""
    left, right = (clip_weights(len(distances), picks) for picks in (a, b))
    real, synthetic = np.flatnonzero(left), np.flatnonzero(right)
    if len(real) < 3 or not len(synthetic):
        return Reading(np.nan)
    own, cross = distances[np.ix_(real, real)], distances[np.ix_(real, synthetic)]
    k = min(K, len(real) // 2)
    return metric(Sets(own, cross, left[real], right[synthetic], k))


def _recall(distances: np.ndarray, a: np.ndarray, b: np.ndarray) -> Reading:
    return _value(precision, distances, b, a)


MEASURES = (
    Measure(
        "precision",
        "precision",
        "share",
        "distribution",
        "share of synthetic clips that lie among the real ones",
        _prepare,
        partial(_value, precision),
        1.0,
        "high",
        source="Kynkaanniemi et al. 2019, on clip summaries",
        items="clips",
    ),
    Measure(
        "recall",
        "recall",
        "share",
        "distribution",
        "share of real clips that lie among the synthetic ones",
        _prepare,
        _recall,
        1.0,
        "high",
        source="Kynkaanniemi et al. 2019, on clip summaries",
        items="clips",
    ),
    Measure(
        "density",
        "density",
        "ratio",
        "distribution",
        "how densely real clips lie around a synthetic one, as if it were real",
        _prepare,
        partial(_value, density),
        1.0,
        "near target",
        source="Naeem et al. 2020, on clip summaries",
        items="clips",
    ),
    Measure(
        "coverage",
        "coverage",
        "share",
        "distribution",
        "share of real clips that have a synthetic one near",
        _prepare,
        partial(_value, coverage),
        1.0,
        "high",
        source="Naeem et al. 2020, on clip summaries",
        items="clips",
    ),
    Measure(
        "clipped_density",
        "clipped density",
        "share",
        "distribution",
        "share of synthetic clips that are as good as real ones",
        _prepare,
        partial(_value, clipped_density),
        1.0,
        "high",
        source="Salvy et al. 2026, on clip summaries",
        items="clips",
    ),
    Measure(
        "clipped_coverage",
        "clipped coverage",
        "share",
        "distribution",
        "share of synthetic clips that it takes to cover the real ones as well",
        _prepare,
        partial(_value, clipped_coverage),
        1.0,
        "high",
        source="Salvy et al. 2026, on clip summaries",
        items="clips",
    ),
)
