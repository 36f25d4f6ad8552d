"""The 478-point mesh as a figure of plotly that turns under the mouse, still or moving.

Edges are joined to long lines, numbers are 32-bit and a frame that comes again is not
stored again, so that a moving face is a fraction of a megabyte.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any, Literal

import numpy as np
import pandas as pd

from genface.avatar.inputs import Expression, activations, joined, motion_of
from genface.avatar.irises import PUPIL, iris_outlines
from genface.avatar.lineface import vertex_frames
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
from genface.avatar.trails import trails, with_breaks
from genface.avatar.tweening import interpolate_aus
from genface.errors import InputError

IRIS, PUPIL_COLOUR, WHITE = "#735030", "#101010", "#f4f2ee"
SKIN, CAVITY = "#e6bda3", "#401414"
NEARER = 0.004  # of the face's height, by which flat parts lie one before the other
LAMP = (-4000, 6000, 9000)
LOOPS = 50  # times that the button "loop" plays


def plot_face_mesh_plotly(
    au: Expression = None,
    color: str = "black",
    line_width: float = 1.5,
    opacity: float = 1.0,
    background: str = "white",
    *,
    emotion: str | Mapping[str, float] | None = None,
    blendshapes: Mapping[str, float] | pd.Series | None = None,
    mesh: np.ndarray | None = None,
    mode: Mode = "tesselation",
    gaze: np.ndarray | None = None,
    gaze_color: str = "gold",
    gaze_length_frac: float = 0.3,
    feature_range: tuple[float, float] | bool = False,
    title: str | None = None,
) -> Any:
    """A plotly figure of the face mesh; what to draw is as for :func:`plot_face_mesh`.

    Raises :class:`InputError` where plotly is not installed.
    """
    go = _plotly()
    look = _Look(mode, color, line_width, opacity)
    points = mesh_of(au, emotion, blendshapes, mesh, gaze, feature_range)
    data = look.traces(go, points)
    if gaze is not None:
        x, y, z = gaze_arrow(points, gaze, gaze_length_frac).T
        line = {"color": gaze_color, "width": 6}
        data.append(go.Scatter3d(x=x, y=y, z=z, mode="lines", line=line))
    return go.Figure(data, _layout(points, background, title))


def animate_face_mesh_plotly(
    start: Expression = None,
    end: Expression = None,
    num_frames: int = 24,
    fps: float = 15,
    include_reverse: bool = True,
    mode: Mode = "tesselation",
    color: str = "black",
    line_width: float = 1.5,
    opacity: float = 1.0,
    background: str = "white",
    feature_range: tuple[float, float] | bool = False,
    interp_func: Callable[[np.ndarray], np.ndarray] | None = None,
    num_padding_frames: int | None = None,
    title: str | None = None,
    *,
    aus: Any = None,
    aus_fps: float | None = None,
    gaze: np.ndarray | None = None,
) -> Any:
    """A plotly figure that plays a mesh from one face to another, or a series of AUs.

    ``start`` and ``end`` are faces as for :func:`plot_face` (neutral where left out),
    ``num_frames`` apart (:func:`interpolate_aus`); ``aus`` is a series as for
    :func:`animate_face`. It has buttons to play, loop and pause, and a slider.

    Raises :class:`InputError` where plotly is not installed.
    """
    go = _plotly()
    look = _Look(mode, color, line_width, opacity)
    if not float(fps) > 0:
        raise InputError(f"fps is {fps}; expected frames a second above 0.")
    if aus is not None:
        if not (start is None and end is None):
            raise InputError("give start and end, or the series aus; not both.")
        motion = motion_of(aus, fps, aus_fps, gaze)
        values, names, looks = motion.aus, motion.au_names, motion.gaze
    else:
        (first, last), names = joined(
            [activations(face, feature_range) for face in (start, end)]
        )
        timing = (num_frames, interp_func, num_padding_frames, include_reverse)
        values, looks = interpolate_aus(first, last, *timing), None
        values = np.clip(values, 0.0, 1.0)
    vertices = vertex_frames(values, names, looks)
    shown, order = np.unique(
        vertices.reshape(len(vertices), -1), axis=0, return_inverse=True
    )
    meshes = shown.reshape(-1, *vertices.shape[1:])
    frames = [
        go.Frame(name=str(name), traces=[0, 1], data=look.positions(one))
        for name, one in enumerate(meshes)
    ]
    layout = _layout(vertices[0], background, title)
    layout |= _controls([str(name) for name in order.ravel()], 1000 / float(fps))
    return go.Figure(look.traces(go, vertices[0]), layout, frames)


class _Look:
    """The two traces of a face: its lines or skin, and what is flat in its openings."""

    def __init__(self, mode: Mode, color: str, width: float, opacity: float) -> None:
        self._shaded = checked_mode(mode) == "shaded"
        self._route = None if mode == "shaded" else _route(mode)
        self._color, self._width, self._opacity = color, width, opacity

    def traces(self, go: ModuleType, points: np.ndarray) -> list[Any]:
        """Plotly's traces of mesh points (478, 3)."""
        face, flat = self.positions(points)
        if self._shaded:
            i, j, k = skin_triangles().astype(np.int16).T
            light = {"ambient": 0.45, "diffuse": 0.7, "specular": 0.1}
            look = {"color": SKIN, "lighting": light, "opacity": self._opacity}
            look["lightposition"] = dict(zip("xyz", LAMP, strict=True))
            body = go.Mesh3d(face, i=i, j=j, k=k, **look, hoverinfo="skip")
        else:
            line = {"color": self._color, "width": self._width}
            look = {"mode": "lines", "line": line, "opacity": self._opacity}
            body = go.Scatter3d(face, **look, hoverinfo="skip")
        polygons, colours = self._polygons(points)
        i, j, k = _fans([len(polygon) for polygon in polygons]).T
        shades = [c for c, p in zip(colours, polygons, strict=True) for _ in p]
        openings = go.Mesh3d(
            flat, i=i, j=j, k=k, facecolor=shades, hoverinfo="skip", lighting=_PLAIN
        )
        return [body, openings]

    def positions(self, points: np.ndarray) -> list[dict[str, Any]]:
        """The x, y and z of the two traces, with their types."""
        if self._shaded:
            body = points
        else:
            body = np.append(points, np.full((1, 3), np.nan), axis=0)[self._route]
        polygons, _ = self._polygons(points)
        flat = [np.append(p, p.mean(axis=0, keepdims=True), axis=0) for p in polygons]
        return [
            {"type": "mesh3d" if self._shaded else "scatter3d", **_axes(body)},
            {"type": "mesh3d", **_axes(np.concatenate(flat))},
        ]

    def _polygons(self, points: np.ndarray) -> tuple[list[np.ndarray], list[str]]:
        step = np.array([0, 0, NEARER * np.ptp(points[:, 1])])
        drawn = [(iris + 2 * step, IRIS) for iris in iris_outlines(points)]
        drawn += [(p + 4 * step, PUPIL_COLOUR) for p in iris_outlines(points, PUPIL)]
        if self._shaded:
            for (top, low), colour in zip(HOLES, (WHITE, WHITE, CAVITY), strict=True):
                drawn.append((points[[*top, *low[::-1]]], colour))
        return [polygon for polygon, _ in drawn], [colour for _, colour in drawn]


