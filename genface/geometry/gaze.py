"""Where the eyes look within the head, from the irises: eyeballs turned by two angles.

Each eyeball is a sphere whose centre keeps its place between the corners of its eye;
where the iris's centre is seen tells how far it has turned. Only the iris's place in
the picture is used, since a mesh network hardly knows its depth. The two eyes'
directions are averaged. Limits: the person's own rest position of the irises is taken
to be the neutral mesh's, which shifts all angles by a constant (some 5 degrees), the
size of the motion is shrunk by landmark networks, and an eye that is almost closed
tells nothing.
"""

import numpy as np

from genface.geometry.mesh_points import (
    LEFT_EYE,
    LEFT_EYE_CORNERS,
    LEFT_IRIS,
    LEFT_LID_LOWER,
    LEFT_LID_UPPER,
    RIGHT_EYE,
    RIGHT_EYE_CORNERS,
    RIGHT_IRIS,
    RIGHT_LID_LOWER,
    RIGHT_LID_UPPER,
)
from genface.geometry.pose import Similarity

# From the eyeball's centre of rotation to the plane of the iris, in centimetres:
# 13.5 mm to the cornea (Fry and Hill 1962) less an anterior chamber of 3.1 mm.
IRIS_DISTANCE = 1.04

# Lid opening over eye width below which the iris is hidden.
CLOSED = 0.12

# Cosine of the angle that no eye turns beyond; past it the iris was not found.
FARTHEST = 0.5


def eye_opening(mesh: np.ndarray) -> np.ndarray:
    """Opening of the right and left eye (..., 2): lid gap over distance of corners."""
    openings = []
    for upper, lower in (
        (RIGHT_LID_UPPER, RIGHT_LID_LOWER),
        (LEFT_LID_UPPER, LEFT_LID_LOWER),
    ):
        middle = slice(3, 6)  # the corners' own points are always together
        gap = mesh[..., upper[middle], :2] - mesh[..., lower[middle], :2]
        corners = mesh[..., upper[0], :2] - mesh[..., upper[-1], :2]
        openings.append(
            np.linalg.norm(gap, axis=-1).mean(-1) / np.linalg.norm(corners, axis=-1)
        )
    return np.stack(openings, axis=-1)


def eye_angles(mesh: np.ndarray, fit: Similarity, neutral: np.ndarray) -> np.ndarray:
    """Angles (..., 2) of the eyes in the head: +pitch up, +yaw to the subject's right.

    ``mesh`` (..., 478, 3) in head axes (y up) and pixels, ``fit`` the similarity of the
    ``neutral`` mesh (478, 3), in centimetres and looking straight ahead, onto it.
    Radians. An eye that is closed, or whose iris lies where none can be, does not
    count; NaN where neither does, or the mesh is NaN.
    """
    directions = np.stack(
        [
            _direction(mesh, fit, neutral, RIGHT_EYE_CORNERS, RIGHT_IRIS[0]),
            _direction(mesh, fit, neutral, LEFT_EYE_CORNERS, LEFT_IRIS[0]),
        ],
        axis=-2,
    )
    known = (eye_opening(mesh) > CLOSED) & np.isfinite(directions).all(-1)
    mean = np.where(known[..., None], directions, 0.0).sum(-2)
    mean = np.where(known.any(-1, keepdims=True), mean, np.nan)
    pitch = np.arctan2(mean[..., 1], np.hypot(mean[..., 0], mean[..., 2]))
    return np.stack([pitch, np.arctan2(-mean[..., 0], mean[..., 2])], axis=-1)


def _direction(
    mesh: np.ndarray,
    fit: Similarity,
    neutral: np.ndarray,
    corners: tuple[int, int],
    iris: int,
) -> np.ndarray:
    """Where one eye looks in the head, a unit vector (..., 3); NaN if implausible."""
    pair = list(corners)
    rest = neutral[iris] - neutral[pair].mean(0) - np.array([0.0, 0.0, IRIS_DISTANCE])
    to_centre = np.einsum("...ij,j->...i", fit.rotation, rest)
    seen = mesh[..., iris, :] - mesh[..., pair, :].mean(-2)
    offset = seen / fit.scale[..., None] - to_centre
    flat = offset[..., :2] / IRIS_DISTANCE
    beyond = 1.0 - (flat**2).sum(-1, keepdims=True)
    depth = np.sqrt(np.where(beyond >= 0, beyond, np.nan))
    seen_from_camera = np.concatenate([flat, depth], axis=-1)
    direction = np.einsum("...ji,...j->...i", fit.rotation, seen_from_camera)
    return np.where(direction[..., 2:] >= FARTHEST, direction, np.nan)


def iris_offsets_gaze(mesh: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Angles (..., 2) of the irises' offsets from the rings of the eyes' contours.

    The plain measure of py-feat's MediaPipe branch, far too large as an angle of gaze;
    for that use :func:`eye_angles`. ``mesh`` (..., 478, 3) in head axes (y up),
    ``rotation`` (..., 3, 3) of the head; +pitch up, +yaw to the subject's right.
    """
    total = np.zeros(())
    for iris, eye in ((RIGHT_IRIS, RIGHT_EYE), (LEFT_IRIS, LEFT_EYE)):
        offset = mesh[..., iris, :].mean(-2) - mesh[..., eye, :].mean(-2)
        total = total + offset / np.linalg.norm(offset, axis=-1, keepdims=True)
    mean = np.einsum("...ji,...j->...i", rotation, total / 2)
    pitch = np.arctan2(mean[..., 1], np.hypot(mean[..., 0], mean[..., 2]))
    return np.stack([pitch, np.arctan2(-mean[..., 0], mean[..., 2])], axis=-1)


def gaze_angle(angles: np.ndarray) -> np.ndarray:
    """Angle (...) between straight ahead and pitch, yaw (..., 2), in radians."""
    cosine = np.cos(angles[..., 0]) * np.cos(angles[..., 1])
    return np.arccos(np.clip(cosine, -1.0, 1.0))
