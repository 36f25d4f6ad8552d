"""Estimators: continuation, forecast, infill, durations, gradients."""

import numpy as np
import pytest

from genface.behavior.emissions import Poisson
from genface.behavior.gradient import fit_by_gradient
from genface.behavior.hmm import ARHMM, GaussianHMM, LogisticHMM, PoissonHMM
from genface.behavior.inference import StateFilter
from genface.errors import InputError, ShapeError

slow = pytest.mark.slow


def two_levels(seed=0, n=300, noise=0.3):
    rng = np.random.default_rng(seed)
    states = np.zeros(n, int)
    for t in range(1, n):
        states[t] = states[t - 1] if rng.random() < 0.95 else 1 - states[t - 1]
    return 2.0 * states[:, None] + rng.normal(0, noise, (n, 2)), states


@pytest.fixture(scope="module")
def model():
    X, _ = two_levels()
    return GaussianHMM(2, restarts=2).fit(X)


def test_states_are_recovered(model):
    X, states = two_levels()
    found = model.predict(X)
    agree = (found == states).mean()
    assert max(agree, 1 - agree) > 0.99


def test_continuation_is_the_difference_of_likelihoods(model):
    X, _ = two_levels(1)
    whole, part = model.score(X), model.score(X[:200])
    got = model.score_continuation(X[:200], X[200:])
    assert got == pytest.approx(whole - part, abs=1e-9)


def test_score_of_a_later_part_pays_for_its_first_frame():
    """EM makes the start one-hot: ``score`` of rows that go on is punished for it."""
    X, states = two_levels(2)
    model = GaussianHMM(2, compat="hmmlearn", n_iter=200).fit(X)
    other = np.flatnonzero((states[1:] != states[0]) & (states[:-1] != states[0]))
    at = int(other[0]) + 1
    gap = model.score_continuation(X[:at], X[at:]) - model.score(X[at:])
    assert gap > 20


def test_forecast_starts_from_the_filtered_beliefs(model):
    X, _ = two_levels()
    model_chain = model.transmat_
    belief = model.posterior(X).filtered[-1]
    drawn = model.forecast(X, 3, 20_000, seed=1)
    assert drawn.shape == (20_000, 3, 2)
    for step in range(3):
        expected = belief @ np.linalg.matrix_power(model_chain, step + 1)
        mean = expected @ model.means_
        error = drawn[:, step].std(0) / np.sqrt(len(drawn))
        assert (np.abs(drawn[:, step].mean(0) - mean) < 4 * error).all()


def test_first_forecast_state_is_not_the_last_repeated():
    model = PoissonHMM(2)
    model.startprob_ = np.array([1.0, 0.0])
    model.transmat_ = np.array([[0.0, 1.0], [1.0, 0.0]])
    model.lambdas_ = np.array([[1.0], [100.0]])
    drawn = model.forecast(np.array([[1.0]]), 2, 50)
    assert (drawn[:, 0] > 50).all() and (drawn[:, 1] < 20).all()


def test_forecast_of_lagged_rows_goes_on_from_the_last():
    rng = np.random.default_rng(0)
    X = np.cumsum(rng.normal(0, 0.1, (300, 2)), axis=0)
    model = ARHMM(1).fit(X)
    drawn = model.forecast(X, 1, 5000)
    error = drawn[:, 0].std(0) / np.sqrt(5000)
    coef = model.emission_params["coef"][0]
    expected = coef[:, 0] + coef[:, 1] * X[-1]
    assert (np.abs(drawn[:, 0].mean(0) - expected) < 4 * error).all()


def test_infill_keeps_what_was_seen_and_fits_between(model):
    X, _ = two_levels()
    holed = X.copy()
    level = np.flatnonzero((np.diff(X[:, 0]) < 1) & (X[:-1, 0] > 1.5))[5]
    holed[level] = np.nan
    drawn = model.infill(holed, 200)
    seen = np.isfinite(holed)
    np.testing.assert_array_equal(drawn[:, seen], np.tile(holed[seen], (200, 1)))
    assert np.abs(drawn[:, level].mean(0) - 2.0).max() < 0.4


def test_part_of_the_columns_conditions_the_rest(model):
    holed = np.tile([2.0, np.nan], (20, 1))
    drawn = model.infill(holed, 100)[:, :, 1]
    assert abs(drawn.mean() - 2.0) < 0.2


def test_same_seed_same_rows(model):
    np.testing.assert_array_equal(model.sample(50, 3)[0], model.sample(50, 3)[0])
    X, _ = two_levels()
    again = GaussianHMM(2, restarts=2).fit(X)
    np.testing.assert_array_equal(again.means_, model.means_)


