"""Each operator of a tflite graph as a pure JAX function and the arrays it needs.

A builder takes an operator and its graph and gives (weights, function); the function
takes those weights and the operator's other inputs. Layout is (N, H, W, C); whatever
the file says of a batch of 1 holds for any N.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from genface.errors import WeightError
from genface.nets import attention_ops
from genface.weights.tflite import Graph, Operator

Weights = dict[str, np.ndarray]
Function = Callable[..., jax.Array]
Built = tuple[Weights, Function]
Pads = tuple[tuple[int, int], tuple[int, int]]

_HIGHEST = jax.lax.Precision.HIGHEST


def build(operator: Operator, graph: Graph) -> Built:
    """Weights and function of an operator; an unknown one is a WeightError."""
    if operator.name not in _BUILDERS:
        raise WeightError(f"the network holds an unknown operator: {operator.name}.")
    return _BUILDERS[operator.name](operator, graph)


def _activate(value: jax.Array, kind: str | None) -> jax.Array:
    if kind is None:
        return value
    value = jnp.maximum(value, 0)
    return jnp.minimum(value, 6) if kind == "relu6" else value


def _constant(operator: Operator, graph: Graph, place: int) -> np.ndarray:
    """The constant at an input's place; one that is computed is a WeightError."""
    index = operator.inputs[place] if place < len(operator.inputs) else -1
    if index not in graph.constants:
        raise WeightError(f"{operator.name}: expected a constant as input {place}.")
    return graph.constants[index]


def _bias(operator: Operator, graph: Graph, channels: int) -> np.ndarray:
    if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        return _constant(operator, graph, 2)
    return np.zeros(channels, np.float32)


