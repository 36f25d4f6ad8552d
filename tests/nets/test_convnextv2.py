"""ConvNeXt V2 against torch's numbers."""

from typing import ClassVar

import numpy as np
import pytest
from scipy.ndimage import correlate
from seeded_ports import Outputs, seeded, shapes_of, uniform

from genface.nets import layers
from genface.nets.convnextv2 import ResponseNorm
from genface.nets.ported import from_torch

NAME = "convnextv2_tiny_feats"


class TestConvNeXtV2(Outputs):
    name = NAME
    numbers: ClassVar[dict[str, list[float]]] = {
        "s16": [-2.2213, -9.7013, -5.3044, -9.7251, -4.7612],
        "s32": [1.5271, 1.0852, 2.4145, 0.69539, 0.86529],
    }

    @pytest.fixture(scope="class")
    @classmethod
    def net(cls):
        # The fixture's weights are those of face_multitask's backbone.
        keys = {f"backbone.{key}": shape for key, shape in shapes_of(NAME).items()}
        return from_torch(NAME, {k: seeded(k, shape) for k, shape in keys.items()})

    @classmethod
    def inputs(cls):
        return uniform(2, 3, 224, 224) * 4 - 2


def test_response_norm_is_the_papers_formula():
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)
    norm = ResponseNorm(5)
    scale, shift = np.linspace(-1, 1, 5), np.linspace(2, 3, 5)
    norm.load({"weight": scale, "bias": shift})
    strength = np.sqrt((x.astype(float) ** 2).sum((1, 2)))
    share = strength / strength.mean(1, keepdims=True)
    expected = x + shift + scale * x * share[:, None, None]
    np.testing.assert_allclose(norm(x), expected, atol=1e-4)


@pytest.mark.parametrize(("height", "stride"), [(14, 1), (9, 1), (11, 1), (15, 2)])
def test_tall_windows_equal_scipys_correlation(height, stride):
    """Whether the rows can be cut into bands (14, 9 and 8 of 15) or not (11)."""
    draws = np.random.default_rng(0)
    x = draws.standard_normal((2, height, 10, 3)).astype(np.float32)
    kernel = draws.standard_normal((7, 7, 3)).astype(np.float32)
    pads = ((3, 3), (3, 3))
    found = layers.depthwise(x, kernel, np.arange(3.0), (stride, stride), pads)
    for item, channel in np.ndindex(2, 3):
        whole = correlate(x[item, ..., channel], kernel[..., channel], mode="constant")
        expected = whole[::stride, ::stride] + channel
        np.testing.assert_allclose(found[item, ..., channel], expected, atol=1e-4)
