"""Known models are found again from what they produce; dead states come back."""

import itertools

import numpy as np
import pytest

from genface.behavior import (
    ARHMM,
    HSMM,
    BernoulliHMM,
    BetaHMM,
    CategoricalHMM,
    GaussianHMM,
    GaussianMixtureHMM,
    InflatedBetaHMM,
    LogisticHMM,
    NegativeBinomialHMM,
    PoissonHMM,
    em,
)
from genface.behavior.emissions import Gaussian, Poisson
from genface.behavior.hmm import first_chain
from genface.behavior.lanes import pack

K, T = 4, 5000


def true_states(rng, n_rows=T):
    states = np.zeros(n_rows, int)
    for t in range(1, n_rows):
        stay = rng.random() < 0.9
        states[t] = states[t - 1] if stay else rng.integers(K)
    return states


def in_true_order(found, states):
    """Columns of the states found by the true states they agree with most."""
    counts = np.array(
        [[(found[states == k] == j).sum() for j in range(K)] for k in range(K)]
    )
    orders = np.array(list(itertools.permutations(range(K))))
    right = counts[np.arange(K), orders].sum(1)
    return orders[right.argmax()], right.max() / len(states)


def lumpy(r, m):
    lot = r.random(m.shape)
    inner = np.clip(r.beta(15 * m / 6, 15 * (1 - m / 6)), 0.006, 0.99)
    return np.where(lot < 0.1, 0.0, np.where(lot > 0.95, 1.0, inner))


def correlated(r, m):
    return m + 0.4 * r.normal(size=m.shape) + 0.3 * r.normal(size=(len(m), 1))


# Name: estimator, what a state with levels m (T, A) in .6 .. 5.2 produces, its mean.
LAWS = {
    "poisson": (PoissonHMM, lambda r, m: r.poisson(10 * m), lambda m: 10 * m),
    "diag": (GaussianHMM, lambda r, m: r.normal(m, 0.5), lambda m: m),
    "spherical": (
        lambda k, **s: GaussianHMM(k, "spherical", **s),
        lambda r, m: r.normal(m, 0.5),
        lambda m: m,
    ),
    "full": (lambda k, **s: GaussianHMM(k, "full", **s), correlated, lambda m: m),
    "tied": (lambda k, **s: GaussianHMM(k, "tied", **s), correlated, lambda m: m),
    "gaussian_mixture": (
        GaussianMixtureHMM,
        lambda r, m: r.normal(m + r.choice([-0.5, 0.5], (len(m), 1)), 0.2),
        lambda m: m,
    ),
    "negative_binomial": (
        NegativeBinomialHMM,
        lambda r, m: r.negative_binomial(6.0, 6.0 / (6.0 + 20 * m)),
        lambda m: 20 * m,
    ),
    "beta": (
        lambda k, **s: BetaHMM(k, squeeze=1e-9, **s),
        lambda r, m: r.beta(15 * m / 6, 15 * (1 - m / 6)),
        lambda m: m / 6,
    ),
    "inflated_beta": (InflatedBetaHMM, lumpy, lambda m: 0.85 * m / 6 + 0.05),
    "bernoulli": (
        BernoulliHMM,
        lambda r, m: r.random(m.shape) < m / 6,
        lambda m: m / 6,
    ),
    "categorical": (
        lambda k, **s: CategoricalHMM(k, n_categories=3, **s),
        lambda r, m: r.binomial(2, m / 6),
        lambda m: m / 3,
    ),
}
WIDTHS = {"bernoulli": 20, "categorical": 12}
DISPERSIONS = {"negative_binomial": 6.0, "beta": 15.0, "inflated_beta": 15.0}


def check_recovery(name, n_sets, n_rows):
    """Median error of means at most 3 standard errors; dispersions within a tenth."""
    kind, draw, mean_of = LAWS[name]
    errors, agreements, dispersions = [], [], []
    for seed in range(n_sets):
        rng = np.random.default_rng(seed)
        steps = np.array([[0.6, 2.0, 3.6, 5.2]] * WIDTHS.get(name, 3))
        levels = rng.permuted(steps, axis=1).T
        states = true_states(rng, n_rows)
        X = draw(rng, levels[states]).astype(float)
        model = kind(K, restarts=4, tol=1e-6).fit(X)
        assert model.monitor_.stop == "tol"
        order, agreement = in_true_order(model.predict(X), states)
        agreements.append(agreement)
        found = model.family.means(model.emission_params)[order]
        sd = np.stack([X[states == k].std(0) for k in range(K)])
        n = np.bincount(states, minlength=K)[:, None]
        errors.append(np.abs(found - mean_of(levels)) / (sd / np.sqrt(n)))
        if name in DISPERSIONS:
            dispersions.append(np.exp(model.emission_params["theta"][order][..., 1]))
    assert np.median(errors) <= 3
    assert np.median(agreements) >= 0.95
    if dispersions:
        assert np.median(dispersions) == pytest.approx(DISPERSIONS[name], rel=0.1)


