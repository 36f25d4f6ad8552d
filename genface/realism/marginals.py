"""Marginal measures: what values AUs take, and which are active together.

All of them pool the frames of a set, as sums over clips.
"""

from dataclasses import dataclass

import numpy as np

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.points import average

CELLS = 400
"""Edges of the grid on which distributions are compared, at most."""


@dataclass(frozen=True, eq=False)
class _Counts:
    """Per clip: frames at or under each edge (n_clips, A, G); edges (A, G)."""

    below: np.ndarray
    edges: np.ndarray

    def gaps(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Difference of the two distribution functions at the edges (A, G)."""
        real, synthetic = (self._distribution(picks) for picks in (a, b))
        return real - synthetic

    def _distribution(self, picks: np.ndarray) -> np.ndarray:
        n, A, G = self.below.shape
        total = clip_weights(n, picks) @ self.below.reshape(n, -1)
        return _share(total.reshape(A, G), total.reshape(A, G)[:, -1:])


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)


def _count(clips: Clips, context: Context) -> _Counts:
    """Frames of each clip up to the edges of a grid of the values that occur.

    Exact where an AU takes at most CELLS different values; else neighbouring values, of
    1 in CELLS of all different ones, are taken as one.
    """
    pooled = np.concatenate(clips)
    edges = np.array([_edges(column) for column in pooled.T])
    below = [
        np.array([np.searchsorted(np.sort(x[np.isfinite(x)]), e, side="right")
                  for x, e in zip(clip.T, edges, strict=True)])
        for clip in clips
    ]  # fmt: skip
    return _Counts(np.array(below, float), edges)


def _edges(column: np.ndarray) -> np.ndarray:
    values = np.unique(column[np.isfinite(column)])
    if not len(values):
        return np.zeros(CELLS)
    if len(values) > CELLS:
        picks = np.linspace(0, len(values) - 1, CELLS).round().astype(int)
        return values[picks]
    return np.pad(values, (0, CELLS - len(values)), mode="edge")


def _mean_of(
    parts: np.ndarray,
    real: np.ndarray | None = None,
    synthetic: np.ndarray | None = None,
) -> Reading:
    """Mean over the AUs that have a part, and of where each side stands."""
    value = _mean(parts)
    return Reading(
        np.nan if value is None else value, parts, _mean(real), _mean(synthetic)
    )


def _mean(values: np.ndarray | None) -> float | None:
    if values is None or not np.isfinite(values).any():
        return None
    return float(values[np.isfinite(values)].mean())


def _wasserstein(counts: _Counts, a: np.ndarray, b: np.ndarray) -> Reading:
    gaps = np.abs(counts.gaps(a, b)[:, :-1])
    return _mean_of((gaps * np.diff(counts.edges, axis=1)).sum(1))


def _kolmogorov_smirnov(counts: _Counts, a: np.ndarray, b: np.ndarray) -> Reading:
    return _mean_of(np.abs(counts.gaps(a, b)).max(1))


def _moments(clips: Clips, context: Context) -> np.ndarray:
    """Per clip: number, sum, sum of squares, and number times centre (n, 4, A).

    Sums are about the pooled mean, the centre.
    """
    centre = np.nanmean(np.concatenate(clips), axis=0)
    parts = []
    for clip in clips:
        seen = np.isfinite(clip)
        x = np.where(seen, clip - centre, 0.0)
        parts.append([seen.sum(0), x.sum(0), (x**2).sum(0), seen.sum(0) * centre])
    return np.array(parts, float)


def _totals(table: np.ndarray, picks: np.ndarray) -> np.ndarray:
    return np.tensordot(clip_weights(len(table), picks), table, 1)


def _means(moments: np.ndarray, a: np.ndarray, b: np.ndarray) -> Reading:
    sides = []
    for picks in (a, b):
        n, total, _, centre = _totals(moments, picks)
        sides.append(_share(total + centre, n))
    return _mean_of(np.abs(sides[0] - sides[1]), *sides)


def _spreads(moments: np.ndarray, a: np.ndarray, b: np.ndarray) -> Reading:
    sides = []
    for picks in (a, b):
        n, total, squares, _ = _totals(moments, picks)
        variance = _share(squares, n) - _share(total, n) ** 2
        sides.append(np.sqrt(np.maximum(variance, 0.0)))
    return _mean_of(np.abs(sides[0] - sides[1]), *sides)


def _activity(clips: Clips, context: Context) -> np.ndarray:
    """Per clip: frames in which two AUs are both seen, and both active.

    (n_clips, 2, A, A); the diagonals are of the AU alone.
    """
    parts = []
    for clip in clips:
        seen = np.isfinite(clip).astype(float)
        active = np.where(seen > 0, clip > context.thresholds, False).astype(float)
        parts.append([seen.T @ seen, active.T @ active])
    return np.array(parts)


def _rates(activity: np.ndarray, picks: np.ndarray) -> np.ndarray:
    seen, active = _totals(activity, picks)
    return _share(active, seen)


def _excess(rates: np.ndarray) -> np.ndarray:
    """What pairs of AUs are active together more often than by chance (A, A)."""
    alone = np.diag(rates)
    return rates - np.outer(alone, alone)


def _activation(activity: np.ndarray, a: np.ndarray, b: np.ndarray) -> Reading:
    real, synthetic = (np.diag(_rates(activity, picks)) for picks in (a, b))
    return _mean_of(np.abs(real - synthetic), real, synthetic)


def _coactivation(activity: np.ndarray, a: np.ndarray, b: np.ndarray) -> Reading:
    real, synthetic = (_excess(_rates(activity, picks)) for picks in (a, b))
    A = len(real)
    if A < 2:
        return Reading(np.nan)
    pairs = ~np.eye(A, dtype=bool)
    gaps = np.where(pairs, np.abs(real - synthetic), np.nan)
    found = _mean_of(average(gaps))
    return Reading(
        found.value, found.per_au, _mean(real[pairs]), _mean(synthetic[pairs])
    )


MEASURES = (
    Measure(
        "wasserstein",
        "Wasserstein distance",
        "AU",
        "marginal",
        "how far values must be moved to turn one distribution into the other",
        _count,
        _wasserstein,
        source="area between the two distribution functions, mean over AUs",
    ),
    Measure(
        "ks",
        "Kolmogorov-Smirnov distance",
        "share",
        "marginal",
        "largest gap between the two cumulative distributions",
        _count,
        _kolmogorov_smirnov,
        source="Kolmogorov-Smirnov statistic, mean over AUs",
    ),
    Measure(
        "mean",
        "difference of means",
        "AU",
        "marginal",
        "whether AUs are as strong on average",
        _moments,
        _means,
    ),
    Measure(
        "sd",
        "difference of spreads",
        "AU",
        "marginal",
        "whether AUs vary as much (standard deviation over all frames)",
        _moments,
        _spreads,
    ),
    Measure(
        "activation",
        "difference of activation rates",
        "share",
        "marginal",
        "share of frames in which an AU is above half its real 95th percentile",
        _activity,
        _activation,
    ),
    Measure(
        "coactivation",
        "difference of co-activation",
        "share",
        "marginal",
        "whether AUs are active together as often, beyond what chance gives",
        _activity,
        _coactivation,
    ),
)
