"""Maximum of many small smooth functions at once by guarded Newton steps."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array, lax

_SIZES = (0.0, 0.03, 0.25, 1.0)


def climb(value: Callable[[Array], Array], theta: Array, steps: int = 2) -> Array:
    """Parameters (..., P) no worse than ``theta`` in any entry of ``value`` (...).

    ``value`` maps (..., P) to (...), each entry depending on its own parameters only.
    Where the curvature is not negative, the step follows the gradient.
    """
    slope = jax.grad(lambda theta: value(theta).sum())
    units = jnp.eye(theta.shape[-1])
    sizes = jnp.asarray(_SIZES)

    def bend(theta: Array, unit: Array) -> Array:
        along = jnp.broadcast_to(unit, theta.shape)
        return jax.jvp(slope, (theta,), (along,))[1]

    # A loop, although short: its body is compiled once.
    def step(_: int, theta: Array) -> Array:
        steep = -jax.vmap(bend, (None, 0), -1)(theta, units)
        way = _ascent(steep, slope(theta))
        trials = theta + sizes.reshape(-1, *(1,) * theta.ndim) * way
        values = jax.vmap(value)(trials)
        # What is no number never wins; the first size is no step at all.
        values = jnp.where(jnp.isnan(values), -jnp.inf, values)
        best = values.argmax(0)[None, ..., None]
        return jnp.take_along_axis(trials, best, 0)[0]

    return lax.fori_loop(0, steps, step, theta)


def _ascent(steep: Array, gradient: Array) -> Array:
    """Newton's step where the negative Hessian is positive, a safe one elsewhere."""
    diagonal = jnp.diagonal(steep, axis1=-2, axis2=-1)
    convex = (_pivots(steep) > 1e-9).all(-1)
    # Gershgorin: enough on the diagonal to make the matrix positive.
    short = jnp.abs(steep).sum(-1) - jnp.abs(diagonal) - diagonal
    lift = jnp.where(convex, 0.0, jnp.maximum(short.max(-1), 0.0) + 1e-3)
    steep = steep + (lift + 1e-12)[..., None, None] * jnp.eye(steep.shape[-1])
    return jnp.clip(solve(steep, gradient), -2.0, 2.0)


def _eliminate(matrix: Array, right: Array) -> tuple[list[Array], list[list[Array]]]:
    """Pivots and rows (matrix | right) of Gauss's elimination without exchange."""
    size = matrix.shape[-1]
    whole = jnp.concatenate([matrix, right[..., None]], -1)
    rows = [whole[..., i, :] for i in range(size)]
    pivots = []
    for i in range(size):
        pivot = rows[i][..., i]
        safe = jnp.where(jnp.abs(pivot) > 0, pivot, 1.0)
        pivots.append(pivot)
        for j in range(i + 1, size):
            share = rows[j][..., i] / safe
            rows[j] = rows[j] - share[..., None] * rows[i]
    return pivots, [[row[..., j] for j in range(size + 1)] for row in rows]


def _pivots(matrix: Array) -> Array:
    """Pivots (..., P); all positive for a positive definite matrix."""
    return jnp.stack(_eliminate(matrix, matrix[..., 0])[0], -1)


def solve(matrix: Array, right: Array) -> Array:
    """Solution (..., P) of small positive definite systems (..., P, P).

    Written out, since calls of LAPACK for thousands of 2 x 2 matrices are slow.
    """
    pivots, rows = _eliminate(matrix, right)
    size = len(pivots)
    found: list[Array] = [pivots[0]] * size
    for i in reversed(range(size)):
        rest = rows[i][size]
        for j in range(i + 1, size):
            rest = rest - rows[i][j] * found[j]
        found[i] = rest / jnp.where(jnp.abs(pivots[i]) > 0, pivots[i], 1.0)
    return jnp.stack(found, -1)
