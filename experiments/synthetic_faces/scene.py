"""Where a person is: camera, lights, background; the same on all their frames."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

PIVOT = np.array([0.0, 0.0, 3.5])  # about which the head turns, cm


@dataclass(frozen=True)
class Scene:
    """``distance`` of the camera in cm; ``zoom`` as a share of the picture per cm."""

    distance: float
    zoom: float
    centre: np.ndarray  # (2,) cm of the head that is in the picture's middle
    pose: np.ndarray  # (3,) Pitch, Roll, Yaw on average
    lights: np.ndarray  # (2, 3) unit directions
    colours: np.ndarray  # (2, 3) linear
    ambient: np.ndarray  # (2, 3) linear, from above and below
    background: np.ndarray  # (S, S, 3) linear
    exposure: float  # how bright the skin is on the picture, 0-1 of the usual
    gamma: float
    noise: float  # of 255

    def project(self, points: np.ndarray, size: int) -> np.ndarray:
        """Column, row (y down) and nearness (..., 3) in pixels of turned points."""
        away = self.distance - (points[..., 2] - PIVOT[2])
        scale = size * self.zoom * self.distance / away
        seen = np.empty_like(points)
        seen[..., 0] = size / 2 + scale * (points[..., 0] - self.centre[0])
        seen[..., 1] = size / 2 - scale * (points[..., 1] - self.centre[1])
        seen[..., 2] = (points[..., 2] - PIVOT[2]) * (size * self.zoom)
        return seen


def draw(size: int, rng: np.random.Generator) -> Scene:
    """A random scene for pictures of ``size`` pixels."""
    key = rng.standard_normal(3) * (1, 0.6, 0.4) + (0, 0.5, 0.9)
    key[2] = max(key[2], 0.25)
    fill = rng.standard_normal(3) * (1, 0.6, 0.3) + (0, 0.1, 0.6)
    lights = np.stack([key, fill])
    lights /= np.linalg.norm(lights, axis=1, keepdims=True)
    warm = rng.normal(0, 0.09, 3)
    tint = np.stack([1 + warm, np.ones(3), 1 - warm], 1)  # of key, fill, ambient
    around = rng.uniform(0.25, 0.7)
    strength = np.array([1 - around, rng.uniform(0, 0.4) * (1 - around)])
    below = rng.uniform(0.4, 0.9)
    return Scene(
        distance=rng.uniform(40, 90),
        zoom=rng.uniform(0.026, 0.034),
        centre=rng.normal((0, 0.3), (0.8, 0.8)),
        pose=rng.normal(0, (0.1, 0.06, 0.17)),
        lights=lights,
        colours=strength[:, None] * tint[:2] * 1.3,
        ambient=around * tint[2] * np.array([[1.0], [below]]),
        background=_background(size, rng),
        exposure=rng.uniform(0.75, 1.2),
        gamma=rng.uniform(0.9, 1.1),
        noise=rng.uniform(0.5, 4),
    )


def poses(scene: Scene, n: int, rng: np.random.Generator) -> np.ndarray:
    """Pitch, Roll, Yaw (n, 3) around the person's own."""
    return scene.pose + rng.normal(0, (0.07, 0.05, 0.1), (n, 3))


def _background(size: int, rng: np.random.Generator) -> np.ndarray:
    """Four corners, a few blurred rectangles, some grain (S, S, 3) linear."""
    small = size // 2
    corners = rng.uniform(0.02, 0.7, (2, 2, 1)) * rng.uniform(0.7, 1.3, (2, 2, 3))
    share = np.linspace(0, 1, small)
    ends = np.stack([1 - share, share], 1)
    picture = np.einsum("ra,cb,abd->rcd", ends, ends, corners)
    for _ in range(rng.integers(0, 7)):
        top, left = rng.integers(-small // 4, small, 2)
        height, width = rng.integers(small // 12, small // 2, 2)
        area = np.s_[max(top, 0) : top + height, max(left, 0) : left + width]
        picture[area] = rng.uniform(0.02, 0.8) * rng.uniform(0.6, 1.4, 3)
    blur = small / 256 * rng.uniform(1, 9)
    picture = gaussian_filter(picture.astype(np.float32), (blur, blur, 0))
    grain = gaussian_filter(rng.standard_normal((small, small), np.float32), 1)
    picture = np.clip(picture, 0.01, 1) * np.exp(0.15 * grain)[..., None]
    return zoom(picture, (size / small, size / small, 1), order=1)
