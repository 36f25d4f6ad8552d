"""Bad rows and bad starts: a named error or a stop reason, never a crash or NaN."""

import itertools

import numpy as np
import pytest
from battery import lumpy_rows, unit_rows

from genface.behavior.hmm import ESTIMATORS
from genface.behavior.sweep import sweep
from genface.errors import FitError, InputError

SETTINGS = {"categorical": {"n_categories": 3}}
KINDS = (
    "constant columns",
    "duplicate rows",
    "few distinct rows",
    "one row",
    "zero in training",
    "missing blocks",
    "a column missing",
)


def suited(family, X):
    """Values in [0, 1] as the family takes them."""
    times = {"poisson": 20, "negative_binomial": 20, "bernoulli": 1, "categorical": 2}
    return np.round(times[family] * X) if family in times else X


def spoilt(kind, rng):
    """At most 20 rows of three columns in [0, 1], and lengths."""
    X = lumpy_rows(rng, 20) if rng.random() < 0.5 else unit_rows(rng, 20)
    lengths = [12, 1, 7]
    if kind == "constant columns":
        X[:, rng.permutation(3)[: rng.integers(1, 4)]] = rng.choice([0.0, 0.3, 1.0])
    elif kind == "duplicate rows":
        X[rng.random(20) < 0.7] = X[0]
    elif kind == "few distinct rows":
        X = X[rng.integers(0, 2, 20)]
    elif kind == "one row":
        X, lengths = X[:1], [1]
    elif kind == "zero in training":
        X[:12, 1] = 0.0
    elif kind == "missing blocks":
        X[3:9] = np.nan
        X[rng.random(X.shape) < 0.3] = np.nan
    else:
        X[:, rng.integers(3)] = np.nan
    return X, lengths


def check_sweep(family, kind, seed, restarts):
    rng = np.random.default_rng(seed)
    X, lengths = spoilt(kind, rng)
    kept = sweep(
        suited(family, X),
        family,
        [4],
        restarts=restarts,
        lengths=lengths,
        folds=None,
        seed=seed,
        n_iter=20,
        tol=1e-4,
        **SETTINGS.get(family, {}),
    )
    assert len(kept.table) == restarts
    for record, model in zip(kept.runs, kept.ends, strict=True):
        assert record["stop"] in ("tol", "cap", "nan", "decrease"), record
        if record["stop"] == "nan":
            continue
        for values in (
            model.startprob_,
            model.transmat_,
            *model.emission_params.values(),
        ):
            assert np.isfinite(values).all(), (family, kind, seed, record)
    return restarts


@pytest.mark.parametrize("family", ["poisson", "logistic"])
@pytest.mark.slow
def test_rows_that_say_little_can_be_fitted(family):
    for seed, kind in enumerate(KINDS):
        check_sweep(family, kind, seed, 4)


@pytest.mark.slow
@pytest.mark.parametrize("family", [f for f in ESTIMATORS if f != "product"])
def test_a_thousand_fits_of_bad_rows(family):
    fits = 0
    for seed, kind in itertools.product(range(13), KINDS):
        fits += check_sweep(family, kind, 1000 + seed, 11)
    assert fits > 1000


@pytest.mark.slow
def test_sweep_keeps_all_records_when_runs_fail(monkeypatch):
    """18 numbers of states, 20 restarts, every fifth start not usable."""
    family = type(ESTIMATORS["gaussian"]().family)
    plain = family.init
    calls = itertools.count()

    def init(self, X, n_states, rng):
        params = plain(self, X, n_states, rng)
        call = next(calls)
        if call % 20 == 3:
            raise ValueError("bad seed")
        if call % 20 == 7:
            params["mean"] = params["mean"] * np.nan
        if call % 20 == 11:
            params["mean"] = params["mean"] + 1e200  # log-likelihood -inf
        if call % 20 == 15:
            params["cov"] = -params["cov"]
        return params

    monkeypatch.setattr(family, "init", init)
    X = unit_rows(np.random.default_rng(0), 60)
    kept = sweep(X, "gaussian", range(2, 20), restarts=20, folds=None, n_iter=5)
    table = kept.table
    assert len(table) == 360
    assert (table["stop"] == "bad seed").sum() == 18
    assert (table["stop"] == "nan").sum() >= 36
    assert set(table["stop"]) <= {"bad seed", "nan", "tol", "cap"}
    assert len(kept.models) == 18
    for model in kept.models.values():
        assert np.isfinite(model.score(X))


def test_nothing_usable_is_an_error_that_says_why(monkeypatch):
    family = type(ESTIMATORS["gaussian"]().family)
    plain = family.init

    def init(self, X, n_states, rng):
        params = plain(self, X, n_states, rng)
        return params | {"mean": params["mean"] * np.nan}

    monkeypatch.setattr(family, "init", init)
    X = unit_rows(np.random.default_rng(0), 60)
    with pytest.raises(FitError, match="no restart"):
        ESTIMATORS["gaussian"](2, resolution=0.01).fit(X)
    with pytest.raises(FitError, match="no run"):
        sweep(X, "gaussian", [2], restarts=1, folds=None, resolution=0.01)


@pytest.mark.parametrize("family", [f for f in ESTIMATORS if f != "product"])
def test_rows_that_are_all_missing_are_refused(family):
    model = ESTIMATORS[family](2, **SETTINGS.get(family, {}))
    with pytest.raises(InputError, match="missing"):
        model.fit(np.full((4, 2), np.nan))
    with pytest.raises(InputError, match="infinite"):
        model.fit(np.full((4, 2), np.inf))


def test_active_in_validation_but_never_in_training_is_no_impossibility():
    """A rate of 0 would make the rows impossible under every model."""
    X = suited("poisson", unit_rows(np.random.default_rng(0), 60))
    X[:40, 1] = 0
    model = ESTIMATORS["poisson"](3).fit(X[:40])
    assert np.isfinite(model.score_continuation(X[:40], X[40:]))


@pytest.mark.parametrize("family", ["gaussian", "ar"])
def test_columns_at_rest_do_not_end_a_fit(family):
    """Their variance begins where the steps they are read in put it, not below."""
    X = np.round(unit_rows(np.random.default_rng(0), 60), 2)
    X[:, 1], X[:50, 2] = 0.0, 0.0
    model = ESTIMATORS[family](2, resolution=0.01).fit(X)
    assert model.monitor_.stop == "tol"
    assert model.emission_params["cov"].min() == pytest.approx(1e-4 / 12)
