"""The 478-point mesh that is to be drawn: of AUs, an emotion, blendshapes, or given."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from genface.avatar.inputs import Expression, activations, emotion_face
from genface.avatar.lineface import face_vertices
from genface.avatar.rig import Rig
from genface.errors import InputError, ShapeError
from genface.facs.blendshapes import aus_from_blendshapes
from genface.geometry import mesh_points
from genface.geometry.pose import rotation_from_euler


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


def gaze_arrow(points: np.ndarray, gaze: np.ndarray, length: float) -> np.ndarray:
    """Ends (2, 3) of an arrow from between the eyes along the gaze.

    ``gaze`` is pitch and yaw in radians, ``length`` in parts of the mesh's height.
    """
    gaze = np.asarray(gaze, np.float64)
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
