"""Resampling: halves, intervals, single and joint p values, by closed forms."""

import numpy as np
import pytest

from genface.realism.measure import Measure, Reading
from genface.realism.resampling import (
    halves,
    interval,
    joint_p,
    own_p,
    plan_of,
    resample,
)


def mean_gap(values, a, b):
    return Reading(float(values[b].mean() - values[a].mean()))


GAP = Measure("gap", "gap", "1", "marginal", "", lambda clips, c: None, mean_gap)


def read(values, n, m, resamples=200, tested=True, seed=0, measure=GAP):
    plan = plan_of(n, m, resamples, tested, seed)
    return resample(measure, np.asarray(values, float), plan)


def test_halves_are_all_splits_without_mirrors():
    rng = np.random.default_rng(0)
    assert len(halves(4, rng)) == 3
    assert len(halves(5, rng)) == 10
    assert len(halves(20, rng)) == 100
    assert halves(1, rng) == ()
    for a, b in halves(7, rng):
        assert sorted([*a, *b]) == list(range(7))


def test_p_of_the_most_unlike_labels_is_the_least_there_is():
    found = read([0] * 8 + [1] * 8, 8, 8, resamples=100)
    assert own_p(found) == pytest.approx(1 / 100)
    assert own_p(read([0] * 16, 8, 8)) == 1.0  # ties count as beaten
    assert own_p(read([0, 1], 1, 1, tested=False)) is None


def test_p_equals_the_share_of_all_relabellings():
    from itertools import combinations

    values = np.random.default_rng(3).standard_normal(12)
    observed = values[6:].mean() - values[:6].mean()
    every = [
        values[list(c)].mean() - np.delete(values, c).mean()
        for c in combinations(range(12), 6)
    ]
    exact = np.mean(np.array(every) >= observed - 1e-12)
    assert own_p(read(values, 6, 6, resamples=4000)) == pytest.approx(exact, abs=0.03)


def test_intervals_are_as_wide_as_the_standard_error_says():
    values = np.random.default_rng(0).standard_normal(80)
    found = read(values, 40, 40, resamples=2000)
    low, high = interval(found)
    error = np.sqrt((values[:40].var() + values[40:].var()) / 40)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.06)
    assert (low + high) / 2 == pytest.approx(found.reading.value)
    assert interval(read(values[:2], 1, 1)) is None


def test_intervals_end_where_values_do():
    share = Measure(
        "share", "", "share", "marginal", "", lambda clips, c: None,
        lambda v, a, b: Reading(float(v[b].mean())),
    )  # fmt: skip
    values = np.r_[np.zeros(10), np.ones(9), 0.0]
    low, high = interval(read(values, 10, 10, measure=share), 1.0)
    assert high == 1.0 and 0.6 < low < 0.9


def test_a_draw_without_a_value_counts_against_rejection():
    def seldom(values, a, b):
        return Reading(np.nan if 0 in b else 1.0)

    measure = Measure("x", "", "1", "time", "", lambda clips, c: None, seldom)
    found = read(np.zeros(16), 8, 8, measure=measure)
    assert own_p(found) == 1.0
    nothing = Measure(
        "x", "", "1", "time", "", lambda c, d: None, lambda v, a, b: Reading(np.nan)
    )
    assert own_p(read(np.zeros(16), 8, 8, measure=nothing)) is None


def test_joint_p_of_copies_of_one_measure_is_its_own():
    rng = np.random.default_rng(5)
    found = read(np.r_[rng.standard_normal(10), rng.standard_normal(10) + 1], 10, 10)
    assert joint_p([found] * 7) == [own_p(found)] * 7


def test_joint_p_equals_step_down_max_t_by_hand():
    rng = np.random.default_rng(6)
    found = [read(rng.standard_normal(16) + np.r_[np.zeros(8), k * np.ones(8)], 8, 8)
             for k in (0.0, 0.8, 1.6)]  # fmt: skip
    T = []
    for one in found:
        v = np.append(one.distance, one.permuted)
        T.append((v - v.mean()) / v.std())
    T = np.array(T)
    order = np.argsort(-T[:, 0])
    expected, last = {}, 0.0
    for step, i in enumerate(order):
        largest = T[order[step:]].max(0)
        last = max(last, np.mean(largest >= T[i, 0] - 1e-9))
        expected[i] = last
    np.testing.assert_allclose(joint_p(found), [expected[i] for i in range(3)])


def test_joint_p_leaves_out_what_has_none():
    rng = np.random.default_rng(7)
    good = read(rng.standard_normal(16), 8, 8)
    nothing = Measure(
        "x", "", "1", "time", "", lambda c, d: None, lambda v, a, b: Reading(np.nan)
    )
    blank = read(np.zeros(16), 8, 8, measure=nothing)
    assert joint_p([blank, good]) == [None, own_p(good)]
    assert joint_p([blank]) == [None]


@pytest.mark.slow
def test_intervals_cover_the_truth():
    rng = np.random.default_rng(8)
    held = 0
    for seed in range(400):
        values = rng.standard_normal(30) + np.r_[np.zeros(15), np.ones(15)]
        low, high = interval(read(values, 15, 15, 100, False, seed))
        held += low <= 1.0 <= high
    assert 0.9 <= held / 400 <= 0.98
