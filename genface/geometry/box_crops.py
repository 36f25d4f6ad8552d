"""Upright pieces of a picture at boxes, as py-feat's detectors and MTCNN cut them.

Boxes are x1, y1, x2, y2 in pixels; values come in the units of the picture's colours.
"""

import jax
import jax.numpy as jnp
import numpy as np

from genface.geometry.crops import Pixels

EXPAND = 1.2  # side of a piece by that of its box
GREY = 127.5  # midway between black and white


def stretched_crops(
    pixels: Pixels, boxes: np.ndarray, size: int, expand: float = EXPAND
) -> tuple[jax.Array, np.ndarray]:
    """Pieces (B, size, size, 3) at expanded boxes (B, 4), both sides made equal.

    Black outside of the picture. Also the expanded boxes rounded to whole pixels, in
    which landmarks are told. Positions keep the original's bias: a grid made for
    corners that are read as edges, off by up to half a pixel.
    """
    boxes = np.asarray(boxes, np.float64)
    sides = (boxes[:, 2:] - boxes[:, :2]) * expand
    low = (boxes[:, :2] + boxes[:, 2:] - sides) / 2
    extent = np.array([pixels.width, pixels.height])
    places = _inside(low, sides, size) * (extent / (extent - 1)) - 0.5
    whole = np.round(np.concatenate([low, low + sides], axis=1)).astype(np.int64)
    return _sampled(pixels, places), whole


def square_crops(
    pixels: Pixels, boxes: np.ndarray, size: int, expand: float = EXPAND
) -> tuple[jax.Array, np.ndarray]:
    """Pieces (B, size, size, 3) of squares about boxes (B, 4), mirrored at the edges.

    Also the squares (B, 3): x and y of the upper left corner, and the side, at least
    one pixel; a point u, v in 0-1 of a piece is at ``x + u * side, y + v * side``.
    """
    boxes = np.asarray(boxes, np.float64)
    side = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(1) * expand, 1)[:, None]
    low = (boxes[:, :2] + boxes[:, 2:] - side) / 2
    extent = np.array([pixels.width, pixels.height])
    # Mirrored about the outer edges of the outer pixels, half a pixel beyond them.
    folded = np.abs((_inside(low, side, size) + 0.5 + extent) % (2 * extent) - extent)
    places = np.clip(folded - 0.5, 0, extent - 1)
    return _sampled(pixels, places), np.concatenate([low, side], axis=1)


def corner_crops(pixels: Pixels, boxes: np.ndarray, size: int) -> jax.Array:
    """Pieces (B, size, size, 3) whose outer samples lie on corners of boxes (B, 4).

    Grey outside of the picture. As TensorFlow's ``crop_and_resize`` with boxes in
    shares of the picture's sides, which it stretches over one pixel less.
    """
    boxes = np.asarray(boxes, np.float64)
    last = np.array([pixels.width, pixels.height]) - 1.0
    low, high = (boxes[:, None, k : k + 2] * (last / (last + 1)) for k in (0, 2))
    places = low + np.linspace(0, 1, size)[:, None] * (high - low)
    inside = (places >= 0) & (places <= last)
    return _greyed(_sampled(pixels, np.clip(places, 0, last)), inside)


@jax.jit
def _greyed(crops: jax.Array, inside: jax.Array) -> jax.Array:
    seen = inside[:, :, None, 1] & inside[:, None, :, 0]
    return jnp.where(seen[..., None], crops, GREY)


def _inside(low: np.ndarray, sides: np.ndarray, size: int) -> np.ndarray:
    """Middles (B, size, 2) of the cells along x and y."""
    steps = (np.arange(size) + 0.5) / size
    return low[:, None] + steps[:, None] * sides[:, None]


def _sampled(pixels: Pixels, places: np.ndarray) -> jax.Array:
    sizes = np.array([pixels.width, pixels.height], np.int32)
    corners = np.floor(places)
    shares = (places - corners).astype(np.float32)
    return _bilinear(pixels.colours, sizes, corners.astype(np.int32), shares)


@jax.jit
def _bilinear(
    colours: jax.Array, sizes: jax.Array, corners: jax.Array, shares: jax.Array
) -> jax.Array:
    """Values right and below of corners (B, S, 2), x and y; black outside."""
    total = jnp.zeros(())
    for step in np.ndindex(2, 2):
        place = corners + np.array(step)
        share = jnp.where(np.array(step), shares, 1 - shares)
        share = share * ((place >= 0) & (place < sizes))
        x, y = jnp.moveaxis(jnp.clip(place, 0, sizes - 1), -1, 0)
        found = colours[y[:, :, None] * sizes[0] + x[:, None]].astype(jnp.float32)
        total = total + found * (share[:, :, None, 1] * share[:, None, :, 0])[..., None]
    return total
