"""Explicit durations against sums over all ways to cut a sequence into stays."""

import itertools

import numpy as np
import pytest
from enumeration import enumerate_paths
from scipy import optimize, stats

from genface.behavior.duration import HSMM, expand
from genface.behavior.duration_laws import log_durations, maximize
from genface.behavior.emissions import Gaussian
from genface.behavior.inference import posterior
from genface.behavior.precision import program
from genface.behavior.semi_markov import semi_markov_posterior
from genface.errors import InputError


def semi_markov_likelihood(start, jumps, durations, log_obs):
    """Sum over all ways to cut T frames into stays; the last may go on unseen."""
    n_rows, n_states = log_obs.shape
    longest = durations.shape[1]
    total = -np.inf
    for n_stays in range(1, n_rows + 1):
        for cuts in itertools.combinations(range(1, n_rows), n_stays - 1):
            edges = [0, *cuts, n_rows]
            stays = np.diff(edges)
            if stays[:-1].max(initial=0) > longest or stays[-1] > longest:
                continue
            for path in itertools.product(range(n_states), repeat=n_stays):
                p = start[path[0]]
                for a, b in itertools.pairwise(path):
                    p *= jumps[a, b]
                for state, stay in zip(path[:-1], stays[:-1], strict=True):
                    p *= durations[state, stay - 1]
                p *= durations[path[-1], stays[-1] - 1 :].sum()
                if p > 0:
                    seen = sum(
                        log_obs[edges[i] : edges[i + 1], s].sum()
                        for i, s in enumerate(path)
                    )
                    total = np.logaddexp(total, np.log(p) + seen)
    return total


def test_semi_markov_likelihood_equals_the_sum_over_stays():
    rng = np.random.default_rng(0)
    start, durations = rng.dirichlet(np.ones(2)), rng.dirichlet(np.ones(3), size=2)
    jumps = np.array([[0.0, 1.0], [1.0, 0.0]])
    log_obs = rng.normal(0, 2, (6, 2))
    enter, moves = expand(start, jumps, durations)
    got = posterior(enter, moves, np.repeat(log_obs, 3, axis=1)).log_likelihood
    expected = semi_markov_likelihood(start, jumps, durations, log_obs)
    assert got == pytest.approx(expected, rel=1e-12)


def chain(rng, n_states, longest):
    jumps = rng.dirichlet(np.ones(n_states), size=n_states)
    np.fill_diagonal(jumps, 0.0)
    jumps /= jumps.sum(1, keepdims=True)
    durations = rng.dirichlet(np.ones(longest), size=n_states)
    return rng.dirichlet(np.ones(n_states)), jumps, durations


@pytest.mark.parametrize("scale", [1.0, 100.0, 1e4])
def test_passes_equal_the_sums_over_all_paths(scale):
    """Likelihood by stays; the rest by enumeration of the expanded chain."""
    rng = np.random.default_rng(int(scale))
    start, jumps, durations = chain(rng, 2, 2)
    log_obs = rng.normal(0, scale, (6, 2))
    first = np.arange(6)[None] == 0
    with np.errstate(divide="ignore"):
        logs = np.log(durations)
    got = program(semi_markov_posterior)(start, jumps, logs, log_obs[None], first)
    expected = semi_markov_likelihood(start, jumps, durations, log_obs)
    assert got.log_prob.sum() == pytest.approx(expected, rel=1e-12)
    enter, moves = expand(start, jumps, durations)
    total, smoothed, counted, *_ = enumerate_paths(
        enter, moves, np.repeat(log_obs, 2, axis=1)
    )
    assert total == pytest.approx(expected, rel=1e-12)
    rounding = 1e-12 * scale
    states = smoothed.reshape(6, 2, 2).sum(2)
    np.testing.assert_allclose(got.smoothed[0], states, atol=rounding)
    np.testing.assert_allclose(got.begun, states[0], atol=rounding)
    entered = counted.reshape(2, 2, 2, 2)[:, 0]  # from, to, frames after the first
    np.testing.assert_allclose(got.jumps, entered.sum(2), atol=rounding)
    stays = entered.sum(0) + smoothed[0].reshape(2, 2)
    np.testing.assert_allclose(got.durations, stays, atol=rounding)


def test_sequences_and_padding_are_kept_apart():
    rng = np.random.default_rng(7)
    start, jumps, durations = chain(rng, 3, 4)
    log_obs = rng.normal(0, 3, (2, 9, 3))
    first = np.zeros((2, 9), bool)
    first[:, 0] = first[0, 5] = first[1, 1] = True
    passes = program(semi_markov_posterior)
    got = passes(start, jumps, np.log(durations), log_obs, first)
    parts = [log_obs[0, :5], log_obs[0, 5:], log_obs[1, :1], log_obs[1, 1:]]
    enter, moves = expand(start, jumps, durations)
    alone = [posterior(enter, moves, np.repeat(p, 4, axis=1)) for p in parts]
    total = sum(a.log_likelihood for a in alone)
    assert got.log_prob.sum() == pytest.approx(total, rel=1e-13)
    counted = sum(a.moves for a in alone).reshape(3, 4, 3, 4)[:, 0]
    np.testing.assert_allclose(got.jumps, counted.sum(2), atol=1e-12)


