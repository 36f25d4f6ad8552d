"""A picture at many smaller sizes, side by side on one canvas.

Resized by area: each new pixel is the mean of what it covers, parts of pixels counting
by their share, as TensorFlow's ``resize`` with ``method="area"``. One canvas is one
program for whatever looks at all sizes.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genface.geometry.crops import Pixels
from genface.geometry.frames import Size, framed, padded_size

BLOCK = 8  # new pixels made from one slice of the old ones: a matrix product
SMALLEST = 12  # pixels of a side of any level


class Level(NamedTuple):
    """One size of the picture: where it lies on the canvas, and how much of that is it.

    ``corner`` and ``size`` are y and x, ``room`` the height and width reserved for it;
    (0, 0) is a size that this picture does not have.
    """

    corner: Size
    room: Size
    size: Size


class Pyramid(NamedTuple):
    """The plan of a canvas for pictures of one size."""

    canvas: Size
    levels: tuple[Level, ...]
    shares: tuple["Share", ...]  # of the rows and of the columns of each level in turn


class Share(NamedTuple):
    """What the blocks of a level take of the old rows: ``weights`` (B, 8, M).

    ``places`` (B, M) are the old rows of each block.
    """

    places: jax.Array
    weights: jax.Array


@lru_cache(maxsize=64)
def pyramid(size: Size, scales: tuple[float, ...], n_levels: int) -> Pyramid:
    """Plan for pictures of ``size`` (height, width) with one level for each scale.

    Reserved is room for all pictures that :func:`padded_size` makes equal, and
    ``scales`` go on for them; this one has ``n_levels``.
    """
    whole = padded_size(size)
    rooms = [_times(whole, scale, BLOCK) for scale in scales]
    corners = packed(rooms)
    height, width = np.add(corners, rooms).max(0).tolist()
    levels, shares = [], []
    for k, (scale, corner, room) in enumerate(zip(scales, corners, rooms, strict=True)):
        new = _times(size, scale) if k < n_levels else (0, 0)
        levels.append(Level(corner, room, new))
        for axis in range(2):
            shares.append(_share(size[axis], new[axis], room[axis], whole[axis], scale))
    return Pyramid((height, width), tuple(levels), tuple(shares))


def packed(rooms: Sequence[Size]) -> list[Size]:
    """Upper left corners of rectangles within the width of the first, none overlapping.

    Each goes as far up, then left, as there is a free corner of those before it.
    """
    placed: list[tuple[int, int, int, int]] = []

    def free(y: int, x: int, room: Size) -> bool:
        bottom, right = y + room[0], x + room[1]
        apart = (b <= y or bottom <= t or r <= x or right <= f for t, f, b, r in placed)
        return right <= rooms[0][1] and all(apart)

    for room in rooms:
        corners = [(0, 0)]
        for top, left, bottom, right in placed:
            corners += [(top, right), (bottom, left)]
        y, x = min(corner for corner in corners if free(*corner, room))
        placed.append((y, x, y + room[0], x + room[1]))
    return [(top, left) for top, left, _, _ in placed]


def drawn(pixels: Pixels, plan: Pyramid) -> jax.Array:
    """Canvas (H, W, 3) of a picture, 0-255; zero where there is none."""
    sizes = np.array([pixels.height, pixels.width], np.int32)
    whole = padded_size((pixels.height, pixels.width))
    places = tuple((level.corner, level.room) for level in plan.levels)
    return _drawn(pixels.colours, sizes, plan.shares, whole, plan.canvas, places)


@partial(jax.jit, static_argnames=("whole", "canvas", "places"))
def _drawn(
    colours: jax.Array,
    sizes: jax.Array,
    shares: Sequence[Share],
    whole: Size,
    canvas: Size,
    places: tuple[tuple[Size, Size], ...],
) -> jax.Array:
    picture = framed(colours, sizes, whole)
    made = jnp.zeros((*canvas, 3))
    for k, ((top, left), (height, width)) in enumerate(places):
        rows = _averaged(picture, shares[2 * k]).swapaxes(0, 1)
        level = _averaged(rows, shares[2 * k + 1]).swapaxes(0, 1)
        made = made.at[top : top + height, left : left + width].set(level)
    return made


def _averaged(x: jax.Array, share: Share) -> jax.Array:
    """(H, W, 3) to (H', W, 3)."""
    seen = x.reshape(len(x), -1)[share.places]  # (B, M, W * 3)
    new = jnp.matmul(share.weights, seen, precision=jax.lax.Precision.HIGHEST)
    return new.reshape(-1, *x.shape[1:])


def _times(size: Size, scale: float, multiple: int = 1) -> Size:
    """A size scaled, cut to whole pixels, and then up to a multiple."""
    height, width = (-(-int(side * scale) // multiple) * multiple for side in size)
    return height, width


def _share(size: int, new: int, room: int, whole: int, scale: float) -> Share:
    """How ``new`` of ``room`` pixels take their parts of ``size`` of ``whole``."""
    edges = np.arange(room + 1) * size / new if new else np.zeros(room + 1)
    low, high = edges[:-1].reshape(-1, BLOCK), edges[1:].reshape(-1, BLOCK)
    # Sides are cut to whole pixels, so a level may be a little smaller than its scale.
    reach = int(np.ceil(BLOCK / scale * (1 + 1 / SMALLEST))) + 2
    places = np.floor(low[:, :1]).astype(int) + np.arange(min(reach, whole))
    start = places[:, None]
    covered = np.minimum(high[..., None], start + 1) - np.maximum(low[..., None], start)
    exists = np.arange(room).reshape(-1, BLOCK, 1) < new
    weights = np.where(exists, np.maximum(covered, 0) / (size / max(new, 1)), 0)
    return Share(
        jnp.asarray(np.clip(places, 0, whole - 1), jnp.int32),
        jnp.asarray(weights, jnp.float32),
    )
