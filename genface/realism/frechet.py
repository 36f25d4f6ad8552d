"""Frechet distance of faces, and what is left of it once its bias is taken away.

||m1 - m2||^2 + tr(S1 + S2 - 2 (S1 S2)^1/2) of means and covariances of frames, in real
standard deviations. It is biased up: two equal sets are far from 0. Two remedies:

- :func:`corrected` subtracts the bias to first order. It is the delta method on means
  and covariances whose sampling variance is read off the clips, so neighbouring frames
  count for what they are worth. For independent normal rows it is
  (1/n + 1/m) (tr S + 1/2 sum_ij l_i l_j (1 + d_ij) / (l_i + l_j)), l eigenvalues of S.
- :func:`extrapolated` regresses the distance of ever smaller sets of clips on 1/n and
  takes the intercept (FD-infinity; Chong & Forsyth 2020, CVPR).
"""

from dataclasses import dataclass

import numpy as np

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.points import frame_points

PARTS = (1, 2, 3, 4)
"""Into how many sets the clips are dealt for the regression on 1/n."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Per clip: frames (n,), their sums (n, A) and outer products (n, A, A).

    ``deal`` (n,) is a random order of the clips in which sets are dealt.
    """

    count: np.ndarray
    total: np.ndarray
    outer: np.ndarray
    deal: np.ndarray


@dataclass(frozen=True, eq=False)
class _Side:
    """One set: mean (A,), covariance (A, A), and how far each clip pulled them.

    The pulls are empirical influences: their outer products summed over clips estimate
    the sampling covariance of the mean and of the entries of the covariance.
    """

    mean: np.ndarray
    cov: np.ndarray
    mean_pull: np.ndarray
    cov_pull: np.ndarray
    n_clips: float


def frechet(mean1, cov1, mean2, cov2) -> float:  # type: ignore[no-untyped-def]
    """Squared Frechet distance of two normal laws (Dowson & Landau 1982)."""
    return _distance(mean1, cov1, mean2, _root(cov2))


def _distance(
    mean1: np.ndarray, cov1: np.ndarray, mean2: np.ndarray, root2: np.ndarray
) -> float:
    """The same with the root of the second covariance."""
    cross = np.linalg.eigvalsh(root2 @ cov1 @ root2)
    trace = np.trace(cov1) + (root2**2).sum()
    gap = mean1 - mean2
    return float(gap @ gap + trace - 2 * np.sqrt(np.maximum(cross, 0)).sum())


def _root(cov: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(cov)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _prepare(clips: Clips, context: Context) -> Moments:
    points = frame_points(clips, context)
    rows, member = points.rows, points.membership
    starts = np.cumsum([0, *points.counts]).astype(int)
    parts = [rows[i:j] for i, j in zip(starts[:-1], starts[1:], strict=True)]
    deal = np.random.default_rng(context.seed).permutation(len(clips))
    outer = np.array([part.T @ part for part in parts])
    return Moments(points.counts, member @ rows, outer, deal)


def _side(moments: Moments, weights: np.ndarray) -> _Side | None:
    """A set of clips, each as often as its weight says; None under two clips."""
    weights = np.where(moments.count > 0, weights, 0.0)
    used = np.flatnonzero(weights)
    if len(used) < 2:
        return None
    w = weights[used]
    frames = float(w @ moments.count[used])
    mean = w @ moments.total[used] / frames
    cov = np.tensordot(w, moments.outer[used], 1) / frames - np.outer(mean, mean)
    # A clip that was picked twice pulls twice: it is no second, independent clip.
    share = w / frames
    count, total = moments.count[used][:, None], moments.total[used]
    pull = share[:, None] * (total - count * mean)
    cross = total[:, :, None] * mean
    cov_pull = moments.outer[used] - cross - np.swapaxes(cross, 1, 2)
    cov_pull += count[:, :, None] * (np.outer(mean, mean) - cov)
    return _Side(mean, cov, pull, share[:, None, None] * cov_pull, len(used))


def _bias(one: _Side, root: np.ndarray, other_root: np.ndarray) -> float:
    """Expected rise of the distance by the sampling noise of one side.

    Mean: the trace of its sampling covariance. Covariance: half the second derivative
    of -2 tr (R S R)^1/2 with R the other side's root, in the eigenbasis of R S R, times
    its sampling covariance.
    """
    few = one.n_clips / (one.n_clips - 1)
    middle = other_root @ root
    basis, values, _ = np.linalg.svd(middle)
    turn = basis.T @ other_root
    pulls = turn @ one.cov_pull @ turn.T
    spread = few * (pulls**2).sum(0)
    weight = np.outer(values, values) * (values[:, None] + values)
    solid = weight > 1e-9 * max(weight.max(), 1e-300)
    curved = 0.5 * (spread[solid] / weight[solid]).sum()
    return float(few * (one.mean_pull**2).sum() + curved)


def corrected(moments: Moments, a: np.ndarray, b: np.ndarray) -> Reading:
    """Frechet distance less its first-order bias; ``parts`` hold both."""
    sides = [_side(moments, clip_weights(len(moments.count), p)) for p in (a, b)]
    one, two = sides
    if one is None or two is None:
        return Reading(np.nan)
    root1, root2 = _root(one.cov), _root(two.cov)
    raw = _distance(one.mean, one.cov, two.mean, root2)
    bias = _bias(one, root1, root2) + _bias(two, root2, root1)
    return Reading(raw - bias, parts={"uncorrected": raw, "bias": bias})


def extrapolated(moments: Moments, a: np.ndarray, b: np.ndarray) -> Reading:
    """Frechet distance at infinitely many clips, by regression on 1/n.

    The clips are dealt into 1, 2, 3 and 4 sets per side; n is Kish's number of clips
    where some repeat. NaN under four different clips a side.
    """
    n = len(moments.count)
    sides = [_dealt(moments, clip_weights(n, picks)) for picks in (a, b)]
    fewest = min(len(order) for order, _ in sides)
    if fewest < 4:
        return Reading(np.nan)
    inverse, distance, trust = [], [], []
    for parts in PARTS:
        if fewest < 2 * parts:
            break
        for first in range(parts):
            laws, rate = [], 0.0
            for order, weights in sides:
                part = np.zeros(n)
                part[order[first::parts]] = weights[order[first::parts]]
                laws.append(_law(moments, part))
                rate += (part**2).sum() / part.sum() ** 2
            inverse.append(rate)
            distance.append(_distance(*laws[0], laws[1][0], _root(laws[1][1])))
            trust.append(1 / parts)
    slope, intercept = np.polyfit(inverse, distance, 1, w=np.sqrt(trust))
    return Reading(float(intercept), parts={"uncorrected": distance[0], "slope": slope})


def _dealt(moments: Moments, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = moments.deal[(weights * moments.count)[moments.deal] > 0]
    return order, weights


def _law(moments: Moments, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    frames = weights @ moments.count
    mean = weights @ moments.total / frames
    cov = np.tensordot(weights, moments.outer, 1) / frames - np.outer(mean, mean)
    return mean, cov


MEASURES = (
    Measure(
        "frechet",
        "Frechet distance, bias removed",
        "real sd squared",
        "distribution",
        "how far means and covariances of faces are apart, sampling noise taken off",
        _prepare,
        corrected,
        source="Dowson & Landau 1982; first-order bias by the delta method over clips",
    ),
    Measure(
        "frechet_infinity",
        "Frechet distance at infinite n",
        "real sd squared",
        "distribution",
        "the same, extrapolated from smaller sets of clips",
        _prepare,
        extrapolated,
        source="Chong & Forsyth 2020, FD-infinity, over clips",
    ),
)
