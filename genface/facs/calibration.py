"""Scores of different emotions made comparable: against random faces, in odds."""

from dataclasses import dataclass
from typing import Any

import numpy as np

NULL_FACES, NULL_SHARE, NULL_SEED = 20_000, 0.35, 0
"""The random faces of the calibration: how many, and how often an AU shows."""


@dataclass(frozen=True)
class Calibration:
    """From cone scores to scores that compare between emotions, and back.

    ``knots`` are, for each emotion, cone scores and the share of random faces below
    them; ``handicaps`` (E,) multiply the odds of that share.
    """

    knots: tuple[tuple[np.ndarray, np.ndarray], ...]
    handicaps: np.ndarray

    @classmethod
    def against(cls, null: np.ndarray) -> "Calibration":
        """Calibration by the cone scores (N, E) of random faces.

        Among those with any score above 0 each emotion is the highest equally often.
        """
        knots = tuple(_percentiles(column) for column in null.T)
        shares = cls(knots, np.ones(null.shape[1])).shares(null)
        return cls(knots, _fair_handicaps(odds(shares)))

    def shares(self, cone_scores: Any) -> Any:
        """Share of the random faces with a lower cone score, (T, E)."""
        xp = cone_scores.__array_namespace__()
        columns = []
        for e, knots in enumerate(self.knots):
            # Fresh copies: JAX keeps constants by identity, of the type of first use.
            values, lower = (np.array(one, cone_scores.dtype) for one in knots)
            columns.append(xp.interp(cone_scores[:, e], values, lower))
        return xp.stack(columns, axis=1)

    def scores(self, cone_scores: Any) -> Any:
        """Calibrated scores in [0, 1), (T, E)."""
        handicaps = np.array(self.handicaps, cone_scores.dtype)
        weighed = odds(self.shares(cone_scores)) * handicaps
        return weighed / (1.0 + weighed)

    def cone_scores(self, scores: np.ndarray) -> np.ndarray:
        """Cone scores (T, E) that have these calibrated scores; NaN stays NaN."""
        weighed = odds(np.clip(scores, 0.0, 1.0 - 1e-12)) / self.handicaps
        shares = weighed / (1.0 + weighed)
        columns = [
            np.interp(shares[:, e], lower, values)
            for e, (values, lower) in enumerate(self.knots)
        ]
        return np.where(np.isnan(scores), np.nan, np.stack(columns, axis=1))


def odds(shares: Any) -> Any:
    """Odds of shares below 1."""
    return shares / (1.0 - shares)


def null_faces(size: int) -> np.ndarray:
    """The random sparse faces (N, ``size``) against which emotions are calibrated.

    Each AU shows with the probability NULL_SHARE, at an intensity uniform in [0, 1].
    """
    rng = np.random.default_rng(NULL_SEED)
    strengths = rng.random((NULL_FACES, size))
    return strengths * (rng.random((NULL_FACES, size)) < NULL_SHARE)


def _percentiles(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Knots of the map from a score to the share of ``scores`` (N,) that are lower.

    It climbs between the knots, from 0 at 0 to at most ``N / (N + 1)`` at 1.
    """
    if np.isnan(scores).all():
        return np.array([0.0, 1.0]), np.array([np.nan, np.nan])
    values, lower = np.unique(np.sort(scores), return_index=True)
    inside = (values > 0) & (values < 1)
    at_one = lower[-1] if values[-1] >= 1 else len(scores)
    return (
        np.concatenate([[0.0], values[inside], [1.0]]),
        np.concatenate([[0.0], lower[inside], [at_one]]) / (len(scores) + 1),
    )


def _fair_handicaps(chances: np.ndarray) -> np.ndarray:
    """Factors (E,) with which each column of odds (T, E) is the highest equally often.

    Emotions that are all NaN take no part. Steps shrink, so that it always ends.
    """
    size = chances.shape[1]
    able = ~np.isnan(chances).all(axis=0)
    shown = np.nan_to_num(chances)
    shown = shown[shown.max(axis=1, initial=0.0) > 0]
    logs = np.zeros(size)
    for turn in range(200 if len(shown) else 0):
        winners = np.argmax(shown * np.exp(logs), axis=1)
        shares = np.bincount(winners, minlength=size) / len(shown)
        logs -= np.where(able, shares - 1.0 / able.sum(), 0.0) * 4.0 / (1 + turn / 30)
    return np.exp(logs)
