"""Where things are on the skin's texture: lips, brows, hair, cheeks; and noise."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from experiments.synthetic_faces import kernels
from experiments.synthetic_faces.head import SKIN, TEXTURE, Head, texture_place
from genface.avatar.shapes import smooth
from genface.geometry import mesh_points

MISSING = -30.0  # height of texels that are nowhere on the head
FINE = 2  # times finer while drawing masks
NOISE_SCALES = (0.8, 3.0, 12.0, 45.0)  # texels
STRANDS = ((14.0, 1.0), (25.0, 3.0))  # texels along and across hair
BROW_ENDS = 0.62  # the contours hold more than the hair: its share of their height
CHIN = (1.5, -6.2, 1.0)  # cm: half width, height of the middle, half height
# Maps of a canvas, in the order in which the painter takes them.
MAPS = (
    "cheeks", "nose", "oily", "lips", "upper_lip", "lip_line", "lash_line",
    "sockets", "beard", "freckles", "above_hairline", "behind_ears", "ears", "across",
    "clothes",
)  # fmt: skip


@dataclass(frozen=True)
class Canvas:
    """What all faces share, over the texture.

    ``points`` (H, W, 3) is where a texel is on the neutral head in cm, ``maps``
    (H, W, len(MAPS)) are in 0-1 or, for hair and clothes, cm beyond their line.
    ``noise`` (H, W, 5) has standard deviation 1, of NOISE_SCALES and along strands of
    hair. ``brows`` are pairs of curves (n, 2) in texels above and below the hair, from
    the inner end; ``lids`` the upper lids' edges, right, left. ``chin``: a window, and
    how far its texels belong to the chin. ``front``: a tree of points (x, y) of the
    face's front in cm, and their texels.
    """

    points: np.ndarray
    maps: np.ndarray
    noise: np.ndarray
    brows: tuple[tuple[np.ndarray, np.ndarray], ...]
    lids: tuple[np.ndarray, np.ndarray]
    chin: tuple[tuple[slice, slice], np.ndarray]
    front: tuple[cKDTree, np.ndarray]


def make(head: Head) -> Canvas:
    """The canvas of a head; about a second."""
    mesh_cm = head.mesh.points(head.neutral.astype(np.float64))
    mesh = texture_place(mesh_cm).astype(float)
    points = _points(head)
    found = {**_places(points), **_lips(mesh), **_lids(mesh)}
    maps = np.stack([found[name] for name in MAPS], -1).astype(np.float32)
    rng = np.random.default_rng(20)
    noise = [_noise(rng, (scale, scale)) for scale in NOISE_SCALES]
    strands = _noise(rng, STRANDS[0]) + 0.7 * _noise(rng, STRANDS[1])
    lids = mesh_points.RIGHT_LID_UPPER, mesh_points.LEFT_LID_UPPER
    rows, columns = np.mgrid[: TEXTURE[0] : 3, : TEXTURE[1] : 3]
    facing = points[rows, columns, 2] > 2
    front = points[rows, columns][facing][:, :2]
    return Canvas(
        points=points,
        maps=maps,
        noise=np.stack([*noise, strands], -1),
        brows=_brows(mesh),
        lids=(curve(mesh, lids[0]), curve(mesh, lids[1])),
        chin=_chin(points),
        front=(cKDTree(front), np.stack([columns[facing], rows[facing]], 1) + 0.5),
    )


def hairline(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far points (..., 3) are above the usual hairline and behind the ears, in cm,
    and whether they are on an ear.
    """
    x, y, z = np.moveaxis(points, -1, 0)
    above = y - 0.6 * z - 2.9 - 0.1 * np.maximum(np.abs(x) - 5, 0)
    behind = np.minimum(-z - 0.9, y + 3.2)
    return above, behind, (np.abs(x) > 7.9) & (y < 5.0) & (z > -2.6)


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


def curve(mesh: np.ndarray, row, count: int = 60) -> np.ndarray:
    """Points (count, 2) evenly along the mesh points of ``row``, smoothed."""
    points = mesh[list(row)]
    place = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0, place[-1], count)
    rough = np.stack([np.interp(at, place, side) for side in points.T], 1)
    even = gaussian_filter(rough, (2.0, 0), mode="nearest")
    even[[0, -1]] = rough[[0, -1]]
    return even


