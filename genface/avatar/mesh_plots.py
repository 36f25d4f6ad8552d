"""The 478-point mesh in matplotlib's 3-D axes: contours, triangles, or shaded."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D
from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection

from genface.avatar.inputs import Expression
from genface.avatar.irises import PUPIL, iris_outlines
from genface.avatar.mesh_faces import (
    HOLES,
    Mode,
    checked_mode,
    gaze_arrow,
    mesh_edges,
    mesh_of,
    room,
    skin_triangles,
)
from genface.errors import InputError

IRIS, BLACK, WHITE = (0.45, 0.30, 0.18), (0.05, 0.05, 0.05), (0.96, 0.95, 0.93)
SKIN, CAVITY = (0.90, 0.74, 0.64), (0.25, 0.08, 0.08)
LIGHT = np.array([-0.35, 0.45, 0.82])
AMBIENT = 0.35


def plot_face_mesh(
    au: Expression = None,
    ax: Axes3D | None = None,
    color: str = "black",
    linewidth: float = 0.6,
    alpha: float = 0.9,
    view_init: tuple[float, float] = (0, -90),
    *,
    emotion: str | Mapping[str, float] | None = None,
    blendshapes: Mapping[str, float] | pd.Series | None = None,
    mesh: np.ndarray | None = None,
    mode: Mode = "contours",
    gaze: np.ndarray | None = None,
    gaze_color: str = "gold",
    gaze_length_frac: float = 0.3,
    feature_range: tuple[float, float] | bool = False,
    title: str | None = None,
    model: None = None,
) -> Axes3D:
    """Draw the face mesh of an expression, nose toward the viewer; returns the axes.

    What to draw is one of ``au`` (as for :func:`plot_face`), ``emotion`` (a name, or
    shares of several), ``blendshapes`` by name, or ``mesh`` (478, 3) with x right, y up
    and z toward the viewer. ``mode`` is 124 contour lines, all 1322 edges, or lit
    triangles. ``gaze`` (pitch, yaw in radians, + up and the subject's right) turns the
    eyes of all but a given mesh, and draws an arrow of ``gaze_length_frac`` of the
    face's height.

    ``ax`` is made with ``projection="3d"``. Data are (x, -z, y), so that
    ``view_init`` (0, -90), elevation and azimuth in degrees, looks the face in the eye.
    """
    checked_mode(mode)
    if model is not None:
        raise InputError("model: the face is moved by the rig; leave model out.")
    points = mesh_of(au, emotion, blendshapes, mesh, gaze, feature_range)
    ax = _axes(ax)
    ax.computed_zorder = False
    if mode == "shaded":
        _draw_skin(ax, points, alpha)
    else:
        edges = turned(points)[mesh_edges(mode)]
        lines = Line3DCollection(edges, colors=color, lw=linewidth, alpha=alpha)
        ax.add_collection3d(lines)
    for share, colour in ((1.0, IRIS), (PUPIL, BLACK)):
        discs = turned(iris_outlines(points, share))
        ax.add_collection3d(Poly3DCollection(discs, fc=colour, lw=0, zorder=4))
    if gaze is not None:
        start, end = turned(gaze_arrow(points, gaze, gaze_length_frac))
        ax.quiver(*start, *(end - start), color=gaze_color, lw=2, zorder=5)
    _frame(ax, points, view_init, title)
    return ax


def turned(points: np.ndarray) -> np.ndarray:
    """Points (..., 3) in the axes' order: right, away from the viewer, up."""
    x, y, z = np.moveaxis(np.asarray(points), -1, 0)
    return np.stack([x, -z, y], axis=-1)


def shades(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Brightness (M,) in [0, 1] of flat triangles under a light from above."""
    corners = points[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    lit = np.clip(normals @ (LIGHT / np.linalg.norm(LIGHT)), 0, 1)
    return AMBIENT + (1 - AMBIENT) * lit


def _draw_skin(ax: Axes3D, points: np.ndarray, alpha: float) -> None:
    triangles = skin_triangles()
    colours = shades(points, triangles)[:, None] * np.array(SKIN)
    skin = turned(points)[triangles]
    ax.add_collection3d(
        Poly3DCollection(skin, fc=colours, ec=colours, lw=0.2, alpha=alpha, zorder=2)
    )
    for (upper, lower), colour in zip(HOLES, (WHITE, WHITE, CAVITY), strict=True):
        hole = turned(points)[[*upper, *lower[::-1]]]
        ax.add_collection3d(Poly3DCollection([hole], fc=colour, lw=0, zorder=3))


def _axes(ax: Any) -> Axes3D:
    if ax is None:
        return Figure(figsize=(5, 5)).add_subplot(projection="3d")
    if not isinstance(ax, Axes3D):
        raise InputError('ax: expected 3-D axes; make them with projection="3d".')
    return ax


def _frame(
    ax: Axes3D, points: np.ndarray, view: tuple[float, float], title: str | None
) -> None:
    """One scale for all three axes; the same room for every face of one mesh."""
    middle, size = room(points)
    right, away, up = turned(middle)
    half = size / 2
    ax.set(xlim=(right - half, right + half), ylim=(away - half, away + half))
    ax.set_zlim(up - half, up + half)
    ax.set_box_aspect((1, 1, 1), zoom=1.6)
    ax.view_init(*view)
    ax.set_axis_off()
    if title is not None:
        ax.set_title(title)
