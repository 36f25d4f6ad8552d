"""Rendered people whom the model never met: how well each AU is found, and how far off.

A folder of `python -m experiments.synthetic_faces OUT --sampler aus` with its meshes.
Frame 0 of each person is the neutral that the model is given.
"""

from dataclasses import dataclass

import numpy as np
from correlation import correlation
from scipy.optimize import nnls
from seen import Renders

from genface.nets.au_model import ERROR_AT, AUModel, Neutral, hats

PRIOR_FRAMES, LEAST_SD = 5, 0.02


@dataclass(frozen=True)
class Reach:
    """What was read of rendered people, and what was put in."""

    people: int
    found: np.ndarray  # (n, A) against the own neutral
    alone: np.ndarray  # (n, A) against the average face
    sides: np.ndarray  # (n, A, 2) left, right
    true: np.ndarray  # (n, A, 2) left, right
    pose: np.ndarray  # (n, 3)
    presence: np.ndarray  # (n,)

    @property
    def both(self) -> np.ndarray:
        return self.true.mean(-1)

    def r(self) -> np.ndarray:
        """Correlation (A,) with the AUs put in."""
        return correlation(self.found, self.both)

    def r_sides(self) -> np.ndarray:
        """Correlation (A,) of the difference between the sides."""
        return correlation(np.diff(self.sides)[..., 0], np.diff(self.true)[..., 0])


def reach(model: AUModel, renders: Renders) -> Reach:
    """Read every moving frame of the renders; ``model`` must tell all sides."""
    mesh = renders.mesh * [1, -1, -1]  # as a picture has it
    moving = np.flatnonzero(renders.moving)
    rest = renders.rest_rows[moving]
    found, sides = against_rest(model, mesh[moving], mesh[rest])
    true = renders.aus[moving][..., ::-1].astype(np.float64)
    return Reach(
        people=len(np.unique(renders.person)),
        found=found,
        alone=model.aus(mesh[moving], all_aus=True),
        sides=sides,
        true=np.clip(true, 0, 1),
        pose=renders.pose[moving],
        presence=renders.presence[moving],
    )


def against_rest(
    model: AUModel, mesh: np.ndarray, rest: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """AUs (m, A), and those of the left and right (m, A, 2), of meshes (m, 478, 3).

    Each has its own neutral, the same person's mesh at ``rest`` (m, 478, 3); all as
    pictures have them. NaN for sides that ``model`` does not tell.
    """
    found, sides = [], []
    for row, shape in zip(mesh, model.shapes(rest), strict=True):
        own = Neutral(shape)
        aus = model.aus(row[None], own, all_aus=True)
        found.append(aus[0])
        sides.append(model.one_sided(row[None], own, aus)[0])
    return np.array(found), np.array(sides)


def error_terms(reach: Reach) -> tuple[np.ndarray, np.ndarray]:
    """Variance of the error at ERROR_AT (2, A, 5), and its growth with the pose (2,).

    Non-negative regressions of the squared error on the value read, then of all AUs'
    errors, in units of that, on Pitch and Yaw squared; three times in turn.
    """
    turned = np.square(reach.pose[:, [0, 2]])
    growth = np.zeros(2)
    for _ in range(3):
        share = 1 + turned @ growth
        terms = np.array(
            [_variances(v, reach.both, share) for v in (reach.found, reach.alone)]
        )
        squared = (reach.found - reach.both) ** 2
        excess = squared / (hats(reach.found) * terms[0]).sum(-1)
        design = np.column_stack([np.ones(len(turned)), turned])
        level, *rest = nnls(design, excess.mean(1))[0]
        growth = np.array(rest) / level
    return terms, growth


def coverage(model: AUModel, reach: Reach) -> float:
    """Share of errors under one predicted standard deviation."""
    sd = model.sd(reach.found, reach.pose, reach.presence)
    return float((np.abs(reach.found - reach.both) < sd).mean())


def _variances(found: np.ndarray, true: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Squared error (A, 5) at ERROR_AT, smoothed by a few frames' worth of the mean."""
    squared = (found - true) ** 2 / share[:, None]
    prior = np.sqrt(PRIOR_FRAMES) * np.eye(len(ERROR_AT))
    rows = []
    for values, errors in zip(found.T, squared.T, strict=True):
        level = np.sqrt(PRIOR_FRAMES) * np.full(len(ERROR_AT), errors.mean())
        design = np.concatenate([hats(values), prior])
        rows.append(nnls(design, np.concatenate([errors, level]))[0])
    return np.maximum(rows, LEAST_SD**2)
