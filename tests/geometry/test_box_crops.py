"""Pieces at boxes: the original's numbers, and positions by hand."""

import numpy as np
import pytest

from genface.geometry.box_crops import corner_crops, square_crops, stretched_crops
from genface.geometry.crops import Pixels

HEIGHT, WIDTH = 90, 120


def of_picture(picture):
    return Pixels(picture.reshape(-1, picture.shape[-1]), *picture.shape[:2])


@pytest.fixture(scope="module")
def noise():
    draws = np.random.default_rng(0).random((1, 3, HEIGHT, WIDTH)).astype(np.float32)
    return of_picture(np.moveaxis(draws[0], 0, -1))


@pytest.fixture(scope="module")
def ramp():
    """Each pixel says its own x, y and 1."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return of_picture(np.stack([x, y, np.ones_like(x)], -1))


@pytest.mark.parity
def test_equal_the_original(noise, ramp, shared):
    with np.load(shared / "parity/preprocess.npz") as kept:
        boxes = kept["boxes"]
        large, whole = stretched_crops(noise, boxes, 112)
        large = np.moveaxis(large, -1, 1)[..., ::4, ::4]
        np.testing.assert_allclose(large, kept["crop112"], atol=1e-4)
        np.testing.assert_array_equal(whole, kept["crop112_newbox"])
        small = np.moveaxis(stretched_crops(noise, boxes, 32, 1.1)[0], -1, 1)
        np.testing.assert_allclose(small, kept["crop32_e11"], atol=1e-4)
        square, places = square_crops(noise, boxes, 64)
        square = np.moveaxis(square, -1, 1)[..., ::2, ::2]
        np.testing.assert_allclose(square, kept["square64"], atol=1e-4)
        np.testing.assert_allclose(places, kept["square_affine"], atol=1e-4)
        for cut, key in (
            (stretched_crops, "ramp_aniso"),
            (square_crops, "ramp_square"),
        ):
            across = cut(ramp, boxes[:1], 8)[0][0, 4, :, 0]
            np.testing.assert_allclose(across, kept[key], atol=1e-4)


def test_squares_read_the_middles_of_their_cells(ramp):
    found, square = square_crops(ramp, [[30, 20, 80, 75]], 11)
    np.testing.assert_allclose(square, [[22, 14.5, 66]])
    middles = (np.arange(11) + 0.5) / 11 * 66
    np.testing.assert_allclose(found[0, 5, :, 0], 22 + middles, atol=1e-4)
    np.testing.assert_allclose(found[0, :, 5, 1], 14.5 + middles, atol=1e-4)


def test_squares_are_mirrored_at_the_edges(noise):
    """As a square of a picture that is mirrored on all sides."""
    picture = np.asarray(noise.colours).reshape(HEIGHT, WIDTH, 3)
    wide = np.pad(picture, [(40, 40), (40, 40), (0, 0)], mode="symmetric")
    box = np.array([[-10, 5, 40, 60], [90, 50, 140, 100]])
    found, _ = square_crops(noise, box, 33)
    expected, _ = square_crops(of_picture(wide), box + 40, 33)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_stretched_pieces_are_black_outside_and_end_where_their_boxes_do(ramp):
    found, whole = stretched_crops(ramp, [[-60, 10, 40, 50], [20, 10, 60, 90]], 20, 1)
    np.testing.assert_array_equal(whole, [[-60, 10, 40, 50], [20, 10, 60, 90]])
    seen = found[..., 2] > 0
    assert not seen[0, :, :11].any() and seen[0, :, 13:].all()
    assert seen[1].all()
    x, y = found[1, :, :, 0], found[1, :, :, 1]
    assert np.abs(x[0] - (20 + (np.arange(20) + 0.5) * 2)).max() < 0.6
    assert np.abs(y[:, 0] - (10 + (np.arange(20) + 0.5) * 4)).max() < 0.6


def test_a_box_of_no_size_is_one_pixel():
    picture = of_picture(np.arange(75, dtype=np.float32).reshape(5, 5, 3))
    found, square = square_crops(picture, [[2, 2, 2, 2]], 2)
    assert square.tolist() == [[1.5, 1.5, 1.0]]
    assert np.isfinite(found).all()


def test_corner_crops_equal_plain_loops():
    # TensorFlow's rule: boxes in shares of the sides, times one pixel less.
    height, width, size = 30, 40, 5
    picture = np.random.default_rng(4).integers(0, 256, (height, width, 3))
    boxes = np.array([[3.3, 4.1, 21.0, 17.5], [-6, 20, 12, 38], [0, 0, 40, 30]])
    found = np.asarray(corner_crops(of_picture(picture), boxes, size))
    expected = np.full(found.shape, 127.5)
    for b, (x1, y1, x2, y2) in enumerate(boxes):
        for i, j in np.ndindex(size, size):
            y = (y1 + (y2 - y1) * i / (size - 1)) / height * (height - 1)
            x = (x1 + (x2 - x1) * j / (size - 1)) / width * (width - 1)
            if 0 <= y <= height - 1 and 0 <= x <= width - 1:
                top, left = int(y), int(x)
                low, right = min(top + 1, height - 1), min(left + 1, width - 1)
                corners = picture[[top, low]][:, [left, right]].astype(float)
                down, across = np.array([1 - y + top, y - top]), x - left
                along = corners[:, 0] * (1 - across) + corners[:, 1] * across
                expected[b, i, j] = down @ along
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert (expected[1] == 127.5).any() and (expected[2] != 127.5).all()
