"""Faces that show emotions: typical ones, drawn ones, and their mixtures."""

from collections.abc import Sequence

import numpy as np

from genface.facs.subspaces import Subspace
from genface.facs.units import EXCLUSIVE, au_number

FAINTEST = 0.3
"""Lowest share of the strongest AU at which a drawn AU of any intensity shows."""


def typical_faces(
    groups: Sequence[Sequence[Subspace]], telling: np.ndarray
) -> np.ndarray:
    """Face (E, A) of each emotion's first prototype of those that are seen best.

    ``telling`` (A,) is 1 for the AUs that make an expression; the strongest of them is
    1 in each face. An emotion without subspaces has a zero face.
    """
    faces = np.zeros((len(groups), len(telling)))
    for face, group in zip(faces, groups, strict=True):
        if group:
            best = max(group, key=lambda space: space.coverage)  # the first of equals
            face[:] = _full(best.pattern, telling)
    return faces


def sampled_faces(
    groups: Sequence[Sequence[Subspace]],
    telling: np.ndarray,
    au_names: Sequence[str],
    seed: int,
) -> np.ndarray:
    """Face (E, A) of each emotion, drawn inside the cone of one of its prototypes.

    The prototype is drawn first; AUs of a fixed intensity are 1, those of any intensity
    uniform from FAINTEST to 1, and those that may be absent show half the time.
    """
    rng = np.random.default_rng(seed)
    faces = np.zeros((len(groups), len(telling)))
    for face, group in zip(faces, groups, strict=True):
        if not group:
            continue
        space = group[int(rng.integers(len(group)))]
        axes = space.basis / space.basis.max(axis=0)
        weights = rng.uniform(FAINTEST, 1.0, axes.shape[1])
        is_free = np.arange(axes.shape[1]) >= space.n_own
        weights *= np.where(is_free, rng.random(len(is_free)) < 0.5, 1.0)
        one = without_exclusive((axes * weights).sum(axis=1)[None], au_names)[0]
        face[:] = _full(one, telling)
    return faces


def mixture(
    cone_scores: np.ndarray,
    seen: np.ndarray,
    faces: np.ndarray,
    au_names: Sequence[str],
) -> np.ndarray:
    """Mixtures (T, A) of ``faces`` (E, A) with about the cone scores (T, E) asked for.

    ``seen`` (E, E) are the cone scores of each of the faces. Taking them to add up, the
    weights are found by non-negative least squares; for one face alone that is exact.
    """
    from scipy.optimize import nnls  # takes longer to import than all of this room

    weights = np.full((len(cone_scores), len(faces)), np.nan)
    for row in np.flatnonzero(~np.isnan(cone_scores).any(axis=1)):
        weights[row], _ = nnls(seen.T, cone_scores[row])
    return without_exclusive(weights @ faces, au_names)


def without_exclusive(aus: np.ndarray, au_names: Sequence[str]) -> np.ndarray:
    """AUs (T, A) without those that a stronger one excludes (FACS, table 9-1).

    Of equal ones the first of the pair in EXCLUSIVE stays.
    """
    numbers = np.array([au_number(name) for name in au_names])
    result = np.array(aus, dtype=np.float64)
    for one, other in EXCLUSIVE:
        first, second = numbers == one, numbers == other
        if first.any() and second.any():
            stronger = result[:, first].max(axis=1) >= result[:, second].max(axis=1)
            result[:, second] *= np.where(stronger, 0.0, 1.0)[:, None]
            result[:, first] *= np.where(stronger, 1.0, 0.0)[:, None]
    return result


def _full(face: np.ndarray, telling: np.ndarray) -> np.ndarray:
    strongest = (face * telling).max()
    return face / strongest if strongest > 0 else face
