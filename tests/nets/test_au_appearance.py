"""What the skin shows: features taken at a mesh, and AUs of their differences."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from genface import nets
from genface.errors import WeightError
from genface.facs import AU_NAMES
from genface.files import read_npz, shipped_model, write_npz
from genface.nets.au_appearance import (
    Appearance,
    bilinear,
    load_appearance,
    read_appearance,
)
from genface.nets.au_model import load_au_model
from genface.nets.tflite_graph import compile_graph
from genface.weights import ensure
from genface.weights.tflite import read_graph


@pytest.fixture
def small() -> Appearance:
    weights = np.random.default_rng(0).normal(size=(3, 32, 2)).astype(np.float32)
    return Appearance(
        vertices=np.array([4, 0, 2]),
        weights=weights,
        columns=np.array([2, 6]),
        upper=np.array([True, False]),
        version="test",
    )


def test_bilinear_equals_scipys():
    rng = np.random.default_rng(1)
    grid = rng.normal(size=(7, 9, 3)).astype(np.float32)
    places = rng.uniform(0, (7.9, 5.9), size=(20, 2)).astype(np.float32)
    expected = [
        map_coordinates(grid[..., c], places[:, ::-1].T, order=1) for c in (0, 1, 2)
    ]
    found = bilinear(grid, places)
    np.testing.assert_allclose(found, np.transpose(expected), atol=1e-5)


def test_reading_is_the_weighted_sum_of_features_at_the_vertices(small):
    rng = np.random.default_rng(2)
    grid = rng.normal(size=(2, 48, 48, 32)).astype(np.float32)
    cells = rng.integers(3, 40, size=(2, 6, 2))  # column, row
    points = np.concatenate([(cells + 0.5) / 48, np.zeros((2, 6, 1))], -1)
    expected = np.zeros((2, 2))
    for n in range(2):
        for vertex, weights in zip(small.vertices, small.weights, strict=True):
            column, row = cells[n, vertex]
            expected[n] += grid[n, row, column] @ weights
    found = small.read(grid, points.astype(np.float32))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_only_its_own_aus_are_replaced_each_against_its_half_at_rest(small):
    aus = np.full((5, len(AU_NAMES)), 0.4)
    aus[:, [2, 6]] = np.nan
    readings = np.array([[1, 5], [1.5, 5], [0.5, 7], [3, 5.25], [9, 6]], float)
    found = small.replaced(aus, readings, (np.array([0, 1, 2]), np.array([0, 1, 4])))
    np.testing.assert_allclose(found[:, 2], [0, 0.5, 0, 1, 1])
    np.testing.assert_allclose(found[:, 6], [0, 0, 1, 0.25, 1])
    others = np.delete(found, [2, 6], axis=1)
    assert (others == 0.4).all() and np.isnan(aus[:, 2]).all()


def test_what_is_shipped_reads_only_aus_that_stay_unseen():
    appearance = load_appearance()
    assert appearance.names == ("AU04", "AU09")
    assert set(appearance.names) <= set(load_au_model().unseen)
    assert shipped_model("au", "au_appearance.npz").stat().st_size < 1_000_000


def test_no_au_is_read_from_the_far_end_of_the_face():
    appearance = load_appearance()
    height = load_au_model().average[appearance.vertices, 1]
    used = np.abs(appearance.weights).sum(1) > 0
    assert height[used[:, 0]].min() > -0.1  # AU04: nothing below the lids
    assert height[used[:, 1]].min() > -0.5  # AU09: not the mouth


def test_a_file_of_something_else_is_refused(tmp_path):
    arrays = read_npz(shipped_model("au", "au_appearance.npz"))
    del arrays["upper"]
    write_npz(tmp_path / "a.npz", arrays)
    with pytest.raises(WeightError, match="upper"):
        read_appearance(tmp_path / "a.npz")


def test_quiet_rows_are_those_of_the_neutral():
    model = load_au_model()
    shapes = np.repeat(model.average[None], 30, axis=0)
    shapes[8:, 13:15, 1] += np.linspace(-0.2, 0.2, 22)[:, None]  # lips go up and down
    mesh = shapes * [100, -100, -100]
    for rows in model.quiet_rows(mesh):
        assert len(rows) == 5
    neutral = model.neutral(mesh).points
    seen = model.shapes(mesh)
    upper, lower = (np.median(seen[rows], axis=0) for rows in model.quiet_rows(mesh))
    share = model.upper_points[:, None]
    np.testing.assert_allclose(neutral, share * upper + (1 - share) * lower)


def test_grids_come_with_the_mesh_and_leave_it_as_it_is(weights_cached):
    x = np.random.default_rng(3).random((1, 192, 192, 3), np.float32)
    plain = nets.load("face_mesh_attention")(x)
    more = nets.load("face_mesh_attention", grids=True)(x)
    assert set(more) - set(plain) == {"grid_48", "grid_24", "grid_12"}
    for key, values in plain.items():
        np.testing.assert_allclose(more[key], values, atol=1e-3)
    assert more["grid_48"].shape == (1, 48, 48, 32)
    assert more["grid_24"].shape == (1, 24, 24, 64)
    assert more["grid_12"].shape == (1, 12, 12, 128)


def test_an_inner_tensor_that_is_not_there_is_named(weights_cached):
    graph = read_graph(ensure("face_mesh_attention").read_bytes())
    with pytest.raises(WeightError, match="no_such"):
        compile_graph(graph, inner={"no_such": "grid"})
