"""Frechet distance of faces, and what is left of it once its bias is taken away.

||m1 - m2||^2 + tr(S1 + S2 - 2 (S1 S2)^1/2) of means and covariances of frames, in real
standard deviations. It is biased up: two equal sets are far from 0. Two remedies:

- :func:`corrected` subtracts the bias, by the delta method on means and covariances
  whose sampling variance is read off the clips, so that neighbouring frames count for
  what they are worth. For independent normal rows that is, to first order,
  (1/n + 1/m) (tr S + 1/2 sum_ij l_i l_j (1 + d_ij) / (l_i + l_j)), l eigenvalues of S.
- :func:`extrapolated` regresses the distance of ever smaller sets of clips on 1/n and
  takes the intercept (FD-infinity; Chong & Forsyth 2020, CVPR).

Either may be negative. Far below 0 the sides are nearer than independent sets are, as
resampled real clips are: the bias that was taken off had cancelled.
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

    ``deal`` (n,) is a random order of the clips, in which sets are dealt.
    """

    count: np.ndarray
    total: np.ndarray
    outer: np.ndarray
    deal: np.ndarray

    def of(self, clips: np.ndarray) -> "Moments":
        """The same of some clips."""
        return Moments(
            self.count[clips], self.total[clips], self.outer[clips], np.empty(0)
        )

    def laws(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means (S, A) and covariances (S, A, A) of S sets, by clip weights (S, n)."""
        n, A = self.total.shape
        frames = (weights @ self.count)[:, None]
        mean = weights @ self.total / frames
        square = (weights @ self.outer.reshape(n, -1) / frames).reshape(-1, A, A)
        return mean, square - mean[:, :, None] * mean[:, None, :]


def moments(clips: Clips, context: Context) -> Moments:
    """Moments of the frames of each clip, in real standard deviations."""
    points = frame_points(clips, context)
    ends = np.cumsum(points.counts).astype(int)[:-1]
    outer = np.array([part.T @ part for part in np.split(points.rows, ends)])
    deal = np.random.default_rng(context.seed).permutation(len(clips))
    return Moments(points.counts, points.membership @ points.rows, outer, deal)


def frechet(
    mean1: np.ndarray, cov1: np.ndarray, mean2: np.ndarray, cov2: np.ndarray
) -> float:
    """Squared Frechet distance of two normal laws (Dowson & Landau 1982)."""
    singular = np.linalg.svd(_roots(cov2) @ _roots(cov1), compute_uv=False)
    return float(_distances(mean1, cov1, mean2, cov2, singular))


def _distances(
    mean1: np.ndarray,
    cov1: np.ndarray,
    mean2: np.ndarray,
    cov2: np.ndarray,
    singular: np.ndarray,
) -> np.ndarray:
    """Distances of pairs of laws; ``singular`` values of the product of their roots."""
    trace = np.trace(cov1 + cov2, axis1=-2, axis2=-1)
    return ((mean1 - mean2) ** 2).sum(-1) + trace - 2 * singular.sum(-1)


def _roots(cov: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(cov)
    root = np.sqrt(np.maximum(values, 0))[..., None, :]
    return (vectors * root) @ np.swapaxes(vectors, -1, -2)


def corrected(table: Moments, a: np.ndarray, b: np.ndarray) -> Reading:
    """Frechet distance less its bias; ``parts`` hold both. NaN under two clips a side.

    The bias is that to first order, B(n), bettered by what it is for halves of the
    clips: 2 B(n) - B(n/2) / 2, for the plug-in estimate of B has an error of order
    1/n^2 itself.
    """
    sides = [_dealt(table, picks) for picks in (a, b)]
    fewest = min(len(clips) for clips, _ in sides)
    if fewest < 2:
        return Reading(np.nan)
    laws, roots, picked = [], [], []
    for clips, weights in sides:
        half = np.arange(len(clips)) % 2 == 0
        sets = [weights, weights * half, weights * ~half]
        stack = np.array(sets if fewest >= 4 else sets[:1])
        picked.append((table.of(clips), stack))
        laws.append(picked[-1][0].laws(stack))
        roots.append(_roots(laws[-1][1]))
    left, singular, right = np.linalg.svd(roots[1] @ roots[0])
    raw = float(_distances(*laws[0], *laws[1], singular)[0])
    turns = np.swapaxes(left, 1, 2) @ roots[1], right @ roots[0]
    noise = [
        _noise(*part, *law, turn, singular)
        for part, law, turn in zip(picked, laws, turns, strict=True)
    ]
    bias = noise[0] + noise[1]
    best = float(bias[0] if len(bias) == 1 else 2 * bias[0] - bias[1:].mean() / 2)
    return Reading(raw - best, parts={"uncorrected": raw, "bias": best})


def _dealt(table: Moments, picks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The clips with frames among the picks, in the order of the deal; their weights.

    A clip that was picked twice weighs twice: it is no second, independent clip.
    """
    weights = clip_weights(len(table.count), picks)
    clips = table.deal[(weights * table.count)[table.deal] > 0]
    return clips, weights[clips]


def _noise(
    part: Moments,
    weights: np.ndarray,
    mean: np.ndarray,
    cov: np.ndarray,
    turn: np.ndarray,
    singular: np.ndarray,
) -> np.ndarray:
    """First-order bias (S,) of the distance by the sampling noise of one side.

    Each clip pulls mean and covariance (empirical influence); the pulls' outer products
    are the sampling covariance. The bias is that of the mean, traced, plus half the
    second derivative of -2 tr (R S R)^1/2, R the other side's root, in the eigenbasis
    of R S R (``turn`` leads there, ``singular`` are the roots of its eigenvalues).
    """
    clips = (weights > 0).sum(1)
    share = weights / (weights @ part.count)[:, None]
    gap = part.total - part.count[:, None] * mean[:, None]
    inner = part.total[:, :, None] * mean[:, None, None, :]
    law = mean[:, :, None] * mean[:, None, :] - cov
    pull = part.outer - inner - np.swapaxes(inner, -1, -2)
    pull += part.count[:, None, None] * law[:, None]
    turned = turn[:, None] @ pull @ np.swapaxes(turn, 1, 2)[:, None]
    spread = np.einsum("sc,scij->sij", share**2, turned**2)
    weight = singular[:, :, None] * singular[:, None, :]
    weight = weight * (singular[:, :, None] + singular[:, None, :])
    solid = weight > 1e-9 * weight.max((1, 2), keepdims=True)
    curved = np.where(solid, spread / np.where(solid, weight, 1.0), 0.0).sum((1, 2))
    means = np.einsum("sc,sci->s", share**2, gap**2)
    return clips / np.maximum(clips - 1, 1) * (means + 0.5 * curved)


def extrapolated(table: Moments, a: np.ndarray, b: np.ndarray) -> Reading:
    """Frechet distance at infinitely many clips, by regression on 1/n.

    The clips are dealt into 1, 2, 3 and 4 sets per side, as far as two clips are left
    for each; n is Kish's number of clips where some repeat. NaN under four clips.
    """
    sides = [_dealt(table, picks) for picks in (a, b)]
    fewest = min(len(clips) for clips, _ in sides)
    if fewest < 4:
        return Reading(np.nan)
    sets = [(s, i) for s in PARTS if fewest >= 2 * s for i in range(s)]
    laws, inverse = [], np.zeros(len(sets))
    for clips, weights in sides:
        number = np.arange(len(clips))
        stack = np.array([weights * (number % s == i) for s, i in sets])
        inverse += (stack**2).sum(1) / stack.sum(1) ** 2
        laws.append(table.of(clips).laws(stack))
    roots = [_roots(cov) for _, cov in laws]
    singular = np.linalg.svd(roots[1] @ roots[0], compute_uv=False)
    raw = _distances(*laws[0], *laws[1], singular)
    trust = [s**-0.5 for s, _ in sets]  # all sets of one size count as one
    slope, intercept = np.polyfit(inverse, raw, 1, w=trust)
    parts = {"uncorrected": float(raw[0]), "slope": float(slope)}
    return Reading(float(intercept), parts=parts)


MEASURES = (
    Measure(
        "frechet",
        "Frechet distance, bias removed",
        "real sd squared",
        "distribution",
        "how far means and covariances of faces are apart, sampling noise taken off",
        moments,
        corrected,
        source="Dowson & Landau 1982; bias by the delta method over clips",
    ),
    Measure(
        "frechet_infinity",
        "Frechet distance at infinite n",
        "real sd squared",
        "distribution",
        "the same, extrapolated from smaller sets of clips",
        moments,
        extrapolated,
        source="Chong & Forsyth 2020, FD-infinity, over clips",
    ),
)
