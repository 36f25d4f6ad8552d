"""Does selection find what is there, and does the score see only what it may?

Data with a known number of states are drawn here with numpy; the contrast, the notebook
recipe, is also run by hmmlearn itself.
"""

import logging

import numpy as np
import pytest

from genface.behavior import (
    CANDIDATES,
    ESTIMATORS,
    AUTransform,
    PoissonHMM,
    seed004,
    select,
    sweep,
)
from genface.behavior.cells import log_steps
from genface.behavior.em import Run
from genface.behavior.folds import clip_folds
from genface.behavior.hmm import first_chain

CORRELATED = ("gaussian_full", "gaussian_tied", "ar_full")
# Bernoulli and categorical laws are for data of another kind.
ON_CELLS = [name for name in CANDIDATES if name not in ("bernoulli", "categorical")]


def names(n):
    return tuple(f"AU{i:02d}" for i in range(n))


def beta_states(seed, n_rows=600, n_columns=20, n_states=5, precision=12.0):
    """AUs of ``n_states`` Beta laws; a state stays with probability .9."""
    rng = np.random.default_rng(seed)
    mean = rng.uniform(0.05, 0.6, (n_states, n_columns))
    states = [0]
    while len(states) < n_rows:
        step = rng.integers(1, n_states) if rng.random() > 0.9 else 0
        states.append((states[-1] + step) % n_states)
    centre = mean[states]
    return rng.beta(precision * centre, precision * (1 - centre))


def picked(X, states, top=1.0):
    found = select(X, columns=names(X.shape[1]), families=("beta",), states=states,
                   top=top)  # fmt: skip
    return found.best.n_components, found


# -- check 8: the number of states ------------------------------------------------


@pytest.mark.slow
def test_five_beta_states_are_found():
    assert picked(beta_states(0), range(4, 7))[0] == 5


@pytest.mark.slow
def test_five_beta_states_are_found_in_eighteen_of_twenty():
    found = [picked(beta_states(seed), range(2, 10))[0] for seed in range(20)]
    assert found.count(5) >= 18, found


@pytest.mark.slow
def test_the_unit_of_the_aus_does_not_matter():
    X = beta_states(0, n_rows=300, n_columns=8)
    chosen, one = picked(X, (4, 5, 6))
    for factor in (10.0, 100.0):
        same, other = picked(factor * X, (4, 5, 6), top=factor)
        assert same == chosen
        for a, b in zip(one.table, other.table, strict=True):
            # Cells at the border of two hundredths may round to the other one.
            assert a["held_out"] == pytest.approx(b["held_out"], abs=0.01)


@pytest.mark.parity
@pytest.mark.slow
def test_the_notebook_recipe_takes_eleven_states_for_five(shared):
    X = np.load(shared / "data" / "au_like.npy")
    assert seed004(X, columns=names(20)).best.n_components == 11


@pytest.mark.parity
@pytest.mark.slow
def test_hmmlearn_itself_takes_eleven_by_score_and_twelve_by_bic(shared):
    from hmmlearn import hmm

    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    aus = np.load(shared / "data" / "au_like.npy")
    X = np.trunc(100 * (aus - aus.min())).astype(int)
    train, valid = X[:450], X[450:]
    runs = []
    for k in range(2, 20):
        for seed in range(20):
            model = hmm.PoissonHMM(k, random_state=seed).fit(train)
            runs.append((k, seed, model.score(valid), model.bic(X), model.bic(train)))
    by_score = max(runs, key=lambda run: run[2])
    assert by_score[:2] == (11, 18)
    assert min(runs, key=lambda run: run[3])[0] == 12  # BIC of all rows
    assert min(runs, key=lambda run: run[4])[0] == 13  # BIC of the training rows
    ours = seed004(aus, columns=names(20))
    assert ours.best.score(valid) == pytest.approx(by_score[2], rel=1e-8)


# -- check 9 and 10: the family, and the first frame ------------------------------


