"""What surrounds the face mesh: the back of a head with hair, ears, and a bust.

All of it is procedural. Coordinates are those of ``skin``: centimetres, x right in the
image, y up, z toward the viewer, outer eye corners 8.9 cm apart at (0, 2.66, 3.17).
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from genface.avatar.skin import SKIN
from genface.geometry import mesh_points

EYE_SPAN = 8.9
EYES = np.array([0.0, 2.66, 3.17])
# Skull with hair: centre and half axes; the lower half is shallower (the neck's top).
CENTRE = np.array([0.0, 2.4, -4.4])
HALF_AXES = np.array([8.9, 10.6, 9.6])
LOW_HALF_AXIS = 6.5
# Each ring behind the outline: polar angle from the viewer, share of the ellipsoid,
# and how far the ring follows the outline when the face moves.
RINGS = (
    (74.0, 0.30, 0.90),
    (82.0, 0.72, 0.60),
    (95.0, 1.0, 0.25),
    (115.0, 1.0, 0.0),
    (140.0, 1.0, 0.0),
)
EAR_AXES = np.array([0.75, 2.7, 1.7])
PLAIN_SKIN = np.array([[-5.2, -2.0, 0.0]])  # a place of even colour on the cheek
SHIRT = (86, 104, 124)


@dataclass(frozen=True)
class HeadBack:
    """Rings (Q, 3) that join the outline of the face to the back of the head.

    Ring points are numbered after the 478 of the face. ``outline`` (Q,) is the face
    vertex each follows by ``follow`` (Q,); ``around`` and ``back`` (478 + Q,) place
    vertices in the strip of hair.
    """

    points: np.ndarray
    triangles: np.ndarray
    outline: np.ndarray
    follow: np.ndarray
    around: np.ndarray
    back: np.ndarray


def head_back(neutral: np.ndarray) -> HeadBack:
    """Build the rings for a neutral face (478, 3) in head coordinates."""
    oval = np.array(mesh_points.FACE_OVAL)
    rim = neutral[oval]
    size = len(oval)
    angle = np.arctan2(rim[:, 1] - 0.8, rim[:, 0])
    height = np.where(np.sin(angle) > 0, HALF_AXES[1], LOW_HALF_AXIS)
    rings = []
    for degrees, share, _ in RINGS:
        polar = np.deg2rad(degrees)
        target = CENTRE + np.stack(
            [
                HALF_AXES[0] * np.cos(angle) * np.sin(polar),
                height * np.sin(angle) * np.sin(polar),
                np.full(size, HALF_AXES[2] * np.cos(polar)),
            ],
            axis=1,
        )
        rings.append((1 - share) * rim + share * target)
    pole = CENTRE - np.array([[0.0, 0.0, HALF_AXES[2]]])
    ids = [oval] + [478 + k * size + np.arange(size) for k in range(len(RINGS))]
    strips = [_strip(inner, outer) for inner, outer in zip(ids, ids[1:], strict=False)]
    last = np.full(size, 478 + len(RINGS) * size)
    strips.append(np.stack([ids[-1], np.roll(ids[-1], -1), last], axis=1))
    around, back = np.zeros((2, 479 + len(RINGS) * size))
    wave = 1 - np.abs(2 * np.arange(size) / size - 1)
    for depth, row in enumerate(ids):
        around[row], back[row] = wave, depth / (len(RINGS) + 1)
    around[-1], back[-1] = 0.5, 1.0
    follow = np.repeat([weight for _, _, weight in RINGS], size)
    return HeadBack(
        np.concatenate([*rings, pole]),
        np.concatenate(strips).astype(np.int32),
        np.append(np.tile(oval, len(RINGS)), oval[0]),
        np.append(follow, 0.0),
        around,
        back,
    )


def _strip(inner, outer):
    """Triangles between two rings that run clockwise, facing outward."""
    after_in, after_out = np.roll(inner, -1), np.roll(outer, -1)
    return np.concatenate(
        [
            np.stack([inner, after_out, outer], axis=1),
            np.stack([inner, after_in, after_out], axis=1),
        ]
    )


def hair_cover(width: int) -> np.ndarray:
    """How far hair covers each place from the forehead (0) round to the chin (1)."""
    place = np.linspace(0, 1, width)
    return np.clip((0.47 - place) / 0.04, 0, 1)


def ears(n_around: int = 14, n_along: int = 9) -> tuple[np.ndarray, ...]:
    """Vertices (E, 3), outward normals and triangles of both ears (ellipsoids)."""
    polar = np.linspace(0, np.pi, n_along)[:, None]
    turn = np.linspace(0, 2 * np.pi, n_around, endpoint=False)[None]
    ball = np.stack(
        [
            np.sin(polar) * np.cos(turn),
            np.cos(polar) * np.ones_like(turn),
            np.sin(polar) * np.sin(turn),
        ],
        axis=-1,
    ).reshape(-1, 3)
    index = np.arange(len(ball)).reshape(n_along, n_around)
    a, b = index[:-1], np.roll(index[:-1], -1, axis=1)
    c, d = index[1:], np.roll(index[1:], -1, axis=1)
    faces = np.stack([a, b, c, b, d, c], axis=-1).reshape(-1, 3)
    points, normals = [], []
    for side in (-1, 1):
        shape = ball * EAR_AXES
        shape[:, 0] += side * 0.12 * shape[:, 1]  # the upper end stands out
        points.append(shape + [side * 8.05, 0.9, -3.6])
        normals.append(ball / EAR_AXES)
    both = np.concatenate(normals)
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    return np.concatenate(points), both, np.concatenate([faces, faces + len(ball)])


def paint_bust(
    shape: tuple[int, int], scale: float, middle: float, background
) -> np.ndarray:
    """Picture (H, W, 3) in [0, 1] of neck and shoulders before a soft background.

    ``scale`` is in pixels per cm; ``middle`` is the row of y = 0.
    """
    height, width = shape
    backdrop = np.array(background, np.float32)
    down = np.linspace(-1, 1, height)[:, None]
    side = np.linspace(-1, 1, width)[None]
    glow = 1.05 - 0.16 * np.clip(down**2 + side**2, 0, 2) ** 0.5
    picture = Image.fromarray(
        np.clip(backdrop * glow[..., None], 0, 255).astype(np.uint8)
    )
    picture = _shape(picture, scale, middle, _shoulders(), SHIRT, 0.1)
    picture = _shape(picture, scale, middle, _neck(), SKIN, 0.12, shade=0.74)
    return np.asarray(picture, np.float32) / 255


def _shape(picture, scale, middle, outline, colour, blur, shade=1.0):
    """Fill an outline (P, 2) in cm, darker to the sides so that it looks round."""
    width, height = picture.size
    pixels = np.stack(
        [width / 2 + scale * outline[:, 0], middle - scale * outline[:, 1]], axis=1
    )
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).polygon([tuple(p) for p in pixels], fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(blur * scale))
    across = (np.arange(width) - width / 2) / (np.ptp(pixels[:, 0]) / 2)
    down = (np.arange(height) - pixels[:, 1].min()) / (6.0 * scale)
    light = shade * (1.06 - 0.42 * np.abs(across + 0.12) ** 2.2)[None]
    light = light * np.clip(0.66 + 0.34 * down, 0.55, 1.0)[:, None]
    body = np.array(colour, np.float32) * light[..., None]
    body = Image.fromarray(body.clip(0, 255).astype(np.uint8))
    return Image.composite(body, picture, mask)


def _neck() -> np.ndarray:
    right = [(1.5, -2.0), (3.9, -4.2), (4.7, -7.0), (4.7, -9.5), (4.9, -11.5),
             (6.0, -13.4), (4.0, -15.2), (0.0, -16.4)]  # fmt: skip
    return np.array(right + [(-x, y) for x, y in right[::-1]])


def _shoulders() -> np.ndarray:
    right = [(0.0, -12.6), (5.2, -12.4), (8.0, -13.4), (13.0, -15.0), (17.5, -17.0),
             (20.5, -20.5), (22.0, -26.0), (22.0, -60.0)]  # fmt: skip
    return np.array(right + [(-x, y) for x, y in right[::-1]])