@pytest.mark.slow
def test_a_model_is_recovered_from_what_it_produces():
    check_recovery("poisson", 2, 2000)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAWS)
def test_models_are_recovered_from_what_they_produce(name):
    check_recovery(name, 20, T)


COEF = np.array([[-0.3, 0.9], [0.0, 0.2], [0.6, 0.7], [1.5, -0.4]])  # base, last value
SCALE = np.array([0.1, 0.2, 0.1, 0.2])


def moving(rng, noise, n_columns=4):
    """Rows whose columns follow their own past as the state says, and the states."""
    states = true_states(rng)
    y = np.zeros((T, n_columns))
    for t in range(1, T):
        base, last = COEF[states[t]]
        y[t] = base + last * y[t - 1] + SCALE[states[t]] * noise(rng, n_columns)
    return y, states


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["diag", "full"])
def test_autoregressions_are_recovered(shape):
    """In units of the standard errors of least squares on the true states."""
    errors, agreements = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y, states = moving(rng, lambda r, n: r.normal(size=n))
        model = ARHMM(K, covariance_type=shape, restarts=4).fit(y)
        order, agreement = in_true_order(model.predict(y), states)
        agreements.append(agreement)
        coef = model.emission_params["coef"][order]
        own = coef[:, :, 1] if shape == "diag" else coef[:, range(4), range(1, 5)]
        for k in range(K):
            z = y[:-1][states[1:] == k]
            gram = (z - z.mean(0)).T @ (z - z.mean(0))
            if shape == "diag":  # each column is regressed on its own past alone
                gram = np.diag(np.diag(gram))
            error = SCALE[k] * np.sqrt(np.diag(np.linalg.inv(gram)))
            errors.append(np.abs(own[k] - COEF[k, 1]) / error)
    assert np.median(errors) <= 3
    assert np.median(agreements) >= 0.95


@pytest.mark.slow
def test_logistic_columns_are_recovered():
    """In units of the spread of the estimates over the data sets."""
    found, agreements = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y, states = moving(rng, lambda r, n: r.logistic(size=n), n_columns=6)
        X = np.round(1 / (1 + np.exp(-y)), 2)
        model = LogisticHMM(K, restarts=4).fit(X)
        order, agreement = in_true_order(model.predict(X), states)
        agreements.append(agreement)
        theta = model.emission_params["theta"][order]
        found.append(theta[..., [0, 1]] / theta[..., [2]])
    spread = np.std(found, axis=0)
    assert np.median(np.abs(found - COEF[:, None]) / spread) <= 3
    assert np.median(agreements) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("law", ["categorical", "negative_binomial", "poisson"])
def test_stays_are_recovered(law):
    """Mean stays within three standard errors, in states that look much the same."""
    errors, agreements = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        after = np.array([2.0, 4.0, 6.0, 9.0])  # mean of a stay's frames but the first
        states, X = [], []
        while len(states) < T:
            k = rng.choice([j for j in range(K) if not states or j != states[-1]])
            frames = rng.poisson(after[k])
            if law == "negative_binomial":
                frames = rng.negative_binomial(5.0, 5.0 / (5.0 + after[k]))
            states += [k] * (1 + min(frames, 29))
        states = np.array(states)
        X = states[:, None] + rng.normal(0, 0.35, (len(states), 2))
        model = HSMM(K, family=Gaussian(), duration=law, max_duration=30, restarts=2)
        order, agreement = in_true_order(model.fit(X).predict(X), states)
        agreements.append(agreement)
        mean = model.durations_[order] @ np.arange(1, 31)
        edges = np.flatnonzero(np.diff(states, prepend=-1, append=-1))
        for k in range(K):
            own = np.diff(edges)[states[edges[:-1]] == k]
            error = own.std() / np.sqrt(len(own))
            errors.append(abs(mean[k] - own.mean()) / error)
    assert np.median(errors) <= 3
    assert np.median(agreements) >= 0.95


def test_a_dead_state_begins_anew():
    """A state far from all rows would stay empty: two levels of three are merged."""
    rng = np.random.default_rng(0)
    X = rng.poisson(np.repeat([2.0, 20.0, 60.0], 50))[:, None].astype(float)
    family = Poisson()
    lanes = pack([len(X)])
    data, views = em.lay_out(family, X, [len(X)], lanes)
    prior = em.priors(family, X, [np.ones(len(X), bool)])
    problem = em.Problem(data, lanes.first, views, prior, 1.1, 1.1, 0.0)
    begin = {"rate": np.array([[2.0], [40.0], [1e6]])}
    run = em.Run(*first_chain(3), begin)
    ends = [
        em.run_all(family, problem, [run], em.Rules(300, 1e-8, rescue=rescue))[0]
        for rescue in (False, True)
    ]
    assert [end.stop for end in ends] == ["tol", "tol"]
    assert ends[1].log_likelihood > ends[0].log_likelihood + 100
    found = np.sort(ends[1].run.emission["rate"][:, 0])
    np.testing.assert_allclose(found, [2.0, 20.0, 60.0], rtol=0.15)
