"""The avatar's rig: AU shapes of the left half of a face on the 478 mesh points."""

import numpy as np

from experiments.ict.facekit import ICT
from experiments.ict.registration import Registration
from experiments.ict.tables import AU_SHAPES
from genface.avatar import contact
from genface.geometry.mesh_points import FACE_OVAL

JAW_AUS = (16, 17, 26, 27)  # these may move the outline of the face
UPPER_AUS = (1, 2, 4, 5, 7, 43, 45)
MIDDLE_AUS = (6, 9)  # around the nose and below the eyes: no height limit
HEAD_PIVOT = (0.0, -3.0, -1.0)  # top of the neck, between and below the ears; by eye
# What the table of shapes lacks and an animator would add: ICT's browDown lowers the
# arch of the brow twice as far as its inner end, where the frown is.
EXTRA_SHAPES = {4: {"browInnerUp": -0.35}}
# Shapes that turn lids with the gaze, and the order of `lids` in the file.
LID_SHAPES = ("eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut")


def build_rig(ict: ICT, mesh: Registration) -> dict[str, np.ndarray]:
    """Arrays of `models/rig/rig.npz`; see its card.

    Only left shapes are kept: the right ones are their mirror, so the rig is exactly
    symmetric. A shape without sides is halved by a smooth step over the middle.
    """
    points = mesh.points(ict.neutral)
    neutral = (points + _flip(points, mesh)) / 2
    neutral[mesh.mirror == np.arange(len(neutral)), 0] = 0
    neutral = np.asarray(contact.part(neutral[None].astype(np.float32)))[0]
    left = [
        _left_of_au(number, ict, mesh, neutral) * _region(number, neutral)[:, None]
        for number in AU_SHAPES
    ]
    lids = [_left_half(name, ict, mesh, neutral) for name in LID_SHAPES]
    return {
        "au_numbers": np.array(list(AU_SHAPES), np.int16),
        "neutral": neutral,
        "left": np.array(left).astype(np.float16),
        "lids": np.array(lids).astype(np.float16),
        "mirror": mesh.mirror.astype(np.int16),
        "eye_centres": mesh.eye_centres.astype(np.float32),
        "head_pivot": np.array(HEAD_PIVOT, np.float32),
    }


def _flip(points: np.ndarray, mesh: Registration) -> np.ndarray:
    return points[..., mesh.mirror, :] * [-1, 1, 1]


def _left_of_au(number, ict: ICT, mesh: Registration, neutral) -> np.ndarray:
    weights = AU_SHAPES[number] | EXTRA_SHAPES.get(number, {})
    return sum(
        weight * _left_half(name, ict, mesh, neutral)
        for name, weight in weights.items()
    )


def _left_half(name: str, ict: ICT, mesh: Registration, neutral) -> np.ndarray:
    """Delta (478, 3) of a shape's left side, averaged with its mirrored right side."""
    if name in ict.expressions:
        both = mesh.deltas(ict.shape(name))
        both = (both + _flip(both, mesh)) / 2
        # A jaw has no sides: either half opens it half.
        share = 0.5 if name.startswith("jaw") else _smooth(neutral[:, 0] / 2 + 0.5)
        return both * np.reshape(share, (-1, 1))
    left = mesh.deltas(ict.shape(f"{name}_L"))
    return (left + _flip(mesh.deltas(ict.shape(f"{name}_R")), mesh)) / 2


def _region(number: int, neutral: np.ndarray) -> np.ndarray:
    """Factor (478,) that keeps an AU in its part of the face, with smooth edges.

    The raw shapes of many AUs move the outline of the face too; only those of the jaw
    may. Brow and lid AUs end on the cheeks, mouth AUs below the lids.
    """
    factor = np.ones(len(neutral))
    if number not in JAW_AUS:
        outline = neutral[list(FACE_OVAL)]
        distance = np.linalg.norm(neutral[:, None] - outline, axis=-1).min(1)
        factor *= _smooth(distance / 1.6)
    height = neutral[:, 1]
    if number in UPPER_AUS:
        factor *= _smooth((height - 0.5) / 2)
    elif number not in MIDDLE_AUS:
        factor *= _smooth((3.2 - height) / 2)
    if number == 9:  # the raw shape opens the mouth as far as AU10 does
        factor *= 0.4 + 0.6 * _smooth((height + 2.8) / 1.6)
    return factor


def _smooth(t: np.ndarray) -> np.ndarray:
    """Smooth step from 0 at t <= 0 to 1 at t >= 1."""
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)
