"""Where points of the scene lie in the picture: one camera for every rig."""

from dataclasses import dataclass

import numpy as np

DISTANCE = 75.0  # cm from the head to the eye of the viewer
VIEW_HEIGHT, VIEW_WIDTH = 29.0, 21.5  # cm of the scene that a picture of a bust shows
VIEW_MIDDLE = -1.0  # height in its centre
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
    def around(cls, points: np.ndarray, size: tuple[int, int]) -> "Camera":
        """A view that holds all ``points`` (V, 3)."""
        low, high = points.min(axis=0), points.max(axis=0)
        wide, tall, _ = np.maximum(high - low, 1e-6) * MARGIN
        middle = tuple(float(x) for x in (low + high) / 2)
        # Nearer parts look larger: measure the scale at the depth of the front.
        distance = DISTANCE * max(tall, wide) / VIEW_HEIGHT
        scale = min(size[0] / tall, size[1] / wide)
        scale *= 1 - (high[2] - middle[2]) / distance
        return cls(size, float(scale), middle, float(distance))  # type: ignore[arg-type]

    def screen(self, points: np.ndarray) -> np.ndarray:
        """Column, row and depth (V, 3) of points (V, 3)."""
        height, width = self.size
        x, y, z = (points - np.asarray(self.centre, points.dtype)).T
        near = self.scale * self.distance / (self.distance - z)
        return np.stack([width / 2 + near * x, height / 2 - near * y, z], axis=1)
