"""Settings of models: whole numbers, seeds, and probabilities that add up to one."""

import numbers
from typing import Any

import numpy as np

from genface.errors import InputError, ShapeError


def whole(name: str, value: Any, least: int = 1) -> int:
    """``value`` as an int, or an :class:`InputError` that names it."""
    fine = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not fine or value < least:
        raise InputError(
            f"{name} must be a whole number, {least} or more; got {value!r}."
        )
    return int(value)


def check_seed(name: str, value: Any) -> None:
    """Refuse what is neither None nor a whole number from 0 on."""
    if value is not None:
        whole(name, value, 0)


def probabilities(name: str, values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """``values`` as an array of ``shape`` whose last axis adds up to 1."""
    array = np.asarray(values, float)
    if array.shape != shape:
        raise ShapeError(f"{name} has the shape {array.shape}; it must be {shape}.")
    sums = array.sum(-1)
    if not (array >= 0).all() or not np.allclose(sums, 1.0, rtol=0, atol=1e-6):
        raise InputError(
            f"{name} must be probabilities that add up to 1; the sums are "
            f"{np.round(np.ravel(sums), 6).tolist()}."
        )
    return array


def like(name: str, values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Values that were set before a fit, if they are finite and of this shape."""
    array = np.asarray(values, float)
    if array.shape != shape:
        raise ShapeError(
            f"{name} was set with the shape {array.shape}; this model and these rows "
            f"need {shape}."
        )
    if not np.isfinite(array).all():
        raise InputError(f"{name} was set with values that are not finite.")
    return array