def test_forecast_marginals_are_filtered_beliefs_times_transitions(model):
    """Against the filter itself, going on over rows of which nothing is known."""
    X, _ = two_levels()
    running = StateFilter(model.startprob_, model.transmat_)
    for row in model.log_obs(X):
        running.update(row)
    later = model.posterior(np.vstack([X, np.full((50, 2), np.nan)])).filtered[len(X) :]
    for steps in range(1, 51):
        expected = running.belief @ np.linalg.matrix_power(model.transmat_, steps)
        np.testing.assert_allclose(running.ahead(steps), expected, atol=1e-12)
        np.testing.assert_allclose(later[steps - 1], expected, atol=1e-12)


def test_samples_of_the_default_family_stay_in_the_unit_interval():
    rng = np.random.default_rng(0)
    X = np.clip(0.3 + np.cumsum(rng.normal(0, 0.05, (200, 3)), axis=0), 0, 1)
    model = LogisticHMM(2).fit(X)
    rows, _ = model.sample(500)
    assert rows.min() >= 0 and rows.max() <= 1 and np.isfinite(rows).all()


def test_wrong_rows_are_named(model):
    with pytest.raises(ShapeError, match="3 columns"):
        model.score(np.zeros((4, 3)))
    with pytest.raises(InputError, match="column 1"):
        PoissonHMM(2).fit(np.array([[1.0, 0.5], [2.0, 1.0]]))
    with pytest.raises(InputError, match="missing"):
        GaussianHMM(2).fit(np.full((5, 2), np.nan))
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        LogisticHMM(2).fit(np.full((5, 2), 3.0))


def test_one_row_and_constant_columns_can_be_fitted():
    for X in (np.array([[1.0, 2.0]]), np.ones((30, 2)), np.zeros((30, 2))):
        model = GaussianHMM(3).fit(X)
        assert np.isfinite(model.score(X))


@pytest.mark.parametrize(
    "shape",
    ["diag", "spherical", *(pytest.param(s, marks=slow) for s in ("full", "tied"))],
)
def test_gradient_fit_reaches_what_em_reaches(shape):
    X, _ = two_levels(n=150)
    by_em, by_steps = (GaussianHMM(2, shape) for _ in range(2))
    by_em.fit(X)
    fit_by_gradient(by_steps, X, steps=500)
    assert by_steps.score(X) == pytest.approx(by_em.score(X), abs=0.1)
    order = np.argsort(by_steps.means_[:, 0])
    if shape == "tied":
        np.testing.assert_allclose(by_steps.covars_, by_em.covars_, atol=0.01)
        return
    ours = by_steps.emission_params["cov"][order]
    theirs = by_em.emission_params["cov"][np.argsort(by_em.means_[:, 0])]
    np.testing.assert_allclose(ours, theirs, atol=0.01)


def test_gradient_fit_leaves_frozen_letters_alone():
    X, _ = two_levels(n=60)
    model = GaussianHMM(2, params="sm", init_params="m")
    model.transmat_ = np.full((2, 2), 0.5)
    model.means_, model.covars_ = np.zeros((2, 2)), np.full((2, 2), 0.3)
    fit_by_gradient(model, X, steps=20)
    np.testing.assert_array_equal(model.transmat_, np.full((2, 2), 0.5))
    np.testing.assert_array_equal(model.emission_params["cov"], np.full((2, 2), 0.3))
    assert (model.means_ != 0).all()


def test_frozen_letters_stay():
    X, _ = two_levels()
    model = PoissonHMM(2, params="l", init_params="")
    model.startprob_, model.transmat_ = np.array([0.3, 0.7]), np.full((2, 2), 0.5)
    model.lambdas_ = np.array([[1.0, 1.0], [3.0, 3.0]])
    model.fit(np.round(np.abs(X)))
    np.testing.assert_array_equal(model.startprob_, [0.3, 0.7])
    np.testing.assert_array_equal(model.transmat_, np.full((2, 2), 0.5))
    assert isinstance(model.family, Poisson)


@pytest.mark.parametrize(
    ("shape", "frozen"),
    [
        ("diag", "mean"),
        ("full", "cov"),
        pytest.param("full", "mean", marks=slow),
        *(
            pytest.param(shape, frozen, marks=slow)
            for shape in ("spherical", "tied")
            for frozen in ("mean", "cov")
        ),
    ],
)
def test_either_array_of_a_gaussian_can_be_frozen(shape, frozen):
    X, _ = two_levels(n=60)
    learnt = {"mean": "stc", "cov": "stm"}[frozen]
    model = GaussianHMM(2, shape, params=learnt, init_params="", n_iter=5)
    model.startprob_, model.transmat_ = np.full(2, 0.5), np.full((2, 2), 0.5)
    model.means_ = np.array([[0.0, 0.2], [1.5, 1.7]])
    model.covars_ = {
        "diag": np.full((2, 2), 0.3),
        "spherical": np.full(2, 0.3),
        "full": 0.3 * np.tile(np.eye(2), (2, 1, 1)),
        "tied": 0.3 * np.eye(2),
    }[shape]
    before = model.emission_params
    model.fit(X)
    assert model.monitor_.stop in ("tol", "cap")  # no fall
    for name, kept in before.items():
        same = np.array_equal(model.emission_params[name], kept)
        assert same == (name == frozen)
