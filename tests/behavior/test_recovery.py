"""Known models are found again from what they produce; dead states come back."""

import itertools

import numpy as np
import pytest

from genface.behavior import em
from genface.behavior.emissions import Poisson
from genface.behavior.hmm import (
    BetaHMM,
    GaussianHMM,
    NegativeBinomialHMM,
    PoissonHMM,
    first_chain,
)
from genface.behavior.lanes import pack

K, A, T = 4, 3, 5000


def true_states(rng):
    states = np.zeros(T, int)
    for t in range(1, T):
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
    return orders[right.argmax()], right.max() / T


LAWS = {
    "poisson": (
        PoissonHMM,
        lambda r, m: r.poisson(10 * m).astype(float),
        lambda m: 10 * m,
    ),
    "gaussian": (GaussianHMM, lambda r, m: r.normal(m, 0.5), lambda m: m),
    "negative_binomial": (
        NegativeBinomialHMM,
        lambda r, m: r.negative_binomial(6.0, 6.0 / (6.0 + 20 * m)).astype(float),
        lambda m: 20 * m,
    ),
    "beta": (
        lambda k, **s: BetaHMM(k, squeeze=1e-9, **s),
        lambda r, m: r.beta(15 * m / 6, 15 * (1 - m / 6)),
        lambda m: m / 6,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LAWS)
def test_models_are_recovered_from_what_they_produce(name):
    """Median error of means at most 3 standard errors; dispersions within a tenth."""
    kind, draw, mean_of = LAWS[name]
    errors, agreements, dispersions = [], [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        levels = rng.permuted(np.array([[0.6, 2.0, 3.6, 5.2]] * A), axis=1).T
        states = true_states(rng)
        X = draw(rng, levels[states])
        model = kind(K, restarts=4, tol=1e-6).fit(X)
        assert model.monitor_.stop == "tol"
        order, agreement = in_true_order(model.predict(X), states)
        agreements.append(agreement)
        found = model.family.means(model.emission_params)[order]
        sd = np.stack([X[states == k].std(0) for k in range(K)])
        n = np.bincount(states, minlength=K)[:, None]
        errors.append(np.abs(found - mean_of(levels)) / (sd / np.sqrt(n)))
        if "theta" in model.emission_params:
            dispersions.append(np.exp(model.emission_params["theta"][order][..., 1]))
    assert np.median(errors) <= 3
    assert np.median(agreements) >= 0.95
    if dispersions:
        true = {"negative_binomial": 6.0, "beta": 15.0}[name]
        assert np.median(dispersions) == pytest.approx(true, rel=0.1)


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
