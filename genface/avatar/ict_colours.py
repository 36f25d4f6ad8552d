"""Colours for the vertices of ICT-FaceKit's head, which comes without any."""

from collections.abc import Mapping, Sequence

import numpy as np

from genface.avatar import head, openings, skin
from genface.avatar.shapes import smooth
from genface.geometry import mesh_points

GUMS = (0.62, 0.30, 0.30)
MOUTH = (0.42, 0.16, 0.15)
LASH = (0.36, 0.26, 0.22)  # thin hairs, skin between them
IRIS = 0.585  # cm
PUPIL = 0.22


def paint(
    neutral: np.ndarray,
    mesh: np.ndarray,
    ranges: Mapping[str, tuple[int, int]],
    eyes: Sequence[np.ndarray],
) -> np.ndarray:
    """Colours (V, 3) float32 in 0-1.

    Skin, lips, brows, lash lines and nostrils are those painted for the default face
    ``mesh`` (478, 3), taken straight from the front; hair and the rest go by place.
    """
    colours = np.ones(neutral.shape, np.float32)
    points = _in_head(neutral, mesh)
    start, stop = ranges["skin"]
    colours[start:stop] = _skin(points[start:stop], _in_head(mesh, mesh))
    plain = np.array(skin.SKIN) / 255
    for name, colour in (
        ("mouth", MOUTH),
        ("sockets", 0.8 * plain),
        ("gums", GUMS),
        ("teeth", openings.TEETH),
        ("lashes", LASH),
    ):
        colours[slice(*ranges[name])] = colour
    start, stop = ranges["lashes"]
    lower = neutral[start:stop, 1] < mesh[mesh_points.RIGHT_IRIS[0], 1] - 0.25
    colours[start:stop][lower] = 0.85 * plain  # hardly seen
    for rows, ring in zip(eyes, mesh_points.IRISES, strict=True):
        colours[rows] = _eye(neutral[rows], mesh[ring[0]])
    return colours


def _in_head(points: np.ndarray, mesh: np.ndarray) -> np.ndarray:
    """Points in the coordinates of ``head``, in which faces are painted."""
    outer = mesh[list(mesh_points.OUTER_EYE_CORNERS)].astype(float)
    unit = np.linalg.norm(outer[1] - outer[0]) / head.EYE_SPAN
    return (points - outer.mean(axis=0)) / unit + head.EYES


def _skin(points: np.ndarray, mesh: np.ndarray) -> np.ndarray:
    cover = head.hair_cover(round(skin.WIDTH_CM * skin.PIXELS_PER_CM))
    picture = np.asarray(skin.paint(mesh, cover), np.float32) / 255
    column, row = skin.face_uv(points).T
    height = round(skin.HEIGHT_CM * skin.PIXELS_PER_CM)
    column = np.clip(column, 0, picture.shape[1] - 1).astype(int)
    row = np.clip(row, 0, height - 1).astype(int)
    painted = picture[row, column]
    # The picture holds inside of the face's outline only.
    rim = mesh[list(mesh_points.FACE_OVAL)]
    middle = rim.mean(0)
    angle = np.arctan2(*(rim - middle)[:, 1::-1].T)
    order = np.argsort(angle)
    radius = np.linalg.norm((rim - middle)[:, :2], axis=1)
    around = np.arctan2(points[:, 1] - middle[1], points[:, 0] - middle[0])
    edge = np.interp(around, angle[order], radius[order], period=2 * np.pi)
    out = np.linalg.norm((points - middle)[:, :2], axis=1) / edge
    inside = smooth((1.0 - out) / 0.12) * (points[:, 2] > rim[:, 2].min() - 1)
    plain = np.array(skin.SKIN) / 255
    bare = inside[:, None] * painted + (1 - inside[:, None]) * plain
    hair = _hair(points)[:, None]
    return bare * (1 - hair) + hair * np.array(skin.HAIR) / 255


def _hair(points: np.ndarray) -> np.ndarray:
    """Cover (V,) of a short cut: above a line from forehead to ears, behind them."""
    x, y, z = points.T
    above = (y - 0.6 * z - 5.0) / 0.8
    behind = np.minimum((-z - 6.3) / 0.8, (y + 4.0) / 0.8)
    ears = (np.abs(x) > 7.7) & (y < 4.2) & (z > -8)
    return smooth(np.maximum(above, behind)) * ~ears


def _eye(points: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Pupil, iris with a dark rim and the white, by distance from the line of sight."""
    out = np.linalg.norm((points - front)[:, :2], axis=1)
    ahead = points[:, 2] > front[2] - 1.0
    colours = np.tile(openings.SCLERA, (len(points), 1))
    redness = smooth((out - 0.7) / 0.8)[:, None]
    colours += 0.35 * redness * (openings.CORNER - colours)
    for radius, colour in (
        (IRIS, openings.LIMBUS),
        (0.86 * IRIS, openings.IRIS),
        (0.6 * IRIS, openings.IRIS_INNER),
        (PUPIL, openings.PUPIL),
    ):
        colours[ahead & (out < radius)] = colour
    return colours
