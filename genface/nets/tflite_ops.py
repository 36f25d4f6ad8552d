"""Each operator of a tflite graph as a layer and the arrays it needs.

A builder takes an operator and its graph and gives (weights, function); the function
takes the operator's inputs, and by keyword the weights that the builder took from
those places that are not data. What the file says of a batch of 1 holds for any N.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from genface.errors import WeightError
from genface.nets import attention_ops, layers
from genface.weights.tflite import Graph, Operator

Weights = dict[str, np.ndarray]
Function = Callable[..., jax.Array]
Built = tuple[Weights, Function]


def build(operator: Operator, graph: Graph) -> Built:
    """Weights and function of an operator; an unknown one is a WeightError."""
    if operator.name not in _BUILDERS:
        raise WeightError(f"the network holds an unknown operator: {operator.name}.")
    return _BUILDERS[operator.name](operator, graph)


def data_inputs(operator: Operator) -> tuple[int, ...]:
    """Numbers of the input tensors that the operator's function takes."""
    places = _PARAMETERS.get(operator.name, ())
    return tuple(i for place, i in enumerate(operator.inputs) if place not in places)


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


def _window(
    operator: Operator, graph: Graph, sides: tuple[int, ...]
) -> tuple[layers.Pair, layers.Pads]:
    """(strides, pads) of a window; SAME puts the odd pixel at the end."""
    options = operator.options
    if options.get("dilation_h", 1) != 1 or options.get("dilation_w", 1) != 1:
        raise WeightError(f"{operator.name}: dilation is not known here.")
    strides = (options["stride_h"], options["stride_w"])
    if options["padding"] == "VALID":
        return strides, ((0, 0), (0, 0))
    sizes = graph.tensors[operator.inputs[0]].shape[1:3]
    totals = [
        max((-(-size // stride) - 1) * stride + side - size, 0)
        for size, side, stride in zip(sizes, sides, strides, strict=True)
    ]
    above, left = (total // 2 for total in totals)
    return strides, ((above, totals[0] - above), (left, totals[1] - left))


def _conv(operator: Operator, graph: Graph) -> Built:
    kernel = _constant(operator, graph, 1)  # (out, height, width, in)
    bias = _bias(operator, graph, kernel.shape[0])
    strides, pads = _window(operator, graph, kernel.shape[1:3])
    activation = operator.options["activation"]
    if kernel.shape[1:3] == (1, 1) and strides == (1, 1):
        weights = {"kernel": kernel[:, 0, 0, :].T, "bias": bias}
        return weights, partial(layers.pointwise, activation=activation)
    function = partial(
        layers.convolve, strides=strides, pads=pads, activation=activation
    )
    return {"kernel": kernel.transpose(1, 2, 3, 0), "bias": bias}, function


def _depthwise(operator: Operator, graph: Graph) -> Built:
    kernel = _constant(operator, graph, 1)[0]  # (height, width, channels)
    channels = graph.tensors[operator.inputs[0]].shape[-1]
    if kernel.shape[2] != channels:
        raise WeightError("DEPTHWISE_CONV_2D: a depth multiplier is not known here.")
    strides, pads = _window(operator, graph, kernel.shape[:2])
    function = partial(
        layers.depthwise,
        strides=strides,
        pads=pads,
        activation=operator.options["activation"],
    )
    return {"kernel": kernel, "bias": _bias(operator, graph, channels)}, function


def _binary(layer: Function) -> Callable[[Operator, Graph], Built]:
    def build_binary(operator: Operator, graph: Graph) -> Built:
        return {}, partial(layer, activation=operator.options["activation"])

    return build_binary


def _relu(operator: Operator, graph: Graph) -> Built:
    return {}, partial(layers.activate, activation="relu")


def _prelu(operator: Operator, graph: Graph) -> Built:
    return {"slope": _constant(operator, graph, 1)}, layers.prelu


def _pad(operator: Operator, graph: Graph) -> Built:
    pads = [(int(low), int(high)) for low, high in _constant(operator, graph, 1)]
    return {}, lambda x: jnp.pad(x, pads)


def _max_pool(operator: Operator, graph: Graph) -> Built:
    options = operator.options
    window = (options["filter_h"], options["filter_w"])
    strides, pads = _window(operator, graph, window)
    return {}, partial(
        layers.max_pool,
        window=window,
        strides=strides,
        pads=pads,
        activation=options["activation"],
    )


def _reshape(operator: Operator, graph: Graph) -> Built:
    shape = graph.tensors[operator.outputs[0]].shape[1:]
    return {}, lambda x: x.reshape(len(x), *shape)


def _concatenate(operator: Operator, graph: Graph) -> Built:
    axis, activation = operator.options["axis"], operator.options["activation"]
    return {}, lambda *xs: layers.activate(jnp.concatenate(xs, axis), activation)


def _depth_to_space(operator: Operator, graph: Graph) -> Built:
    return {}, partial(layers.depth_to_space, block=operator.options["block_size"])


def _resize(operator: Operator, graph: Graph) -> Built:
    sizes = graph.tensors[operator.inputs[0]].shape[1:3]
    targets = [int(size) for size in _constant(operator, graph, 1)]
    align = bool(operator.options["align_corners"])
    half_pixel = bool(operator.options["half_pixel"])
    rows, columns = (
        layers.interpolation(size, target, align, half_pixel)
        for size, target in zip(sizes, targets, strict=True)
    )
    return {"rows": rows, "columns": columns}, layers.resize


def _strided_slice(operator: Operator, graph: Graph) -> Built:
    options = operator.options
    if any(options[f"{kind}_mask"] for kind in ("ellipsis", "new_axis", "shrink_axis")):
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
    return {}, lambda x: x[(slice(None), *ranges)]


def _landmarks_to_matrix(operator: Operator, graph: Graph) -> Built:
    options = operator.options
    return {}, partial(
        attention_ops.landmarks_to_matrix,
        subset=np.array(options["subset_idxs"]),
        corners=np.array([options[f"{end}_rotation_idx"] for end in ("left", "right")]),
        target_rotation=options["target_rotation_radians"],
        scale=(options["scale_x"], options["scale_y"]),
        size=(options["output_width"], options["output_height"]),
    )


def _transform_tensor(operator: Operator, graph: Graph) -> Built:
    size = (operator.options["output_height"], operator.options["output_width"])
    return {}, partial(attention_ops.transform_tensor, size=size)


def _transform_landmarks(operator: Operator, graph: Graph) -> Built:
    return {}, attention_ops.transform_landmarks


# Which inputs of an operator are no data but weights or settings.
_PARAMETERS = {
    "CONV_2D": (1, 2),
    "DEPTHWISE_CONV_2D": (1, 2),
    "PRELU": (1,),
    "PAD": (1,),
    "RESHAPE": (1,),
    "RESIZE_BILINEAR": (1,),
    "STRIDED_SLICE": (1, 2, 3),
}

_BUILDERS: dict[str, Callable[[Operator, Graph], Built]] = {
    "ADD": _binary(layers.add),
    "MUL": _binary(layers.multiply),
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
