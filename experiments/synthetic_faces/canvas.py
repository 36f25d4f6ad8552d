"""Where things are on the skin's texture: lips, brows, hair, cheeks; and noise."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from experiments.synthetic_faces import kernels
from experiments.synthetic_faces.head import (
    SKIN,
    TEXELS_PER_CM,
    TEXTURE,
    Head,
    texture_place,
)
from genface.avatar.shapes import smooth
from genface.geometry import mesh_points

FINE = 2  # times finer while drawing masks
NOISE_SCALES = (1.0, 3.5, 14.0, 50.0)  # texels
BROW_ENDS = 0.62  # the contours hold more than the hair: its share of their height


@dataclass(frozen=True)
class Canvas:
    """Maps (H, W) over the texture, 0-1, and curves in texels."""

    points: np.ndarray  # (H, W, 3) where the texel is on the neutral head, cm
    lips: np.ndarray
    upper_lip: np.ndarray
    lip_line: np.ndarray
    ears: np.ndarray
    noise: tuple[np.ndarray, ...]  # of NOISE_SCALES, standard deviation 1
    strands: np.ndarray  # noise along hair
    brows: tuple[tuple[np.ndarray, np.ndarray], ...]  # upper, lower curve; inner first
    lids: tuple[np.ndarray, ...]  # upper lids' curves, lower lids' curves
    mesh: np.ndarray  # (478, 2) texels of the mesh points


def make(head: Head) -> Canvas:
    mesh_cm = head.mesh.points(head.neutral.astype(np.float64))
    mesh = texture_place(mesh_cm).astype(float)
    points = _points(head)
    outer = [_curve(mesh, mesh_points.LIPS_OUTER_UPPER),
             _curve(mesh, mesh_points.LIPS_OUTER_LOWER)]  # fmt: skip
    inner = [_curve(mesh, mesh_points.LIPS_INNER_UPPER),
             _curve(mesh, mesh_points.LIPS_INNER_LOWER)]  # fmt: skip
    lips = polygon(np.concatenate([outer[0], outer[1][::-1]]))
    upper = polygon(np.concatenate([outer[0], inner[0][::-1]]))
    rng = np.random.default_rng(20)
    x, y, z = np.moveaxis(points, -1, 0)
    ears = (np.abs(x) > 7.9) & (y < 5.0) & (z > -2.6)
    return Canvas(
        points=points,
        lips=gaussian_filter(lips, 1.6),
        upper_lip=gaussian_filter(upper, 2.5),
        lip_line=gaussian_filter(line(inner[0], 2) + line(inner[1], 2), 1.2),
        ears=gaussian_filter(ears.astype(np.float32), 2),
        noise=tuple(_noise(rng, (scale, scale)) for scale in NOISE_SCALES),
        strands=_noise(rng, (14.0, 1.0)) + 0.7 * _noise(rng, (25.0, 3.0)),
        brows=_brows(mesh),
        lids=tuple(
            _curve(mesh, row)
            for row in (
                mesh_points.RIGHT_LID_UPPER, mesh_points.LEFT_LID_UPPER,
                mesh_points.RIGHT_LID_LOWER, mesh_points.LEFT_LID_LOWER,
            )
        ),
        mesh=mesh,
    )  # fmt: skip


def hair_cover(points: np.ndarray, ears: np.ndarray, up: float, ragged: np.ndarray):
    """Cover (H, W) of hair above a line from forehead to ears, and behind them.

    ``up`` is how much higher the line runs than usual in cm, ``ragged`` (H, W) more.
    """
    x, y, z = np.moveaxis(points, -1, 0)
    high = up + 0.12 * np.abs(np.abs(x) - 4.5) * (up > 0.5)  # temples recede first
    above = (y - 0.6 * z - 2.9 - high + ragged) / 0.7
    behind = np.minimum((-z - 0.9 + ragged) / 0.7, (y + 3.2) / 0.8)
    return smooth(np.maximum(above, behind)) * (1 - ears)


def polygon(corners: np.ndarray) -> np.ndarray:
    """Mask (H, W) of a polygon's corners (n, 2), antialiased."""
    image, draw = _blank()
    draw.polygon([tuple(FINE * p) for p in corners], fill=255)
    return _mask(image)


def line(path: np.ndarray, width: float) -> np.ndarray:
    """Mask (H, W) of a line through points (n, 2)."""
    image, draw = _blank()
    draw.line([tuple(FINE * p) for p in path], fill=255, width=round(FINE * width))
    return _mask(image)


def _blank():
    height, width = TEXTURE
    image = Image.new("L", (FINE * width, FINE * height))
    return image, ImageDraw.Draw(image)


def _mask(image: Image.Image) -> np.ndarray:
    return np.asarray(image.reduce(FINE), np.float32) / 255


def _points(head: Head) -> np.ndarray:
    place = texture_place(head.neutral)
    triangles = head.triangles[head.material == SKIN]
    # The texture is wound around the head: no triangle may cross its seam.
    columns = place[triangles, 0]
    triangles = triangles[np.ptp(columns, axis=1) < 200]
    size = max(TEXTURE)
    screen = np.column_stack([place, np.hypot(*head.neutral[:, [0, 2]].T)])
    two_sided = np.zeros(len(triangles), bool)
    which, shares, _ = kernels.visible(
        screen.astype(np.float32), triangles, two_sided, np.zeros(len(triangles)), size
    )
    which, shares = (a[: TEXTURE[0], : TEXTURE[1]] for a in (which, shares))
    corners = head.neutral[triangles[np.maximum(which, 0)]]
    b, c = shares[..., :1], shares[..., 1:]
    points = corners[..., 0, :] * (1 - b - c) + corners[..., 1, :] * b
    points = points + corners[..., 2, :] * c
    points[which < 0] = (0, -30, 0)
    return points.astype(np.float32)


def _noise(rng, sigma) -> np.ndarray:
    drawn = rng.standard_normal(TEXTURE).astype(np.float32)
    drawn = gaussian_filter(drawn, sigma, mode="wrap")
    return drawn / drawn.std()


def _brows(mesh):
    """Curves above and below the hair of each brow, from its inner to its outer end."""
    found = []
    for upper, lower in (mesh_points.BROWS[:2], mesh_points.BROWS[2:]):
        above, below = _curve(mesh, upper[::-1]), _curve(mesh, lower[::-1])
        middle = (above + below) / 2
        found.append(
            tuple(middle + BROW_ENDS * (edge - middle) for edge in (above, below))
        )
    return tuple(found)


def _curve(mesh: np.ndarray, row, count: int = 60) -> np.ndarray:
    """Points (count, 2) evenly along the mesh points of ``row``."""
    points = mesh[list(row)]
    place = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0, place[-1], count)
    rough = np.stack([np.interp(at, place, side) for side in points.T], 1)
    ends = rough[[0, -1]].copy()
    rough = gaussian_filter(rough, (2.0, 0), mode="nearest")
    rough[[0, -1]] = ends
    return rough
