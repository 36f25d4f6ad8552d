"""Likelihoods on the scale of AUs times 100: nothing is lost, nothing is floored."""

import jax
import numpy as np
import pytest
from hmmlearn import hmm
from scipy import stats

from genface.behavior.emissions import evaluation
from genface.behavior.hmm import PoissonHMM
from genface.behavior.inference import posterior
from genface.behavior.log_recursions import exact_posterior
from genface.behavior.precision import program
from genface.behavior.recursions import checked_posterior, scaled_posterior
from genface.behavior.sweep import sweep

K = 8


@pytest.fixture(scope="module")
def aus(shared):
    return np.load(shared / "data" / "au_like.npy")


def drawn(X, seed):
    """Chain and log-probabilities (T, K) that hmmlearn would begin with."""
    run = PoissonHMM(K, random_state=seed, compat="hmmlearn")._start_runs(X, [len(X)])
    start, trans, emission, _ = run[0]
    log_obs = stats.poisson.logpmf(X[:, None], emission["rate"]).sum(2)
    return start, trans, log_obs


@pytest.mark.parametrize("times", [1, 100, 1000])
def test_all_ways_agree_on_rows_like_aus(aus, times):
    X = np.round(times * aus)
    for seed in range(3):
        start, trans, log_obs = drawn(X, seed)
        even = 0.9 * trans + 0.1 / K  # the linear way alone needs no rare links
        ways = [
            posterior(start, even, log_obs, method=m)
            for m in ("log", "exact", "scaled", "associative")
        ]
        for way in ways[1:]:
            assert way.log_likelihood == pytest.approx(
                ways[0].log_likelihood, rel=1e-12
            )
            np.testing.assert_allclose(way.smoothed, ways[0].smoothed, atol=1e-9)
            np.testing.assert_allclose(way.moves, ways[0].moves, atol=1e-8)


@pytest.mark.parametrize("times", [100, 1000])
def test_linear_way_knows_when_it_cannot_be_trusted(aus, times):
    X = np.round(times * aus)
    first = np.arange(len(X))[None] == 0
    trusted = 0
    for seed in range(8):
        start, trans, log_obs = drawn(X, seed)
        trans = np.where(trans < 1e-3, 0.0, trans)
        trans /= trans.sum(1, keepdims=True)
        fast, fine = program(checked_posterior)(start, trans, log_obs[None], first)
        exact = program(exact_posterior)(start, trans, log_obs[None], first)
        trusted += bool(fine)
        if fine:
            total = exact.log_prob.sum()
            assert fast.log_prob.sum() == pytest.approx(total, rel=1e-12)
            np.testing.assert_allclose(fast.smoothed, exact.smoothed, atol=1e-9)
    assert trusted > 0 if times == 100 else trusted < 8


def test_a_path_that_falls_far_behind_and_wins_is_not_lost():
    """No way back from state 0: the path through 1 costs 900 nats before it pays."""
    start, trans = np.array([0.5, 0.5]), np.eye(2)
    log_obs = np.array([[0.0, -900.0], [-2000.0, 0.0]])
    first = np.array([[True, False]])
    post, fine = program(checked_posterior)(start, trans, log_obs[None], first)
    assert not fine
    got = posterior(start, trans, log_obs)
    assert got.log_likelihood == pytest.approx(np.log(0.5) - 900, rel=1e-14)
    np.testing.assert_allclose(got.smoothed, [[0, 1], [0, 1]], atol=1e-12)


def test_fits_go_on_where_hmmlearns_scaling_fails(aus):
    """Every run ends where the same run in logs does, also those that underflow."""
    X = np.trunc(100 * aus)[:300]
    failed = 0
    for seed in range(6):
        theirs = hmm.PoissonHMM(
            5, random_state=seed, n_iter=8, tol=-np.inf, implementation="scaling"
        )
        try:
            theirs.fit(X.astype(int))
        except ValueError:
            failed += 1
    assert failed > 0
    settings = {"n_iter": 8, "tol": -np.inf, "compat": "hmmlearn"}
    swept = sweep(X, "poisson", [5], restarts=6, folds=None, **settings)
    for seed, got in enumerate(swept.table["log_likelihood"]):
        alone = PoissonHMM(5, random_state=seed, **settings).fit(X)
        assert got == pytest.approx(alone.monitor_.history[-1], rel=1e-11)


def test_single_precision_loses_little(aus):
    """Each frame is normalised, so 32 bits keep 1e-2 nats of 6e4."""
    X = np.trunc(100 * aus)
    start, trans, log_obs = drawn(X, 0)
    trans = 0.9 * trans + 0.1 / K
    exact = posterior(start, trans, log_obs, method="log")
    first = np.arange(len(X))[None] == 0
    narrow = [np.asarray(v, np.float32) for v in (start, trans, log_obs[None])]
    for way in (scaled_posterior, exact_posterior):
        got = jax.jit(way)(*narrow, first)
        total = np.asarray(got.log_prob, float).sum()
        assert total == pytest.approx(exact.log_likelihood, abs=1e-2)
        np.testing.assert_allclose(got.smoothed[0], exact.smoothed, atol=1e-3)


def test_log_probabilities_equal_scipys(aus):
    X = np.trunc(100 * aus)[:50]
    rate = np.random.default_rng(0).gamma(2.0, 10.0, (3, X.shape[1]))
    family = PoissonHMM(3).family
    got = evaluation.log_obs(family, {"rate": rate}, X, np.array([len(X)]))
    expected = stats.poisson.logpmf(X[:, None], rate).sum(2)
    np.testing.assert_allclose(got, expected, rtol=1e-13)
