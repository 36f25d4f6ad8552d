"""What a head needs around it: a body in clothes, and long hair, as grids of points."""

import numpy as np

from genface.avatar.shapes import smooth

COLUMNS = 40


def body(width: float, slope: float) -> tuple[np.ndarray, np.ndarray]:
    """Points (P, 3) and triangles of neck opening, shoulders and chest.

    ``width`` scales the shoulders, ``slope`` is how far they hang, in cm.
    """
    down = np.linspace(0, 1, 16)[:, None]
    angle = np.linspace(0, 2 * np.pi, COLUMNS, endpoint=False)[None]
    spread = smooth(down / 0.75)
    across = (7.7 + spread * 14 * width) * np.cos(angle)
    depth = (6.8 + 3.0 * spread) * np.sin(angle) + 0.6 - 1.5 * spread
    far = np.abs(np.cos(angle)) ** 1.5
    height = -10.2 - 5.3 * np.sin(angle).clip(0) * (1 - spread)
    height = (
        height - (3.0 + slope * far) * down**0.8 - 14 * smooth((down - 0.55) / 0.45)
    )
    points = np.stack([across, height + 0 * across, depth], -1)
    return _grid(points, closed=True)


def long_hair(
    length: float, width: float, parting: float, wave: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Points (P, 3) and triangles of a curtain around the head, open at the face.

    ``length`` is how far below the eyes it ends, in cm.
    """
    turn = np.linspace(-1, 1, COLUMNS)[None]  # from one side of the face to the other
    down = np.linspace(0, 1, 20)[:, None]
    opening = 0.42 * np.pi - 0.06 * np.pi * smooth((down - 0.3) / 0.3)
    angle = turn * (np.pi - opening) + np.pi  # from the back
    radius_x = 9.6 * width + 0.9 * smooth((down - 0.15) / 0.3) - 8.2 * (1 - down) ** 9
    radius_z = radius_x + 1.2
    curl = wave * np.sin(9 * down + 7 * turn + rng.uniform(0, 6)) * smooth(down / 0.4)
    radius_x, radius_z = radius_x + curl, radius_z + curl
    x = radius_x * np.sin(angle) + parting * (1 - down) ** 4
    z = radius_z * np.cos(angle) + 0.4
    top = 15.2
    y = top - (top + length) * (0.02 + 0.98 * down) ** 1.5
    y = y + 0 * x + 0.35 * rng.standard_normal((1, COLUMNS)) * down**3
    return _grid(np.stack([x, y, z], -1), closed=False)


def _grid(points: np.ndarray, closed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Points (rows, columns, 3) as a list, and two triangles per cell."""
    rows, columns = points.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    if closed:
        index = np.concatenate([index, index[:, :1]], 1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    pairs = [np.stack([a, c, d], -1), np.stack([a, d, b], -1)]
    triangles = np.concatenate(pairs).reshape(-1, 3)
    return points.reshape(-1, 3).astype(np.float32), triangles.astype(np.int32)
