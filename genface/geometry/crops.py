"""Rotated square regions of a picture, cut out and resampled to a network's size.

A region is ``(x, y, side, angle)``: its centre in pixel-index coordinates (a pixel's
centre is a whole number), its side in pixels, and its rotation in radians, clockwise
as seen in the picture (y points down).
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Pixels(NamedTuple):
    """A picture as one list of pixels, so that its size is data and not a shape.

    ``colours`` (L, 3) uint8 holds the rows one after another; L is padded to a power of
    two, so that pictures of any size share a handful of compiled programs.
    """

    colours: jax.Array
    height: int
    width: int


def as_pixels(image: np.ndarray) -> Pixels:
    """Move a picture (H, W, 3) uint8 to the device."""
    height, width = image.shape[:2]
    count = height * width
    colours = np.empty((max(1 << (count - 1).bit_length(), 1 << 16), 3), np.uint8)
    colours[:count] = image.reshape(count, 3)
    return Pixels(jnp.asarray(colours), height, width)


def crop(
    pixels: Pixels,
    region: np.ndarray,
    size: int,
    zero_border: bool = False,
    grid: bool = False,
) -> jax.Array:
    """Resample a region (4,) to (size, size, 3) float32 in 0-255, bilinearly.

    Outside of the picture lies black with ``zero_border``, else its edge is repeated.
    Cell i reads at ``corner + i * side / size``: MediaPipe's ``ImageToTensor`` rule,
    with no half-pixel shift. ``grid`` also repeats what OpenCV does there: positions
    rounded to 1/32 pixel, values to whole numbers, half up.
    """
    sizes = np.array([pixels.height, pixels.width], np.int32)
    region = np.asarray(region, np.float32)
    return _crop(pixels.colours, sizes, region, size, zero_border, grid)


@partial(jax.jit, static_argnums=(3, 4, 5))
def _crop(
    colours: jax.Array,
    sizes: jax.Array,
    region: jax.Array,
    size: int,
    zero_border: bool,
    grid: bool,
) -> jax.Array:
    x, y = sample_positions(region, size)
    if grid:
        x, y = jnp.round(x * 32) / 32, jnp.round(y * 32) / 32
    margin = 1 if zero_border else 0  # black begins one pixel outside of the edge
    x = jnp.clip(x, -margin, sizes[1] - 1 + margin)
    y = jnp.clip(y, -margin, sizes[0] - 1 + margin)
    left, top = jnp.floor(x).astype(jnp.int32), jnp.floor(y).astype(jnp.int32)
    right_share, low_share = (x - left)[..., None], (y - top)[..., None]

    def colour(row: jax.Array, column: jax.Array) -> jax.Array:
        inside_row = jnp.clip(row, 0, sizes[0] - 1)
        inside_column = jnp.clip(column, 0, sizes[1] - 1)
        value = colours[inside_row * sizes[1] + inside_column].astype(jnp.float32)
        if zero_border:
            inside = (row == inside_row) & (column == inside_column)
            value = value * inside[..., None]
        return value

    upper = colour(top, left) * (1 - right_share) + colour(top, left + 1) * right_share
    lower = (
        colour(top + 1, left) * (1 - right_share)
        + colour(top + 1, left + 1) * right_share
    )
    value = upper * (1 - low_share) + lower * low_share
    return jnp.floor(value + 0.5) if grid else value


def sample_positions(region: jax.Array, size: int) -> tuple[jax.Array, jax.Array]:
    """Where each cell (size, size) of a region (4,) lies in the picture: x and y."""
    steps = jnp.arange(size, dtype=jnp.float32) / size
    along = steps * region[2] - region[2] / 2
    down, across = jnp.meshgrid(along, along, indexing="ij")
    cosine, sine = jnp.cos(region[3]), jnp.sin(region[3])
    return (
        region[0] + cosine * across - sine * down,
        region[1] + sine * across + cosine * down,
    )


def to_picture(points: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Points (..., 3) in a region's units (0-1, z like x) in pixels of the picture."""
    x, y, side, angle = (float(value) for value in region)
    across = (points[..., 0] - 0.5) * side
    down = (points[..., 1] - 0.5) * side
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.stack(
        [
            x + cosine * across - sine * down,
            y + sine * across + cosine * down,
            points[..., 2] * side,
        ],
        axis=-1,
    )


def region_of(
    box: np.ndarray, right_eye: np.ndarray, left_eye: np.ndarray, scale: float
) -> np.ndarray:
    """Square region (4,) about a box x1, y1, x2, y2, turned so that the eyes are level.

    Its side is ``scale`` times the box's longer one; the eyes are points (x, y, ...) of
    the subject's right and left eye.
    """
    side = scale * max(box[2] - box[0], box[3] - box[1])
    angle = np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, side, angle])
