"""A square about each face, and all that face_multitask says of it.

py-feat's Detectorv2 (2.1.5), written from its measured facts; signs and units are
genface's (docs/conventions.md), whatever the network's own.
"""

import jax.numpy as jnp
import numpy as np
from scipy.special import softmax

from genface.avatar import Rig
from genface.detect.assemble import axis_major, in_widths
from genface.detect.stages import FaceBatch
from genface.geometry import (
    gaze_angle,
    mesh_to_head_axes,
    pinhole_position,
    similarity,
)
from genface.geometry.box_crops import square_crops
from genface.geometry.mesh_points import LANDMARKS_68, N_MESH, STILL
from genface.nets.pictures import multitask_inputs, resized
from genface.nets.ported import Ported
from genface.table.columns import (
    AUS,
    BLENDSHAPES,
    EMOTIONS,
    FACEBOX,
    GAZE,
    LANDMARKS,
    MESH,
    POSE,
    VALENCE_AROUSAL,
)

CHIP = 256  # pixels of a chip's side


class SquareChips:
    """Squares about boxes, 1.2 times their longer side, and the faces in them.

    Where a square reaches over the picture's edge, the picture goes on mirrored. The
    face box of the table is the square.
    """

    columns = FACEBOX
    needs = ()
    gives = ("squares", "chips")

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """x, y, side, side and score (N, 5)."""
        cut = [
            square_crops(pixels, box[None], CHIP)
            for pixels, box in zip(faces.pixels, faces.boxes, strict=True)
        ]
        squares = np.concatenate([square for _, square in cut])
        faces.found["squares"] = squares
        faces.found["chips"] = jnp.concatenate([chip for chip, _ in cut]) / 255
        return np.column_stack([squares, squares[:, 2], faces.scores])


class Multitask:
    """Everything that face_multitask says of a chip.

    ``mesh`` and ``landmarks``, vertices of the mesh, are left in pixels of the picture,
    z like x and smaller = nearer.
    """

    columns = (
        LANDMARKS + POSE + AUS + EMOTIONS + VALENCE_AROUSAL + GAZE + MESH + BLENDSHAPES
    )
    needs = ("squares", "chips")
    gives = ("mesh", "landmarks")

    def __init__(self, network: Ported) -> None:
        self._network = network
        self._neutral = Rig.default().neutral[:N_MESH]

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """Values (N, C), every one of them known."""
        said = self._network(multitask_inputs(jnp.asarray(faces.found["chips"])))
        squares = np.asarray(faces.found["squares"])
        mesh = in_picture(said["mesh"], squares)
        landmarks = mesh[:, LANDMARKS_68, :2]
        faces.found["mesh"], faces.found["landmarks"] = mesh, landmarks
        pictures = np.array([[p.height, p.width] for p in faces.pixels])
        looking = gaze(said["gaze"])
        parts = [
            axis_major(landmarks),
            head_turn(said["pose"]),
            head_position(mesh, self._neutral, pictures),
            said["p_au"],
            softmax(said["emotion_logits"], axis=-1),
            said["va"],
            looking,
            gaze_angle(looking)[:, None],
            axis_major(in_widths(mesh, squares[:, 2])),
            said["blendshapes"],
        ]
        return np.concatenate([np.asarray(part, np.float64) for part in parts], axis=1)


class ChipCrops:
    """The chips once more at the size that networks of identity take."""

    columns = ()
    needs = ("chips",)
    gives = ("crops",)

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """No columns (N, 0)."""
        faces.found["crops"] = resized(jnp.asarray(faces.found["chips"]), 112)
        return np.empty((len(faces), 0))


def in_picture(mesh: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Meshes (N, V, 3) in sides of their squares (N, 3) in pixels of the picture."""
    corners = np.column_stack([squares[:, :2], np.zeros(len(squares))])
    return corners[:, None] + np.asarray(mesh, np.float64) * squares[:, 2, None, None]


def head_turn(pose: np.ndarray) -> np.ndarray:
    """Pitch, Roll, Yaw (N, 3) of the network's pose (N, 6).

    The network counts down as positive, a tilt to the subject's left, and a turn to
    the subject's right.
    """
    down, right, left_tilt = np.asarray(pose, np.float64)[:, :3].T
    return np.column_stack([-down, -left_tilt, right])


def head_position(
    mesh: np.ndarray, neutral: np.ndarray, pictures: np.ndarray
) -> np.ndarray:
    """X, Y, Z (N, 3) in centimetres of meshes in pixels; ``pictures`` (N, 2) h, w.

    From the mesh, as the preset ``facemesh`` has them: what the network says is told
    in sizes of a box, without a camera.
    """
    still = list(STILL)
    fit = similarity(neutral[still], mesh_to_head_axes(mesh)[:, still])
    return pinhole_position(fit, pictures[:, 0], pictures[:, 1])


def gaze(angles: np.ndarray) -> np.ndarray:
    """Pitch and yaw (N, 2) of the network's yaw and pitch, whose pitch is down."""
    yaw, down = np.asarray(angles, np.float64).T
    return np.column_stack([-down, yaw])
