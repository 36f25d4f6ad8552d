"""Classifier two-sample test: how well a linear rule tells synthetic clips from real.

Clips are the items, by their summaries, and a clip is judged only by a rule that has
not seen it. With frames as items a rule recognises the clip, not the side, and equal
sets seem to differ.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc, expit

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.points import summaries

FOLDS = 5
PENALTY = 10.0  # there are more features than clips
STEPS = 20
NEAR = 1e-3  # Newton's steps shrink quadratically: the next one is about its square


@dataclass(frozen=True, eq=False)
class Items:
    """Clips in the principal axes of their summaries, (n, r) with ``axes`` (r, 3 A).

    ``deal`` (n,) is a random order in which the clips are dealt into folds.
    """

    rows: np.ndarray
    axes: np.ndarray
    deal: np.ndarray


def items(clips: Clips, context: Context) -> Items:
    """Items of all clips, features at variance 1; a penalised rule has no axes."""
    points = summaries(clips, context)
    points = points - points.mean(0)
    spread = points.std(0)
    points = np.where(spread > 1e-9, points / np.maximum(spread, 1e-9), 0.0)
    left, sizes, axes = np.linalg.svd(points, full_matrices=False)
    solid = sizes > 1e-9 * max(1.0, sizes[0])
    deal = np.random.default_rng(context.seed).permutation(len(clips))
    return Items((left * sizes)[:, solid], axes[solid], deal)


def logistic(rows: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Coefficients (S, r + 1), offset last, of S logistic rules by Newton's method.

    ``rows`` (n, r), ``labels`` (n,) 0 or 1, ``weights`` (S, n) of the items in each
    rule. PENALTY / 2 times the squared coefficients is added to the loss, but not for
    the offset.
    """
    X = np.hstack([rows, np.ones((len(rows), 1))])
    ridge = PENALTY * np.eye(X.shape[1])
    ridge[-1, -1] = 1e-9
    beta = np.zeros((len(weights), X.shape[1]))
    for _ in range(STEPS):
        p = expit(beta @ X.T)
        slope = (weights * (labels - p)) @ X - beta @ ridge
        curve = np.swapaxes((weights * p * (1 - p))[:, :, None] * X, 1, 2) @ X + ridge
        move = np.linalg.solve(curve, slope[:, :, None])[:, :, 0]
        beta = beta + move
        if np.abs(move).max() < NEAR:
            break
    return beta


def two_sample(table: Items, a: np.ndarray, b: np.ndarray) -> Reading:
    """Area under the curve of held-out clips; ``per_au`` how much the rule uses each.

    Folds take equal shares of both sides, copies of a clip stay together, and sides
    weigh the same. Only clips of one fold are ranked against each other: different
    rules have different offsets. ``parts``: balanced ``accuracy`` of held-out
    clips, and the chance ``binomial_p`` of as many hits among these different clips by
    coin throws. NaN under two different clips a side.
    """
    n = len(table.deal)
    left, right = clip_weights(n, a), clip_weights(n, b)
    order = [table.deal[side[table.deal] > 0] for side in (left, right)]
    fewest = min(map(len, order))
    if fewest < 2 or not table.rows.shape[1]:
        return Reading(np.nan)
    folds = min(FOLDS, fewest)
    clip = np.concatenate(order)
    label = np.repeat([0.0, 1.0], [len(side) for side in order])
    shares = left / left.sum() + right / right.sum()
    weight = shares[clip] * len(clip) / 2
    fold = np.concatenate([np.arange(len(side)) % folds for side in order])
    fit = weight * np.vstack([fold != f for f in range(folds)] + [np.ones(len(clip))])
    beta = logistic(table.rows[clip], label, fit)
    score = (table.rows[clip] * beta[fold, :-1]).sum(1) + beta[fold, -1]
    hit = np.where(label > 0, score > 0, score < 0) + 0.5 * (score == 0)
    parts = {
        "accuracy": float(np.average(hit, weights=weight)),
        "binomial_p": float(bdtrc(np.ceil(hit.sum()) - 1, len(clip), 0.5)),
    }
    auc = _area(score, label, weight, fold)
    return Reading(auc, _use(table, beta[-1, :-1]), parts=parts)


def _area(
    score: np.ndarray, label: np.ndarray, weight: np.ndarray, fold: np.ndarray
) -> float:
    """Weighted share of pairs of one fold that are in the right order; ties half."""
    real, synthetic = label == 0, label == 1
    pairs = np.outer(weight[real], weight[synthetic])
    pairs *= fold[real][:, None] == fold[synthetic]
    above = np.sign(score[synthetic] - score[real][:, None])
    return float((pairs * (above + 1) / 2).sum() / pairs.sum())


def _use(table: Items, beta: np.ndarray) -> np.ndarray:
    """Size (A,) of the coefficients of each AU's mean, spread and step; sum 1."""
    size = np.sqrt(((beta @ table.axes).reshape(3, -1) ** 2).sum(0))
    return size / max(size.sum(), 1e-300)


MEASURES = (
    Measure(
        "c2st",
        "classifier two-sample test",
        "AUC",
        "distribution",
        "how well a linear rule tells clips it has not seen apart; .5 is chance",
        items,
        two_sample,
        0.5,
        source="Lopez-Paz & Oquab 2017; folds by clip, logistic rule",
        items="clips",
    ),
)
