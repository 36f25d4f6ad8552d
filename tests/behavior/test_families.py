"""One battery for every emission family; joining the list is the entry fee."""

import numpy as np
import pytest
from battery import A, every_family, fitted, log_obs
from enumeration import enumerate_paths
from scipy.special import logsumexp

from genface.behavior import ARHMM, GaussianHMM, em
from genface.behavior.emissions import Gaussian
from genface.behavior.emissions.logistic import cell_edges
from genface.behavior.inference import best_path, posterior
from genface.behavior.precision import float64


@every_family
def test_fit_rises_to_its_stop_and_stays_finite(name):
    """A fall of log-likelihood + log-prior by 1e-9 of it would read "decrease"."""
    *_, outcome = fitted(name)
    assert outcome.stop in ("tol", "cap")
    assert outcome.history[-1] > outcome.history[0]
    for values in outcome.run.emission.values():
        assert np.isfinite(values).all()


@every_family
def test_likelihood_equals_enumeration(name):
    family, X, _, _, outcome = fitted(name)
    start, trans, emission = outcome.run[:3]
    rows = X[36:43]  # across the row that is wholly missing
    obs = log_obs(family, emission, rows, [len(rows)])
    total, smoothed, moves, path, _ = enumerate_paths(start, trans, obs)
    got = posterior(start, trans, obs)
    assert got.log_likelihood == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(got.smoothed, smoothed, atol=1e-12)
    np.testing.assert_allclose(got.moves, moves, atol=1e-12)
    assert best_path(start, trans, obs)[1].tolist() == path.tolist()


@pytest.mark.parametrize(
    "name", ["poisson", pytest.param("beta", marks=pytest.mark.slow)]
)
def test_spare_states_change_nothing(name):
    family, _, _, problem, outcome = fitted(name)
    alone = em.run_all(family, problem, [outcome.run], em.Rules(3, -np.inf))[0]
    padded = em.run_all(
        family, problem, [outcome.run], em.Rules(3, -np.inf), n_states=4
    )[0]
    np.testing.assert_allclose(alone.history, padded.history, rtol=1e-8)


@every_family
def test_samples_can_be_read_back(name):
    family, X, _, _, outcome = fitted(name)
    rng = np.random.default_rng(0)
    past = np.full((500, max(family.n_lags, 1), A), np.nan)
    rows = family.sample(outcome.run.emission, rng.integers(0, 2, 500), past, rng)
    assert rows.shape == (500, A)
    obs = log_obs(family, outcome.run.emission, rows, [1] * len(rows))
    assert np.isfinite(logsumexp(obs, axis=1)).all()


@every_family
def test_cells_of_one_column_add_up_to_one(name):
    family, *_, outcome = fitted(name)
    grid = np.arange(101) / 100
    X = np.tile(grid[:, None], (1, A))
    counts = name in ("poisson", "negative_binomial")
    whole = name in ("bernoulli", "categorical")
    if counts:
        X = np.round(100 * X)
    if whole:
        X = np.arange(3.0 if name == "categorical" else 2.0)[:, None] * np.ones(A)
        lower, upper = X - 0.5, X + 0.5
    else:
        lower, upper = cell_edges(np.tile(grid[:, None], (1, A)))
        lower, upper = (100 * lower, 100 * upper) if counts else (lower, upper)
    total = 0.0
    for column in range(A):
        only = np.full_like(X, np.nan)
        only[:, column] = X[:, column]
        shown = np.isfinite(only)
        data = family.prepare(only, [1] * len(X))
        cells = family.log_cells(
            outcome.run.emission,
            data,
            np.where(shown, lower, np.nan),
            np.where(shown, upper, np.nan),
        )
        total = np.exp(cells).sum(0)
        np.testing.assert_allclose(total, 1.0, atol=1e-9)


def test_cells_of_correlated_columns_add_up_to_one():
    """All pairs of cells of two columns, the third missing."""
    family, *_, outcome = fitted("full")
    grid = np.arange(101) / 100
    pairs = np.stack(np.meshgrid(grid, grid, indexing="ij"), -1).reshape(-1, 2)
    X = np.insert(pairs, 1, np.nan, axis=1)
    lower, upper = cell_edges(X)
    data = family.prepare(X, [len(X)])
    cells = family.log_cells(outcome.run.emission, data, lower, upper)
    np.testing.assert_allclose(np.exp(cells).sum(0), 1.0, atol=1e-9)


@pytest.mark.parametrize("shape", ["diag", "spherical", "full", "tied"])
@pytest.mark.parametrize("holes", [False, True])
def test_gaussian_m_step_is_the_posterior_mode(shape, holes):
    """Two states of known members: moments of the members, and a frame of the prior."""
    rng = np.random.default_rng(4)
    X = rng.normal(1e3, 1.0, (40, A)) @ rng.normal(size=(A, A))
    member = np.arange(40) % 2
    if holes:
        X[5:9] = np.nan  # whole rows: what is left is not imputed
    family = Gaussian(shape)
    data = family.prepare(X, [40])
    prior = family.prior(X)
    weights = np.eye(2)[member] * np.isfinite(X).all(1)[:, None]
    old = family.init(X[np.isfinite(X).all(1)], 2, rng)
    got = float64(family.maximize)(old, prior, data, weights)
    rows = [X[(member == k) & np.isfinite(X).all(1)] for k in range(2)]
    np.testing.assert_allclose(got["mean"], [r.mean(0) for r in rows], rtol=1e-12)
    scatter = [(r - r.mean(0)).T @ (r - r.mean(0)) for r in rows]
    extra, n = np.diag(prior["var"]), np.array([len(r) for r in rows])
    if shape == "tied":
        expected = np.tile((sum(scatter) + extra) / (n.sum() + 1), (2, 1, 1))
    else:
        expected = np.stack(
            [(s + extra) / (m + 1) for s, m in zip(scatter, n, strict=True)]
        )
    if shape == "diag":
        expected = np.stack([np.diag(e) for e in expected])
    if shape == "spherical":
        expected = np.stack([np.full(A, np.trace(e) / A) for e in expected])
    np.testing.assert_allclose(got["cov"], expected, rtol=1e-8)


def test_full_covariance_marginalises_missing_entries_exactly():
    """Against the normal law of the entries that are left."""
    from scipy.stats import multivariate_normal

    family, X, lengths, _, outcome = fitted("full")
    emission = outcome.run.emission
    obs = log_obs(family, emission, X, lengths)
    for t in np.flatnonzero(np.isnan(X).any(1) & np.isfinite(X).any(1))[:10]:
        keep = np.isfinite(X[t])
        for k in range(2):
            law = multivariate_normal(
                emission["mean"][k][keep], emission["cov"][k][np.ix_(keep, keep)]
            )
            assert obs[t, k] == pytest.approx(law.logpdf(X[t][keep]), rel=1e-11)


@pytest.mark.parametrize("kind", [GaussianHMM, ARHMM])
def test_a_column_at_rest_keeps_the_variance_of_one_step(kind):
    X = np.tile([[0.0, 0.3], [0.0, 0.5]], (30, 1))
    model = kind(1, resolution=0.01).fit(X)
    variance = model.emission_params["cov"]
    assert variance[0, 0] == pytest.approx(0.01**2 / 12)
    assert kind(1).fit(X).emission_params["cov"][0, 0] < 1e-3 * variance[0, 0]
