"""Visits to states: censored survival by hand and by statsmodels."""

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from genface.realism import dwells
from genface.realism.measure import context_of


def paths_of(*texts):
    return [np.array([int(c) if c != "." else -1 for c in text]) for text in texts]


def chain(n, T, stay, seed=0, K=2):
    """Paths of a chain that stays in each state with probability ``stay``."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        path = [int(rng.integers(K))]
        while len(path) < T:
            here = path[-1]
            others = [k for k in range(K) if k != here]
            path.append(here if rng.random() < stay else int(rng.choice(others)))
        found.append(np.array(path))
    return found


def everything(paths):
    return np.arange(len(paths))


def test_visits_without_a_start_are_left_out_and_those_without_an_end_cut():
    visits = dwells.count(paths_of("0011100", "1..10011", "222", "110.0"), 3)
    ended, cut = visits.ended.sum(0), visits.cut.sum(0)
    assert ended.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]  # 00 and 111
    assert cut.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    visits = dwells.count(paths_of("0011100", "1..10011", "222"), 3)
    assert visits.frames.sum(0).tolist() == [6, 7, 3]
    assert visits.jumps.sum(0).tolist() == [[0, 2, 0], [2, 0, 0], [0, 0, 0]]


def test_survival_worked_by_hand():
    # Visits of 1, 2, 2+, 3, 5+ frames (+ cut): at risk 5, 4, 2, 1, 1.
    ended = np.array([1.0, 1, 1, 0, 0])
    cut = np.array([0.0, 1, 0, 0, 1])
    curve, at_risk = dwells.survival(ended, cut)
    np.testing.assert_array_equal(at_risk, [5, 4, 2, 1, 1])
    np.testing.assert_allclose(curve, [0.8, 0.6, 0.3, 0.3, 0.3])


def observed(visits, state):
    """Durations and whether they ended, one row per visit."""
    rows = []
    for table, status in ((visits.ended, 1), (visits.cut, 0)):
        counts = table.sum(0)[state].astype(int)
        rows += [(d + 1, status) for d, n in enumerate(counts) for _ in range(n)]
    return np.array(rows).T


def test_survival_and_log_rank_equal_statsmodels():
    a, b = chain(12, 60, 0.8, 0), chain(9, 60, 0.9, 1)
    visits = dwells.count(a + b, 2, 30.0)
    sides = np.arange(12), np.arange(12, 21)
    found = dwells.log_rank(visits, *sides)
    for state in (0, 1):
        x, y = (observed(dwells.count(side, 2), state) for side in (a, b))
        curve, _ = dwells.survival(
            visits.ended[:12].sum(0)[state], visits.cut[:12].sum(0)[state]
        )
        theirs = SurvfuncRight(*x)
        np.testing.assert_allclose(
            curve[theirs.surv_times.astype(int) - 1], theirs.surv_prob
        )
        group = np.r_[np.zeros(x.shape[1]), np.ones(y.shape[1])]
        both = np.hstack([x, y])
        chi2, _ = survdiff(both[0], both[1], group)
        assert found.parts[f"state {state}"] ** 2 == pytest.approx(chi2)
    z = np.array(list(found.parts.values()))
    assert found.value == pytest.approx(np.sqrt((z**2).mean()))
    assert (z > 0).all()  # more real visits end than would at the common rate


def test_survival_of_a_chain_is_geometric_although_clips_are_short():
    visits = dwells.count(chain(1500, 30, 0.9), 2)
    curve, _ = dwells.survival(visits.ended.sum(0), visits.cut.sum(0))
    d = np.arange(1, 16)
    np.testing.assert_allclose(curve[:, :15], [0.9**d, 0.9**d], atol=0.04)
    # Whole visits alone, as if the others had never been, are far too short.
    whole = visits.ended.sum(0)
    assert (whole @ np.arange(1, whole.shape[1] + 1) / whole.sum(1) < 8).all()


def test_distance_of_two_chains_is_the_gap_of_their_survivals():
    visits = dwells.count(chain(150, 200, 0.8) + chain(150, 200, 0.9, 1), 2, 25.0)
    found = dwells.dwell(visits, np.arange(150), np.arange(150, 300))
    d = np.arange(1, 60)
    assert found.value == pytest.approx((0.9**d - 0.8**d).max(), abs=0.03)
    assert found.real == pytest.approx(5 / 25, rel=0.05)
    # Read as far as the shorter visits go: 10 (1 - .9^28) frames.
    assert found.synthetic == pytest.approx(9.5 / 25, rel=0.05)
    assert set(found.parts) == {"state 0", "state 1"}


def test_occupancy_and_transitions_by_hand():
    visits = dwells.count(paths_of("00011", "0120120120"), 3, 2.0)
    found = dwells.occupancy(visits, np.array([0]), np.array([1]))
    assert found.value == pytest.approx(0.5 * (0.2 + 0.1 + 0.3))
    visits = dwells.count(paths_of("0102010", "0121012"), 3, 2.0)
    found = dwells.transitions(visits, np.array([0]), np.array([1]))
    # From 0: (2/3, 1/3) against (1, 0), of 3 + 2 exits; from 1: (1, 0) against
    # (1/3, 2/3), of 2 + 3; from 2: (1, 0) against (0, 1), of 1 + 1.
    assert found.value == pytest.approx((5 / 3 + 10 / 3 + 2) / 12)
    assert found.real == pytest.approx(6 / 7 * 2)


class Halves:
    """A model that names state 1 where its only AU is above .5."""

    columns = ("AU12",)
    n_states = 2

    def states(self, X):
        return np.where(np.isnan(X[:, 0]), -1, X[:, 0] > 0.5)


def test_both_sides_are_decoded_by_the_model_of_the_context():
    paths = chain(8, 100, 0.9)
    clips = [np.column_stack([np.zeros(100), p]).astype(float) for p in paths]
    context = context_of(clips, ("AU01", "AU12"), 25.0, model=Halves())
    visits = dwells.prepare(clips, context)
    expected = dwells.count(paths, 2, 25.0)
    np.testing.assert_array_equal(visits.ended, expected.ended)
    for measure in dwells.measures(25.0):
        same = measure.value(visits, everything(clips), everything(clips))
        assert same.value == pytest.approx(0.0, abs=1e-9), measure.key


def test_without_a_model_of_these_columns_there_is_no_value():
    clips = [np.random.default_rng(0).random((50, 1))] * 2
    for model in (None, Halves()):
        context = context_of(clips, ("AU01",), 25.0, model=model)
        for measure in dwells.measures(25.0):
            table = measure.prepare(clips, context)
            assert np.isnan(measure.value(table, np.array([0]), np.array([1])).value)
