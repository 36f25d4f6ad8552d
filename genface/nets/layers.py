"""Layers of small image networks as pure functions of (N, H, W, C) arrays.

Written for XLA on CPUs, where it pays: 1x1 convolutions are matrix products, depthwise
ones sums of shifted slices. Each layer is jitted by itself, so that a network of many
equal blocks is traced once per shape and not once per block.
"""

from collections.abc import Callable
from functools import partial, reduce

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Pair = tuple[int, int]
Pads = tuple[Pair, Pair]

_HIGHEST = lax.Precision.HIGHEST
_FEW_CHANNELS, _NARROW = 8, 16
_TALL = 7  # windows this high are worth bands
_BANDS = 7  # at most


def activate(x: jax.Array, activation: str | None) -> jax.Array:
    """``relu``, ``relu6``, or None for the value itself."""
    if activation is None:
        return x
    x = lax.max(x, jnp.zeros((), x.dtype))
    return lax.min(x, jnp.full((), 6, x.dtype)) if activation == "relu6" else x


def one_by_one(work: Callable[[jax.Array], jax.Array], x: jax.Array) -> jax.Array:
    """``work(x)`` of a batch; on CPUs in turns, since large maps overflow the cache."""
    if len(x) == 1 or jax.default_backend() != "cpu":
        return work(x)
    return lax.map(lambda item: work(item[None])[0], x)


def gelu(x: jax.Array) -> jax.Array:
    """X times the share of a normal distribution below it (Hendrycks & Gimpel 2016).

    By the error function, as in torch; ``jax.nn.gelu`` takes its complement, which
    costs three times as much and differs only far below zero, by less than 1e-7.
    """
    half, root = np.float32(0.5), np.float32(0.5**0.5)
    return half * x * (1 + lax.erf(root * x))


@partial(jax.jit, static_argnames=("activation",))
def pointwise(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, activation: str | None = None
) -> jax.Array:
    """1x1 convolution: (..., C) with a kernel (C, D) and a bias (D,)."""
    dimensions = (((x.ndim - 1,), (0,)), ((), ()))
    y = lax.dot_general(x, kernel, dimensions, precision=_HIGHEST)
    return activate(y + bias, activation)


@partial(jax.jit, static_argnames=("activation",))
def dense(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, activation: str | None = None
) -> jax.Array:
    """The same with a kernel (D, C): quicker where there are few rows and many D."""
    dimensions = (((x.ndim - 1,), (1,)), ((), ()))
    y = lax.dot_general(x, kernel, dimensions, precision=_HIGHEST)
    return activate(y + bias, activation)


@partial(jax.jit, static_argnames=("strides", "pads", "activation"))
def convolve(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array,
    strides: Pair,
    pads: Pads,
    activation: str | None = None,
) -> jax.Array:
    """Convolution with a kernel (h, w, C, D), a bias (D,) and zero padding."""
    # A first layer: 2 to 3 times quicker as a product, unless that is a narrow one.
    if x.shape[3] < _FEW_CHANNELS and kernel.shape[3] >= _NARROW:
        patches = _shifts(_padded(x, pads), kernel.shape[:2], strides)
        flat = kernel.reshape(-1, kernel.shape[3])
        return pointwise(lax.concatenate(patches, 3), flat, bias, activation)
    y = lax.conv_general_dilated(
        x,
        kernel,
        strides,
        pads,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        precision=_HIGHEST,
    )
    return activate(y + bias, activation)


@partial(jax.jit, static_argnames=("strides", "pads", "activation"))
def depthwise(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array,
    strides: Pair,
    pads: Pads,
    activation: str | None = None,
) -> jax.Array:
    """Convolution of each channel by itself: kernel (h, w, C), bias (C,).

    XLA makes grouped convolutions 4 to 8 times slower on CPUs than this sum.
    """
    x = _padded(x, pads)
    window, stride = kernel.shape[0], strides[0]
    rows = (x.shape[1] - window) // stride + 1
    bands = max(count for count in range(1, _BANDS + 1) if rows % count == 0)
    if window < _TALL:
        bands = 1
    # Joined from bands of rows: XLA would work one sum out anew for each of its users.
    high = rows // bands
    seen = (high - 1) * stride + window
    parts = [
        _shifted_sum(lax.slice_in_dim(x, top, top + seen, axis=1), kernel, strides)
        for top in range(0, rows * stride, high * stride)
    ]
    whole = lax.concatenate(parts, 1) if bands > 1 else parts[0]
    return activate(whole + bias, activation)


