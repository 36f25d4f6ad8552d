"""Filter, smoother and path against the enumeration of every path."""

import itertools

import numpy as np
import pytest

from genface.behavior.inference import (
    draw_states,
    log_filter,
    log_of,
    log_smooth,
    viterbi,
)


def chain(seed, K=2, T=5, spread=1.0):
    rng = np.random.default_rng(seed)
    start = rng.dirichlet(np.ones(K))
    trans = rng.dirichlet(np.ones(K), size=K)
    return log_of(start), log_of(trans), spread * rng.standard_normal((T, K))


def joint(log_start, log_trans, log_obs):
    """Every path with its joint log-probability."""
    T, K = log_obs.shape
    paths = np.array(list(itertools.product(range(K), repeat=T)))
    logs = log_start[paths[:, 0]] + log_obs[np.arange(T), paths].sum(1)
    return paths, logs + log_trans[paths[:, :-1], paths[:, 1:]].sum(1)


@pytest.mark.parametrize("spread", [1.0, 100.0, 1e4])
@pytest.mark.parametrize("seed", range(5))
def test_all_equal_enumeration(seed, spread):
    logs = chain(seed, K=3 if seed % 2 else 2, spread=spread)
    paths, each = joint(*logs)
    total = np.logaddexp.reduce(each)
    increments, filtered = log_filter(*logs)
    assert increments.sum() == pytest.approx(total, rel=1e-12)

    posterior = np.exp(log_smooth(*logs))
    prefix, early = joint(logs[0], logs[1], logs[2][:3])
    for k in range(logs[2].shape[1]):
        weights = np.exp(each - total)
        assert posterior[2, k] == pytest.approx(weights[paths[:, 2] == k].sum())
        weights = np.exp(early - np.logaddexp.reduce(early))
        expected = weights[prefix[:, -1] == k].sum()
        assert np.exp(filtered[2, k]) == pytest.approx(expected)

    best, path = viterbi(*logs)
    assert best == pytest.approx(each.max(), rel=1e-12)
    assert (path == paths[each.argmax()]).all()


def test_a_frame_that_says_nothing_changes_nothing():
    log_start, log_trans, log_obs = chain(7)
    log_obs[2] = 0.0
    increments, _ = log_filter(log_start, log_trans, log_obs)
    paths, each = joint(log_start, log_trans, log_obs)
    assert increments.sum() == pytest.approx(np.logaddexp.reduce(each))
    assert increments[2] == pytest.approx(0.0, abs=1e-12)


def test_what_cannot_happen_is_minus_infinity_and_nothing_else_is_lost():
    trans = np.array([[0.0, 1.0], [1.0, 0.0]])
    log_obs = np.array([[0.0, -np.inf], [0.0, -np.inf], [0.0, 0.0]])
    logs = log_of(np.array([1.0, 0.0])), log_of(trans), log_obs
    increments, filtered = log_filter(*logs)
    assert increments[1] == -np.inf and np.isfinite(increments[[0, 2]]).all()
    assert not np.isnan(filtered).any()


def test_no_floor_hides_a_certain_jump():
    # 500 nats against a transition of 1e-9: a floor at 1e-15 would lose the jump.
    trans = np.array([[1 - 1e-9, 1e-9], [0.0, 1.0]])
    log_obs = np.array([[0.0, -500.0], [-500.0, 0.0]])
    logs = log_of(np.array([1.0, 0.0])), log_of(trans), log_obs
    assert log_filter(*logs)[0].sum() == pytest.approx(np.log(1e-9), rel=1e-12)


def test_drawn_states_follow_the_transitions():
    trans = np.array([[0.9, 0.1], [0.3, 0.7]])
    rng = np.random.default_rng(0)
    states = draw_states(np.array([0.0, 1.0]), trans, 40_000, rng)
    assert states[0] == 1
    after_zero = states[1:][states[:-1] == 0]
    assert after_zero.mean() == pytest.approx(0.1, abs=0.006)
    assert states.mean() == pytest.approx(0.25, abs=0.01)