_PLAIN = {"ambient": 1, "diffuse": 0, "specular": 0}


def _axes(points: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip("xyz", points.astype(np.float32).T.copy(), strict=True))


@cache
def _route(mode: Literal["contours", "tesselation"]) -> np.ndarray:
    """Mesh vertices (N,) along the lines, -1 between them."""
    return with_breaks(trails(mesh_edges(mode).tolist()))


def _fans(sizes: list[int]) -> np.ndarray:
    """Triangles (M, 3) of polygons in a row, each followed by its middle."""
    triangles, start = [], 0
    for size in sizes:
        around = np.arange(size)
        corners = [around, np.roll(around, -1), np.full(size, size)]
        triangles.append(start + np.stack(corners, axis=1))
        start += size + 1
    return np.concatenate(triangles).astype(np.int16)


def _layout(points: np.ndarray, background: str, title: str | None) -> dict[str, Any]:
    middle, side = room(points)
    reach = middle[:, None] + side / 2 * np.array([-1, 1])
    scene: dict[str, Any] = {
        f"{name}axis": {"visible": False, "range": [float(v) for v in limits]}
        for name, limits in zip("xyz", reach, strict=True)
    }
    camera = {"eye": {"x": 0, "y": 0, "z": 1.4}, "up": {"x": 0, "y": 1, "z": 0}}
    scene |= {"aspectmode": "cube", "camera": camera, "bgcolor": background}
    return {
        "scene": scene,
        "title": {"text": title} if title else None,
        "paper_bgcolor": background,
        "showlegend": False,
        "margin": {"l": 0, "r": 0, "t": 40 if title else 0, "b": 0},
    }


def _controls(order: list[str], milliseconds: float) -> dict[str, Any]:
    """Buttons and slider that go through the frames of these names."""
    timing = {
        "frame": {"duration": milliseconds, "redraw": True},
        "transition": {"duration": 0},
        "mode": "immediate",
    }
    still = timing | {"frame": {"duration": 0, "redraw": True}}

    def button(label: str, frames: list[Any], how: Mapping[str, Any]) -> dict[str, Any]:
        return {"label": label, "method": "animate", "args": [frames, how]}

    buttons = [
        button("play", order, timing),
        button("loop", order * LOOPS, timing),
        button("pause", [None], still),
    ]
    steps = [button(str(place), [name], still) for place, name in enumerate(order)]
    return {
        "updatemenus": [
            {"type": "buttons", "direction": "left", "x": 0, "y": 0, "yanchor": "top"}
            | {"showactive": False, "buttons": buttons}
        ],
        "sliders": [{"steps": steps, "x": 0.3, "len": 0.7, "y": 0}],
    }


def _plotly() -> ModuleType:
    try:
        import plotly.graph_objects as go
    except ImportError:
        raise InputError(
            "this figure needs plotly: pip install 'genface[plotly]'; plot_face_mesh "
            "and animate_face do without."
        ) from None
    return go
