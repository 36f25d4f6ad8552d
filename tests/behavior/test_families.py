"""One battery for every emission family; joining the list is the entry fee."""

import functools

import jax
import numpy as np
import pytest
from enumeration import enumerate_paths
from scipy.special import logsumexp

from genface.behavior import em
from genface.behavior.emissions import (
    Autoregressive,
    Bernoulli,
    Beta,
    Categorical,
    Gaussian,
    GaussianMixture,
    InflatedBeta,
    Logistic,
    NegativeBinomial,
    Poisson,
    Product,
    evaluation,
)
from genface.behavior.emissions.logistic import cell_edges
from genface.behavior.hmm import first_chain
from genface.behavior.inference import posterior
from genface.behavior.lanes import pack
from genface.behavior.precision import float64
from genface.behavior.recursions import scaled_posterior

A = 3


def unit_rows(rng, n):
    states = np.repeat(rng.integers(0, 2, n // 5 + 1), 5)[:n]
    shapes = np.where(states == 1, 8.0, 2.0)[:, None]
    return rng.beta(shapes, 4.0, (n, A))


def lumpy_rows(rng, n):
    X = unit_rows(rng, n)
    X[rng.random(X.shape) < 0.2] = 0.0
    X[rng.random(X.shape) < 0.05] = 1.0
    return X


FAMILIES = {
    "poisson": (Poisson(), lambda r, n: np.round(20 * unit_rows(r, n))),
    "negative_binomial": (
        NegativeBinomial(),
        lambda r, n: np.round(20 * unit_rows(r, n)),
    ),
    "diag": (Gaussian("diag"), unit_rows),
    "spherical": (Gaussian("spherical"), unit_rows),
    "full": (Gaussian("full"), unit_rows),
    "tied": (Gaussian("tied"), unit_rows),
    "gaussian_mixture": (GaussianMixture(), unit_rows),
    "beta": (Beta(), unit_rows),
    "inflated_beta": (InflatedBeta(), lumpy_rows),
    "bernoulli": (Bernoulli(), lambda r, n: np.round(unit_rows(r, n))),
    "categorical": (Categorical(3), lambda r, n: np.round(2 * unit_rows(r, n))),
    "ar_diag": (Autoregressive(1, True), unit_rows),
    "ar2_diag": (Autoregressive(2, True), unit_rows),
    "ar_full": (Autoregressive(1, False), unit_rows),
    "logistic": (Logistic(1), lumpy_rows),
    "logistic_iid": (Logistic(0), lumpy_rows),
    "product": (
        Product(((InflatedBeta(), (0, 2)), (Autoregressive(), (1,)))),
        lumpy_rows,
    ),
}
every_family = pytest.mark.parametrize("name", FAMILIES)


@functools.cache
def fitted(name, holes=True):
    """A family, rows with holes and ragged lengths, and a two-state fit."""
    family, draw = FAMILIES[name]
    rng = np.random.default_rng(3)
    X = draw(rng, 120)
    if holes:
        X[rng.random(X.shape) < 0.1] = np.nan
        X[40] = np.nan
    lengths = np.array([50, 1, 69])
    lanes = pack(lengths)
    data, views = em.lay_out(family, X, lengths, lanes)
    problem = em.Problem(
        data,
        lanes.first,
        views,
        em.priors(family, X, [np.isfinite(X).any(1)]),
        1.1,
        1.1,
        0.0,
    )
    rows = X[np.isfinite(X).any(1)]
    runs = [em.Run(*first_chain(k, 0.8), family.init(rows, k, rng)) for k in (2, 3)]
    # Two and three states go together: the two carry a spare one.
    outcome = em.run_all(family, problem, runs, em.Rules(60, 1e-7))[0]
    return family, X, lengths, problem, outcome


def log_obs(family, emission, X, lengths):
    return evaluation.log_obs(family, emission, X, np.asarray(lengths))


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
    total, smoothed, *_ = enumerate_paths(start, trans, obs)
    got = posterior(start, trans, obs)
    assert got.log_likelihood == pytest.approx(total, rel=1e-12)
    np.testing.assert_allclose(got.smoothed, smoothed, atol=1e-12)


@every_family
def test_a_missing_row_says_nothing(name):
    family, X, lengths, _, outcome = fitted(name)
    obs = log_obs(family, outcome.run.emission, X, lengths)
    np.testing.assert_allclose(obs[40], 0.0, atol=1e-15)


@pytest.mark.parametrize("name", ["poisson", "logistic"])
def test_padding_changes_nothing(name):
    family, X, lengths, problem, outcome = fitted(name)
    roomy = pack(np.append(lengths, 200))
    rows = np.where(roomy.rows >= len(X), -1, roomy.rows)
    lanes = type(roomy)(rows, roomy.first | (rows < 0))
    data, views = em.lay_out(family, X, lengths, lanes)
    wide = problem._replace(data=data, first=lanes.first, views=views)
    a, _ = em.log_likelihoods(family, problem, [outcome.run])
    b, _ = em.log_likelihoods(family, wide, [outcome.run])
    assert a[0] == pytest.approx(b[0], rel=1e-12)


@pytest.mark.parametrize("name", ["poisson", "beta"])
def test_spare_states_change_nothing(name):
    family, _, _, problem, outcome = fitted(name)
    alone = em.run_all(family, problem, [outcome.run], em.Rules(3, -np.inf))[0]
    padded = em.run_all(
        family, problem, [outcome.run], em.Rules(3, -np.inf), n_states=4
    )[0]
    np.testing.assert_allclose(alone.history, padded.history, rtol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["poisson", "beta", "inflated_beta", "negative_binomial", "logistic"]
)
def test_likelihood_at_the_optimum_is_flat(name):
    """EM's fixed point is a stationary point of the marginal likelihood + prior."""
    family, _, _, problem, outcome = fitted(name)
    far = em.run_all(family, problem, [outcome.run], em.Rules(400, 1e-12))[0].run
    data = {**problem.data, **{k: v[0] for k, v in problem.views.items()}}

    def objective(emission):
        obs = family.log_prob(emission, data).reshape(*problem.first.shape, 2)
        obs = jax.numpy.where(
            data["visible"].reshape(problem.first.shape)[..., None] > 0, obs, 0.0
        )
        post = scaled_posterior(far.start, far.trans, obs, problem.first)
        prior = family.log_prior(
            emission, {k: v[0] for k, v in problem.prior.items()}, data
        ).sum()
        return post.log_prob.sum() + prior

    slope = float64(jax.grad(objective))(far.emission)
    for values in slope.values():
        assert np.abs(values).max() < 2e-2


@every_family
def test_samples_can_be_read_back(name):
    family, X, _, _, outcome = fitted(name)
    rng = np.random.default_rng(0)
    past = np.full((500, max(family.n_lags, 1), A), np.nan)
    rows = family.sample(outcome.run.emission, rng.integers(0, 2, 500), past, rng)
    assert rows.shape == (500, A)
    obs = log_obs(family, outcome.run.emission, rows, [1] * len(rows))
    assert np.isfinite(logsumexp(obs, axis=1)).all()


@pytest.mark.parametrize(
    "name", [n for n in FAMILIES if n not in ("full", "tied", "ar_full")]
)
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
