"""Layers of ported networks: flax modules on NHWC arrays, and how torch names them.

A layer keeps its arrays as the forward pass wants them (kernels (h, w, C, D), batch
norms folded into the convolution before them) and says which keys of a torch state
dict they are made of. Paths of keys are relative to the layer's own place in the
network, so that a norm beside a convolution is ``../bn1``.
"""

from collections.abc import Mapping
from posixpath import normpath

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from genface.nets import layers, winograd
from genface.nets.layers import (
    activate,
    convolve,
    dense,
    depthwise,
    pointwise,
    prelu,
)

Shapes = dict[str, tuple[int, ...]]
Arrays = Mapping[str, np.ndarray]
NORM_EPSILON = 1e-5


class Layer(nnx.Module):
    """A module with arrays of its own."""

    def shapes(self) -> Shapes:
        """Keys of torch's arrays, relative to this layer, and their shapes."""
        raise NotImplementedError

    def load(self, arrays: Arrays) -> None:
        """Take over the arrays of :meth:`shapes`."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Derive what the forward pass needs besides; once, after loading."""


def _param(*shape: int) -> nnx.Param:
    # Through numpy: jax compiles a program for each shape of zeros, and for each cast.
    return nnx.Param(jnp.asarray(np.zeros(shape, np.float32)))


def _set(param: nnx.Param, array: np.ndarray) -> None:
    param[...] = jnp.asarray(np.asarray(array, np.float32))


def _norm_shapes(norm: str | None, size: int) -> Shapes:
    if norm is None:
        return {}
    names = ("weight", "bias", "running_mean", "running_var")
    return {normpath(f"{norm}/{name}"): (size,) for name in names}


