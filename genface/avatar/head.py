"""What surrounds the face mesh: the back of a head with hair, ears, and a bust.

All of it is procedural. Coordinates are those of ``skin``: centimetres, x right in the
image, y up, z toward the viewer, outer eye corners 8.9 cm apart at (0, 2.66, 3.17).
"""

from dataclasses import dataclass, replace

import numpy as np

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
# Neck and shoulders from top to bottom: height, half width, half depth, middle in
# depth, how far the ring turns with the head, light that the chin leaves in front.
RINGS_OF_BODY = (
    (-2.5, 4.3, 4.4, -5.0, 1.0, 0.60),
    (-5.0, 4.5, 4.6, -5.2, 0.95, 0.60),
    (-7.2, 4.6, 4.7, -5.3, 0.75, 0.62),
    (-9.2, 4.6, 4.8, -5.5, 0.5, 0.72),
    (-11.0, 4.7, 4.9, -5.8, 0.25, 0.84),
    (-12.4, 5.1, 5.2, -6.2, 0.08, 0.95),
    (-13.2, 5.9, 5.7, -6.5, 0.0, 0.98),
    (-13.7, 7.3, 6.2, -6.8, 0.0, 1.0),
    (-14.4, 10.0, 6.8, -7.2, 0.0, 1.0),
    (-15.4, 13.6, 7.4, -7.6, 0.0, 1.0),
    (-16.8, 17.0, 8.0, -8.0, 0.0, 1.0),
    (-19.0, 19.6, 8.8, -8.2, 0.0, 1.0),
    (-23.0, 21.2, 9.4, -8.2, 0.0, 1.0),
    (-40.0, 22.0, 10.0, -8.2, 0.0, 1.0),
)
PLAIN_SKIN = np.array([[-5.2, -2.0, 0.0]])  # a place of even colour on the cheek


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

    def single(self) -> "HeadBack":
        """The same in float32."""
        return replace(
            self,
            points=self.points.astype(np.float32),
            follow=self.follow.astype(np.float32),
        )


@dataclass(frozen=True)
class Body:
    """Neck and shoulders: ``follow`` (B,) is how far points turn with the head.

    ``shade`` (B,) is the light that the head leaves, ``along`` (B,) runs from the top
    (0) to the bottom (1).
    """

    points: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    follow: np.ndarray
    shade: np.ndarray
    along: np.ndarray

    def single(self) -> "Body":
        """The same in float32."""
        return replace(
            self,
            points=self.points.astype(np.float32),
            normals=self.normals.astype(np.float32),
            follow=self.follow.astype(np.float32),
            shade=self.shade.astype(np.float32),
        )


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


def ears(n_around: int = 16, n_along: int = 11) -> tuple[np.ndarray, ...]:
    """Vertices (E, 3), outward normals and triangles of both ears, each a shell."""
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
        # The bowl opens to the side and to the front, above the lobe.
        _, y, z = ball.T
        bowl = np.exp(-(((y - 0.1) / 0.5) ** 2) - ((z - 0.15) / 0.5) ** 2)
        out = np.clip(side * ball[:, 0], 0, 1)
        rounded = shape.copy()
        shape[:, 0] -= side * 0.9 * bowl * out
        shape[:, 2] *= 0.75 + 0.25 * y  # narrow at the lobe
        rounded[:, 0] -= side * 0.45 * bowl * out
        normal = _normals(rounded, index)
        normals.append(normal * np.sign((normal * ball).sum(axis=1, keepdims=True)))
        shape[:, 0] += side * 0.12 * shape[:, 1]  # the upper end stands out
        points.append(shape + [side * 8.05, 0.9, -3.6])
    return (
        np.concatenate(points),
        np.concatenate(normals),
        np.concatenate([faces, faces + len(ball)]),
    )


def _normals(points, index):
    """Unit normals (P, 3), of either sign, of points on a grid (n, m) of indices."""
    grid = points[index]
    along = np.gradient(grid, axis=0)
    around = np.roll(grid, -1, axis=1) - np.roll(grid, 1, axis=1)
    normal = np.cross(along, around).reshape(-1, 3)
    for pole, sign in ((index[0], 1), (index[-1], -1)):
        normal[pole] = (0, sign, 0)
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def body(n_around: int = 28) -> Body:
    """Neck and shoulders: rings of ``RINGS_OF_BODY`` joined to one surface."""
    turn = np.linspace(0, 2 * np.pi, n_around, endpoint=False)
    rings = np.array(RINGS_OF_BODY)
    height, wide, deep, middle, follow, shade = rings.T[..., None]
    points = np.stack(
        [
            wide * np.sin(turn),
            height - 0.10 * wide * np.clip(np.cos(turn), 0, 1) * (height < -12.5),
            middle + deep * np.cos(turn),
        ],
        axis=-1,
    )
    slope = np.gradient(points, axis=0)
    round_ = np.roll(points, -1, axis=1) - np.roll(points, 1, axis=1)
    normals = np.cross(slope, round_)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    ids = np.arange(points[..., 0].size).reshape(len(rings), n_around)
    a, b = ids[:-1], np.roll(ids[:-1], -1, axis=1)
    c, d = ids[1:], np.roll(ids[1:], -1, axis=1)
    front = np.clip(np.cos(turn), 0, 1)
    return Body(
        points=points.reshape(-1, 3),
        normals=normals.reshape(-1, 3),
        triangles=np.stack([a, c, b, b, c, d], axis=-1).reshape(-1, 3),
        follow=np.broadcast_to(follow, ids.shape).ravel(),
        shade=(1 - (1 - shade) * (0.5 + 0.5 * front)).ravel(),
        along=np.broadcast_to(
            np.linspace(0, 1, len(rings))[:, None], ids.shape
        ).ravel(),
    )


def backdrop(size: tuple[int, int], colour) -> np.ndarray:
    """Soft background (H, W, 3) uint8, a little darker to the corners."""
    down = np.linspace(-1, 1, size[0])[:, None]
    side = np.linspace(-1, 1, size[1])[None]
    glow = 1.05 - 0.16 * (down**2 + side**2) ** 0.5
    return np.clip(np.array(colour) * glow[..., None], 0, 255).astype(np.uint8)
