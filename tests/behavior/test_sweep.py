"""The sweep over states and restarts, and how a number of states is chosen."""

import numpy as np
import pytest

from genface.behavior import em
from genface.behavior.folds import block_folds, clip_folds
from genface.behavior.hmm import GaussianHMM
from genface.behavior.sweep import sweep
from genface.errors import FitError, InputError


def three_levels(seed=0, n=240):
    rng = np.random.default_rng(seed)
    states = np.repeat(rng.permuted(np.arange(n // 8) % 3), 8)
    return 2.0 * states[:, None] + rng.normal(0, 0.3, (n, 2))


@pytest.fixture(scope="module")
def swept():
    X = three_levels()
    return X, sweep(
        X, "gaussian", range(1, 6), restarts=3, lengths=[24] * 10, folds=5, tol=1e-5
    )


def test_right_number_of_states_is_chosen(swept):
    _, result = swept
    assert result.best.n_components == 3
    assert len(result.table) == 15
    assert set(result.table["stop"]) <= set(em.STOP_REASONS)


def test_held_out_figure_is_that_of_a_model_fitted_alone(swept):
    """Fold 0 by hand: the clips that are left, one model, the log-likelihood."""
    X, result = swept
    held = clip_folds([24] * 10, 5)[0]
    row = result.scores[2]
    model = GaussianHMM(3, restarts=5, tol=1e-7)
    model.fit(X[~held], [24] * 8)
    by_hand = model.score(X[held], [24] * 2) / held.sum()
    assert row["folds"][0] == pytest.approx(by_hand, abs=0.02)


def test_figure_shows_every_run_and_the_choice(swept):
    _, result = swept
    left, right = result.plot().axes
    runs, best, *_ = left.lines
    table = result.table
    np.testing.assert_array_equal(runs.get_ydata(), table["log_likelihood"])
    tops = table.groupby("n_components")["log_likelihood"].max()
    np.testing.assert_array_equal(best.get_ydata(), tops)
    (mark,) = [line for line in right.lines if line.get_label() == "chosen"]
    held = result.summary.set_index("n_components")["held_out"]
    assert (mark.get_xdata(), mark.get_ydata()) == ([3], [held[3]])


def test_bic_chooses_without_folds(swept):
    X, _ = swept
    result = sweep(X, "gaussian", range(1, 6), restarts=2, folds=None, tol=1e-5)
    assert result.best.n_components == 3
    assert np.isnan(result.summary["held_out"]).all()


def test_order_of_states_does_not_matter(swept):
    X, result = swept
    again = sweep(
        X, "gaussian", [5, 3, 1, 2, 4], restarts=3, lengths=[24] * 10, folds=5, tol=1e-5
    )
    np.testing.assert_array_equal(again.best.means_, result.best.means_)


def test_blocks_hide_a_gap_around_them():
    held, hidden = block_folds([100], 4, gap=3)
    assert held.sum(0).tolist() == [1] * 100
    assert hidden[1].sum() == 25 + 6 and not held[1, 24] and hidden[1, 24]


def test_a_failing_run_is_recorded_and_the_sweep_goes_on(monkeypatch):
    from genface.behavior.emissions import Gaussian

    plain = Gaussian.init
    calls = []

    def init(self, X, n_states, rng):
        calls.append(n_states)
        if len(calls) == 2:
            raise ValueError("bad seed")
        params = plain(self, X, n_states, rng)
        if len(calls) == 3:
            params["mean"] = params["mean"] * np.nan
        return params

    monkeypatch.setattr(Gaussian, "init", init)
    result = sweep(three_levels(), "gaussian", [2, 3], restarts=3, folds=None)
    stops = result.table["stop"].tolist()
    assert stops[1] == "bad seed" and stops[2] == "nan"
    assert np.isfinite(result.best.score(three_levels()))


def test_blocked_folds_of_one_sequence_score_the_block_given_the_rest():
    X = three_levels(n=120)
    result = sweep(X, "gaussian", [3], restarts=2, folds=4, gap=2, tol=1e-5)
    assert np.isfinite(result.scores[0]["folds"]).all()


def test_bad_settings_are_named():
    X = three_levels(n=48)
    for bad, said in (
        (dict(states=[2, 2.7]), "number of states .* 2.7"),
        (dict(states=[]), "no number of states"),
        (dict(restarts=0), "restarts"),
        (dict(seed=-1), "seed"),
    ):
        with pytest.raises(InputError, match=said):
            sweep(X, "gaussian", **{"states": [2], **bad})
    with pytest.raises(FitError, match=r"finite likelihood \(.+\)"):
        sweep(np.full((10, 2), np.nan), "gaussian", [2], restarts=1)
    model = GaussianHMM(2, n_iter=3).fit(X)
    for call in (
        lambda: model.sample(0),
        lambda: model.forecast(X, 0, 1),
        lambda: model.forecast(X, 1, 0),
        lambda: model.infill(X, 1, seed=-1),
    ):
        with pytest.raises(InputError, match="whole number"):
            call()


def test_a_list_of_sequences_is_held_out_by_whole_sequences():
    X = three_levels(n=120)
    settings = dict(states=[2], restarts=1, folds=3, n_iter=5, progress=False)
    parts = sweep([X[:40], X[40:80], X[80:]], "gaussian", **settings)
    whole = sweep(X, "gaussian", lengths=[40, 40, 40], **settings)
    assert parts.scores[0]["held_out"] == whole.scores[0]["held_out"]
