"""The line face in matplotlib: lines, pupils, muscles and arrows.

Coordinates are the rig's centimetres, x right and y up.
"""

from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from genface.avatar.inputs import Expression, activations
from genface.avatar.irises import PUPIL, iris_outlines
from genface.avatar.lineface import LINES, face_vertices, line_points
from genface.avatar.muscles import Muscles, chosen_muscles, muscle_heat, outlines
from genface.errors import InputError, ShapeError

FIGURE = (4, 5)  # inches
VIEW = (-9.6, 9.6, -12.2, 10.6)  # cm: left, right, bottom, top; also a dropped jaw
IRIS_GREY = "0.55"
DENSITY = 0.9  # how much a muscle covers what lies under it
ARROWS: dict[str, Any] = {"color": "r", "scale": 1, "width": 0.007}


class LineFace:
    """The artists of one face in ``ax``, drawn once and moved by :meth:`show`."""

    def __init__(
        self,
        ax: Axes,
        muscles: Muscles = None,
        cmap: str = "Blues",
        muscle_scaler: float | None = None,
        **line: Any,
    ) -> None:
        self._full = 1.0 if muscle_scaler is None else float(muscle_scaler)
        if not self._full > 0:
            raise InputError(f"muscle_scaler is {muscle_scaler}; expected above 0.")
        self._cmap = matplotlib.colormaps.get_cmap(cmap)
        self._muscles = {
            name: (colour, _polygon(ax, zorder=1))
            for name, colour in chosen_muscles(muscles).items()
        }
        self._irises = [_polygon(ax, fc=IRIS_GREY, zorder=2) for _ in range(2)]
        self._pupils = [_polygon(ax, fc="k", zorder=2) for _ in range(2)]
        self._lines = {name: ax.plot([], [], zorder=3, **line)[0] for name in LINES}

    def show(self, vertices: np.ndarray, face: Mapping[str, float]) -> np.ndarray:
        """Draw mesh points (478, 3) and the heat of a face; the 68 points (2, 68)."""
        points = line_points(vertices)
        for name, rows in LINES.items():
            self._lines[name].set_data(*points[:, list(rows)])
        for artists, share in ((self._irises, 1.0), (self._pupils, PUPIL)):
            for artist, outline in zip(
                artists, iris_outlines(vertices, share), strict=True
            ):
                artist.set_xy(outline[:, :2])
        if self._muscles:
            self._heat(vertices, muscle_heat(face))
        return points

    def _heat(self, vertices: np.ndarray, heat: Mapping[str, float]) -> None:
        for name, (colour, artist) in self._muscles.items():
            left, right = outlines(name[:-2])
            around = left if name.endswith("_l") else right
            artist.set_xy(vertices[list(around), :2])
            if colour == "heatmap":
                value = min(1.0, heat[name] / self._full)
                artist.set_facecolor((*self._cmap(value)[:3], DENSITY))
                artist.set_visible(value > 0)
            else:
                artist.set_facecolor(colour)
                artist.set_alpha(0.5)


def plot_face(
    au: Expression = None,
    vectorfield: Mapping[str, Any] | None = None,
    muscles: Muscles = None,
    ax: Axes | None = None,
    feature_range: tuple[float, float] | bool = False,
    color: str = "k",
    linewidth: float = 1,
    linestyle: str = "-",
    border: bool = True,
    gaze: np.ndarray | None = None,
    muscle_scaler: float | None = None,
    cmap: str = "Blues",
    title: str | None = None,
    model: None = None,
) -> Axes:
    """Draw a face of lines, moved by the rig, and return its axes.

    ``au`` are intensities from 0 to 1: 20 numbers in the order of ``AU_NAMES``, a
    mapping or row of a table, names or an emotion; see
    :func:`genface.avatar.inputs.activations`, also for ``feature_range``.
    ``gaze`` is pitch and yaw relative to the head in radians, + up and to the subject's
    right; eyes and lids follow.

    ``muscles`` is True, names of :data:`genface.avatar.muscles.MUSCLES`, or maps them
    or ``all`` to a colour or ``"heatmap"``: that of the strongest AU which the muscle
    makes, none at 0 and the end of ``cmap`` at 1, or at ``muscle_scaler``.

    ``vectorfield`` draws arrows from its ``reference`` to its ``target``, each (2, 68)
    as :func:`predict_landmarks` returns it: the neutral face and this one where left
    out; it may also say ``color``, ``scale`` and ``width``. ``border`` draws a frame.
    ``model`` is accepted for scripts of py-feat and must be None.
    """
    if model is not None:
        raise InputError("model: the face is moved by the rig; leave model out.")
    face = activations(au, feature_range)
    vertices = face_vertices(face, gaze)[0]
    ax = axes_of(ax)
    line = {"color": color, "linewidth": linewidth, "linestyle": linestyle}
    points = LineFace(ax, muscles, cmap, muscle_scaler, **line).show(vertices, face)
    if vectorfield is not None:
        _draw_arrows(ax, vectorfield, points)
    frame(ax, border, title)
    return ax


def axes_of(ax: Axes | None) -> Axes:
    """``ax``, or the axes of a figure of its own."""
    if ax is not None:
        return ax
    return Figure(figsize=FIGURE, layout="constrained").subplots()


def frame(ax: Axes, border: bool, title: str | None) -> None:
    """Set limits that hold every face, without ticks."""
    left, right, bottom, top = VIEW
    ax.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    ax.set_aspect("equal")
    ax.spines[:].set_visible(border)
    if title is not None:
        ax.set_title(title)


def _draw_arrows(ax: Axes, field: Mapping[str, Any], points: np.ndarray) -> None:
    unknown = set(field) - {"reference", "target", *ARROWS}
    if unknown:
        raise InputError(
            f"vectorfield: unknown {', '.join(sorted(unknown))}; expected reference, "
            "target, color, scale or width."
        )
    ends = {}
    for name in ("reference", "target"):
        given = field.get(name)
        if given is None:
            given = points if name == "target" else line_points(face_vertices({})[0])
        ends[name] = np.asarray(given, np.float64)
        if ends[name].shape != (2, 68):
            raise ShapeError(
                f"vectorfield: expected {name} (2, 68), got {ends[name].shape}."
            )
    look = ARROWS | {name: field[name] for name in ARROWS if name in field}
    ax.quiver(
        *ends["reference"],
        *(ends["target"] - ends["reference"]),
        angles="xy",
        scale_units="xy",
        zorder=4,
        **look,
    )


def _polygon(ax: Axes, **look: Any) -> Polygon:
    polygon = Polygon(np.zeros((3, 2)), lw=0, **look)
    ax.add_patch(polygon)
    return polygon
