"""Where points of the scene lie in the picture: one camera for every rig."""

from dataclasses import dataclass

import numpy as np

DISTANCE = 75.0  # cm from the head to the eye of the viewer
VIEW_HEIGHT, VIEW_WIDTH = 29.0, 21.5  # cm of the scene that a picture of a bust shows
VIEW_MIDDLE = -1.0  # height in its centre
EYES_APART = 6.3  # cm between the centres of the eyes of a head of usual size
EYES_ABOVE = (0.0, 3.2, 3.2)  # the middle of the picture, and before it
ROOM = 0.88  # more room for a head of which hair and height are not known
MARGIN = 1.08  # room around a mesh of which nothing is known


@dataclass(frozen=True)
class Camera:
    """Perspective view along -z, in scene units of centimetres.

    ``size`` is (H, W) in pixels, ``scale`` pixels per cm at depth 0, ``centre`` (3,)
    the point of the scene in the middle of the picture, ``distance`` that from it to
    the viewer.
    """

    size: tuple[int, int]
    scale: float
    centre: tuple[float, float, float]
    distance: float = DISTANCE

    @classmethod
    def of_bust(cls, size: tuple[int, int]) -> "Camera":
        """Head and shoulders, in the coordinates of :mod:`genface.avatar.head`."""
        height, width = size
        scale = min(height / VIEW_HEIGHT, width / VIEW_WIDTH)
        return cls(size, scale, (0.0, VIEW_MIDDLE, 0.0))

    @classmethod
    def of_head(cls, eyes: np.ndarray, size: tuple[int, int]) -> "Camera":
        """A head with ``eyes`` centred at (2, 3), in units of its own."""
        unit = float(np.linalg.norm(eyes[1] - eyes[0])) / EYES_APART
        bust = cls.of_bust(size)
        x, y, z = eyes.mean(axis=0) - unit * np.array(EYES_ABOVE)
        scale = ROOM * bust.scale / unit
        return cls(size, scale, (float(x), float(y), float(z)), unit * DISTANCE)

    @classmethod
    def around(cls, points: np.ndarray, size: tuple[int, int]) -> "Camera":
        """A view that holds all ``points`` (V, 3)."""
        low, high = points.min(axis=0), points.max(axis=0)
        x, y, z = (float(side) for side in (low + high) / 2)
        extent = float((high - low).max())
        distance = DISTANCE * max(extent, 1e-6) / VIEW_HEIGHT
        near = distance / (distance - (points[:, 2] - z))
        wide = float((np.abs(points[:, 0] - x) * near).max())
        tall = float((np.abs(points[:, 1] - y) * near).max())
        scale = min(size[0] / max(tall, 1e-6), size[1] / max(wide, 1e-6))
        return cls(size, 0.5 * scale / MARGIN, (x, y, z), distance)

    def screen(self, points: np.ndarray) -> np.ndarray:
        """Column, row and depth (V, 3) of points (V, 3)."""
        height, width = self.size
        x, y, z = (points - np.asarray(self.centre, points.dtype)).T
        near = self.scale * self.distance / (self.distance - z)
        return np.stack([width / 2 + near * x, height / 2 - near * y, z], axis=1)
