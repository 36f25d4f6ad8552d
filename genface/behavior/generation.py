"""Emission noise that moves like a face instead of jittering.

Independent draws per frame make a trembling face. Here each AU's standing within its
state's law follows a stationary AR(1) of normal scores (a Gaussian copula): frame by
frame the law in a state is exactly the model's, but neighbours resemble each other.
"""

import numpy as np

from genface.behavior.emissions import Emissions

MIN_PAIRS = 10  # fewer neighbours within states say nothing about a correlation
HIGHEST = 0.99


def within_state_correlation(
    emissions: Emissions, sequences: list[np.ndarray], paths: list[np.ndarray]
) -> np.ndarray:
    """Lag-1 correlation (A,) of normal scores between neighbours in one state.

    ``sequences`` (T, A) are in model units, ``paths`` their states (T,). Missing
    values are passed over; too few pairs give 0.
    """
    before, after = [], []
    for X, path in zip(sequences, paths, strict=True):
        scores = emissions.scores(X, np.maximum(path, 0))
        stay = (path[1:] == path[:-1]) & (path[1:] >= 0)
        before.append(scores[:-1][stay])
        after.append(scores[1:][stay])
    u, v = np.concatenate(before), np.concatenate(after)
    A = u.shape[1]
    found = np.zeros(A)
    for column in range(A):
        seen = np.isfinite(u[:, column]) & np.isfinite(v[:, column])
        x, y = u[seen, column], v[seen, column]
        power = np.sqrt((x**2).sum() * (y**2).sum())
        if len(x) >= MIN_PAIRS and power > 0:
            # About zero, not about the mean: scores of a fitted law have mean 0.
            found[column] = (x * y).sum() / power
    return np.clip(found, -HIGHEST, HIGHEST)


def draw_scores(
    correlation: np.ndarray,
    n_frames: int,
    rng: np.random.Generator,
    before: np.ndarray | None = None,
) -> np.ndarray:
    """Stationary AR(1) paths (T, A) of standard normal scores.

    ``before`` (A,) are the scores of the frame that precedes the first; NaN where
    unknown.
    """
    noise = rng.standard_normal((n_frames, len(correlation)))
    fresh = np.sqrt(1.0 - correlation**2)
    scores = np.empty_like(noise)
    first = np.full(len(correlation), np.nan) if before is None else before
    known = np.isfinite(first)
    previous = np.where(known, first, 0.0)
    scores[0] = np.where(known, correlation * previous + fresh * noise[0], noise[0])
    for t in range(1, n_frames):
        scores[t] = correlation * scores[t - 1] + fresh * noise[t]
    return scores
