"""Kernel two-sample measures of faces: maximum mean discrepancy and energy distance.

The points are frames and the independent items are clips: each mean runs over pairs of
frames from different clips, so equal processes have the expectation 0 however much the
frames of one clip resemble each other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.spatial.distance import pdist

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.points import Points, frame_points

MOST_FRAMES = 2000
"""Of both sides together; the rest is thinned out evenly within clips."""


@dataclass(frozen=True, eq=False)
class PairSums:
    """Kernel sums between clips and numbers of pairs (n, n), with diagonals 0."""

    kernel: np.ndarray
    pairs: np.ndarray


def pair_sums(points: Points, kernel: np.ndarray) -> PairSums:
    """Sums over clips of the kernel (N, N) between points of different clips."""
    member, counts = points.membership, points.counts
    sums = (member @ (member @ kernel).T).T
    pairs = np.outer(counts, counts)
    np.fill_diagonal(sums, 0.0)
    np.fill_diagonal(pairs, 0.0)
    return PairSums(sums, pairs)


def discrepancy(sums: PairSums, a: np.ndarray, b: np.ndarray) -> Reading:
    """Mean kernel within ``a`` plus within ``b`` minus twice between them.

    The U-statistic of Gretton et al. 2012 (JMLR 13, eq. 3) over clips, frames counted
    equally: unbiased, so it may be negative. NaN with one clip on a side.
    """
    left, right = (clip_weights(len(sums.pairs), picks) for picks in (a, b))
    terms = []
    for x, y in ((left, left), (right, right), (left, right)):
        pairs = x @ sums.pairs @ y
        terms.append(x @ sums.kernel @ y / pairs if pairs else np.nan)
    return Reading(float(terms[0] + terms[1] - 2 * terms[2]))


def rbf(points: Points) -> np.ndarray:
    """Gaussian kernels (N, N) of 1/4, 1/2, 1, 2 and 4 times the median distance.

    Their mean. The median is that of the points of all clips, whatever side.
    """
    some = points.rows[:: max(1, len(points.rows) // 500)]
    median = np.median(pdist(some)) if len(some) > 1 else 1.0
    kernel = squared_distances(points.rows)
    kernel *= -1 / (2 * (4 * (median or 1.0)) ** 2)
    np.exp(kernel, out=kernel)
    total = kernel.copy()
    for _ in range(4):  # half the width is four times the exponent
        np.square(kernel, out=kernel)
        np.square(kernel, out=kernel)
        total += kernel
    return total / 5


def cubic(points: Points) -> np.ndarray:
    """Polynomial kernel (x.y / d + 1)^3 of the kernel inception distance (N, N)."""
    rows = points.rows
    inner = rows @ rows.T / max(1, rows.shape[1]) + 1
    return inner * inner * inner


def minus_distance(points: Points) -> np.ndarray:
    """Negative Euclidean distances (N, N): with them it is the energy distance."""
    return -np.sqrt(squared_distances(points.rows))


def squared_distances(rows: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (N, N) between points (N, D)."""
    norms = (rows**2).sum(1)
    squares = rows @ rows.T
    squares *= -2
    squares += norms
    squares += norms[:, None]
    return np.maximum(squares, 0.0, out=squares)


def _prepare(
    kernel: Callable[[Points], np.ndarray], clips: Clips, context: Context
) -> PairSums:
    points = frame_points(clips, context, MOST_FRAMES)
    return pair_sums(points, kernel(points))


MEASURES = (
    Measure(
        "mmd",
        "maximum mean discrepancy (Gaussian)",
        "squared",
        "distribution",
        "whether the same whole faces occur as often, at five levels of detail",
        partial(_prepare, rbf),
        discrepancy,
        source="Gretton et al. 2012, unbiased, over clips",
    ),
    Measure(
        "kid",
        "kernel distance (cubic)",
        "squared",
        "distribution",
        "whether means, covariances and skews of faces agree",
        partial(_prepare, cubic),
        discrepancy,
        source="Binkowski et al. 2018 (KID kernel), unbiased, over clips",
    ),
    Measure(
        "energy",
        "energy distance",
        "real sd",
        "distribution",
        "how much farther faces are from the other side than from their own",
        partial(_prepare, minus_distance),
        discrepancy,
        source="Szekely & Rizzo 2013, U-statistic over clips",
    ),
)
