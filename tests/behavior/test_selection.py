"""Folds, the choice of a family and of the number of states."""

import numpy as np
import pytest

from genface.behavior import select
from genface.behavior.folds import make_folds
from genface.behavior.runs import autocorrelation_time, observed_runs, usable_columns
from genface.behavior.selection import Candidate, _choose
from genface.errors import FitError, InputError

NAMES = tuple(f"AU{n:02d}" for n in range(1, 7))


def three_states(n=300, seed=0):
    rng = np.random.default_rng(seed)
    centres = np.array([[0.1] * 6, [0.8, 0.1, 0.5, 0.1, 0.7, 0.2], [0.3, 0.9] * 3])
    states = np.repeat(rng.integers(0, 3, n // 10), 10)
    return np.clip(centres[states] + 0.05 * rng.standard_normal((n, 6)), 0, 1)


def test_runs_are_cut_at_missing_rows():
    X = np.arange(20.0).reshape(10, 2)
    X[3, 1] = X[6] = X[7, 0] = np.nan
    rows, lengths = observed_runs(X, [5, 5])
    assert lengths.tolist() == [3, 1, 1, 2]
    assert rows[:, 0].tolist() == [0, 2, 4, 8, 10, 16, 18]


def test_empty_columns_are_left_out_by_name():
    X = np.zeros((4, 3))
    X[:, 1] = np.nan
    usable, notes = usable_columns(X, ("AU01", "AU04", "AU12"))
    assert usable.tolist() == [True, False, True]
    assert "AU04" in notes[0]
    with pytest.raises(InputError, match="nothing to fit"):
        usable_columns(np.full((4, 3), np.nan), ("AU01", "AU04", "AU12"))


def test_autocorrelation_time_of_an_ar1():
    rng = np.random.default_rng(1)
    x = np.empty(20_000)
    x[0] = 0.0
    for t in range(1, len(x)):
        x[t] = 0.8 * x[t - 1] + rng.standard_normal()
    assert autocorrelation_time(x[:, None]) == pytest.approx(9.0, rel=0.2)
    white = rng.standard_normal((20_000, 1))
    assert autocorrelation_time(white) == pytest.approx(1.0, abs=0.15)


def test_blocks_cover_all_rows_once_and_keep_their_distance():
    X = three_states()
    folds, note = make_folds(X, None, 5, seed=0)
    tested = [row for fold in folds for _, a, b in fold.test for row in range(a, b)]
    assert tested == list(range(300))
    for fold in folds:
        _, first, end = fold.test[0]
        for a, b in fold.train:
            assert b <= first - 1 or a >= end + 1
    assert "blocks" in note


def test_clips_are_never_cut():
    X = three_states()
    folds, note = make_folds(X, [30] * 10, 5, seed=0)
    order = np.random.default_rng(0).permutation(10)
    for i, fold in enumerate(folds):
        assert {a // 30 for a, _, _ in fold.test} == set(order[i::5].tolist())
        assert len(fold.train) == 8
    assert "clips" in note


def test_three_states_are_found_and_every_run_is_listed():
    X = three_states()
    found = select(X, columns=NAMES, states=(1, 2, 3, 4, 5), restarts=2)
    chosen = [c for c in found.candidates if c.chosen]
    assert len(chosen) == 1 and chosen[0].n_states == 3
    assert found.best.n_components == 3
    assert len(found.runs) == 2 * 5 * (2 + 5)
    assert {run.stop for run in found.runs} <= {"tol", "cap", "decrease"}
    k = chosen[0].n_states
    free = (k - 1) + k * (k - 1) + k * 6 * (2 if chosen[0].family == "gaussian" else 1)
    assert chosen[0].n_parameters == free
    assert chosen[0].aic == pytest.approx(2 * free - 2 * chosen[0].log_likelihood)
    bic = free * np.log(300) - 2 * chosen[0].log_likelihood
    assert chosen[0].bic == pytest.approx(bic)


def test_five_states_of_the_reference_are_found(shared):
    X = np.load(shared / "data" / "au_like.npy")
    names = tuple(f"AU{n:02d}" for n in range(20))
    found = select(X, columns=names, states=(3, 4, 5, 6), restarts=2)
    best = next(c for c in found.candidates if c.chosen)
    assert (best.family, best.n_states) == ("gaussian", 5)
    poisson = next(
        c for c in found.candidates if (c.family, c.n_states) == ("poisson", 5)
    )
    assert best.held_out - poisson.held_out > 15


def test_the_scale_of_the_aus_does_not_change_the_choice():
    X = three_states(200)
    settings = dict(columns=NAMES, states=(2, 3, 4), restarts=2)
    one = select(X, **settings)
    five = select(5 * X, top=5.0, **settings)
    assert [c.n_states for c in one.candidates if c.chosen] == [
        c.n_states for c in five.candidates if c.chosen
    ]
    for a, b in zip(one.candidates, five.candidates, strict=True):
        assert a.held_out == pytest.approx(b.held_out, abs=1e-6)


def row(family, n_states, held_out, error=1.0, bic=0.0):
    return Candidate(family, n_states, held_out, error, 0.0, 0.0, bic, 1, "tol")


def test_the_fewest_states_within_one_standard_error():
    rows = [row("a", 2, -10.0), row("a", 3, -5.5), row("a", 4, -5.0), row("a", 5, -4.9)]
    assert _choose(rows) == 1
    # Another family wins by its own modest choice; a failed fit can not.
    assert _choose([*rows, row("b", 2, -5.4), row("b", 3, None)]) == 4


def test_a_short_clip_is_chosen_by_bic():
    found = select(three_states(10), columns=NAMES, states=(1, 2), restarts=1)
    assert "BIC" in found.rule
    assert all(c.held_out is None for c in found.candidates)
    best = min(found.candidates, key=lambda c: c.bic)
    assert best.chosen


def test_one_failing_fit_does_not_end_the_sweep():
    X = np.repeat(three_states(100)[::50], 40, axis=0)  # two distinct rows
    found = select(X, columns=NAMES, states=(1, 2, 7), restarts=1)
    failed = [run for run in found.runs if run.stop == "failed"]
    assert {run.n_states for run in failed} >= {7}
    assert "distinct" in failed[0].reason
    with pytest.raises(FitError, match="distinct"):
        select(X, columns=NAMES, states=(7,), restarts=1)


def test_unknown_family_is_named():
    with pytest.raises(InputError, match="poisson, gaussian"):
        select(three_states(50), columns=NAMES, families=("beta",))
