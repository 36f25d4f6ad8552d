"""Pictures of any size in frames of few sizes, so that few programs are compiled."""

from collections.abc import Iterator, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

Size = tuple[int, int]  # height, width
Colour = tuple[float, float, float]


def padded_size(size: Size) -> Size:
    """Next of the few sides that pictures are padded to: eight to every doubling."""

    def padded(side: int) -> int:
        step = max(1 << max((side - 1).bit_length() - 4, 0), 32)
        return -(-side // step) * step

    return padded(size[0]), padded(size[1])


def together(shapes: Sequence[Size], at_once: int) -> Iterator[tuple[Size, list[int]]]:
    """Each shape with places in ``shapes`` where it is, ``at_once`` pixels in all."""
    places: dict[Size, list[int]] = {}
    for place, shape in enumerate(shapes):
        places.setdefault(shape, []).append(place)
    for shape, found in places.items():
        count = max(at_once // (shape[0] * shape[1]), 1)
        for first in range(0, len(found), count):
            yield shape, found[first : first + count]


@partial(jax.jit, static_argnames=("whole", "less"))
def framed(
    colours: jax.Array, sizes: jax.Array, whole: Size, less: Colour = (0, 0, 0)
) -> jax.Array:
    """Pixels (L, 3) as a picture of height and width ``whole``, zero around it.

    ``sizes`` (2,) are the picture's own height and width, ``less`` is subtracted.
    """
    y, x = jnp.arange(whole[0])[:, None], jnp.arange(whole[1])
    inside = (y < sizes[0]) & (x < sizes[1])
    places = jnp.where(inside, y * sizes[1] + x, 0)
    values = colours[places].astype(jnp.float32) - np.array(less, np.float32)
    return jnp.where(inside[..., None], values, 0)