@pytest.mark.parity
@pytest.mark.slow
def test_the_default_family_beats_poisson_by_fifteen_nats(shared):
    X = np.load(shared / "data" / "au_like.npy")
    found = select(X, columns=names(20), families=("logistic", "poisson"), states=[5])
    held = {row["family"]: row["held_out"] for row in found.table}
    assert held["logistic"] - held["poisson"] >= 15


@pytest.mark.parity
@pytest.mark.parametrize(("n_states", "cost"), [(3, 170), (5, 191), (8, 541)])
def test_a_score_that_starts_anew_pays_for_its_first_frame(shared, n_states, cost):
    """EM ties the start law to the first training frame; a continuation is free."""
    X = np.trunc(100 * np.load(shared / "data" / "au_like.npy"))
    settings = dict(compat="hmmlearn", random_state=1, n_iter=200, tol=1e-3)
    model = PoissonHMM(n_states, **settings).fit(X[:450])
    goes_on = model.score_continuation(X[:450], X[450:])
    assert goes_on - model.score(X[450:]) == pytest.approx(cost, abs=2)
    assert goes_on == pytest.approx(model.score(X) - model.score(X[:450]), abs=1e-9)


# -- what a score may know --------------------------------------------------------


@pytest.fixture(scope="module", params=ON_CELLS)
def model(request):
    """A family at its start, its transform, and other clips of 12 and 20 frames."""
    kind = CANDIDATES[request.param]
    train = beta_states(3, n_rows=80, n_columns=3, n_states=2)
    transform = AUTransform.fit(kind.transform, train, names(3), 1.0)
    estimator = ESTIMATORS[kind.estimator](2, **kind.settings)
    rng = np.random.default_rng(0)
    emission = estimator.family.init(transform.encode(train), 2, rng)
    estimator._adopt(Run(*first_chain(2), emission))
    other = np.round(beta_states(4, n_rows=32, n_columns=3, n_states=2), 2)
    return request.param, estimator, transform, other


def test_no_frame_sees_itself_or_a_later_one(model):
    """Frames before t keep their probability whatever t and later ones hold."""
    _, estimator, transform, aus = model
    plain = log_steps(estimator, transform, aus, lengths=[12, 20])
    for t in (1, 5, 12, 19, 31):
        changed = aus.copy()
        changed[t:] = np.random.default_rng(t).permutation(1 - aus[t:])
        got = log_steps(estimator, transform, changed, lengths=[12, 20])
        np.testing.assert_array_equal(got[:t], plain[:t])
        assert not np.isclose(got[t], plain[t])


def test_the_cells_of_a_column_share_one_probability(model):
    """Over all 101 cells of an entry the probabilities add up to that without it.

    They could not if the law at t were different for different values at t. Correlated
    columns are chained in their order, so there it holds for the last.
    """
    name, estimator, transform, aus = model
    for t, column in ((0, 1), (7, 0), (20, 2)):
        column = 2 if name in CORRELATED else column
        filled = np.tile(aus, (102, 1, 1))
        filled[:101, t, column] = np.arange(101) / 100
        filled[101, t, column] = np.nan
        # All variants at once: sequences know nothing of each other.
        steps = log_steps(
            estimator, transform, filled.reshape(-1, 3), lengths=[12, 20] * 102
        )
        *logs, without = steps.reshape(102, 32)[:, t]
        assert np.logaddexp.reduce(logs) == pytest.approx(without, abs=1e-7)


@pytest.mark.parametrize("family", ["logistic", "beta"])
def test_a_fold_learns_nothing_from_what_it_holds_out(family):
    X = np.round(beta_states(5, n_rows=100, n_columns=3, n_states=2), 2)
    settings = dict(restarts=1, lengths=[20] * 5, folds=5, n_iter=15)
    plain = sweep(X, family, [2], **settings)
    held = clip_folds([20] * 5, 5)[0]
    other = X.copy()
    other[held] = 1 - X[held]
    changed = sweep(other, family, [2], **settings)
    a, b = plain.fold_runs, changed.fold_runs
    assert a[0]["log_likelihood"] == b[0]["log_likelihood"]
    assert a[1]["log_likelihood"] != b[1]["log_likelihood"]
    assert plain.scores[0]["folds"][0] != changed.scores[0]["folds"][0]
