"""Non-negative weights against scipy's active-set solver."""

import numpy as np
import pytest
from scipy.optimize import nnls

from genface.errors import ShapeError
from genface.nets.au_model import load_au_model
from genface.nets.nonnegative import nonnegative_weights


def problem(seed, n_patterns=12, dimension=40, frames=25):
    rng = np.random.default_rng(seed)
    patterns = rng.normal(size=(n_patterns, dimension)) + 0.5  # they overlap
    true = rng.uniform(0, 1, (frames, n_patterns)) * (rng.random((frames, 1)) < 0.7)
    return patterns, true @ patterns + rng.normal(0, 0.5, (frames, dimension))


@pytest.mark.parametrize("ridge", [0.0, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_equals_the_active_set_solution(seed, ridge):
    patterns, data = problem(seed)
    gram = patterns @ patterns.T + ridge * np.eye(len(patterns))
    found = nonnegative_weights(gram, data @ patterns.T)
    stacked = np.concatenate([patterns.T, np.sqrt(ridge) * np.eye(len(patterns))])
    nothing = np.zeros(len(patterns))
    expected = [nnls(stacked, np.concatenate([row, nothing]))[0] for row in data]
    np.testing.assert_allclose(found, expected, atol=1e-7)
    assert (np.array(expected) == 0).mean() > 0.1  # the bound was felt


def test_equals_the_active_set_solution_on_the_shipped_patterns():
    model = load_au_model()
    deltas = np.random.default_rng(0).normal(0, 0.02, (20, 956))
    projections = deltas @ model.pattern_reader
    found = nonnegative_weights(model.pattern_gram, projections)
    root = np.linalg.cholesky(model.pattern_gram)
    expected = [nnls(root.T, np.linalg.solve(root, row))[0] for row in projections]
    np.testing.assert_allclose(found, expected, atol=1e-7 * np.max(expected))


def test_one_pattern_has_a_closed_form():
    found = nonnegative_weights(np.array([[4.0]]), np.array([[2.0], [-2.0]]))
    np.testing.assert_allclose(found, [[0.5], [0.0]], atol=1e-12)


def test_frames_do_not_depend_on_their_company_and_nan_stays_where_it_is():
    patterns, data = problem(7)
    gram, projections = patterns @ patterns.T, data @ patterns.T
    together = nonnegative_weights(gram, projections)
    alone = [nonnegative_weights(gram, row[None])[0] for row in projections]
    np.testing.assert_allclose(together, alone, atol=1e-12)
    projections[3, 0] = np.nan
    holed = nonnegative_weights(gram, projections)
    assert np.isnan(holed[3]).all()
    others = np.delete(np.arange(len(data)), 3)
    np.testing.assert_allclose(holed[others], together[others], atol=1e-12)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="expected"):
        nonnegative_weights(np.eye(3), np.zeros((5, 4)))
