"""Histograms of gradients: the original's numbers, and one pixel after another."""

import numpy as np
import pytest

from genface.geometry.alignment import aligned_faces
from genface.geometry.hog import hog


def pictures(*shape, seed):
    channels_first = np.random.default_rng(seed).random(shape).astype(np.float32)
    return np.moveaxis(channels_first, 1, -1)


def hog_by_loops(picture):
    height, width, _ = picture.shape
    picture = picture.astype(float)
    cells = np.zeros((height // 8, width // 8, 8))
    for i, j in np.ndindex(height, width):
        steepest = (0.0, 0.0, 0.0)
        for channel in np.moveaxis(picture, -1, 0):
            down = channel[i + 1, j] - channel[i - 1, j] if 0 < i < height - 1 else 0.0
            across = channel[i, j + 1] - channel[i, j - 1] if 0 < j < width - 1 else 0.0
            steepest = max(steepest, (np.hypot(down, across), down, across))
        size, down, across = steepest
        angle = np.degrees(np.arctan2(down, across)) % 180
        cells[i // 8, j // 8, int(angle // 22.5)] += size / 64
    blocks = []
    for i, j in np.ndindex(height // 8 - 1, width // 8 - 1):
        block = cells[i : i + 2, j : j + 2].ravel()
        block = np.minimum(block / np.sqrt((block**2).sum() + 1e-10), 0.2)
        blocks.append(block / np.sqrt((block**2).sum() + 1e-10))
    return np.concatenate(blocks)


def test_equals_one_pixel_after_another():
    given = pictures(2, 3, 32, 24, seed=1)
    found = hog(given)
    assert found.shape == (2, 3 * 2 * 2 * 2 * 8)
    expected = [hog_by_loops(picture) for picture in given]
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_an_even_picture_has_no_gradients():
    assert not np.asarray(hog(np.full((1, 32, 32, 3), 0.7, np.float32))).any()


@pytest.mark.parity
def test_equals_the_original(shared):
    with np.load(shared / "parity/preprocess.npz") as kept:
        found = hog(pictures(1, 3, 64, 64, seed=6))
        np.testing.assert_allclose(found, kept["hog64"], atol=1e-5)
        landmarks = kept["landmarks01"] * np.float32(112)
        faces = aligned_faces(pictures(2, 3, 112, 112, seed=5), landmarks)
        np.testing.assert_allclose(hog(faces.pictures), kept["hog"], atol=1e-5)