def _window(operator: Operator, graph: Graph, kernel: tuple[int, int]) -> tuple:
    """(strides, explicit pads) of a convolution or pooling; SAME pads as XLA does."""
    options = operator.options
    if options.get("dilation_h", 1) != 1 or options.get("dilation_w", 1) != 1:
        raise WeightError(f"{operator.name}: dilation is not known here.")
    strides = (options["stride_h"], options["stride_w"])
    if options["padding"] == "VALID":
        return strides, ((0, 0), (0, 0))
    pads = []
    sizes = graph.tensors[operator.inputs[0]].shape[1:3]
    for size, side, stride in zip(sizes, kernel, strides, strict=True):
        total = max((-(-size // stride) - 1) * stride + side - size, 0)
        pads.append((total // 2, total - total // 2))
    return strides, tuple(pads)


def _conv(operator: Operator, graph: Graph) -> Built:
    kernel = _constant(operator, graph, 1)  # (out, height, width, in)
    bias = _bias(operator, graph, kernel.shape[0])
    strides, pads = _window(operator, graph, kernel.shape[1:3])
    activation = operator.options["activation"]
    if kernel.shape[1:3] == (1, 1) and strides == (1, 1):

        def multiply(weights: Any, x: jax.Array) -> jax.Array:
            y = jnp.matmul(x, weights["kernel"], precision=_HIGHEST)
            return _activate(y + weights["bias"], activation)

        return {"kernel": kernel[:, 0, 0, :].T, "bias": bias}, multiply

    def convolve(weights: Any, x: jax.Array) -> jax.Array:
        y = jax.lax.conv_general_dilated(
            x,
            weights["kernel"],
            strides,
            pads,
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            precision=_HIGHEST,
        )
        return _activate(y + weights["bias"], activation)

    return {"kernel": kernel.transpose(1, 2, 3, 0), "bias": bias}, convolve


def _depthwise(operator: Operator, graph: Graph) -> Built:
    kernel = _constant(operator, graph, 1)[0]  # (height, width, channels)
    if operator.options["depth_multiplier"] != 1:
        raise WeightError("DEPTHWISE_CONV_2D: a depth multiplier is not known here.")
    strides, pads = _window(operator, graph, kernel.shape[:2])
    bias = _bias(operator, graph, kernel.shape[2])
    activation = operator.options["activation"]

    def convolve(weights: Any, x: jax.Array) -> jax.Array:
        y = shifted_sum(x, weights["kernel"], strides, pads) + weights["bias"]
        return _activate(y, activation)

    return {"kernel": kernel, "bias": bias}, convolve


def shifted_sum(
    x: jax.Array, kernel: jax.Array, strides: tuple[int, int], pads: Pads
) -> jax.Array:
    """Depthwise convolution of (N, H, W, C) with (h, w, C): shifted slices, summed.

    XLA compiles grouped convolutions on CPUs to something 4 to 8 times slower.
    """
    padded = jnp.pad(x, ((0, 0), *pads, (0, 0))) if np.any(pads) else x
    spans = [
        (padded.shape[axis + 1] - kernel.shape[axis]) // strides[axis] * strides[axis]
        + 1
        for axis in (0, 1)
    ]
    total = None
    for row in range(kernel.shape[0]):
        for column in range(kernel.shape[1]):
            shifted = jax.lax.slice(
                padded,
                (0, row, column, 0),
                (len(x), row + spans[0], column + spans[1], x.shape[3]),
                (1, *strides, 1),
            )
            term = shifted * kernel[row, column]
            total = term if total is None else total + term
    assert total is not None
    return total


def _binary(combine: Callable) -> Callable[[Operator, Graph], Built]:
    def build_binary(operator: Operator, graph: Graph) -> Built:
        activation = operator.options["activation"]
        fixed = {
            str(place): graph.constants[index]
            for place, index in enumerate(operator.inputs)
            if index in graph.constants
        }

        def apply(weights: Any, *values: jax.Array) -> jax.Array:
            rest = iter(values)
            left, right = (weights[k] if k in fixed else next(rest) for k in "01")
            return _activate(combine(left, right), activation)

        return fixed, apply

    return build_binary


def _relu(operator: Operator, graph: Graph) -> Built:
    return {}, lambda weights, x: jnp.maximum(x, 0)


def _prelu(operator: Operator, graph: Graph) -> Built:
    slope = _constant(operator, graph, 1)

    def apply(weights: Any, x: jax.Array) -> jax.Array:
        return jnp.maximum(x, 0) + weights["slope"] * jnp.minimum(x, 0)

    return {"slope": slope}, apply


def _pad(operator: Operator, graph: Graph) -> Built:
    pads = [(int(low), int(high)) for low, high in _constant(operator, graph, 1)]
    return {}, lambda weights, x: jnp.pad(x, pads)


def _max_pool(operator: Operator, graph: Graph) -> Built:
    kernel = (operator.options["filter_h"], operator.options["filter_w"])
    strides, pads = _window(operator, graph, kernel)
    activation = operator.options["activation"]

    def pool(weights: Any, x: jax.Array) -> jax.Array:
        y = jax.lax.reduce_window(
            x,
            -jnp.inf,
            jax.lax.max,
            (1, *kernel, 1),
            (1, *strides, 1),
            ((0, 0), *pads, (0, 0)),
        )
        return _activate(y, activation)

    return {}, pool


def _reshape(operator: Operator, graph: Graph) -> Built:
    shape = graph.tensors[operator.outputs[0]].shape[1:]
    return {}, lambda weights, x: x.reshape(len(x), *shape)


def _concatenate(operator: Operator, graph: Graph) -> Built:
    axis, activation = operator.options["axis"], operator.options["activation"]
    return {}, lambda weights, *xs: _activate(jnp.concatenate(xs, axis), activation)


def _depth_to_space(operator: Operator, graph: Graph) -> Built:
    block = operator.options["block_size"]

    def apply(weights: Any, x: jax.Array) -> jax.Array:
        n, height, width, channels = x.shape
        left = channels // block**2
        blocks = x.reshape(n, height, width, block, block, left)
        return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(
            n, height * block, width * block, left
        )

    return {}, apply


def _resize(operator: Operator, graph: Graph) -> Built:
    sizes = graph.tensors[operator.inputs[0]].shape[1:3]
    targets = [int(size) for size in _constant(operator, graph, 1)]
    options = operator.options
    rows, columns = (
        interpolation(
            size, target, bool(options["align_corners"]), bool(options["half_pixel"])
        )
        for size, target in zip(sizes, targets, strict=True)
    )

    def apply(weights: Any, x: jax.Array) -> jax.Array:
        tall = jnp.einsum("yh,nhwc->nywc", rows, x, precision=_HIGHEST)
        return jnp.einsum("xw,nywc->nyxc", columns, tall, precision=_HIGHEST)

    return {}, apply


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


def _strided_slice(operator: Operator, graph: Graph) -> Built:
    options = operator.options
    if any(
        options[key] for key in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    ):
        raise WeightError("STRIDED_SLICE: only plain ranges are known here.")
    begin, end, step = (_constant(operator, graph, place) for place in (1, 2, 3))
    ranges = tuple(
        slice(
            None if options["begin_mask"] >> axis & 1 else int(begin[axis]),
            None if options["end_mask"] >> axis & 1 else int(end[axis]),
            int(step[axis]),
        )
        for axis in range(1, len(begin))
    )
    return {}, lambda weights, x: x[(slice(None), *ranges)]


def _landmarks_to_matrix(operator: Operator, graph: Graph) -> Built:
    options = operator.options
    subset = np.array(options["subset_idxs"])
    corners = (options["left_rotation_idx"], options["right_rotation_idx"])
    scale = (options["scale_x"], options["scale_y"])
    size = (options["output_width"], options["output_height"])
    angle = options["target_rotation_radians"]

    def apply(weights: Any, landmarks: jax.Array) -> jax.Array:
        return attention_ops.landmarks_to_matrix(
            landmarks, subset, corners, angle, scale, size
        )

    return {}, apply


def _transform_tensor(operator: Operator, graph: Graph) -> Built:
    size = (operator.options["output_height"], operator.options["output_width"])
    return {}, lambda weights, features, matrix: attention_ops.transform_tensor(
        features, matrix, size
    )


def _transform_landmarks(operator: Operator, graph: Graph) -> Built:
    return {}, lambda weights, landmarks, matrix: attention_ops.transform_landmarks(
        landmarks, matrix
    )


_BUILDERS: dict[str, Callable[[Operator, Graph], Built]] = {
    "ADD": _binary(jnp.add),
    "MUL": _binary(jnp.multiply),
    "RELU": _relu,
    "PRELU": _prelu,
    "PAD": _pad,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "MAX_POOL_2D": _max_pool,
    "RESHAPE": _reshape,
    "CONCATENATION": _concatenate,
    "DEPTH_TO_SPACE": _depth_to_space,
    "RESIZE_BILINEAR": _resize,
    "STRIDED_SLICE": _strided_slice,
    "Landmarks2TransformMatrix": _landmarks_to_matrix,
    "TransformTensorBilinear": _transform_tensor,
    "TransformLandmarks": _transform_landmarks,
}
