"""Figures of where faces are in the picture and where they look.

Each draws into ``ax``, or into a figure of its own, and returns the axes.
"""

from collections.abc import Hashable, Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from genface.errors import InputError
from genface.stats.plots import COLOURS, axes_of
from genface.table import groups
from genface.table.openface import openface_to_feat


def draw_face_locations(
    table: pd.DataFrame,
    by: str | None = None,
    size: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Middle of each face in each frame, in pixels as in the picture; a colour each.

    ``by`` is ``face_id`` where a table has one, else all rows are one face. Places are
    those of the face boxes, or else the 68 landmarks. ``size`` is the picture's (width,
    height); by default that in the table, or else what holds all faces.
    """
    x, y = _middles(table)
    width, height = size or _picture(table, x, y)
    ax = axes_of(ax, (6, 0.9 + 5.4 * height / width))
    for place, (name, rows) in enumerate(_people(table, by)):
        _draw_cloud(ax, x[rows], y[rows], place, name)
    ax.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    ax.set(xlabel="x (pixels)", ylabel="y (pixels)")
    ax.spines[:].set_visible(True)
    _add_legend(ax)
    return ax


def draw_gaze(
    table: pd.DataFrame, by: str | None = None, ax: Axes | None = None
) -> Axes:
    """Where each face looks, in degrees, as seen in the picture: right is its right.

    From ``gaze_pitch`` and ``gaze_yaw`` (genface's signs), or OpenFace's gaze vectors;
    ``by`` as in :func:`draw_face_locations`. The cross is straight ahead: into the
    camera, or along the head where ``attrs["gaze_frame"]`` is ``head``.
    """
    gaze = openface_to_feat(table) if "gaze_0_x" in table.columns else table
    missing = [n for n in ("gaze_pitch", "gaze_yaw") if n not in gaze.columns]
    if missing:
        raise InputError(f"no column {', '.join(missing)} in this table.")
    x = -np.degrees(gaze["gaze_yaw"].to_numpy(np.float64))
    y = np.degrees(gaze["gaze_pitch"].to_numpy(np.float64))
    ax = axes_of(ax, (4.6, 4.6))
    for place, (name, rows) in enumerate(_people(table, by)):
        _draw_cloud(ax, x[rows], y[rows], place, name)
    reach = 5 * np.ceil(np.nanmax(np.abs([x, y])) / 5) if np.isfinite(x).any() else 5
    ax.axhline(0, color="#333333", lw=0.6)
    ax.axvline(0, color="#333333", lw=0.6)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.set(xlabel="gaze to the right in the picture (°)", ylabel="gaze up (°)")
    _add_legend(ax)
    return ax


def _middles(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Middle of each face in pixels."""
    box = ["FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight"]
    if set(box) <= set(table.columns):
        left, top, width, height = table[box].to_numpy(np.float64).T
        return left + width / 2, top + height / 2
    points = list(groups(table.columns)["landmarks"])
    if not points:
        raise InputError("this table has neither face boxes nor landmarks.")
    x = [name for name in points if name.startswith("x_")]
    y = [name for name in points if name.startswith("y_")]
    return table[x].mean(axis=1).to_numpy(), table[y].mean(axis=1).to_numpy()


def _picture(table: pd.DataFrame, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Width and height of the picture."""
    size = ["FrameWidth", "FrameHeight"]
    if set(size) <= set(table.columns) and table[size].notna().all(axis=1).any():
        width, height = table[size].max()
        return float(width), float(height)
    if not np.isfinite(x).any():
        raise InputError("no face of this table has a place in the picture.")
    return float(1.1 * np.nanmax(x)), float(1.1 * np.nanmax(y))


def _people(
    table: pd.DataFrame, by: str | None
) -> Iterator[tuple[Hashable, np.ndarray]]:
    """Names and positions of the rows of each face."""
    if by is None and "face_id" not in table.columns:
        yield "face", np.arange(len(table))
        return
    by = by or "face_id"
    if by not in table.columns:
        raise InputError(f"by={by!r}: no such column in this table.")
    for name, rows in table.groupby(by).indices.items():
        yield (f"face {name:g}" if by == "face_id" else name), np.asarray(rows)


def _draw_cloud(
    ax: Axes, x: np.ndarray, y: np.ndarray, place: int, name: Hashable
) -> None:
    """Points of one face, and a larger one at their medians."""
    colour = COLOURS[place % len(COLOURS)]
    ax.plot(x, y, "o", ms=3, mew=0, color=colour, alpha=0.35)
    if np.isfinite(x).any():
        middle = np.nanmedian(x), np.nanmedian(y)
        ax.plot(*middle, "o", ms=8, mec="white", mew=1.2, color=colour, label=str(name))


def _add_legend(ax: Axes) -> None:
    ax.legend(
        frameon=False, ncols=6, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1)
    )
