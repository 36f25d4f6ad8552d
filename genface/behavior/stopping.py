"""Why a run stops."""

from typing import Any

import jax.numpy as jnp
from jax import Array

# "far" never leaves the engine: such a run goes on in logs.
STOP_REASONS = ("running", "tol", "cap", "nan", "decrease", "far")
RUNNING, TOL, CAP, NAN, DECREASE, FAR = range(6)


def verdict(
    before: Array, iteration: Array, objective: Array, fine: Array, limits: Any
) -> Array:
    """Number in ``STOP_REASONS`` of a run after an iteration.

    ``before`` is the objective that the one before it found, ``fine`` says that all is
    finite, and ``limits`` are the cap on iterations and the tolerance in nats. A fall
    counts from 1e-9 of the objective on; what is less is rounding.
    """
    n_iter, tol = limits
    rise = objective - before
    small = (iteration > 0) & (rise < tol)
    fell = rise < -1e-9 * jnp.maximum(jnp.abs(objective), 1.0)
    stop = jnp.where(iteration + 1 >= n_iter, CAP, RUNNING)
    stop = jnp.where(small, jnp.where(fell, DECREASE, TOL), stop)
    return jnp.where(fine, stop, NAN)
