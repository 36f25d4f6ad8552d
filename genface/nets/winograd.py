"""3x3 convolutions with fewer products: Winograd's minimal filtering in tiles.

A tile of m x m outputs is worked out from (m + 2) x (m + 2) transformed inputs with one
product each, 36 for 16 outputs at m = 4 where the plain sum needs 144. XLA's own
convolution on CPUs is 1.5 to 3 times slower (`experiments/benchmarks/networks.py`).
Lavin & Gray 2016, arXiv 1509.09308.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from genface.nets.layers import Pads

# Many channels make the transformed kernels larger than the cache: smaller tiles then.
LARGE_TILES_UNTIL = 256  # channels
# Rows of inputs (B), kernels (G) and outputs (A), by the outputs m of a tile.
_INPUT = {
    2: ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
    4: (
        (4, 0, -5, 0, 1, 0),
        (0, -4, -4, 1, 1, 0),
        (0, 4, -4, -1, 1, 0),
        (0, -2, -1, 2, 1, 0),
        (0, 2, -1, -2, 1, 0),
        (0, 4, 0, -5, 0, 1),
    ),
}
_KERNEL = {
    2: ((1, 0, 0), (1 / 2, 1 / 2, 1 / 2), (1 / 2, -1 / 2, 1 / 2), (0, 0, 1)),
    4: (
        (1 / 4, 0, 0),
        (-1 / 6, -1 / 6, -1 / 6),
        (-1 / 6, 1 / 6, -1 / 6),
        (1 / 24, 1 / 12, 1 / 6),
        (1 / 24, -1 / 12, 1 / 6),
        (0, 0, 1),
    ),
}
_OUTPUT = {
    2: ((1, 1, 1, 0), (0, 1, -1, -1)),
    4: (
        (1, 1, 1, 1, 1, 0),
        (0, 1, -1, 2, -2, 0),
        (0, 1, 1, 4, 4, 0),
        (0, 1, -1, 8, -8, 1),
    ),
}


def transformed(kernel: jax.Array) -> jax.Array:
    """Kernel (3, 3, C, D) as the (m + 2)^2 products of a tile: (P, C, D)."""
    rows = np.array(_KERNEL[4 if kernel.shape[2] <= LARGE_TILES_UNTIL else 2])
    exact = np.einsum("ai,bj,ijcd->abcd", rows, rows, np.asarray(kernel, np.float64))
    flat = exact.reshape(len(rows) ** 2, *kernel.shape[2:])
    return jnp.asarray(flat.astype(np.float32))


@partial(jax.jit, static_argnames=("pads",))
def convolve(x: jax.Array, tiles: jax.Array, pads: Pads) -> jax.Array:
    """Convolution (N, H, W, C) to (N, H', W', D) with a :func:`transformed` kernel."""
    side = round(len(tiles) ** 0.5)
    step = side - 2
    n, *sizes, channels = x.shape
    wanted = [size + sum(pad) - 2 for size, pad in zip(sizes, pads, strict=True)]
    rows, columns = (-(-size // step) for size in wanted)
    around = [
        (pad[0], count * step + 2 - size - pad[0])
        for pad, count, size in zip(pads, (rows, columns), sizes, strict=True)
    ]
    x = jnp.pad(x, ((0, 0), *around, (0, 0)))
    last_row, last_column = step * (rows - 1) + 1, step * (columns - 1) + 1
    seen = jnp.stack(
        [
            x[:, i : i + last_row : step, j : j + last_column : step]
            for i, j in np.ndindex(side, side)
        ]
    )
    spread = _apply(_INPUT[step], seen.reshape(side**2, -1))
    products = jnp.einsum(
        "kpc,kcd->kpd",
        spread.reshape(side**2, -1, channels),
        tiles,
        precision=lax.Precision.HIGHEST,
    )
    gathered = _apply(_OUTPUT[step], products.reshape(side**2, -1))
    grid = gathered.reshape(step, step, n, rows, columns, -1)
    whole = grid.transpose(2, 3, 0, 4, 1, 5)
    whole = whole.reshape(n, rows * step, columns * step, -1)
    return whole[:, : wanted[0], : wanted[1]]


def _apply(along: tuple[tuple[float, ...], ...], tiles: jax.Array) -> jax.Array:
    """Transform flattened tiles (P, rest) in both of their axes."""
    one = np.array(along, np.float32)
    return jnp.matmul(np.kron(one, one), tiles, precision=lax.Precision.HIGHEST)
