"""RetinaFace against torch's numbers, its prior boxes, and faces from deviations."""

import numpy as np
import pytest
from seeded_ports import Keys, Outputs, uniform

from genface.nets.priors import decode_boxes, decode_points
from genface.nets.retinaface import boxes


class TestRetinaFaceKeys(Keys):
    name = "retinaface_r34"


@pytest.mark.slow
class TestRetinaFaceOutputs(Outputs):
    name = "retinaface_r34"
    numbers = {
        "conf": [0.0, 1.0, 4.4347e-10, 0.038841, 0.0],
        "landms": [35.153, 67.794, 160.54, 149.55, 155.34],
        "loc": [-130.04, 75.879, 137.34, 13.872, 40.773],
    }

    @classmethod
    def inputs(cls):
        return 255 * uniform(1, 3, 96, 128) - np.float32([123, 117, 104])


@pytest.fixture
def reference(shared):
    with np.load(shared / "parity/retinaface_r34.npz") as arrays:
        return dict(arrays)


@pytest.mark.parity
@pytest.mark.parametrize("shape", [(96, 128), (100, 130)])
def test_boxes_equal_torch(reference, shape):
    expected = reference["priors_{}x{}".format(*shape)]
    np.testing.assert_allclose(boxes(shape), expected, atol=1e-6)


@pytest.mark.parity
def test_faces_from_deviations_equal_torch(reference):
    def draws(seed, size):
        draws = np.random.default_rng(seed).standard_normal((1, 504, size))
        return draws.astype(np.float32)

    priors = boxes((96, 128))
    corners = decode_boxes(draws(1, 4), priors)
    points = decode_points(draws(2, 10), priors)
    np.testing.assert_allclose(corners, reference["decode_boxes"], atol=1e-5)
    np.testing.assert_allclose(points, reference["decode_landmarks"], atol=1e-5)


def test_boxes_go_map_by_map_and_row_by_row():
    expected = [
        [(column + 0.5) * step, (row + 0.5) * step, side, side]
        for step, sides in [(8, (16, 32)), (16, (64, 128)), (32, (256, 512))]
        for row in range(int(np.ceil(40 / step)))
        for column in range(int(np.ceil(50 / step)))
        for side in sides
    ]
    found = boxes((40, 50)) * [50, 40, 50, 40]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_deviations_are_in_sizes_of_the_box():
    box = np.array([[0.5, 0.4, 0.2, 0.1]], np.float32)
    still = decode_boxes(np.zeros((1, 1, 4), np.float32), box)
    np.testing.assert_allclose(still, [[[0.4, 0.35, 0.6, 0.45]]], rtol=1e-6)
    moved = np.float32([[[10, -10, 5 * np.log(2), 0]]])  # one right, one up, twice wide
    np.testing.assert_allclose(
        decode_boxes(moved, box), [[[0.5, 0.25, 0.9, 0.35]]], rtol=1e-5
    )
    points = decode_points(np.float32([[[10, 0, 0, 20]]]), box)
    np.testing.assert_allclose(points, [[[0.7, 0.4, 0.5, 0.6]]], rtol=1e-6)
