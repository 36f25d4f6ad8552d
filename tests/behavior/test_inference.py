"""The recursions against the sum over every state path."""

import numpy as np
import pytest
from enumeration import enumerate_paths
from scipy.stats import chisquare

from genface.behavior.inference import (
    StateFilter,
    best_path,
    posterior,
    sample_paths,
)


def random_chain(rng, n_states, zeros=False):
    start = rng.dirichlet(np.ones(n_states))
    trans = rng.dirichlet(np.ones(n_states), size=n_states)
    if zeros and n_states > 1:
        trans[0, -1] = 0
        trans /= trans.sum(1, keepdims=True)
    return start, trans


CASES = [
    (n_states, n_rows, scale)
    for n_states, n_rows in [(1, 3), (2, 6), (3, 6)]
    for scale in (1.0, 30.0, 1e3, 1e4)
]


@pytest.mark.parametrize("method", ["auto", "exact", "log", "associative"])
def test_posterior_equals_enumeration(method):
    for case, (n_states, n_rows, scale) in enumerate(CASES):
        rng = np.random.default_rng(case)
        start, trans = random_chain(rng, n_states, zeros=case % 2 == 1)
        log_obs = rng.normal(0, scale, (n_rows, n_states))
        total, smoothed, moves, path, _ = enumerate_paths(start, trans, log_obs)
        got = posterior(start, trans, log_obs, method=method)
        assert got.log_likelihood == pytest.approx(total, rel=1e-12)
        rounding = 1e-12 * max(1.0, scale)  # of a difference of two log-probabilities
        np.testing.assert_allclose(got.smoothed, smoothed, atol=rounding)
        np.testing.assert_allclose(got.moves, moves, atol=rounding)
        assert best_path(start, trans, log_obs)[1].tolist() == path.tolist()


def test_scaled_path_equals_enumeration_at_moderate_scales():
    for case, (n_states, n_rows, scale) in enumerate(CASES):
        if scale > 50:
            continue
        rng = np.random.default_rng(case)
        start, trans = random_chain(rng, n_states)
        log_obs = rng.normal(0, scale, (n_rows, n_states))
        total, smoothed, moves, _, _ = enumerate_paths(start, trans, log_obs)
        got = posterior(start, trans, log_obs, method="scaled")
        assert got.log_likelihood == pytest.approx(total, rel=1e-12)
        np.testing.assert_allclose(got.smoothed, smoothed, atol=1e-12)
        np.testing.assert_allclose(got.moves, moves, atol=1e-12)


@pytest.mark.parametrize("method", ["scaled", "exact", "log", "associative"])
def test_sequences_do_not_see_each_other(method):
    rng = np.random.default_rng(5)
    start, trans = random_chain(rng, 3)
    lengths = [4, 1, 7, 2, 1]
    log_obs = rng.normal(0, 3, (sum(lengths), 3))
    got = posterior(start, trans, log_obs, lengths, method=method)
    parts = np.split(log_obs, np.cumsum(lengths)[:-1])
    single = [posterior(start, trans, part, method=method) for part in parts]
    one = sum(s.log_likelihood for s in single)
    assert got.log_likelihood == pytest.approx(one, rel=1e-13)
    stacked = np.concatenate([s.smoothed for s in single])
    np.testing.assert_allclose(got.smoothed, stacked, atol=1e-13)
    np.testing.assert_allclose(got.moves, sum(s.moves for s in single), atol=1e-13)
    path = best_path(start, trans, log_obs, lengths)
    alone = [best_path(start, trans, part) for part in parts]
    assert path[1].tolist() == np.concatenate([p for _, p in alone]).tolist()
    assert path[0] == pytest.approx(sum(score for score, _ in alone))


def test_no_floor_under_probabilities():
    """A floor of 1e-15 would give [.5, .5] and -33.85 here."""
    chain = np.array([1.0, 1e-20]), np.eye(2)
    got = posterior(*chain, np.array([[-500.0, 0.0]]))
    assert got.log_likelihood == pytest.approx(np.log(1e-20), rel=1e-14)
    assert got.smoothed[0, 1] == pytest.approx(1.0)


@pytest.mark.parametrize("method", ["scaled", "exact", "log", "associative"])
def test_certain_jump_over_a_rare_link_is_one_transition(method):
    trans = np.array([[1 - 1e-9, 1e-9], [0.5, 0.5]])
    log_obs = np.array([[0.0, -np.inf], [-np.inf, 0.0]])
    moves = posterior(np.array([0.5, 0.5]), trans, log_obs, method=method).moves
    assert moves[0, 1] == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("method", ["scaled", "exact", "log", "associative"])
def test_impossible_rows_are_minus_infinity(method):
    log_obs = np.zeros((3, 2))
    log_obs[1] = -np.inf
    got = posterior(np.array([0.5, 0.5]), np.eye(2), log_obs, method=method)
    assert got.log_likelihood == -np.inf
    assert not np.isnan(got.smoothed).any() and not np.isnan(got.moves).any()


def test_viterbi_ties_follow_the_named_rule():
    even = np.array([0.5, 0.5]), np.full((2, 2), 0.5), np.zeros((5, 2))
    assert best_path(*even)[1].tolist() == [1, 1, 1, 1, 0]
    assert best_path(*even, ties="lowest")[1].tolist() == [0, 0, 0, 0, 0]


def test_posterior_draws_follow_the_exact_joint():
    rng = np.random.default_rng(1)
    start, trans = random_chain(rng, 3)
    log_obs = rng.normal(0, 1.5, (4, 3))
    weights = enumerate_paths(start, trans, log_obs)[-1]
    draws = sample_paths(start, trans, log_obs, 200_000, rng)
    seen = dict.fromkeys(weights, 0)
    for path, count in zip(*np.unique(draws, axis=0, return_counts=True), strict=True):
        seen[tuple(path)] = int(count)
    expected = np.array([weights[p] for p in weights]) * len(draws)
    counted = np.array([seen[p] for p in weights])
    rare = expected < 5
    expected = np.append(expected[~rare], expected[rare].sum())
    counted = np.append(counted[~rare], counted[rare].sum())
    assert chisquare(counted, expected).pvalue > 1e-3


def test_streaming_equals_the_filter():
    rng = np.random.default_rng(2)
    start, trans = random_chain(rng, 4)
    log_obs = rng.normal(0, 4, (30, 4))
    whole = posterior(start, trans, log_obs)
    running = StateFilter(start, trans)
    steps = np.stack([running.update(row) for row in log_obs])
    np.testing.assert_allclose(steps, whole.filtered, atol=1e-13)
    assert running.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(running.ahead(2), steps[-1] @ trans @ trans, atol=1e-15)
