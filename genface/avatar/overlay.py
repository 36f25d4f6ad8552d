"""Marks on a source frame: the mesh of the face that is followed, boxes of others."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from genface.avatar.lettering import SMALLEST, fitted, font
from genface.geometry import mesh_points

CHOSEN = (64, 236, 178)
OTHERS = (236, 236, 236)
INK = (44, 48, 54)
PALE = 0.25  # how much of a picture is left where there is nothing to show
MARGIN = 6  # pixels around a face that are redrawn

_PATHS = (
    mesh_points.LIPS_OUTER_UPPER,
    mesh_points.LIPS_OUTER_LOWER,
    mesh_points.LIPS_INNER_UPPER,
    mesh_points.LIPS_INNER_LOWER,
    mesh_points.RIGHT_LID_UPPER,
    mesh_points.RIGHT_LID_LOWER,
    mesh_points.LEFT_LID_UPPER,
    mesh_points.LEFT_LID_LOWER,
    *mesh_points.BROWS,
    (*mesh_points.FACE_OVAL, mesh_points.FACE_OVAL[0]),
    *((*iris[1:], iris[1]) for iris in mesh_points.IRISES),
)


def mark_faces(
    rgb: np.ndarray,
    mesh: np.ndarray | None,
    box: Sequence[float] | None = None,
    others: Sequence[Sequence[float]] = (),
) -> np.ndarray:
    """Copy of a picture (H, W, 3) with faces marked.

    ``mesh`` (478, 2) in pixels is drawn as fine triangles with its contours on top;
    without one, ``box`` (x, y, width, height) is. ``others`` are boxes of faces that
    are not followed. NaN marks are left out.
    """
    picture = rgb.copy()
    for other in others:
        _draw_box(picture, other, OTHERS)
    if mesh is not None and np.isfinite(mesh).all():
        _draw_mesh(picture, mesh)
    elif box is not None:
        _draw_box(picture, box, CHOSEN)
    return picture


def greyed(picture: np.ndarray, caption: str) -> np.ndarray:
    """A picture (H, W, 3) without colour and pale, with a caption in its middle."""
    grey = picture.mean(axis=2, keepdims=True)
    pale = 255 * (1 - PALE) * 0.85 + PALE * grey
    image = Image.fromarray(np.repeat(pale, 3, axis=2).astype(np.uint8))
    height, width = picture.shape[:2]
    text, size = fitted(caption, 0.9 * width, max(SMALLEST, width // 10), SMALLEST)
    middle = (width / 2, height / 2)
    ImageDraw.Draw(image).text(middle, text, INK, font(size, text), anchor="mm")
    return np.asarray(image)


def _draw_mesh(picture, mesh):
    """Antialiased lines: drawn at twice the size on the face's part of the picture."""
    height, width = picture.shape[:2]
    low = np.clip(np.floor(mesh.min(axis=0)).astype(int) - MARGIN, 0, [width, height])
    high = np.clip(np.ceil(mesh.max(axis=0)).astype(int) + MARGIN, 0, [width, height])
    if (high - low < 2).any():
        return
    points = 2 * (mesh - low)
    across, down = (2 * (high - low)).tolist()
    mask = Image.new("L", (across, down))
    draw = ImageDraw.Draw(mask)
    segments = points[mesh_points.tesselation()].reshape(-1, 4).round().astype(int)
    for segment in segments.tolist():
        draw.line(segment, fill=105)
    for path in _PATHS:
        line = points[list(path)].round().astype(int)
        draw.line([tuple(p) for p in line.tolist()], fill=235, width=2)
    cover = np.asarray(mask.reduce(2), np.float32)[..., None] / 255
    part = picture[low[1] : high[1], low[0] : high[0]]
    part[:] = part + cover * (np.array(CHOSEN, np.float32) - part) + 0.5


def _draw_box(picture, box, colour):
    if not np.isfinite(box).all():
        return
    height, width = picture.shape[:2]
    x, y, w, h = box
    left, right = np.clip([round(x), round(x + w)], 0, width - 1)
    top, bottom = np.clip([round(y), round(y + h)], 0, height - 1)
    picture[top : bottom + 1, [left, right]] = colour
    picture[[top, bottom], left : right + 1] = colour
