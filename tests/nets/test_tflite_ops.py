"""Operators on hand-built files, against plain loops."""

import itertools

import numpy as np
import pytest
from tflite_writer import Model

from genface.errors import ShapeError, WeightError
from genface.nets import compile_graph
from genface.weights.tflite import read_graph

RANDOM = np.random.default_rng(7)
SAME, VALID = 0, 1
RELU, RELU6 = 1, 3


def normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def run(model, x, y, value):
    """Output of a model with input number ``x`` and output number ``y``."""
    network = compile_graph(read_graph(model.content([x], [y])))
    (output,) = network(value).values()
    return np.asarray(output)


def one_operator(name, value, constants, shape, options=None):
    """Output of one operator, for a batch like ``value``; file shapes have batch 1."""
    model = Model()
    x = model.tensor((1, *value.shape[1:]))
    inputs = [x, *(model.constant(constant) for constant in constants)]
    y = model.operator(name, inputs, (1, *shape), options)
    return run(model, x, y, value)


def window(strides, padding, activation=0, activation_slot=3):
    return {
        0: ("b", padding),
        1: ("i", strides[1]),
        2: ("i", strides[0]),
        activation_slot: ("b", activation),
    }


def padded(x, sides, strides, padding, fill=0.0):
    """Input with SAME padding, as TensorFlow defines it, and the output's size."""
    if padding == VALID:
        size = [(x.shape[i + 1] - sides[i]) // strides[i] + 1 for i in (0, 1)]
        return x, size
    size = [-(-x.shape[i + 1] // strides[i]) for i in (0, 1)]
    total = [
        max((size[i] - 1) * strides[i] + sides[i] - x.shape[i + 1], 0) for i in (0, 1)
    ]
    around = [(0, 0), *((t // 2, t - t // 2) for t in total), (0, 0)]
    return np.pad(x, around, constant_values=fill), size


def slide(x, sides, strides, padding, each, channels, fill=0.0):
    """``each(patch (h, w, C)) -> (channels,)`` at every place of a sliding window."""
    x, (height, width) = padded(x, sides, strides, padding, fill)
    out = np.zeros((len(x), height, width, channels))
    for n, i, j in np.ndindex(len(x), height, width):
        top, left = i * strides[0], j * strides[1]
        out[n, i, j] = each(x[n, top : top + sides[0], left : left + sides[1]])
    return out


def activated(y, activation):
    limits = {0: (-np.inf, np.inf), RELU: (0, np.inf), RELU6: (0, 6)}
    return np.clip(y, *limits[activation])


@pytest.mark.parametrize(
    ("size", "sides", "strides", "padding", "channels", "activation"),
    [
        ((6, 5), (1, 1), (1, 1), VALID, (12, 9), 0),
        ((6, 5), (1, 1), (1, 1), SAME, (12, 9), RELU),
        ((6, 5), (1, 1), (2, 2), SAME, (9, 4), 0),
        ((8, 7), (3, 3), (2, 2), SAME, (3, 4), RELU6),
        ((8, 7), (3, 3), (2, 2), SAME, (12, 4), RELU6),
        ((9, 9), (5, 5), (2, 2), SAME, (3, 4), 0),
        ((9, 6), (3, 3), (3, 3), VALID, (10, 2), RELU),
        ((8, 8), (2, 2), (2, 1), VALID, (8, 5), 0),
    ],
)
def test_conv_2d(size, sides, strides, padding, channels, activation):
    kernel = normal(channels[1], *sides, channels[0])
    bias, x = normal(channels[1]), normal(2, *size, channels[0])
    expected = slide(
        x,
        sides,
        strides,
        padding,
        lambda patch: np.einsum("hwc,ohwc->o", patch, kernel) + bias,
        channels[1],
    )
    options = window(strides, padding, activation)
    y = one_operator("CONV_2D", x, [kernel, bias], expected.shape[1:], options)
    np.testing.assert_allclose(y, activated(expected, activation), atol=2e-5)


@pytest.mark.parametrize(
    ("size", "strides", "padding", "activation"),
    [
        ((6, 5), (1, 1), SAME, 0),
        ((6, 5), (2, 2), SAME, RELU),
        ((7, 8), (2, 2), SAME, 0),
        ((7, 8), (1, 1), VALID, RELU6),
        ((8, 7), (2, 2), VALID, 0),
    ],
)
def test_depthwise_conv_2d(size, strides, padding, activation):
    kernel, bias, x = normal(1, 3, 3, 10), normal(10), normal(2, *size, 10)
    expected = slide(
        x,
        (3, 3),
        strides,
        padding,
        lambda patch: (patch * kernel[0]).sum((0, 1)) + bias,
        10,
    )
    options = window(strides, padding, activation, activation_slot=4)
    options[3] = ("i", 1)
    shape = expected.shape[1:]
    y = one_operator("DEPTHWISE_CONV_2D", x, [kernel, bias], shape, options)
    np.testing.assert_allclose(y, activated(expected, activation), atol=1e-5)


@pytest.mark.parametrize("padding", [SAME, VALID])
def test_max_pool_2d(padding):
    x = normal(2, 5, 7, 3) - 3
    expected = slide(
        x, (2, 2), (2, 2), padding, lambda p: p.max((0, 1)), 3, fill=-np.inf
    )
    options = window((2, 2), padding) | {3: ("i", 2), 4: ("i", 2), 5: ("b", 0)}
    y = one_operator("MAX_POOL_2D", x, [], expected.shape[1:], options)
    np.testing.assert_array_equal(y, expected.astype(np.float32))


def test_elementwise_operators():
    x, other, slope = normal(2, 3, 4, 5), normal(5), normal(1, 1, 5)
    shape = (3, 4, 5)
    relu = {0: ("b", RELU)}
    np.testing.assert_array_equal(
        one_operator("ADD", x, [other], shape, relu), np.maximum(x + other, 0)
    )
    np.testing.assert_array_equal(
        one_operator("CONCATENATION", x[:1], [x[1:]], (6, 4, 5), {0: ("i", 1)}),
        np.concatenate([x[:1], x[1:]], 1),
    )
    np.testing.assert_array_equal(
        one_operator("MUL", x, [other], shape, {0: ("b", 0)}), x * other
    )
    np.testing.assert_array_equal(one_operator("RELU", x, [], shape), np.maximum(x, 0))
    np.testing.assert_allclose(
        one_operator("PRELU", x, [slope], shape), np.where(x > 0, x, x * slope)
    )


def test_pad_takes_any_axis():
    pads = np.array([(0, 0), (1, 2), (0, 1), (0, 3)], np.int32)
    x = normal(2, 3, 4, 5)
    y = one_operator("PAD", x, [pads], (6, 5, 8))
    np.testing.assert_array_equal(y, np.pad(x, pads))


def test_depth_to_space():
    x = normal(2, 3, 4, 8)
    y = one_operator("DEPTH_TO_SPACE", x, [], (6, 8, 2), {0: ("i", 2)})
    for n, i, j, c in itertools.product(range(2), range(6), range(8), range(2)):
        block = (i % 2) * 2 + j % 2
        assert y[n, i, j, c] == x[n, i // 2, j // 2, block * 2 + c]


@pytest.mark.parametrize(("align", "half"), [(0, 0), (1, 0), (0, 1)])
@pytest.mark.parametrize(("size", "target"), [((3, 4), (6, 9)), ((6, 5), (3, 2))])
def test_resize_bilinear(size, target, align, half):
    def source(index, n, m):
        if half:
            position = max((index + 0.5) * n / m - 0.5, 0)
        else:
            position = index * ((n - 1) / (m - 1) if align else n / m)
        low = min(int(position), n - 1)
        return low, min(low + 1, n - 1), position - low

    x = normal(2, *size, 3)
    expected = np.zeros((2, *target, 3))
    for i, j in np.ndindex(*target):
        top, bottom, down = source(i, size[0], target[0])
        left, right, along = source(j, size[1], target[1])
        upper = x[:, top, left] * (1 - along) + x[:, top, right] * along
        lower = x[:, bottom, left] * (1 - along) + x[:, bottom, right] * along
        expected[:, i, j] = upper * (1 - down) + lower * down
    options = {2: ("?", align), 3: ("?", half)}
    sizes = np.array(target, np.int32)
    y = one_operator("RESIZE_BILINEAR", x, [sizes], (*target, 3), options)
    np.testing.assert_allclose(y, expected, atol=1e-6)


def test_strided_slice_and_its_masks():
    x = normal(2, 6, 5, 4)
    begin, end, step = (
        np.array(v, np.int32) for v in ([0, 1, 2, 1], [1, 6, 3, 9], [1, 2, 1, 1])
    )
    options = {0: ("i", 0b0100), 1: ("i", 0b1000)}
    y = one_operator("STRIDED_SLICE", x, [begin, end, step], (3, 3, 3), options)
    np.testing.assert_array_equal(y, x[:, 1:6:2, :3, 1:])


def test_a_graph_that_branches_and_joins():
    model, x = Model(), normal(3, 2, 2, 4)
    entry = model.tensor((1, 2, 2, 4))
    doubled = model.operator("ADD", [entry, entry], (1, 2, 2, 4), {0: ("b", 0)})
    positive = model.operator("RELU", [entry], (1, 2, 2, 4))
    both = model.operator(
        "CONCATENATION", [positive, doubled], (1, 2, 2, 8), {0: ("i", 3)}
    )
    flat = model.operator("RESHAPE", [both], (1, 32))
    expected = np.concatenate([np.maximum(x, 0), 2 * x], -1).reshape(3, 32)
    np.testing.assert_array_equal(run(model, entry, flat, x), expected)


@pytest.mark.parametrize(
    ("name", "message"), [("LOGISTIC", "builtin 14"), ("MyOwn", "MyOwn")]
)
def test_an_unknown_operator_is_named(name, message):
    with pytest.raises(WeightError, match=f"unknown operator: {message}"):
        one_operator(name, normal(1, 2), [], (2,))


def test_dilation_and_depth_multipliers_are_refused():
    kernel, bias = normal(1, 3, 3, 4), normal(4)
    dilated = window((1, 1), SAME, 0, 4) | {5: ("i", 2), 6: ("i", 2)}
    with pytest.raises(WeightError, match="dilation"):
        one_operator(
            "DEPTHWISE_CONV_2D", normal(1, 5, 5, 4), [kernel, bias], (), dilated
        )
    with pytest.raises(WeightError, match="multiplier"):
        one_operator("DEPTHWISE_CONV_2D", normal(1, 5, 5, 2), [kernel, bias], (), {})


def test_a_batch_of_another_size_is_a_shape_error():
    model = Model()
    x = model.tensor((1, 4, 4, 3))
    y = model.operator("RELU", [x], (1, 4, 4, 3))
    network = compile_graph(read_graph(model.content([x], [y])))
    assert network.input_shape == (4, 4, 3)
    for shape in [(1, 4, 5, 3), (4, 4, 3), (1, 4, 4)]:
        with pytest.raises(ShapeError, match=r"\(N, 4, 4, 3\)"):
            network(np.zeros(shape, np.float32))


def test_an_input_that_nothing_computes_is_an_error():
    model = Model()
    x, orphan = model.tensor((1, 2)), model.tensor((1, 2))
    y = model.operator("ADD", [x, orphan], (1, 2), {0: ("b", 0)})
    with pytest.raises(WeightError, match="computed nowhere"):
        compile_graph(read_graph(model.content([x], [y])))
