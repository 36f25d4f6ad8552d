"""Float64 for the behaviour room, whatever the process has set for JAX.

Networks run in float32 and must not notice that behaviour models do not: the wide
type is switched on inside a context, and only numpy arrays come out of it.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np


def to_numpy(tree: Any) -> Any:
    """The same pytree with numpy arrays for leaves."""
    return jax.tree.map(np.asarray, tree)


def float64(function: Callable) -> Callable:
    """Run ``function`` with 64-bit JAX types; its result becomes numpy arrays."""

    @functools.wraps(function)
    def wide(*args: Any, **kwargs: Any) -> Any:
        with jax.enable_x64(True):
            return to_numpy(function(*args, **kwargs))

    return wide
