"""Float64 for the behaviour room, whatever the process has set for JAX.

Networks run in float32 and must not notice that behaviour models do not: the wide
type is switched on inside a context, and only numpy arrays come out of it.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from genface.compilation import keep_compiled, quick_options

# Two programs at once may starve each other of XLA's threads and never end.
_ONE_AT_A_TIME = threading.RLock()


def to_numpy(tree: Any) -> Any:
    """The same pytree with numpy arrays for leaves."""
    return jax.tree.map(np.asarray, tree)


def float64(function: Callable) -> Callable:
    """Run ``function`` with 64-bit JAX types; its result becomes numpy arrays."""

    @functools.wraps(function)
    def wide(*args: Any, **kwargs: Any) -> Any:
        keep_compiled()
        with _ONE_AT_A_TIME, jax.enable_x64(True):
            return to_numpy(function(*args, **kwargs))

    return wide


@functools.cache
def program(function: Callable, *static: str) -> Callable:
    """``function`` compiled in float64 for numpy callers; ``static`` arguments by name.

    Compiled at first use, since nothing happens at import.
    """
    return float64(
        jax.jit(function, static_argnames=static, compiler_options=quick_options())
    )
