"""Crops of a ramp by arithmetic, of noise against scipy's interpolation."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from genface.geometry import as_pixels, crop, region_of, to_picture
from genface.geometry.crops import sample_positions


def picture(height, width, seed=0):
    shape = (height, width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_an_upright_crop_of_a_ramp_is_the_ramp():
    ramp = np.zeros((60, 80, 3), np.uint8)
    ramp[..., 0] = 2 * np.arange(80)
    ramp[..., 1] = 3 * np.arange(60)[:, None]
    patch = np.asarray(crop(as_pixels(ramp), np.array([40, 30, 20, 0.0]), 40))
    np.testing.assert_allclose(patch[..., 0], np.tile(60 + np.arange(40), (40, 1)))
    np.testing.assert_allclose(patch[:, 0, 1], 60 + 1.5 * np.arange(40))


@pytest.mark.parametrize("zero_border, mode", [(True, "constant"), (False, "nearest")])
def test_a_turned_crop_over_the_edge_equals_scipys(zero_border, mode):
    image = picture(70, 90)
    region = np.array([80.3, 12.7, 55.0, 0.6], np.float32)
    patch = crop(as_pixels(image), region, 48, zero_border)
    x, y = (np.asarray(p, np.float64) for p in sample_positions(region, 48))
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0))) if zero_border else image
    shift = 1 if zero_border else 0
    for channel in range(3):
        expected = map_coordinates(
            padded[..., channel].astype(float),
            [y + shift, x + shift],
            order=1,
            mode=mode,
        )
        np.testing.assert_allclose(patch[..., channel], expected, atol=0.02)


def test_pictures_of_different_sizes_share_a_program():
    from genface.geometry.crops import _crop

    region = np.array([10, 10, 12, 0.1])
    crop(as_pixels(picture(30, 40)), region, 16)
    before = _crop._cache_size()
    crop(as_pixels(picture(33, 21)), region, 16)
    assert _crop._cache_size() == before


def test_the_grid_is_a_thirty_second_of_a_pixel_and_whole_values():
    image = picture(40, 40)
    patch = np.asarray(
        crop(as_pixels(image), np.array([20, 20, 15, 0.3]), 32, grid=True)
    )
    assert (patch == np.round(patch)).all()
    moved = crop(as_pixels(image), np.array([20 + 1 / 200, 20, 15, 0.0]), 15, grid=True)
    still = crop(as_pixels(image), np.array([20, 20, 15, 0.0]), 15, grid=True)
    np.testing.assert_array_equal(moved, still)


def test_to_picture_leads_back_to_where_a_cell_was_read():
    region = np.array([31.0, 22.0, 18.0, -0.4])
    x, y = sample_positions(region, 9)
    cell = np.stack(
        np.broadcast_arrays(np.arange(9)[None] / 9, np.arange(9)[:, None] / 9)
    )
    points = to_picture(np.concatenate([cell, cell[:1]]).transpose(1, 2, 0), region)
    np.testing.assert_allclose(points[..., 0], x, atol=1e-4)
    np.testing.assert_allclose(points[..., 1], y, atol=1e-4)
    assert np.isclose(points[0, 1, 2], 18 / 9)  # depth has the unit of x


def test_a_region_turns_with_the_eyes():
    box = np.array([10, 20, 30, 60])
    region = region_of(box, np.array([12, 30]), np.array([28, 46]), 1.5)
    np.testing.assert_allclose(region, [20, 40, 60, np.pi / 4])
