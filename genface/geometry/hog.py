"""Histograms of oriented gradients of colour pictures.

Dalal & Triggs 2005; the variant of scikit-image: central differences, unsigned angles
counted wholly in one bin, averages over cells, blocks normalised by L2-Hys.
"""

import jax
import jax.numpy as jnp
import numpy as np

BINS = 8
CELL = 8  # pixels, of a side
BLOCK = 2  # cells, of a side
EPSILON = 1e-5
MOST = 0.2  # of a normalised block, before it is normalised again


@jax.jit
def hog(pictures: jax.Array) -> jax.Array:
    """Features (N, F) of pictures (N, H, W, C); sides are multiples of 8 pixels.

    F counts row of the block, its column, row of the cell in it, its column, and bin:
    13 * 13 * 2 * 2 * 8 = 5408 for 112 pixels. Of each pixel, the channel with the
    steepest gradient counts.
    """
    down = jnp.pad(pictures[:, 2:] - pictures[:, :-2], ((0, 0), (1, 1), (0, 0), (0, 0)))
    across = jnp.pad(
        pictures[:, :, 2:] - pictures[:, :, :-2], ((0, 0), (0, 0), (1, 1), (0, 0))
    )
    steep = jnp.argmax(jnp.hypot(down, across), -1, keepdims=True)
    down = jnp.take_along_axis(down, steep, -1)[..., 0]
    across = jnp.take_along_axis(across, steep, -1)[..., 0]
    angle = jnp.degrees(jnp.arctan2(down, across)) % 180
    bins = jnp.floor(angle / (180 / BINS))[..., None] == np.arange(BINS)
    return _blocks(_cells(jnp.hypot(down, across)[..., None] * bins))


def _cells(votes: jax.Array) -> jax.Array:
    """Averages (N, H / 8, W / 8, 8) of what each pixel (N, H, W, 8) says."""
    count, height, width, bins = votes.shape
    rows, columns = height // CELL, width // CELL
    votes = votes[:, : rows * CELL, : columns * CELL]
    return votes.reshape(count, rows, CELL, columns, CELL, bins).mean((2, 4))


def _blocks(cells: jax.Array) -> jax.Array:
    """Normalised blocks, one after another, of (N, rows, columns, 8)."""
    rows, columns = cells.shape[1] - BLOCK + 1, cells.shape[2] - BLOCK + 1
    parts = [
        cells[:, i : i + rows, j : j + columns] for i, j in np.ndindex(BLOCK, BLOCK)
    ]
    blocks = jnp.stack(parts, 3).reshape(len(cells), rows, columns, -1)
    clipped = jnp.minimum(_unit(blocks), MOST)
    return _unit(clipped).reshape(len(cells), -1)


def _unit(blocks: jax.Array) -> jax.Array:
    length = jnp.square(blocks).sum(-1, keepdims=True) + EPSILON**2
    return blocks * jax.lax.rsqrt(length)