def _affine(
    arrays: Arrays, norm: str | None, size: int, epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Scale and shift (C,) of a batch norm in float64; 1 and 0 without one."""
    if norm is None:
        return np.ones(size), np.zeros(size)
    weight, bias, mean, var = (
        np.asarray(arrays[key], np.float64) for key in _norm_shapes(norm, size)
    )
    scale = weight / np.sqrt(var + epsilon)
    return scale, bias - mean * scale


class _Weighted(Layer):
    """A kernel and a bias, with a batch norm after them folded in."""

    def __init__(
        self, size: int, bias: bool, own: str, norm: str | None, epsilon: float
    ) -> None:
        self.bias = _param(size)
        self.size, self.has_bias = size, bias
        self.own, self.norm, self.epsilon = own, norm, epsilon

    def weight_shape(self) -> tuple[int, ...]:
        """Shape of torch's weight, channels first."""
        raise NotImplementedError

    def set_weight(self, weight: np.ndarray, scale: np.ndarray) -> None:
        """Take over torch's weight times a scale (D,) of the outputs."""
        raise NotImplementedError

    def shapes(self) -> Shapes:
        """Weight, bias if there is one, and the norm's arrays."""
        found: Shapes = {self._key("weight"): self.weight_shape()}
        if self.has_bias:
            found[self._key("bias")] = (self.size,)
        return found | _norm_shapes(self.norm, self.size)

    def load(self, arrays: Arrays) -> None:
        """Fold the norm into weight and bias."""
        scale, shift = _affine(arrays, self.norm, self.size, self.epsilon)
        self.set_weight(np.asarray(arrays[self._key("weight")], np.float64), scale)
        bias = arrays[self._key("bias")] if self.has_bias else np.zeros(self.size)
        _set(self.bias, np.asarray(bias, np.float64) * scale + shift)

    def _key(self, name: str) -> str:
        return normpath(f"{self.own}/{name}")


class Conv(_Weighted):
    """Convolution with a square or (h, w) window: (N, H, W, C) to (N, H', W', D).

    ``padding`` is half the window by default. ``own`` and ``norm`` are the torch
    modules of its weight and of the batch norm that follows, if one does.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        window: int | tuple[int, int],
        stride: int = 1,
        padding: int | None = None,
        *,
        bias: bool = False,
        own: str = ".",
        norm: str | None = None,
        epsilon: float = NORM_EPSILON,
    ) -> None:
        super().__init__(outputs, bias, own, norm, epsilon)
        high, wide = (window, window) if isinstance(window, int) else window
        self.kernel = _param(high, wide, inputs, outputs)
        self.tiles: nnx.Param | None = nnx.data(None)
        sides = (high // 2, wide // 2) if padding is None else (padding, padding)
        self.stride, self.pads = (stride, stride), _both_ends(sides)

    def weight_shape(self) -> tuple[int, ...]:
        """(D, C, h, w)."""
        high, wide, inputs, outputs = self.kernel.shape
        return outputs, inputs, high, wide

    def set_weight(self, weight: np.ndarray, scale: np.ndarray) -> None:
        """To (h, w, C, D)."""
        _set(self.kernel, np.transpose(weight, (2, 3, 1, 0)) * scale)

    def prepare(self) -> None:
        """3x3 kernels in Winograd's form, where that is quicker."""
        *window, inputs, outputs = self.kernel.shape
        if window == [3, 3] and self.stride == (1, 1) and min(inputs, outputs) >= 32:
            self.tiles = nnx.Param(winograd.transformed(self.kernel[...]))

    def __call__(self, x: jax.Array, activation: str | None = None) -> jax.Array:
        """Convolve, add the bias, activate (``relu``, ``relu6`` or None)."""
        kernel, bias = self.kernel[...], self.bias[...]
        if kernel.shape[:2] == (1, 1) and not any(self.pads[0]):
            across, down = self.stride
            x = x[:, ::across, ::down]
            return pointwise(x, kernel[0, 0], bias, activation)
        if self.tiles is not None:
            y = winograd.convolve(x, self.tiles[...], self.pads)
            return activate(y + bias, activation)
        return convolve(x, kernel, bias, self.stride, self.pads, activation)


class Depthwise(_Weighted):
    """Convolution of each channel by itself."""

    def __init__(
        self,
        channels: int,
        window: int,
        stride: int = 1,
        padding: int | None = None,
        *,
        bias: bool = False,
        own: str = ".",
        norm: str | None = None,
        epsilon: float = NORM_EPSILON,
    ) -> None:
        super().__init__(channels, bias, own, norm, epsilon)
        self.kernel = _param(window, window, channels)
        side = window // 2 if padding is None else padding
        self.stride, self.pads = (stride, stride), _both_ends((side, side))

    def weight_shape(self) -> tuple[int, ...]:
        """(C, 1, h, w)."""
        high, wide, channels = self.kernel.shape
        return channels, 1, high, wide

    def set_weight(self, weight: np.ndarray, scale: np.ndarray) -> None:
        """To (h, w, C)."""
        _set(self.kernel, np.transpose(weight[:, 0], (1, 2, 0)) * scale)

    def __call__(self, x: jax.Array, activation: str | None = None) -> jax.Array:
        """Convolve, add the bias, activate."""
        kernel, bias = self.kernel[...], self.bias[...]
        return depthwise(x, kernel, bias, self.stride, self.pads, activation)


class Linear(_Weighted):
    """Product with a matrix: (..., C) to (..., D)."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        bias: bool = True,
        own: str = ".",
        norm: str | None = None,
        epsilon: float = NORM_EPSILON,
    ) -> None:
        super().__init__(outputs, bias, own, norm, epsilon)
        self.kernel = _param(outputs, inputs)

    def weight_shape(self) -> tuple[int, ...]:
        """(D, C)."""
        outputs, inputs = self.kernel.shape
        return outputs, inputs

    def set_weight(self, weight: np.ndarray, scale: np.ndarray) -> None:
        """(D, C) as it is."""
        _set(self.kernel, weight * scale[:, None])

    def __call__(self, x: jax.Array, activation: str | None = None) -> jax.Array:
        """Multiply, add the bias, activate."""
        return dense(x, self.kernel[...], self.bias[...], activation)


class Parallel(Layer):
    """Several 1x1 convolutions of one input: (..., C) to (..., K, D).

    ``own`` and ``norm`` are their torch modules, with ``{}`` for the number of each.
    """

    def __init__(
        self,
        count: int,
        inputs: int,
        outputs: int,
        *,
        own: str,
        norm: str,
        epsilon: float = NORM_EPSILON,
    ) -> None:
        self.kernel = _param(count, outputs, inputs)
        self.bias = _param(count, outputs)
        self.own, self.norm, self.epsilon = own, norm, epsilon

    def shapes(self) -> Shapes:
        """Weight and norm of each."""
        count, outputs, inputs = self.kernel.shape
        found: Shapes = {}
        for k in range(count):
            found[f"{self.own.format(k)}/weight"] = (outputs, inputs, 1, 1)
            found |= _norm_shapes(self.norm.format(k), outputs)
        return found

    def load(self, arrays: Arrays) -> None:
        """Fold the norms in."""
        count, outputs, _ = self.kernel.shape
        kernels, shifts = [], []
        for k in range(count):
            norm = self.norm.format(k)
            scale, shift = _affine(arrays, norm, outputs, self.epsilon)
            weight = np.asarray(arrays[f"{self.own.format(k)}/weight"], np.float64)
            kernels.append(weight[..., 0, 0] * scale[:, None])
            shifts.append(shift)
        _set(self.kernel, np.stack(kernels))
        _set(self.bias, np.stack(shifts))

    def __call__(self, x: jax.Array, activation: str | None = None) -> jax.Array:
        """Multiply, add the biases, activate."""
        count, outputs, inputs = self.kernel.shape
        kernel = self.kernel[...].reshape(-1, inputs)
        y = dense(x, kernel, self.bias[...].reshape(-1), activation)
        return y.reshape(*x.shape[:-1], count, outputs)


class Upsampling(_Weighted):
    """Transposed 2x2 convolution: (N, H, W, C) to (N, 2 H, 2 W, D)."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        bias: bool = True,
        own: str = ".",
        norm: str | None = None,
        epsilon: float = NORM_EPSILON,
    ) -> None:
        super().__init__(outputs, bias, own, norm, epsilon)
        self.kernel = _param(inputs, 2, 2, outputs)

    def weight_shape(self) -> tuple[int, ...]:
        """(C, D, 2, 2): inputs first here."""
        inputs, *window, outputs = self.kernel.shape
        return inputs, outputs, *window

    def set_weight(self, weight: np.ndarray, scale: np.ndarray) -> None:
        """To (C, 2, 2, D)."""
        _set(self.kernel, np.transpose(weight, (0, 2, 3, 1)) * scale)

    def __call__(self, x: jax.Array, activation: str | None = None) -> jax.Array:
        """Spread each place over four, add the bias, activate."""
        kernel = self.kernel[...].reshape(x.shape[-1], -1)
        bias = jnp.tile(self.bias[...], 4)
        return layers.depth_to_space(pointwise(x, kernel, bias, activation), 2)


