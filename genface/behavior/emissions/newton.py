"""Maximum of many small smooth functions at once by guarded Newton steps."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

_SIZES = (1.0, 0.25, 0.03)


def climb(value: Callable[[Array], Array], theta: Array, steps: int = 2) -> Array:
    """Parameters (..., P) no worse than ``theta`` in any entry of ``value`` (...).

    ``value`` maps (..., P) to (...), each entry depending on its own parameters only.
    Where the curvature is not negative, the step follows the gradient.
    """
    size = theta.shape[-1]

    def total(theta: Array) -> Array:
        return value(theta).sum()

    for _ in range(steps):
        gradient = jax.grad(total)(theta)
        bend = jnp.stack(
            [
                jax.jvp(jax.grad(total), (theta,), (_unit(theta, p),))[1]
                for p in range(size)
            ],
            -1,
        )
        # Gershgorin: enough on the diagonal to make the negative Hessian positive.
        steep = -bend
        off = jnp.abs(steep).sum(-1) - jnp.abs(jnp.diagonal(steep, axis1=-2, axis2=-1))
        short = off - jnp.diagonal(steep, axis1=-2, axis2=-1)
        convex = (jnp.linalg.eigvalsh(steep) > 1e-9).all(-1)
        lift = jnp.where(convex, 0.0, jnp.maximum(short.max(-1), 0.0) + 1e-3)
        steep = steep + (lift + 1e-12)[..., None, None] * jnp.eye(size)
        step = jnp.linalg.solve(steep, gradient[..., None])[..., 0]
        step = jnp.clip(step, -2.0, 2.0)
        best, best_value = theta, value(theta)
        for scale in _SIZES:
            trial = theta + scale * step
            here = value(trial)
            better = here > best_value
            best = jnp.where(better[..., None], trial, best)
            best_value = jnp.where(better, here, best_value)
        theta = best
    return theta


def _unit(theta: Array, p: int) -> Array:
    return jnp.zeros_like(theta).at[..., p].set(1.0)
