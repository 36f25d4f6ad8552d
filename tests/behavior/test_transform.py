"""The map from AUs to model units and back, and the grid of cells."""

import numpy as np
import pytest
from scipy import stats

from genface.behavior import AUTransform, GaussianHMM, PoissonHMM, scale_top
from genface.behavior.cells import cell_bounds, log_cells
from genface.behavior.em import Run
from genface.errors import InputError, ShapeError

AUS = ("AU01", "AU12", "AU25")


def sample(n=200, top=1.0):
    X = top * np.random.default_rng(0).beta(1.5, 4.0, (n, 3))
    X[:3] = [[0.0, top, 0.0], [top, 0.0, top], [np.nan, 0.5 * top, top]]
    return X


@pytest.mark.parametrize("kind", ["unit", "affine", "identity", "logit"])
@pytest.mark.parametrize("top", [1.0, 5.0])
def test_decode_undoes_encode(kind, top):
    X = sample(top=top)
    transform = AUTransform.fit(kind, X, AUS, top)
    coded = transform.encode(X)
    assert np.isfinite(coded[2:, 1:]).all() and np.isnan(coded[2, 0])
    np.testing.assert_allclose(transform.decode(coded), X, rtol=0, atol=1e-12)


@pytest.mark.parametrize("top", [1.0, 5.0])
def test_counts_round_to_the_nearest_hundredth_of_the_scale(top):
    X = sample(top=top)
    transform = AUTransform.fit("counts", X, AUS, top)
    counts = transform.encode(X)
    np.testing.assert_array_equal(counts, np.rint(100 * X / top))
    decoded = transform.decode(counts)
    assert np.nanmax(np.abs(decoded - X)) <= 0.005 * top + 1e-12
    # What is on the grid comes back.
    again = transform.decode(transform.encode(decoded))
    np.testing.assert_allclose(again, decoded, rtol=0, atol=1e-12)


def test_truncated_counts_are_those_of_the_notebook():
    X = sample()[3:] + 0.1
    transform = AUTransform.fit("truncated", X, AUS)
    expected = [[int(v) for v in row] for row in 100 * (X - np.min(X))]
    assert transform.encode(X).tolist() == expected
    # Unlike there, the smallest value is added back.
    assert transform.decode(transform.encode(X)).min() == pytest.approx(X.min())


def test_training_rows_alone_decide():
    X = sample()[3:]
    transform = AUTransform.fit("affine", X[:50], AUS)
    np.testing.assert_allclose(transform.encode(X[:50]).mean(0), 0.0, atol=1e-12)
    np.testing.assert_allclose(transform.encode(X[:50]).std(0), 1.0)


def test_a_constant_column_and_nan_pass():
    X = sample()[3:]
    X[:, 1] = 0.3
    X[4, 2] = np.nan
    transform = AUTransform.fit("affine", X, AUS)
    coded = transform.encode(X)
    assert np.isfinite(transform.scale).all()
    assert np.isnan(coded[4, 2]) and np.isfinite(coded[:, :2]).all()


def test_bad_input_is_named():
    transform = AUTransform.fit("counts", sample(), AUS)
    with pytest.raises(InputError, match="AU12"):
        transform.encode(np.array([[0.1, -0.2, 0.3]]))
    with pytest.raises(ShapeError, match="3 columns"):
        transform.encode(np.zeros((2, 4)))
    with pytest.raises(InputError, match="unknown transform"):
        AUTransform.fit("root", sample(), AUS)
    with pytest.raises(InputError, match="unknown AU scale"):
        scale_top("percent")


def gaussian():
    model = GaussianHMM(2)
    emission = {"mean": np.array([[0.3], [0.96]]), "cov": np.array([[0.01], [0.004]])}
    model._adopt(Run(np.full(2, 0.5), np.full((2, 2), 0.5), emission))
    return model


@pytest.mark.parametrize("kind", ["unit", "affine", "logit"])
@pytest.mark.parametrize("top", [1.0, 5.0])
def test_cells_are_a_distribution(kind, top):
    grid = top * np.arange(101)[:, None] / 100
    transform = AUTransform.fit(kind, grid, AUS[:1], top)
    found = log_cells(gaussian(), transform, grid, top)
    np.testing.assert_allclose(np.exp(found).sum(0), 1.0, atol=1e-10)
    if kind == "unit":
        edges = np.concatenate([[-np.inf], np.arange(0.005, 1, 0.01), [np.inf]])
        for k, law in enumerate((stats.norm(0.3, 0.1), stats.norm(0.96, 0.004**0.5))):
            expected = np.diff(law.cdf(edges))
            np.testing.assert_allclose(np.exp(found[:, k]), expected, atol=1e-12)


def test_poisson_cells_are_the_counts_own_probabilities():
    model = PoissonHMM(2)
    rates = np.array([[3.0], [95.0]])
    model._adopt(Run(np.full(2, 0.5), np.full((2, 2), 0.5), {"rate": rates}))
    grid = np.arange(101)[:, None] / 100
    transform = AUTransform.fit("counts", grid, AUS[:1])
    found = np.exp(log_cells(model, transform, grid))
    pmf = stats.poisson.pmf(np.arange(100)[:, None], rates.T)
    np.testing.assert_allclose(found[:100], pmf, rtol=1e-9)
    # The last cell holds the whole tail.
    np.testing.assert_allclose(found[100], stats.poisson.sf(99, rates[:, 0]), rtol=1e-6)


def test_a_missing_value_has_probability_one():
    transform = AUTransform.fit("unit", np.zeros((1, 1)), AUS[:1])
    found = log_cells(gaussian(), transform, np.array([[np.nan]]))
    np.testing.assert_array_equal(found, 0.0)


def test_cells_are_open_ended():
    X = np.array([[-0.3, 0.004, 0.006, 0.996, 1.7, np.nan]])
    for top in (1.0, 5.0):
        lower, upper = cell_bounds(top * X, top)
        np.testing.assert_array_equal(np.isinf(lower[0]), [1, 1, 0, 0, 0, 0])
        np.testing.assert_array_equal(np.isinf(upper[0]), [0, 0, 0, 1, 1, 0])
        assert lower[0, 2] == pytest.approx(0.005 * top)
        assert np.isnan(lower[0, 5]) and np.isnan(upper[0, 5])
