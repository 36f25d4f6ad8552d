"""Eyeballs, teeth, mouth and tongue of the default rig: few vertices, made by rule.

Sizes and places are read off ICT-FaceKit's; everything is built for one side and
mirrored, so that it is exactly symmetric.
"""

from dataclasses import dataclass

import numpy as np

from experiments.ict.facekit import ICT
from experiments.ict.registration import Registration
from genface.geometry.mesh_points import LIPS_INNER_LOWER, LIPS_INNER_UPPER

SEGMENTS = 16
RINGS = (12.0, 23.8, 42.0, 65.0, 90.0)  # degrees from the line of sight; iris at 23.8
BALL = 0.95  # of the fitted radius: flat lids between few vertices cut into the ball
LOWER_TEETH = slice(17039, 21451)  # of the set; those that follow the jaw


@dataclass
class Part:
    """Vertices (P, 3), triangles (Q, 3), and what they follow.

    ``jaw`` (P,): 1 moves with the jaw. ``lips`` (P,): a mesh vertex that is followed by
    ``share``, or -1.
    """

    points: np.ndarray
    triangles: np.ndarray
    jaw: np.ndarray
    lips: np.ndarray
    share: float = 0.0


def parts(neutral: np.ndarray, mesh: Registration) -> dict[str, Part]:
    """All inner parts for a symmetric neutral mesh (478, 3); triangles by part.

    Triangles of "mouth" count its own vertices from 478 up and use those of the lips.
    """
    right = _eyeball(mesh.eye_centres[0], BALL * mesh.eye_radius)
    left = Part(
        right.points * [-1, 1, 1],
        right.triangles[:, ::-1],
        right.jaw,
        right.lips,
    )
    return {
        "eye_R": right,
        "eye_L": left,
        "teeth_upper": _teeth(-2.5, -3.75, 10.7, jaw=0.0),
        "teeth_lower": _teeth(-4.6, -3.55, 10.3, jaw=1.0),
        "tongue": _tongue(),
        "mouth": _mouth(neutral),
    }


def jaw_motion(ict: ICT, name: str, points: np.ndarray) -> np.ndarray:
    """Delta (P, 3) of points that are fixed to the lower jaw, for one shape.

    The set's lower teeth move by a map that is nearly affine; it is fitted to them.
    """
    teeth = np.arange(*LOWER_TEETH.indices(len(ict.neutral)))
    teeth = teeth[np.linalg.norm(ict.shape("jawOpen")[teeth], axis=1) > 1]
    rest = np.column_stack([ict.neutral[teeth], np.ones(len(teeth))])
    solution = np.linalg.lstsq(rest, ict.shape(name)[teeth], rcond=None)[0]
    moved = np.column_stack([points, np.ones(len(points))]) @ solution
    mirrored = np.column_stack([points * [-1, 1, 1], np.ones(len(points))]) @ solution
    return (moved + mirrored * [-1, 1, 1]) / 2


def _eyeball(centre: np.ndarray, radius: float) -> Part:
    around = np.linspace(0, 2 * np.pi, SEGMENTS, endpoint=False)
    polar = np.deg2rad(RINGS)[:, None]
    ball = np.stack(
        [
            np.sin(polar) * np.cos(around),
            np.sin(polar) * np.sin(around),
            np.cos(polar) * np.ones(SEGMENTS),
        ],
        axis=-1,
    ).reshape(-1, 3)
    points = centre + radius * np.concatenate([[[0, 0, 1]], ball])
    here = 1 + np.arange(SEGMENTS)
    after = np.roll(here, -1)
    faces = [np.stack([np.zeros(SEGMENTS, int), here, after], 1)]
    for ring in range(len(RINGS) - 1):
        a, b = here + ring * SEGMENTS, after + ring * SEGMENTS
        c, d = a + SEGMENTS, b + SEGMENTS
        faces += [np.stack([a, c, d], 1), np.stack([a, d, b], 1)]
    return _still(points, np.concatenate(faces))


def _teeth(gum: float, edge: float, front: float, jaw: float) -> Part:
    """An arch of crowns from the gum to the biting edge, and its back."""
    across = np.linspace(-1, 1, 13) * 2.9
    depth = front - 0.50 * across**2
    lift = 0.04 * across**2 * np.sign(gum - edge)
    rows = [
        np.stack([across, np.full(13, gum), depth - 0.1], 1),
        np.stack([across, edge + 0.25 * (gum - edge) + lift, depth + 0.05], 1),
        np.stack([across, edge + lift, depth - 0.1], 1),
        np.stack([across * 0.9, edge + lift, depth - 0.5], 1),
    ]
    faces = _grid(4, 13) if gum > edge else _turned(_grid(4, 13))
    part = _still(np.concatenate(rows), faces)
    part.jaw[:] = jaw
    return part


def _tongue() -> Part:
    across = np.linspace(-1, 1, 5)
    rows = []
    for depth, width, height in ((9.6, 0.8, -4.3), (8.3, 1.5, -4.0), (6.2, 1.7, -4.2)):
        sag = height - 0.35 * across**2
        rows.append(np.stack([across * width, sag, np.full(5, depth)], 1))
    points = np.concatenate(rows)
    part = _still(points, _turned(_grid(3, 5)))
    part.jaw[:] = 1.0
    return part


def _mouth(neutral: np.ndarray) -> Part:
    """A bag behind the lips: their inner edge, a wide ring, a narrow one, the end."""
    loop = np.array([*LIPS_INNER_UPPER, *LIPS_INNER_LOWER[-2:0:-1]])
    lips = neutral[loop]
    middle = lips.mean(0)
    angle = np.linspace(np.pi, -np.pi, len(loop), endpoint=False)
    wide = np.stack([3.1 * np.cos(angle), 1.9 * np.sin(angle), 0 * angle], 1)
    wide += [0, middle[1] - 0.1, 0]
    wide[:, 2] = 9.6 - 0.25 * wide[:, 0] ** 2
    back = np.stack([2.0 * np.cos(angle), 1.5 * np.sin(angle), 0 * angle], 1)
    back += [0, middle[1] - 0.3, 4.5]
    points = np.concatenate([wide, back, [[0, middle[1] - 0.3, 3.5]]])
    rings = [loop, 478 + np.arange(20), 498 + np.arange(20)]
    faces = []
    for outer, inner in zip(rings, rings[1:], strict=False):
        b, d = np.roll(outer, -1), np.roll(inner, -1)
        faces += [np.stack([outer, inner, d], 1), np.stack([outer, d, b], 1)]
    faces.append(np.stack([rings[2], np.full(20, 518), np.roll(rings[2], -1)], 1))
    part = _still(points, np.concatenate(faces))
    part.jaw[:40] = np.tile(np.sin(angle) < -1e-9, 2)
    part.jaw[20:40] *= 0.7
    part.lips[:20] = loop
    part.share = 0.4
    return part


def _grid(rows: int, columns: int) -> np.ndarray:
    """Triangles of rows from top to bottom, seen from the front."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    pairs = [np.stack([a, c, d], -1), np.stack([a, d, b], -1)]
    return np.concatenate(pairs).reshape(-1, 3)


def _turned(faces: np.ndarray) -> np.ndarray:
    return faces[:, ::-1]


def _still(points: np.ndarray, faces: np.ndarray) -> Part:
    none = np.full(len(points), -1)
    return Part(points, faces, np.zeros(len(points)), none)
