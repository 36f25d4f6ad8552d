"""RetinaFace against torch's numbers, its prior boxes, and faces from deviations."""

import jax
import numpy as np
import pytest
from seeded_ports import TOLERANCE, Keys, Outputs, uniform

from genface.geometry import iou
from genface.nets.priors import decode_boxes, decode_points
from genface.nets.retinaface import RetinaFace, _best, boxes, grid


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

    def test_padding_changes_nothing(self, net):
        sizes = [(90, 121), (61, 97)]
        framed = np.zeros((2, 96, 128, 3), np.float32)
        for n, (height, width) in enumerate(sizes):
            framed[n, :height, :width] = self.inputs()[0, :height, :width]
        found = net(framed, np.float32(sizes))
        _, corners = grid((96, 128))
        for n, (height, width) in enumerate(sizes):
            alone = net(framed[n : n + 1, :height, :width])
            own = (corners < [width, height]).all(-1)
            for key, values in alone.items():
                tolerance = TOLERANCE * np.ptp(values)
                np.testing.assert_allclose(found[key][n, own], values[0], 0, tolerance)


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


def best_by_loops(starts, scores, loc, landms):
    """Decoded one by one, then the greedy rule."""
    found = []
    for (x, y, w, h), score, d, points in zip(starts, scores, loc, landms, strict=True):
        if score > -np.inf:
            x0, y0 = x + 0.1 * d[0] * w, y + 0.1 * d[1] * h
            half = np.array([w * np.exp(0.2 * d[2]), h * np.exp(0.2 * d[3])]) / 2
            box = np.concatenate([[x0, y0] - half, [x0, y0] + half])
            pairs = points.reshape(5, 2) * 0.1 * [w, h] + [x, y]
            found.append((score, box, pairs.ravel()))
    kept = []
    for score, box, points in sorted(found, key=lambda one: -one[0]):
        if all(iou(box, other) <= 0.4 for _, other, _ in kept):
            kept.append((score, box, points))
    return [np.array(parts) for parts in zip(*kept, strict=True)]


def test_the_best_faces_equal_plain_loops():
    random = np.random.default_rng(3)
    starts, corners = grid((64, 96))
    scores = random.uniform(0, 1, len(starts)).astype(np.float32)
    scores[random.uniform(size=len(starts)) < 0.6] = -np.inf
    loc = random.standard_normal((len(starts), 4)).astype(np.float32)
    landms = random.standard_normal((len(starts), 10)).astype(np.float32)
    found = _best(starts, scores, loc, landms)
    expected = best_by_loops(starts, scores, loc, landms)
    number = len(expected[0])
    assert 10 < number < 100 and not found["score"][number:].any()
    for key, values in zip(("score", "boxes", "points"), expected, strict=True):
        np.testing.assert_allclose(found[key][:number], values, rtol=1e-4, atol=1e-4)
    # Every prior begins at its cell, and each cell at a multiple of its step.
    assert (corners >= 0).all() and (corners % 8 == 0).all()
    assert (starts[:, :2] - corners <= 16).all()


@pytest.mark.parametrize("shape", [(100, 130), (129, 161)])
def test_any_size_of_picture_has_its_boxes(shape):
    picture = jax.ShapeDtypeStruct((2, *shape, 3), np.float32)
    found = jax.eval_shape(RetinaFace(), picture)
    assert found["loc"].shape == (2, *boxes(shape).shape)
    sizes = jax.ShapeDtypeStruct((2, 2), np.float32)
    least = jax.ShapeDtypeStruct((2, 1), np.float32)
    faces = jax.eval_shape(RetinaFace().detect, picture, sizes, least)
    assert faces["boxes"].shape == (2, 750, 4) and faces["points"].shape[2] == 10