def _shifted_sum(x: jax.Array, kernel: jax.Array, strides: Pair) -> jax.Array:
    flat = kernel.reshape(-1, kernel.shape[2])
    patches = _shifts(x, kernel.shape[:2], strides)
    terms = [
        patch * lax.index_in_dim(flat, index, keepdims=False)
        for index, patch in enumerate(patches)
    ]
    return reduce(lax.add, terms)


def _padded(x: jax.Array, pads: Pads) -> jax.Array:
    if not any(side for pad in pads for side in pad):
        return x
    around = [(0, 0, 0), *((*pad, 0) for pad in pads), (0, 0, 0)]
    return lax.pad(x, jnp.zeros((), x.dtype), around)


def _shifts(x: jax.Array, window: tuple[int, ...], strides: Pair) -> list[jax.Array]:
    """What each place of a sliding window sees, row by row: (N, H', W', C)."""
    n, height, width, channels = x.shape
    high, wide = (
        (size - side) // stride * stride + 1
        for size, side, stride in zip((height, width), window, strides, strict=True)
    )
    return [
        lax.slice(
            x,
            (0, row, column, 0),
            (n, row + high, column + wide, channels),
            (1, *strides, 1),
        )
        for row, column in np.ndindex(*window)
    ]


@jax.jit
def prelu(x: jax.Array, slope: jax.Array) -> jax.Array:
    """X above zero, slope * x below."""
    zero = jnp.zeros((), x.dtype)
    return lax.max(x, zero) + slope * lax.min(x, zero)


@partial(jax.jit, static_argnames=("activation",))
def add(x: jax.Array, y: jax.Array, activation: str | None = None) -> jax.Array:
    """Sum of two arrays, and an activation."""
    return activate(x + y, activation)


@partial(jax.jit, static_argnames=("activation",))
def multiply(x: jax.Array, y: jax.Array, activation: str | None = None) -> jax.Array:
    """Product of two arrays, and an activation."""
    return activate(x * y, activation)


@partial(jax.jit, static_argnames=("window", "strides", "pads", "activation"))
def max_pool(
    x: jax.Array,
    window: Pair,
    strides: Pair,
    pads: Pads,
    activation: str | None = None,
) -> jax.Array:
    """Largest value in each place of a window; padding never wins."""
    around = ((0, 0), *pads, (0, 0))
    y = lax.reduce_window(
        x, -jnp.inf, lax.max, (1, *window, 1), (1, *strides, 1), around
    )
    return activate(y, activation)


@partial(jax.jit, static_argnames=("block",))
def depth_to_space(x: jax.Array, block: int) -> jax.Array:
    """(N, H, W, block * block * C) -> (N, block * H, block * W, C)."""
    n, height, width, channels = x.shape
    left = channels // block**2
    parts = x.reshape(n, height, width, block, block, left).transpose(0, 1, 3, 2, 4, 5)
    return parts.reshape(n, height * block, width * block, left)


@jax.jit
def resize(x: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
    """Linear map along each axis: ``rows`` (H', H), ``columns`` (W', W)."""
    tall = jnp.einsum("yh,nhwc->nywc", rows, x, precision=_HIGHEST)
    return jnp.einsum("xw,nywc->nyxc", columns, tall, precision=_HIGHEST)


def interpolation(size: int, target: int, align: bool, half_pixel: bool) -> np.ndarray:
    """(target, size) matrix of linear interpolation along one axis, as tflite does."""
    position = np.arange(target, dtype=float)
    if half_pixel:
        position = (position + 0.5) * size / target - 0.5
    elif align and target > 1:
        position = position * (size - 1) / (target - 1)
    else:
        position = position * size / target
    position = np.clip(position, 0, size - 1)
    weights = 1 - np.abs(position[:, None] - np.arange(size))
    return np.maximum(weights, 0).astype(np.float32)