def laws(law, theta, longest):
    read = program(log_durations, "law", "longest")
    return read(law=law, theta=theta, longest=longest)


@pytest.mark.parametrize("law", ["poisson", "negative_binomial"])
def test_laws_of_stays_are_scipys_cut_off(law):
    theta = np.log([[4.0, 2.5]])[:, : 1 if law == "poisson" else 2]
    got = np.exp(laws(law, theta, 12))[0]
    after = np.arange(12)
    if law == "poisson":
        expected = stats.poisson.pmf(after, 4.0)
    else:
        expected = stats.nbinom.pmf(after, 2.5, 2.5 / (2.5 + 4.0))
    np.testing.assert_allclose(got, expected / expected.sum(), rtol=1e-12)


def test_law_of_stays_is_fitted_to_its_maximum():
    counts = np.random.default_rng(0).gamma(1.0, 3.0, (2, 10))
    theta = np.log(np.array([[3.0, 1.0], [3.0, 1.0]]))
    for _ in range(20):
        theta = program(maximize, "law")(
            law="negative_binomial", theta=theta, counts=counts
        )

    def loss(theta):
        logs = laws("negative_binomial", theta[None], 10)[0]
        return -float(counts[0] @ logs) + 1e-3 * float(theta @ theta)

    best = optimize.minimize(loss, theta[0], method="Nelder-Mead")
    assert loss(theta[0]) <= best.fun + 1e-6


@pytest.mark.parametrize("law", ["categorical", "negative_binomial", "poisson"])
def test_fit_finds_how_long_states_last(law):
    rng = np.random.default_rng(1)
    stays = 4 + rng.poisson(2, 60)
    states = np.repeat(np.arange(60) % 2, stays)
    X = 3.0 * states[:, None] + rng.normal(0, 0.3, (len(states), 1))
    X[rng.random(X.shape) < 0.05] = np.nan
    lengths = [100, 1, len(X) - 101]
    model = HSMM(2, family=Gaussian(), duration=law, max_duration=12, restarts=2)
    model.fit(X, lengths)
    # A fall of likelihood plus prior by 1e-9 would read "decrease".
    assert model.monitor_.stop == "tol"
    mean = model.durations_ @ np.arange(1, 13)
    np.testing.assert_allclose(mean, [6.0, 6.0], atol=1.0)
    found = model.predict(X, lengths)
    agree = (found == states).mean()
    assert max(agree, 1 - agree) > 0.98
    assert model.sample(20)[0].shape == (20, 1)


@pytest.mark.parametrize(
    "law",
    [
        "negative_binomial",
        *(pytest.param(s, marks=pytest.mark.slow) for s in ("categorical", "poisson")),
    ],
)
@pytest.mark.slow
def test_what_was_set_is_continued_from_and_may_be_frozen(law):
    X = (
        np.random.default_rng(2).normal(size=(60, 1))
        + np.repeat([0, 3] * 6, 5)[:, None]
    )
    settings = dict(family=Gaussian(), duration=law, max_duration=6, tol=-np.inf)
    whole = HSMM(2, n_iter=6, **settings).fit(X)
    half = HSMM(2, n_iter=3, **settings).fit(X)
    rest = HSMM(2, n_iter=3, init_params="", **settings)
    rest.start_, rest.jumps_, rest.durations_ = (
        half.start_,
        half.jumps_,
        half.durations_,
    )
    rest._emission = half.emission_params
    rest.fit(X)
    np.testing.assert_allclose(rest.durations_, whole.durations_, atol=1e-5)
    np.testing.assert_allclose(
        rest.emission_params["mean"], whole.emission_params["mean"], atol=1e-5
    )
    kept = HSMM(2, n_iter=3, init_params="", params="se", **settings)
    kept.start_, kept.jumps_, kept.durations_ = (
        half.start_,
        half.jumps_,
        half.durations_,
    )
    kept.fit(X)
    np.testing.assert_array_equal(kept.jumps_, half.jumps_)
    np.testing.assert_allclose(kept.durations_, half.durations_, atol=1e-7)
    assert (kept.start_ != half.start_).any()


def test_a_stay_needs_somewhere_to_go():
    with pytest.raises(InputError, match="two states"):
        HSMM(1, family=Gaussian())
