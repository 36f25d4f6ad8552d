"""Residual blocks on padded pictures: nothing changes in the pictures' own part."""

import jax
import numpy as np
import pytest

from genface.nets.conversion import key_table, load_torch
from genface.nets.resnet import BasicBlock, kept

RANDOM = np.random.default_rng(0)


def block(inputs, width, stride):
    made = BasicBlock(inputs, width, stride)
    shapes = {key: shape for key, (_, shape) in key_table(made).items()}
    arrays = {key: RANDOM.uniform(0.2, 1, shape) for key, shape in shapes.items()}
    for key, array in arrays.items():
        if key.startswith("conv"):
            arrays[key] = array - 0.6
    load_torch(made, arrays)
    return made


@pytest.mark.parametrize("stride", [1, 2])
def test_a_padded_picture_is_seen_as_it_is(stride):
    net = block(8, 16, stride)
    own = [(7, 9), (6, 4)]
    framed = np.zeros((2, 12, 10, 8), np.float32)
    for n, (height, width) in enumerate(own):
        framed[n, :height, :width] = RANDOM.standard_normal((height, width, 8))
    after = np.array([[-(-side // stride) for side in size] for size in own])
    found = np.asarray(jax.jit(lambda x, sizes: net(x, sizes))(framed, after))
    unaware = np.asarray(net(framed))
    for n, (height, width) in enumerate(own):
        alone = np.asarray(net(framed[n : n + 1, :height, :width]))[0]
        part = np.s_[n, : after[n, 0], : after[n, 1]]
        np.testing.assert_allclose(found[part], alone, atol=1e-4)
        # Zeros around the picture are not enough: biases fill them.
        assert np.abs(unaware[part] - alone).max() > 0.01


def test_beyond_the_sizes_is_zero():
    x = np.ones((2, 4, 5, 3), np.float32)
    found = np.asarray(kept(x, np.array([[2, 5], [4, 1]])))
    assert found.sum() == 3 * (2 * 5 + 4 * 1) and found[1, :, 0].all()
    assert kept(x, None) is x
