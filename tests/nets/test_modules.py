"""Layers of ported networks against plain loops over their places."""

import numpy as np
import pytest
from flax import nnx
from scipy.stats import norm

from genface.errors import WeightError
from genface.nets import layers
from genface.nets.conversion import key_table, load_torch
from genface.nets.modules import Conv, Upsampling, average_pool, max_pool
from genface.nets.ported import from_torch


class One(nnx.Module):
    """A network of one layer and its norm, ``layer`` and ``norm`` in torch's names."""

    def __init__(self, layer):
        self.layer = layer


def filled(layer):
    """The layer with drawn weights, these weights, and the norm as a function."""
    draws = np.random.default_rng(3)
    net = One(layer)
    arrays = {
        key: draws.uniform(0.5, 1.5, shape).astype(np.float32)
        for key, (_, shape) in key_table(net).items()
    }
    load_torch(net, arrays)
    weight, bias, mean, var = (
        arrays[f"norm.{key}"]
        for key in ("weight", "bias", "running_mean", "running_var")
    )
    return arrays, lambda y: (y - mean) / np.sqrt(var + 1e-5) * weight + bias


def picture(*shape):
    return np.random.default_rng(4).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("window", [(1, 7), (7, 1), (3, 3), (2, 4)])
def test_convolution_with_any_window(window):
    high, wide = window
    layer = Conv(5, 6, window, bias=True, norm="../norm")
    arrays, normalised = filled(layer)
    x = picture(2, 8, 9, 5)
    down, across = high // 2, wide // 2
    padded = np.pad(x, ((0, 0), (down, down), (across, across), (0, 0)))
    rows, columns = 8 + 2 * down - high + 1, 9 + 2 * across - wide + 1
    expected = np.zeros((2, rows, columns, 6))
    for i, j in np.ndindex(rows, columns):
        patch = padded[:, i : i + high, j : j + wide]
        expected[:, i, j] = np.einsum("nhwc,dchw->nd", patch, arrays["layer.weight"])
    expected = normalised(expected + arrays["layer.bias"])
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-4)


def test_upsampling_spreads_each_place_over_four():
    layer = Upsampling(5, 3, norm="../norm")
    arrays, normalised = filled(layer)
    x = picture(2, 3, 4, 5)
    expected = np.zeros((2, 6, 8, 3))
    for i, j, a, b in np.ndindex(3, 4, 2, 2):
        weight = arrays["layer.weight"][:, :, a, b]
        expected[:, 2 * i + a, 2 * j + b] = x[:, i, j] @ weight
    expected = normalised(expected + arrays["layer.bias"])
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-4)
    activated = layer(x, "relu")
    np.testing.assert_allclose(activated, expected.clip(0), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [(8, 9), (7, 6)])
@pytest.mark.parametrize(("window", "stride"), [(3, 2), (2, 2), (4, 3)])
def test_maximum_over_the_edge(size, window, stride):
    x = picture(2, *size, 3)
    rows, columns = (int(np.ceil((length - window) / stride)) + 1 for length in size)
    found = np.asarray(max_pool(x, window, stride, ceil=True))
    assert found.shape == (2, rows, columns, 3)
    for i, j in np.ndindex(rows, columns):
        top, left = i * stride, j * stride
        patch = x[:, top : top + window, left : left + window]
        np.testing.assert_array_equal(found[:, i, j], patch.max((1, 2)))


def test_mean_counts_padding_as_zeros():
    x = picture(2, 4, 5, 3)
    found = np.asarray(average_pool(x, 3, 1, 1))
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for i, j in np.ndindex(4, 5):
        patch = padded[:, i : i + 3, j : j + 3]
        np.testing.assert_allclose(found[:, i, j], patch.mean((1, 2)), atol=1e-6)


def test_an_unknown_network_lists_the_known():
    with pytest.raises(WeightError, match="'l3cs'; there are .*l2cs, "):
        from_torch("l3cs", {})


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.nan, "not finite: layer.weight"),
        (np.inf, "not finite: layer.weight"),
        (1e300, "not finite: layer.weight"),
        (1j, r"no real numbers: layer.weight complex128"),
        (True, r"no real numbers: layer.weight bool"),
        ("a", r"no real numbers: layer.weight <U1"),
    ],
)
def test_weights_of_no_finite_real_numbers_are_listed(value, told):
    net = One(Conv(2, 3, (1, 1), bias=True))
    arrays = {key: np.ones(shape) for key, (_, shape) in key_table(net).items()}
    load_torch(net, {key: array.tolist() for key, array in arrays.items()})
    arrays["layer.weight"] = np.full(arrays["layer.weight"].shape, value)
    with pytest.raises(WeightError, match=told):
        load_torch(net, arrays)


def test_what_is_no_state_dict_is_refused():
    with pytest.raises(WeightError, match="expected a state dict, .*; got list"):
        from_torch("pose_mlp_v2", [])
    given = {3: np.zeros(2), ("a", "b"): 1, "net.0.bias": [[1], [2, 3]]}
    with pytest.raises(WeightError) as told:
        from_torch("pose_mlp_v2", given)
    assert "unknown: 3, tuple; no array of numpy: net.0.bias." in str(told.value)


def test_gelu_is_x_times_the_normal_distribution():
    x = np.linspace(-12, 12, 1001, dtype=np.float32)
    np.testing.assert_allclose(layers.gelu(x), x * norm.cdf(x), atol=1e-6)


def test_a_batch_in_turns_is_that_of_all_together():
    x = picture(3, 4, 5, 2)
    found = layers.one_by_one(lambda y: y / y.sum((1, 2), keepdims=True), x)
    np.testing.assert_allclose(found, x / x.sum((1, 2), keepdims=True), rtol=1e-5)
