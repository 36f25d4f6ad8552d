"""A face of 68 points and the lines between them, moved by the rig.

The points are those of dlib and Multi-PIE as vertices of the mesh, the subject's right
first. Jaw and base of the nose are chosen here: the table that detectors use for
landmarks (``mesh_points.LANDMARKS_68``) has its chin beside the middle, and nostrils
where dlib has the base of the nose.
"""

from collections.abc import Mapping

import numpy as np

from genface.avatar.inputs import Expression, activations, joined
from genface.avatar.rig import Rig
from genface.errors import InputError, ShapeError
from genface.geometry import mesh_points

# fmt: off
JAW = (
    127, 234, 93, 132, 58, 136, 149, 148, 152, 377, 378, 365, 288, 361, 323, 454, 356,
)
# fmt: on
NOSE_BASE = (98, 97, 2, 326, 327)
POINTS = (
    JAW + mesh_points.LANDMARKS_68[17:31] + NOSE_BASE + mesh_points.LANDMARKS_68[36:]
)
"""Mesh vertices of the 68 points."""

LINES: Mapping[str, tuple[int, ...]] = {
    "jaw": tuple(range(17)),
    "brow_R": tuple(range(17, 22)),
    "brow_L": tuple(range(22, 27)),
    "nose": tuple(range(27, 31)),
    "nose_base": tuple(range(31, 36)),
    "eye_R": (*range(36, 42), 36),
    "eye_L": (*range(42, 48), 42),
    "upper_lip": (*range(48, 55), 64, 63, 62, 61, 60, 48),
    "lower_lip": (48, 60, 67, 66, 65, 64, 54, 55, 56, 57, 58, 59, 48),
}
"""Rows of the 68 points that each line joins."""


def face_vertices(
    faces: list[dict[str, float]] | Mapping[str, float],
    gaze: np.ndarray | None = None,
) -> np.ndarray:
    """Mesh points (T, 478, 3) of faces, cm, x right, y up, z toward the viewer.

    ``faces`` are intensities by AU (one: T is 1), ``gaze`` (T, 2) or (2,) pitch and yaw
    in radians, + up and to the subject's right.
    """
    rows = [dict(faces)] if isinstance(faces, Mapping) else faces
    values, names = joined([*rows, dict.fromkeys(Rig.default().au_names, 0.0)])
    return vertex_frames(values[:-1], names, gaze)


def vertex_frames(
    values: np.ndarray, names: tuple[str, ...], gaze: np.ndarray | None = None
) -> np.ndarray:
    """Mesh points (T, 478, 3) of intensities (T, A) of named AUs."""
    if gaze is not None:
        gaze = eye_angles(gaze)
        if gaze.shape not in ((2,), (len(values), 2)):
            raise ShapeError(
                f"gaze: expected pitch and yaw in radians, (2,) or ({len(values)}, 2); "
                f"got shape {gaze.shape}."
            )
        gaze = np.broadcast_to(gaze, (len(values), 2))
    vertices = Rig.default().vertices(values, gaze=gaze, au_names=names)
    return vertices[:, : mesh_points.N_MESH]


def eye_angles(gaze: np.ndarray) -> np.ndarray:
    """Pitch and yaw as floats; beyond a right angle they are an :class:`InputError`."""
    angles = np.asarray(gaze, np.float64)
    most = np.fmax.reduce(np.abs(angles), axis=None, initial=0.0)
    if most > np.pi / 2:
        raise InputError(
            f"gaze: {most:g} is more than eyes can turn; expected pitch and yaw in "
            "radians (np.radians of degrees)."
        )
    return angles


def line_points(vertices: np.ndarray) -> np.ndarray:
    """The 68 points (..., 2, 68) of mesh points (..., 478, 3): x right, y up, in cm."""
    return np.swapaxes(vertices[..., list(POINTS), :2], -1, -2)


def predict_landmarks(
    au: Expression = None, feature_range: tuple[float, float] | bool = False
) -> np.ndarray:
    """The 68 points (2, 68) of a face in cm, x right and y up.

    ``au`` as for :func:`genface.avatar.inputs.activations`.
    """
    return line_points(face_vertices(activations(au, feature_range))[0])
