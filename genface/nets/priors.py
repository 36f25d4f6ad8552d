"""Boxes that a detector starts from, and faces as deviations from them.

The prior boxes of SSD (Liu et al. 2016, arXiv 1512.02325), in shares of the picture:
centre x and y, width, height.
"""

from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2
# A box (x, y) in the unit of a cell, relative to the cell's corner, and its side.
Cell = Sequence[tuple[float, float, float]]


def priors(
    shape: tuple[int, int], steps: Sequence[int], cells: Sequence[Cell]
) -> np.ndarray:
    """Boxes (B, 4) of a picture of ``shape`` (height, width), map after map.

    Each map has cells of ``steps`` pixels, row by row, the last ones over the edge,
    and in every cell the same boxes, (x, y, side): x and y in cells, side in pixels.
    """
    return np.concatenate(list(_maps(shape, steps, cells))).astype(np.float32)


def decode_boxes(deviations: ArrayLike, boxes: ArrayLike) -> jax.Array:
    """Corners x1, y1, x2, y2 (N, B, 4) of faces that deviate from boxes (B, 4)."""
    off, start = jnp.asarray(deviations), jnp.asarray(boxes)
    centre = start[:, :2] + off[..., :2] * CENTRE_VARIANCE * start[:, 2:]
    size = start[:, 2:] * jnp.exp(off[..., 2:] * SIZE_VARIANCE)
    return jnp.concatenate([centre - size / 2, centre + size / 2], -1)


def decode_points(deviations: ArrayLike, boxes: ArrayLike) -> jax.Array:
    """Points x0, y0, x1 ... (N, B, 2 K) of faces that deviate from boxes (B, 4)."""
    off, start = jnp.asarray(deviations), jnp.asarray(boxes)
    pairs = off.reshape(*off.shape[:-1], -1, 2)
    points = start[:, None, :2] + pairs * CENTRE_VARIANCE * start[:, None, 2:]
    return points.reshape(off.shape)


def _maps(
    shape: tuple[int, int], steps: Sequence[int], cells: Sequence[Cell]
) -> Iterator[np.ndarray]:
    height, width = shape
    for step, cell in zip(steps, cells, strict=True):
        rows, columns = np.mgrid[: -(-height // step), : -(-width // step)]
        corners = np.stack([columns, rows], -1)[:, :, None]  # (rows, columns, 1, 2)
        boxes = np.array(cell)
        places = (corners + boxes[:, :2]) * step
        sides = np.broadcast_to(boxes[:, 2:], places.shape)
        pixels = np.concatenate([places, sides], -1).reshape(-1, 4)
        yield pixels / [width, height, width, height]
