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
LARGE_TILES_UNTIL = 128  # channels
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
    return jnp.asarray(exact.reshape(len(rows) ** 2, *kernel.shape[2:]), jnp.float32)


@partial(jax.jit, static_argnames=("pads",))
def convolve(x: jax.Array, tiles: jax.Array, pads: Pads) -> jax.Array:
    """Convolution (N, H, W, C) to (N, H', W', D) with a :func:`transformed` kernel."""
    side = round(len(tiles) ** 0.5)
    step = side - 2
    n, channels = x.shape[0], x.shape[3]
    size = [
        length + sum(pad) - 2 for length, pad in zip(x.shape[1:3], pads, strict=True)
    ]
    counts = [-(-length // step) for length in size]
    around = [
        (pad[0], count * step + 2 - length - pad[0])
        for pad, count, length in zip(pads, counts, x.shape[1:3], strict=True)
    ]
    x = jnp.pad(x, ((0, 0), *around, (0, 0)))
    rows = _combine(
        _INPUT[step], [_every(x, 1, k, step, counts[0]) for k in range(side)]
    )
    parts = [
        part
        for row in rows
        for part in _combine(
            _INPUT[step], [_every(row, 2, k, step, counts[1]) for k in range(side)]
        )
    ]
    flat = jnp.stack(parts).reshape(side**2, -1, channels)
    found = jnp.einsum("kpc,kcd->kpd", flat, tiles, precision=lax.Precision.HIGHEST)
    grid = found.reshape(side, side, n, *counts, -1)
    down = [
        _combine(_OUTPUT[step], [grid[i, j] for i in range(side)]) for j in range(side)
    ]
    lines = [
        _combine(_OUTPUT[step], [down[j][a] for j in range(side)]) for a in range(step)
    ]
    whole = jnp.stack([jnp.stack(line, 3) for line in lines], 2)
    return whole.reshape(n, counts[0] * step, counts[1] * step, -1)[
        :, : size[0], : size[1]
    ]


def _every(x: jax.Array, axis: int, start: int, step: int, count: int) -> jax.Array:
    return lax.slice_in_dim(x, start, start + step * (count - 1) + 1, step, axis)


def _combine(weights, parts: list[jax.Array]) -> list[jax.Array]:
    """Weighted sums of arrays, written out: the weights are few and mostly 0 or 1."""
    sums = []
    for row in weights:
        total: jax.Array | None = None
        for weight, part in zip(row, parts, strict=True):
            if weight:
                term = part if weight == 1 else part * weight
                total = term if total is None else total + term
        assert total is not None
        sums.append(total)
    return sums
