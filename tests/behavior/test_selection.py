"""Folds, the choice of a family and of the number of states."""

import numpy as np
import pytest

from genface.behavior import BehaviorModel, GaussianHMM, seed004, select
from genface.behavior import plots as behavior_plots
from genface.behavior.folds import clip_folds
from genface.behavior.runs import autocorrelation_time, usable_columns
from genface.behavior.selection import CANDIDATES, _folds, choose
from genface.errors import FitError, InputError, ShapeError

NAMES = tuple(f"AU{n:02d}" for n in range(1, 4))
SMALL = dict(columns=NAMES, restarts=1, folds=3, n_iter=40)


def three_states(n=150, seed=0):
    rng = np.random.default_rng(seed)
    centres = np.array([[0.1] * 3, [0.8, 0.1, 0.5], [0.3, 0.9, 0.3]])
    states = np.repeat(rng.permuted(np.arange(n // 10) % 3), 10)
    return np.clip(centres[states] + 0.05 * rng.standard_normal((n, 3)), 0, 1)


def test_empty_columns_are_left_out_by_name():
    X = np.zeros((4, 3))
    X[:, 1] = np.nan
    usable, notes = usable_columns(X, ("AU01", "AU04", "AU12"))
    assert usable.tolist() == [True, False, True]
    assert "AU04" in notes[0]
    with pytest.raises(InputError, match="nothing to fit"):
        usable_columns(np.full((4, 3), np.nan), ("AU01", "AU04", "AU12"))


def test_a_column_that_costs_too_many_frames_is_left_out():
    X = np.zeros((100, 3))
    X[:60, 0] = X[60:, 1] = np.nan  # complementary: no row is complete
    X[:10, 2] = np.nan
    usable, notes = usable_columns(X, ("AU01", "AU04", "AU12"))
    assert usable.tolist() == [False, False, True]
    assert "AU01 (60%), AU04 (40%)" in notes[0]
    usable, _ = usable_columns(X[:, :2], ("AU01", "AU04"))
    assert usable.tolist() == [False, True]  # one of the two is worth having
    X[:, :2] = 0
    assert usable_columns(X, ("AU01", "AU04", "AU12"))[0].all()


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
    X = three_states(300)
    (held, hidden), note = _folds(X, np.array([300]), 5, "clip")
    assert (held.sum(0) == 1).all() and "blocks" in note
    for mine, gone in zip(held, hidden, strict=True):
        inside = np.flatnonzero(mine)
        assert (np.diff(inside) == 1).all() and not (mine & ~gone).any()
        for beside in (inside[0] - 1, inside[-1] + 1):
            assert not 0 <= beside < 300 or gone[beside]


def test_clips_are_never_cut_unless_asked():
    X, lengths = three_states(300), np.full(10, 30)
    (held, hidden), note = _folds(X, lengths, 5, "clip")
    assert (held == hidden).all() and "clips" in note
    order = np.random.default_rng(0).permutation(10)
    for i, mine in enumerate(held):
        assert set(np.flatnonzero(mine) // 30) == set(order[i::5].tolist())
    assert "blocks" in _folds(X, lengths, 5, "block")[1]
    assert "blocks" in _folds(X[:60], lengths[:2], 5, "clip")[1]
    with pytest.raises(InputError, match="clip or block"):
        _folds(X, lengths, 5, "person")


@pytest.fixture(scope="module")
def found():
    return select(three_states(), families=("gaussian",), states=(1, 2, 3, 4), **SMALL)


def test_three_states_are_found_and_every_run_is_listed(found):
    chosen = [row for row in found.table if row["chosen"]]
    assert [row["n_states"] for row in chosen] == [3]
    assert found.best.n_components == 3
    assert len(found.runs) == 4 * (1 + 3)
    assert {run["stop"] for run in found.runs} <= {"tol", "cap", "decrease"}
    (row,) = chosen
    free = 2 + 6 + 3 * 3 * 2
    assert row["n_parameters"] == free
    assert row["aic"] == pytest.approx(2 * free - 2 * row["log_likelihood"])
    bic = free * np.log(150) - 2 * row["log_likelihood"]
    assert row["bic"] == pytest.approx(bic)
    assert row["icl"] >= row["bic"] - 1e-9


def test_held_out_is_the_cells_probability_given_the_other_clips():
    X, lengths = three_states(90), [30, 30, 30]
    settings = {**SMALL, "n_iter": 300, "tol": 1e-9, "restarts": 1}
    found = select(X, lengths, families=("gaussian",), states=(1,), **settings)
    by_hand = []
    for held in clip_folds(lengths, 3):
        model = GaussianHMM(1, tol=1e-9)
        part = BehaviorModel.fit(model, X[~held], [30, 30], columns=NAMES, fps=25)
        by_hand.append(part.score(X[held]))
    (row,) = found.table
    assert row["held_out"] == pytest.approx(np.mean(by_hand), abs=1e-6)
    error = np.std(by_hand, ddof=1) / np.sqrt(3)
    assert row["standard_error"] == pytest.approx(error, abs=1e-6)


def test_the_scale_of_the_aus_does_not_change_the_choice(found):
    five = select(
        5 * three_states(),
        families=("gaussian",),
        states=(1, 2, 3, 4),
        top=5.0,
        **SMALL,
    )
    for a, b in zip(found.table, five.table, strict=True):
        assert a["chosen"] == b["chosen"]
        assert a["held_out"] == pytest.approx(b["held_out"], abs=1e-6)


def row(family, n_states, held_out, error=1.0, bic=0.0):
    return {"family": family, "n_states": n_states, "held_out": held_out,
            "standard_error": error, "bic": bic}  # fmt: skip


def test_the_fewest_states_within_one_standard_error():
    rows = [row("a", 2, -10.0), row("a", 3, -5.5), row("a", 4, -5.0), row("a", 5, -4.9)]
    assert choose(rows) is rows[1]
    # Another family wins by its own modest choice; a failed fit can not.
    more = [*rows, row("b", 2, -5.4), row("b", 3, None)]
    assert choose(more) is more[4]
    assert choose([row("a", 2, None, bic=None)]) is None


def test_a_short_clip_is_chosen_by_bic():
    found = select(three_states(10), families=("gaussian",), states=(1, 2), **SMALL)
    assert "BIC" in found.rule
    assert all(r["held_out"] is None for r in found.table)
    assert min(found.table, key=lambda r: r["bic"])["chosen"]


def test_a_family_that_cannot_take_the_values_does_not_end_the_others():
    X = three_states(60)
    found = select(X, families=("bernoulli", "gaussian"), states=(1, 2), **SMALL)
    failed = [r for r in found.table if r["family"] == "bernoulli"]
    assert len(failed) == 2 and "0 and 1" in failed[0]["stop"]
    assert {r["family"] for r in found.table if r["chosen"]} == {"gaussian"}
    with pytest.raises(FitError, match="bernoulli"):
        select(X, families=("bernoulli",), states=(1, 2), **SMALL)
    behavior_plots.draw_selection(found.table).canvas.draw()


@pytest.mark.slow
def test_an_au_at_rest_in_training_is_not_impossible_later():
    X = three_states(60)
    X[:40, 2] = 0.0
    X[25, 1] = np.nan
    for family in ("poisson", "beta"):
        found = select(X, families=(family,), states=(2,), **SMALL)
        assert np.isfinite(found.table[0]["held_out"])


def test_bad_input_is_named():
    X = three_states(50)
    with pytest.raises(InputError, match="no family wavelet; choose from logistic"):
        select(X, families=("wavelet",), **SMALL)
    with pytest.raises(ShapeError, match="3 column names for 2"):
        select(X[:, :2], **SMALL)
    with pytest.raises(InputError, match="AU02: values outside 0-1"):
        select(X * [1, -1, 1], **SMALL)
    with pytest.raises(InputError, match="every AU is missing"):
        select(np.full((5, 3), np.nan), **SMALL)
    with pytest.raises(InputError, match="whole number, 1 or more; got 0"):
        select(X, states=(0, 2), **SMALL)
    few = np.repeat(X[::25], 20, axis=0)
    with pytest.raises(InputError, match="7 states, but only 2 distinct rows"):
        select(few, states=(7, 8), **SMALL)
    with pytest.raises(FitError, match="does not vary .one frame"):
        select(X[:1], states=(2,), **SMALL)


def test_sizes_beyond_the_distinct_rows_are_not_tried():
    few = np.repeat(three_states(60)[::30], 30, axis=0)
    found = select(few, families=("gaussian",), states=(1, 2, 7), **SMALL)
    assert [r["n_states"] for r in found.table] == [1, 2]


def test_seed004_follows_the_notebook():
    from hmmlearn import hmm

    X = three_states(120)
    found = seed004(X, columns=NAMES, states=(2, 3), restarts=3)
    counts = np.trunc(100 * (X - X.min()))
    scores = {}
    for k in (2, 3):
        for seed in range(3):
            model = hmm.PoissonHMM(k, random_state=seed).fit(counts[:90])
            scores[k, seed] = model.score(counts[90:])
    best = max(scores, key=scores.get)
    assert found.best.n_components == best[0]
    (chosen,) = [r for r in found.table if r["chosen"]]
    assert chosen["held_out"] == pytest.approx(scores[best] / 30, rel=1e-7)
    with pytest.raises(InputError, match="AU01"):
        seed004(np.where(X == X[3, 0], np.nan, X), columns=NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted(CANDIDATES))
def test_every_family_can_be_asked_for(family):
    X = three_states(60)
    scale = {"bernoulli": 1.0, "categorical": 5.0}.get(family)
    if scale:
        X = np.round(scale * X)
    found = select(
        X, families=(family,), states=(1, 2), **{**SMALL, "n_iter": 5}, top=scale or 1.0
    )
    assert np.isfinite([r["held_out"] for r in found.table]).all()
