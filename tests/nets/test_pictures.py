"""Resized and normalised pictures against Pillow's and scipy's, and by hand."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import map_coordinates

from genface.nets.pictures import multitask_inputs, normalised, resized


@pytest.fixture(scope="module")
def chips():
    return np.random.default_rng(0).random((2, 256, 256, 3)).astype(np.float32)


def pillows(picture, size):
    """Pillow averages over all that a smaller picture's pixel covers."""
    colours = [Image.fromarray(picture[..., k], "F") for k in range(3)]
    smaller = [c.resize((size, size), Image.Resampling.BILINEAR) for c in colours]
    return np.stack([np.asarray(c) for c in smaller], -1)


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated")
@pytest.mark.parametrize("size", [224, 100, 300])
def test_antialiased_pictures_equal_pillows(chips, size):
    found = resized(chips, size, antialias=True)
    expected = [pillows(chip, size) for chip in chips]
    np.testing.assert_allclose(found, expected, atol=5e-5)


@pytest.mark.parametrize("size", [112, 300])
def test_plain_pictures_read_the_four_nearest_pixels(chips, size):
    places = np.clip((np.arange(size) + 0.5) * 256 / size - 0.5, 0, 255)
    rows, columns = np.meshgrid(places, places, indexing="ij")
    expected = map_coordinates(chips[1, ..., 2], [rows, columns], order=1)
    found = resized(chips, size)
    np.testing.assert_allclose(found[1, ..., 2], expected, atol=5e-5)


def test_grey_of_imagenets_mean_is_zero_and_one_spread_above_is_one():
    mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    found = normalised(np.stack([mean, mean + spread]))
    np.testing.assert_allclose(found, [[0] * 3, [1] * 3], atol=1e-6)


def test_multitask_sees_the_whole_chip_smaller(chips):
    found = multitask_inputs(chips)
    expected = [normalised(pillows(chip, 224)) for chip in chips]
    np.testing.assert_allclose(found, expected, atol=1e-4)