class Norm(Layer):
    """A batch norm that no convolution comes before, as scale and shift."""

    def __init__(self, channels: int, epsilon: float = NORM_EPSILON) -> None:
        self.scale, self.shift = _param(channels), _param(channels)
        self.epsilon = epsilon

    def shapes(self) -> Shapes:
        """The norm's four arrays."""
        return _norm_shapes(".", self.scale.shape[0])

    def load(self, arrays: Arrays) -> None:
        """Statistics and weights to scale and shift."""
        scale, shift = _affine(arrays, ".", self.scale.shape[0], self.epsilon)
        _set(self.scale, scale)
        _set(self.shift, shift)

    def __call__(self, x: jax.Array, activation: str | None = None) -> jax.Array:
        """Scale and shift the last axis."""
        return activate(x * self.scale[...] + self.shift[...], activation)


class Verbatim(Layer):
    """Arrays taken over as they are, by their torch names in the module ``own``."""

    def __init__(self, own: str = ".", **shapes: tuple[int, ...]) -> None:
        self.keys = {normpath(f"{own}/{name}"): name for name in shapes}
        for name, shape in shapes.items():
            setattr(self, name, _param(*shape))

    def shapes(self) -> Shapes:
        """The names given."""
        return {key: getattr(self, name).shape for key, name in self.keys.items()}

    def load(self, arrays: Arrays) -> None:
        """Copy."""
        for key, name in self.keys.items():
            _set(getattr(self, name), arrays[key])


class PReLU(Verbatim):
    """X above zero, a slope per channel below."""

    weight: nnx.Param

    def __init__(self, channels: int) -> None:
        super().__init__(weight=(channels,))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Activate the last axis."""
        return prelu(x, self.weight[...])


class LayerNorm(Verbatim):
    """Mean 0 and variance 1 over the last axis, then scale and, if any, shift."""

    weight: nnx.Param
    bias: nnx.Param

    def __init__(
        self,
        channels: int,
        epsilon: float = NORM_EPSILON,
        bias: bool = True,
        own: str = ".",
    ) -> None:
        given = {"bias": (channels,)} if bias else {}
        super().__init__(own, weight=(channels,), **given)
        self.epsilon, self.has_bias = epsilon, bias

    def __call__(self, x: jax.Array) -> jax.Array:
        """Normalise."""
        mean = x.mean(-1, keepdims=True)
        centred = x - mean
        variance = jnp.square(centred).mean(-1, keepdims=True)
        y = centred * jax.lax.rsqrt(variance + self.epsilon) * self.weight[...]
        return y + self.bias[...] if self.has_bias else y


def max_pool(
    x: jax.Array, window: int, stride: int, padding: int = 0, ceil: bool = False
) -> jax.Array:
    """Largest value in each place of a square window.

    With ``ceil`` a last window that hangs over the edge counts too, as in torch's
    ceil_mode where the stride is not larger than the window.
    """
    down, across = (
        -(size + 2 * padding - window) % stride if ceil else 0 for size in x.shape[1:3]
    )
    pads = ((padding, padding + down), (padding, padding + across))
    return layers.max_pool(x, (window, window), (stride, stride), pads)


def average_pool(x: jax.Array, window: int, stride: int, padding: int = 0) -> jax.Array:
    """Mean of each place of a square window; padding counts as zeros."""
    pads = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    places = (1, window, window, 1), (1, stride, stride, 1)
    return jax.lax.reduce_window(x, 0.0, jax.lax.add, *places, pads) / window**2


def _both_ends(sides: tuple[int, int]) -> layers.Pads:
    down, across = sides
    return ((down, down), (across, across))
