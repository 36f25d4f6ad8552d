"""The AU model's training, on made-up data whose answer is known."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from genface.nets.au_model import ERROR_AT

ROOT = Path(__file__).parents[2]


@pytest.fixture
def experiment(monkeypatch):
    """Modules of the experiment by name."""
    monkeypatch.syspath_prepend(ROOT / "experiments" / "02_au_model")
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module


def test_a_basis_is_found_with_what_it_leaves_over(experiment):
    seen = experiment("seen")
    rng = np.random.default_rng(0)
    true = rng.normal(size=(5, 956))
    weights = rng.uniform(0, 1, (400, 5)) * (rng.random((400, 5)) < 0.3)
    noise = rng.normal(0, 0.1, (400, 956))
    found = seen.seen_basis(weights, weights @ true + noise, ridge=1e-9)
    np.testing.assert_allclose(found.shapes, true, atol=0.1)
    assert found.left_over.std() == pytest.approx(0.1, rel=0.02)
    # Of one shape alone, the ridge takes a known share.
    alone = seen.seen_basis(np.ones((10, 1)), np.ones((10, 956)), ridge=0.25)
    np.testing.assert_allclose(alone.shapes, 1 / 1.25)


def test_a_mirror_swaps_sides_and_undoes_itself(experiment):
    seen = experiment("seen")
    rng = np.random.default_rng(1)
    swap = np.arange(478)
    swap[[3, 7]] = 7, 3
    deltas = rng.normal(size=(2, 956))
    flipped = seen.mirrored(deltas, swap)
    np.testing.assert_array_equal(seen.mirrored(flipped, swap), deltas)
    points, image = deltas.reshape(2, 478, 2), flipped.reshape(2, 478, 2)
    np.testing.assert_array_equal(image[:, 3], points[:, 7] * [-1, 1])
    np.testing.assert_array_equal(image[:, 0], points[:, 0] * [-1, 1])


def test_each_row_knows_its_persons_rest(experiment):
    seen = experiment("seen")
    person = np.array([4, 4, 2, 2, 2, 9])
    frame = np.array([0, 1, 2, 0, 1, 0])
    empty = np.zeros((6, 1))
    renders = seen.Renders(
        ("a",), empty, empty[:, 0], person, frame, empty, empty, empty
    )
    assert renders.rest_rows.tolist() == [0, 0, 3, 3, 3, 5]
    assert renders.moving.tolist() == [False, True, True, False, True, False]
    assert renders.people(2).person.tolist() == [4, 4, 2, 2, 2]


def test_errors_that_grow_with_the_value_and_the_pose_are_measured(experiment):
    testing = experiment("testing")
    rng = np.random.default_rng(2)
    n = 5000
    true = rng.uniform(0.2, 0.8, (n, 20))
    pose = rng.normal(0, 0.3, (n, 3))
    share = np.sqrt(1 + 2 * pose[:, 0] ** 2 + 6 * pose[:, 2] ** 2)
    sd = 0.05 + 0.02 * (true > 0.5)
    found = true + sd * share[:, None] * rng.standard_normal((n, 20))
    reach = testing.Reach(
        people=1,
        found=found,
        alone=true + 0.2 * share[:, None] * rng.standard_normal((n, 20)),
        sides=np.zeros((n, 20, 2)),
        true=np.repeat(true[..., None], 2, axis=-1),
        pose=pose,
        presence=np.ones(n),
    )
    terms, growth = testing.error_terms(reach)
    np.testing.assert_allclose(growth, [2, 6], rtol=0.3)
    at = ERROR_AT.tolist().index(0.25)
    np.testing.assert_allclose(np.sqrt(terms[0, :, at]), 0.05, rtol=0.15)
    np.testing.assert_allclose(np.sqrt(terms[1, :, at]), 0.2, rtol=0.15)
    assert (terms[0, :, -1] > terms[0, :, at]).all()
