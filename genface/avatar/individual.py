"""A rig on another person's face: identity modes, eyes that still close."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from genface.avatar import contact
from genface.avatar.morphs import Morphs
from genface.errors import InputError

FARTHEST = 3.0  # standard deviations
LID_ROWS = np.array(contact.UPPER_LIDS), np.array(contact.LOWER_LIDS)


def fields(rig: Any, coefficients: Sequence[float]) -> dict:
    """What changes of a :class:`genface.avatar.Rig` with its identity.

    Raises :class:`InputError` for a rig of one person, or coefficients that are too
    many, too far from 0 or not finite.
    """
    if rig.identity is None:
        raise InputError(f"the rig {rig.name!r} is one person's and has no identities.")
    given = np.asarray(coefficients, np.float32)
    if given.ndim != 1 or len(given) > len(rig.identity):
        raise InputError(
            f"identity: expected up to {len(rig.identity)} coefficients, "
            f"got an array of shape {given.shape}."
        )
    if not (np.abs(given) <= FARTHEST).all():  # NaN too
        raise InputError(
            f"identity: expected standard deviations within +-{FARTHEST:g}, "
            f"got {given.tolist()}."
        )
    shift = np.einsum("k,kvc->vc", given, rig.identity[: len(given)])
    neutral = np.asarray(contact.part((rig.neutral + shift)[None], rig.edges))[0]
    centres = [
        centre + shift[list(rows)].mean(0)
        for rows, centre in zip(rig.eyes, rig.eye_centres, strict=True)
    ]
    return {
        "neutral": neutral,
        "eye_centres": np.array(centres, np.float32),
        "morphs": _closing(rig, neutral),
    }


def _closing(rig: Any, neutral: np.ndarray) -> Morphs:
    """Morphs whose lids close the eyes of another neutral face as they do the rig's.

    What an eye is more open, its upper lid goes down further when shut.
    """
    deltas = rig.morphs.deltas.copy()
    upper, lower = LID_ROWS
    wider = _gap(neutral, upper, lower) - _gap(rig.neutral, upper, lower)
    for side, letter in enumerate("RL"):
        for au in ("AU43", "AU45"):
            shape = deltas[rig.morphs.names.index(f"{au}_{letter}")]
            shape[upper[side], 1] -= wider[side]
    return Morphs(rig.morphs.names, deltas)


def _gap(face: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Opening (2, 9) of both eyes along the lids."""
    return face[upper, 1] - face[lower, 1]
