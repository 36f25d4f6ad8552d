"""FaceBoxes against torch's numbers, and its prior boxes."""

import numpy as np
import pytest
from seeded_ports import Port, uniform

from genface.nets.faceboxes import boxes


class TestFaceBoxes(Port):
    name = "faceboxes"
    numbers = {
        "conf": [0.99879, 1.0, 1.0, 0.15898, 0.3841],
        "loc": [6.7868, 7.0948, 6.6791, 11.978, -0.15499],
    }

    @classmethod
    def inputs(cls):
        return 255 * uniform(1, 3, 128, 160) - np.float32([104, 117, 123])


@pytest.mark.parity
def test_boxes_equal_torch(shared):
    with np.load(shared / "parity/faceboxes.npz") as expected:
        np.testing.assert_allclose(boxes((128, 160)), expected["priors"], atol=1e-6)


def test_small_boxes_lie_denser_than_the_cells():
    found = boxes((64, 32)) * [32, 64, 32, 64]  # two cells of 32, one of 64, one of 128
    assert found.shape == (2 * (16 + 4 + 1) + 1 + 1, 4)
    for cell in range(2):
        first, *_ = block = found[21 * cell : 21 * cell + 21]
        np.testing.assert_allclose(first, [0, 32 * cell, 32, 32], atol=1e-4)
        np.testing.assert_allclose(block[:16, 0], [0, 8, 16, 24] * 4, atol=1e-4)
        rows = np.repeat([0, 8, 16, 24], 4) + 32 * cell
        np.testing.assert_allclose(block[:16, 1], rows, atol=1e-4)
        np.testing.assert_allclose(block[16:20, :2] % 32 % 16, 0, atol=1e-4)
        np.testing.assert_allclose(block[20], [16, 16 + 32 * cell, 128, 128], atol=1e-4)
    np.testing.assert_allclose(
        found[-2:], [[32, 32, 256, 256], [64, 64, 512, 512]], atol=1e-4
    )
