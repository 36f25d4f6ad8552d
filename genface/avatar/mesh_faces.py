"""The 478-point mesh that is to be drawn: of AUs, an emotion, blendshapes, or given."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from genface.avatar.inputs import Expression, activations, emotion_face
from genface.avatar.irises import LIDS
from genface.avatar.lineface import eye_angles, face_vertices
from genface.avatar.rig import Rig
from genface.errors import InputError, ShapeError
from genface.facs.blendshapes import aus_from_blendshapes
from genface.geometry import mesh_points
from genface.geometry.pose import rotation_from_euler

MOUTH = (mesh_points.LIPS_INNER_UPPER, mesh_points.LIPS_INNER_LOWER)
HOLES = (*LIDS, MOUTH)
"""Upper and lower border of each opening of the face."""

Mode = Literal["contours", "tesselation", "shaded"]
MODES = ("contours", "tesselation", "shaded")


def checked_mode(mode: str) -> str:
    """The way of drawing a mesh, one of :data:`MODES`."""
    if mode not in MODES:
        raise InputError(f"mode is {mode!r}; expected {', '.join(MODES)}.")
    return mode


def mesh_of(
    au: Expression = None,
    emotion: str | Mapping[str, float] | None = None,
    blendshapes: Mapping[str, float] | pd.Series | None = None,
    mesh: np.ndarray | None = None,
    gaze: np.ndarray | None = None,
    feature_range: tuple[float, float] | bool = False,
) -> np.ndarray:
    """Mesh points (478, 3), x right, y up, z toward the viewer, of one description.

    ``blendshapes`` are MediaPipe's or ARKit's by name. ``mesh`` is returned as it is
    (its gaze is its own). More than one description is an :class:`InputError`.
    """
    given = [
        name
        for name, value in (
            ("au", au),
            ("emotion", emotion),
            ("blendshapes", blendshapes),
            ("mesh", mesh),
        )
        if value is not None
    ]
    if len(given) > 1:
        raise InputError(f"give one of {', '.join(given)}, not all.")
    if mesh is not None:
        points = np.asarray(mesh, np.float64)
        if points.shape != (mesh_points.N_MESH, 3):
            raise ShapeError(f"mesh: expected (478, 3), got {points.shape}.")
        if not np.isfinite(points).all():
            raise InputError("mesh: expected finite numbers; this face is missing.")
        return points
    if emotion is not None:
        face = emotion_face(emotion)
    elif blendshapes is not None:
        face = _of_shapes(blendshapes)
    else:
        face = activations(au, feature_range)
    return face_vertices(face, gaze)[0]


@cache
def skin_triangles() -> np.ndarray:
    """The 852 triangles (852, 3) of the mesh that do not close eyes and mouth."""
    faces = mesh_points.TRIANGLES
    closing = np.zeros(len(faces), bool)
    for upper, lower in HOLES:
        closing |= np.isin(faces, (*upper, *lower)).all(axis=1)
    return faces[~closing]


@cache
def mesh_edges(mode: Literal["contours", "tesselation"]) -> np.ndarray:
    """Vertices (124, 2) of the contours, or (1322, 2) of the skin's triangles."""
    if mode == "contours":
        return mesh_points.contours()
    faces = skin_triangles()
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return np.unique(np.sort(edges, axis=1), axis=0)


def room(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Middle (3,) and side of a cube that holds all expressions of a mesh.

    Measured by forehead, bridge and tip of the nose, which AUs hardly move.
    """
    unit = float(np.ptp(points[[10, 168], 1]) or np.ptp(points[:, 1]))
    return points[4] - np.array([0.0, 0.15, 1.2]) * unit, 4.2 * unit


def gaze_arrow(points: np.ndarray, gaze: np.ndarray, length: float) -> np.ndarray:
    """Ends (2, 3) of an arrow from between the eyes along the gaze.

    ``gaze`` is pitch and yaw in radians, ``length`` in parts of the mesh's height.
    """
    gaze = eye_angles(gaze)
    if gaze.shape != (2,):
        raise ShapeError(f"gaze: expected pitch and yaw (2,), got {gaze.shape}.")
    origin = points[[iris[0] for iris in mesh_points.IRISES]].mean(axis=0)
    turn = rotation_from_euler(np.array([gaze[0], 0.0, gaze[1]]))
    ahead = np.asarray(turn)[:, 2] * length * np.ptp(points[:, 1])
    return np.stack([origin, origin + ahead])


def _of_shapes(shapes: Mapping[str, float] | pd.Series | Any) -> dict[str, float]:
    if not isinstance(shapes, Mapping | pd.Series):
        raise InputError("blendshapes: expected values by name, such as a table's row.")
    named = {str(name): float(value) for name, value in shapes.items()}
    names = Rig.default().au_names
    row = np.array([list(named.values())], np.float64)
    aus = aus_from_blendshapes(row, list(named), names)[0]
    return activations(dict(zip(names, aus.tolist(), strict=True)))