def _places(points) -> dict[str, np.ndarray]:
    x, y, z = np.moveaxis(points, -1, 0)
    far = np.abs(x)
    oily = np.exp(-(x**2 / 8 + (y - 7) ** 2 / 3)) + np.exp(-(x**2 + (y - 1.5) ** 2 / 4))
    oily += 0.7 * np.exp(-((far - 4.2) ** 2 + (y - 1.2) ** 2) / 2)
    upper = np.interp(far, (0, 1.4, 3.2, 4.6, 6.4, 7.4), (-0.8, -0.9, -2.8, -2.9, 0, 4))
    jaw = np.clip((upper - y) / 1.3, 0, 1)
    jaw *= np.clip((y + 10.5) / 2, 0, 1) * np.clip((z - 1.5) / 2, 0, 1)
    bare = np.exp(-(((far - 1.4) / 0.7) ** 2 + ((y + 5.4) / 0.6) ** 2))
    above, behind, ears = hairline(points)
    ears = gaussian_filter(ears.astype(np.float32), 2)
    clothes = -10.8 - 4.5 * smooth((z + 3) / 9) - y
    unseen = y <= MISSING  # on top of the head: hair
    above[unseen], clothes[unseen] = 5, -5
    return {
        "cheeks": np.exp(-((far - 4.6) ** 2 + (y + 0.3) ** 2) / 4.5),
        "nose": np.exp(-(x**2 + (y - 0.2) ** 2) / 1.2),
        "oily": 0.45 + 0.7 * np.clip(oily, 0, 1),
        "beard": gaussian_filter(jaw * (1 - 0.6 * bare) * (1 - ears), 7),
        "freckles": np.exp(-((y - 1) ** 2) / 8),
        "above_hairline": above,
        "behind_ears": behind,
        "ears": ears,
        "across": x,
        "clothes": clothes,
    }


def _chin(points):
    x, y, z = np.moveaxis(points, -1, 0)
    half, middle, tall = CHIN
    share = np.exp(-((x / half) ** 4) - ((y - middle) / tall) ** 4) * (z > 5)
    rows, columns = (np.flatnonzero((share > 0.01).any(axis=k)) for k in (1, 0))
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return window, share[window]


def _lips(mesh) -> dict[str, np.ndarray]:
    outer = [curve(mesh, row) for row in
             (mesh_points.LIPS_OUTER_UPPER, mesh_points.LIPS_OUTER_LOWER)]  # fmt: skip
    inner = [curve(mesh, row) for row in
             (mesh_points.LIPS_INNER_UPPER, mesh_points.LIPS_INNER_LOWER)]  # fmt: skip
    lips = polygon(np.concatenate([outer[0], outer[1][::-1]]))
    upper = polygon(np.concatenate([outer[0], inner[0][::-1]]))
    between = line(inner[0], 2) + line(inner[1], 2)
    return {
        "lips": gaussian_filter(lips, 1.6),
        "upper_lip": gaussian_filter(upper, 2.5),
        "lip_line": np.clip(gaussian_filter(between, 1.2), 0, 1),
    }


def _lids(mesh) -> dict[str, np.ndarray]:
    lash_line, sockets = np.zeros(TEXTURE), np.zeros(TEXTURE)
    for row, width, dark in (
        (mesh_points.RIGHT_LID_UPPER, 2.5, 1.6),
        (mesh_points.LEFT_LID_UPPER, 2.5, 1.6),
        (mesh_points.RIGHT_LID_LOWER, 1.2, 0.8),
        (mesh_points.LEFT_LID_LOWER, 1.2, 0.8),
    ):
        edge = curve(mesh, row)
        lash_line += dark * gaussian_filter(line(edge, width), 1.0)
        sockets += 0.33 * gaussian_filter(line(edge, 8), 7)
    return {"lash_line": lash_line, "sockets": sockets}


def _brows(mesh):
    found = []
    for upper, lower in (mesh_points.BROWS[:2], mesh_points.BROWS[2:]):
        above, below = curve(mesh, upper[::-1]), curve(mesh, lower[::-1])
        middle = (above + below) / 2
        found.append(
            tuple(middle + BROW_ENDS * (edge - middle) for edge in (above, below))
        )
    return tuple(found)


def _points(head: Head) -> np.ndarray:
    place = texture_place(head.neutral)
    triangles = head.triangles[head.material == SKIN]
    # The texture is wound around the head: no triangle may cross its seam.
    triangles = triangles[np.ptp(place[triangles, 0], axis=1) < 200]
    out = np.hypot(*head.neutral[:, [0, 2]].T)
    screen = np.column_stack([place, out]).astype(np.float32)
    two_sided = np.zeros(len(triangles), bool)
    which, shares, _ = kernels.visible(screen, triangles, two_sided, max(TEXTURE))
    which, shares = (a[: TEXTURE[0], : TEXTURE[1]] for a in (which, shares))
    corners = head.neutral[triangles[np.maximum(which, 0)]]
    b, c = shares[..., :1], shares[..., 1:]
    points = corners[..., 0, :] * (1 - b - c) + corners[..., 1, :] * b
    points = points + corners[..., 2, :] * c
    points[which < 0] = (0, MISSING, 0)
    return points.astype(np.float32)


def _noise(rng, sigma) -> np.ndarray:
    drawn = rng.standard_normal(TEXTURE).astype(np.float32)
    drawn = gaussian_filter(drawn, sigma, mode="wrap")
    return drawn / drawn.std()


def _blank():
    height, width = TEXTURE
    image = Image.new("L", (FINE * width, FINE * height))
    return image, ImageDraw.Draw(image)


def _mask(image: Image.Image) -> np.ndarray:
    return np.asarray(image.reduce(FINE), np.float32) / 255
