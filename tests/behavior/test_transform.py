"""The map from AUs to model units and back, and the grid of cells."""

import numpy as np
import pytest
from scipy import stats

from genface.behavior import AUTransform, GaussianEmissions, PoissonEmissions, scale_top
from genface.behavior.cells import CellLaw, cell_bounds, cell_numbers
from genface.errors import InputError, ShapeError

AUS = ("AU01", "AU12", "AU25")


def sample(n=200):
    return np.random.default_rng(0).beta(1.5, 4.0, (n, 3))


@pytest.mark.parametrize("kind", ["affine", "identity"])
def test_decode_undoes_encode(kind):
    X = sample()
    transform = AUTransform.fit(kind, X, AUS)
    np.testing.assert_allclose(transform.decode(transform.encode(X)), X, atol=1e-14)


@pytest.mark.parametrize("top", [1.0, 5.0])
def test_counts_round_to_the_nearest_hundredth_of_the_scale(top):
    X = top * sample()
    transform = AUTransform.fit("counts", X, AUS, top)
    counts = transform.encode(X)
    assert (counts == np.rint(100 * X / top)).all()
    assert np.abs(transform.decode(counts) - X).max() <= 0.005 * top + 1e-12
    assert transform.encode(np.array([[0.29, 0.57, 0.58]]))[0, 0] == (
        29 if top == 1 else 6
    )


def test_training_rows_alone_decide():
    X = sample()
    transform = AUTransform.fit("affine", X[:50], AUS)
    np.testing.assert_allclose(transform.encode(X[:50]).mean(0), 0.0, atol=1e-12)
    np.testing.assert_allclose(transform.encode(X[:50]).std(0), 1.0)


def test_a_constant_column_and_nan_pass():
    X = sample()
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
    with pytest.raises(InputError, match="kind|unknown transform"):
        AUTransform.fit("logit", sample(), AUS)
    with pytest.raises(InputError, match="unknown AU scale"):
        scale_top("percent")


def law(kind):
    X = sample()
    transform = AUTransform.fit({"p": "counts", "g": "affine"}[kind], X, AUS)
    coded = transform.encode(X)
    if kind == "p":
        rates = np.vstack([coded.mean(0), [0.0, 1e-3, 99.0]])
        return CellLaw(PoissonEmissions(rates), transform)
    mean = np.vstack([coded.mean(0), coded.mean(0) + 2])
    return CellLaw(GaussianEmissions(mean, np.full((2, 3), 0.3)), transform)


@pytest.mark.parametrize("kind", ["p", "g"])
def test_cells_are_a_distribution(kind):
    np.testing.assert_allclose(np.exp(law(kind).table).sum(0), 1.0, atol=1e-10)


def test_poisson_cells_are_the_counts_own_probabilities():
    table, rates = law("p").table, law("p").emissions.rates
    for g in (0, 1, 17, 99):
        expected = stats.poisson.logpmf(g, rates)
        np.testing.assert_allclose(table[g], expected, rtol=1e-7)
    # The last cell holds the whole tail, also where it underflows.
    expected = stats.poisson.sf(99, rates[1, 2])
    assert np.exp(table[100, 1, 2]) == pytest.approx(expected)
    assert table[100, 1, 0] == -np.inf  # rate 0
    assert -np.inf < table[100, 1, 1] < -1000


def test_cells_wider_than_a_count_share_them_out():
    emissions = PoissonEmissions(np.array([[3.0]]))
    got = emissions.log_interval(np.array([[0.0]]), np.array([[2.25]]))
    pmf = stats.poisson(3).pmf([0, 1, 2])
    assert np.exp(got[0, 0, 0]) == pytest.approx(pmf @ [0.5, 1.0, 0.75])


def test_gaussian_cells_keep_their_digits_in_the_tails():
    emissions = GaussianEmissions(np.array([[0.0]]), np.array([[1.0]]))
    low, high = np.array([[30.0], [-30.1]]), np.array([[30.1], [-30.0]])
    got = emissions.log_interval(low, high)[:, 0, 0]
    # Integral of the density over a short interval, by its leading terms.
    expected = stats.norm.logpdf(30) + np.log((1 - np.exp(-3.0)) / 30.0)
    np.testing.assert_allclose(got, expected, atol=0.01)
    assert got[0] == pytest.approx(got[1], rel=1e-12)


def test_cell_numbers_are_open_ended():
    X = np.array([[-0.3, 0.004, 0.006, 0.996, 1.7, np.nan]])
    assert cell_numbers(X, 1.0).tolist() == [[0, 0, 1, 100, 100, -1]]
    assert cell_numbers(5 * X, 5.0).tolist() == [[0, 0, 1, 100, 100, -1]]
    lower, upper = cell_bounds(1.0)
    assert lower[0] == -np.inf and upper[-1] == np.inf
    np.testing.assert_allclose(upper[:-1], lower[1:])
