"""Fixed-size pieces of feature maps at boxes of any size, sampled bilinearly.

He et al. 2017 (Mask R-CNN, arXiv 1703.06870), section 3; the choice of a map for a box
from Lin et al. 2017 (feature pyramids, arXiv 1612.03144), equation 1. As torchvision
has it without ``aligned``: no half-pixel shift, boxes at least one cell wide.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

SIDE = 7  # cells of a piece, in each direction
SAMPLES = 2  # samples of a cell, in each direction
CANONICAL_SIDE, CANONICAL_LEVEL = (
    224,
    4,
)  # pixels; the level (log2 stride) of such a box
AT_ONCE = 64  # boxes, to bound the memory


def roi_align(
    maps: Sequence[jax.Array], boxes: jax.Array, strides: Sequence[int]
) -> jax.Array:
    """Pieces (B, 7, 7, C) of one image's maps (H, W, C) at boxes (B, 4).

    Boxes are x1, y1, x2, y2 in pixels of the image; ``strides`` are the pixels between
    cells of each map, ascending powers of two. Large boxes look at coarse maps.
    """
    sizes = np.array([x.shape[:2] for x in maps], np.int32)
    starts = np.concatenate([[0], np.cumsum(sizes.prod(1))[:-1]]).astype(np.int32)
    cells = jnp.concatenate([x.reshape(-1, x.shape[-1]) for x in maps])

    def piece(box: jax.Array) -> jax.Array:
        level = _level(box, strides)
        height, width = jnp.asarray(sizes)[level]
        scale = 1 / jnp.asarray(strides, jnp.float32)[level]
        rows = _along(box[1] * scale, box[3] * scale, height)
        columns = _along(box[0] * scale, box[2] * scale, width)
        start = jnp.asarray(starts)[level]
        total = jnp.zeros(())
        for row, row_share in rows:
            for column, column_share in columns:
                places = start + row[:, None] * width + column
                share = row_share[:, None] * column_share
                total = total + cells[places] * share[..., None]
        parts = total.reshape(SIDE, SAMPLES, SIDE, SAMPLES, cells.shape[1])
        return parts.mean((1, 3))

    return jax.lax.map(piece, boxes, batch_size=AT_ONCE)


def _level(box: jax.Array, strides: Sequence[int]) -> jax.Array:
    """Index of the map that a box (4,) is read from."""
    side = jnp.sqrt(jnp.maximum((box[2] - box[0]) * (box[3] - box[1]), 0))
    level = jnp.floor(CANONICAL_LEVEL + jnp.log2(side / CANONICAL_SIDE) + 1e-6)
    lowest = int(np.log2(strides[0]))
    return (jnp.clip(level, lowest, lowest + len(strides) - 1) - lowest).astype(int)


def _along(
    low: jax.Array, high: jax.Array, size: jax.Array
) -> tuple[tuple[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
    """Both neighbours of each sample along one axis: their indices and shares."""
    count = SIDE * SAMPLES
    step = jnp.maximum(high - low, 1) / count
    position = low + (jnp.arange(count) + 0.5) * step
    inside = (position >= -1) & (position <= size)
    position = jnp.clip(position, 0, size - 1)
    first = jnp.floor(position).astype(jnp.int32)
    share = position - first
    second = jnp.minimum(first + 1, size - 1)
    return (first, (1 - share) * inside), (second, share * inside)
