import numpy as np
import pytest
from tflite_writer import Model, flex_map

from genface.nets import attention_ops, compile_graph
from genface.weights.tflite import read_graph

RANDOM = np.random.default_rng(3)
SIZE = (16, 16)


def box_points(low, high):
    """Corners of a box, and its middle: (1, 5, 3)."""
    (x0, y0), (x1, y1) = low, high
    xy = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), ((x0 + x1) / 2, (y0 + y1) / 2)]
    return np.array([[(*point, 9.0) for point in xy]], np.float32)


def matrix(points, scale=(1.5, 1.5), corners=(0, 1)):
    subset, ends = np.arange(points.shape[1]), np.array(corners)
    return np.asarray(
        attention_ops.landmarks_to_matrix(points, subset, ends, 0.0, scale, SIZE)
    )


def test_an_upright_box_is_scaled_about_its_middle():
    expected = np.diag([1.5 * 20 / 16, 2.0 * 4 / 16, 1, 1])
    expected[:2, 3] = 20 - 1.5 * 20 / 2, 7 - 2.0 * 4 / 2
    found = matrix(box_points((10, 5), (30, 9)), scale=(1.5, 2.0))
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


@pytest.mark.parametrize("angle", [0.3, -1.2, 3.0])
def test_turning_the_points_turns_the_region(angle):
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    points = box_points((10, 5), (30, 9))
    turned = points.copy()
    turned[..., :2] = points[..., :2] @ turn[:2, :2].T
    both = np.concatenate([points, turned.astype(np.float32)])
    found = matrix(both)
    np.testing.assert_allclose(found[1], turn @ found[0], atol=1e-4)


def test_features_are_sampled_bilinearly_and_zero_outside():
    features = RANDOM.normal(size=(2, 7, 9, 3)).astype(np.float32)
    maps = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    maps[0, :2] = [[0.9, 0.3, 0, -0.7], [-0.3, 0.8, 0, 2.2]]
    maps[1, :2] = [[1.7, 0, 0, 0.4], [0.1, 1.3, 0, -0.3]]
    found = attention_ops.transform_tensor(features, maps, (6, 5))
    expected = np.zeros((2, 6, 5, 3))
    for n, i, j in np.ndindex(2, 6, 5):
        x, y, _, _ = maps[n] @ [j + 0.5, i + 0.5, 0, 1] - 0.5
        if 0 <= x <= 8 and 0 <= y <= 6:
            for row, column in np.ndindex(7, 9):
                weight = max(1 - abs(x - column), 0) * max(1 - abs(y - row), 0)
                expected[n, i, j] += weight * features[n, row, column]
    assert 0 < (expected == 0).all(-1).mean() < 0.8
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_points_go_through_the_upper_rows():
    points = RANDOM.normal(size=(2, 5, 2)).astype(np.float32)
    maps = RANDOM.normal(size=(2, 4, 4)).astype(np.float32)
    found = attention_ops.transform_landmarks(points, maps)
    for n, v in np.ndindex(2, 5):
        expected = maps[n] @ [*points[n, v], 0, 1]
        np.testing.assert_allclose(found[n, v], expected[:2], atol=1e-5)


def test_custom_operators_of_a_file():
    model = Model()
    entry = model.tensor((1, 5, 3))
    options = {
        "subset_idxs": [0, 1, 2, 3],
        "left_rotation_idx": 0,
        "right_rotation_idx": 1,
        "target_rotation_radians": 0.0,
        "scale_x": 1.5,
        "scale_y": 1.5,
        "output_width": 16,
        "output_height": 16,
    }
    to_matrix = model.operator(
        "Landmarks2TransformMatrix", [entry], (1, 4, 4), custom=flex_map(options)
    )
    points = model.constant(np.float32([[(8, 8), (0, 0)]]))
    moved = model.operator("TransformLandmarks", [points, to_matrix], (1, 2, 2))
    graph = read_graph(model.content([entry], [moved]))
    (output,) = compile_graph(graph)(box_points((10, 5), (30, 9))).values()
    np.testing.assert_allclose(output, [[(20, 7), (5, 4)]], atol=1e-5)
