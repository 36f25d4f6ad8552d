"""Copy detector: synthetic movements nearer to real ones than those to each other.

A model that replays its training clips passes every test of distributions. Points are
movements (three faces within a second), so a face at rest is no copy. Averages are near
to all real movements: a low value of still or smooth faces, whose precision and density
are low too, tells of those and not of copies.
"""

from dataclasses import dataclass

import numpy as np

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.points import Points, frame_points

MOST_POINTS = 6000
MOST_JUDGED = 1000
SAME = 1e-4  # squared distances per dimension, in real variances, that count as equal


@dataclass(frozen=True, eq=False)
class Nearest:
    """From each point to each clip: squared distance (N, n) and nearest point (N, n).

    ``clip`` (N,) says whose a point is, ``judged`` which points are looked at. Infinite
    where a clip has no points.
    """

    distance: np.ndarray
    point: np.ndarray
    clip: np.ndarray
    judged: np.ndarray


def nearest(points: Points) -> Nearest:
    """The table of nearest points."""
    rows = points.rows.astype(np.float32)
    norms = (rows**2).sum(1)
    ends = np.cumsum(points.counts).astype(int)
    starts = ends - points.counts.astype(int)
    distance = np.full((len(rows), points.n_clips), np.inf, np.float32)
    point = np.zeros((len(rows), points.n_clips), np.intp)
    for c, (i, j) in enumerate(zip(starts, ends, strict=True)):
        if i == j:
            continue
        squares = norms[i:j] - 2 * (rows @ rows[i:j].T)
        best = squares.argmin(1)
        point[:, c] = i + best
        distance[:, c] = np.maximum(squares[np.arange(len(rows)), best] + norms, 0)
    step = max(1, -(-len(rows) // MOST_JUDGED))
    width = max(1, rows.shape[1])
    return Nearest(distance / width, point, points.clip, np.arange(0, len(rows), step))


def authenticity(table: Nearest, a: np.ndarray, b: np.ndarray) -> Reading:
    """Share of synthetic movements y that are no copies of real ones.

    With x* the nearest real movement, y is authentic if it is farther from x* than x*
    is from the nearest movement in another real clip (Alaa et al. 2022); ties count
    half. The null is the same of each real clip against the others. NaN under three
    real clips.
    """
    n = table.distance.shape[1]
    left, right = clip_weights(n, a), clip_weights(n, b)
    real = np.flatnonzero(left)
    if len(real) < 3:
        return Reading(np.nan)
    held_out = _share(table, real, left)
    found = _share(table, real, right)
    return Reading(found, parts={"null": held_out})


def _share(table: Nearest, real: np.ndarray, weights: np.ndarray) -> float:
    """Weighted share of authentic movements of some clips, each against the others."""
    judged = table.judged[weights[table.clip[table.judged]] > 0]
    if not len(judged):
        return np.nan
    own = table.clip[judged][:, None] == real
    distance = np.where(own, np.inf, table.distance[np.ix_(judged, real)])
    column = distance.argmin(1)
    each = np.arange(len(judged))
    match = table.point[judged, real[column]]
    other = np.where(own, np.inf, table.distance[np.ix_(match, real)])
    other[each, column] = np.inf
    gap = distance[each, column] - other.min(1)
    authentic = np.where(np.abs(gap) < SAME, 0.5, gap > 0)
    return float(np.average(authentic, weights=weights[table.clip[judged]]))


def _prepare(clips: Clips, context: Context) -> Nearest:
    """Nearest movements: three faces, half a second apart or less in short clips."""
    half = round(context.fps / 2) if context.fps else 12
    gap = min(half, int(np.median([len(clip) for clip in clips])) // 4)
    return nearest(frame_points(clips, context, MOST_POINTS, gap))


MEASURES = (
    Measure(
        "authenticity",
        "authenticity",
        "share",
        "distribution",
        "share of synthetic movements that are no copies of real ones",
        _prepare,
        authenticity,
        0.5,
        "high",
        source="Alaa et al. 2022, on movements, other real clips",
    ),
)
