"""compat="hmmlearn" against hmmlearn itself."""

import logging

import numpy as np
import pytest
from hmmlearn import hmm

from genface.behavior.hmm import GaussianHMM, HiddenMarkovModel, PoissonHMM
from genface.behavior.inference import best_path

LENGTHS = [50, 1, 80, 19]


@pytest.fixture(autouse=True)
def quiet():
    logging.getLogger("hmmlearn").setLevel(logging.CRITICAL)


def rows(seed, n_columns=4):
    rng = np.random.default_rng(seed)
    states = np.repeat(rng.integers(0, 3, 30), 5)
    return (
        rng.normal(0, 1, (150, n_columns)) + 3 * rng.normal(size=(3, n_columns))[states]
    )


@pytest.mark.parametrize("seed", range(5))
def test_poisson_fit_is_hmmlearns(seed):
    X = np.round(np.exp(rows(seed) / 3) * 10)
    theirs = hmm.PoissonHMM(3, random_state=seed, n_iter=50, tol=1e-2).fit(X, LENGTHS)
    ours = PoissonHMM(3, random_state=seed, n_iter=50, tol=1e-2, compat="hmmlearn").fit(
        X, LENGTHS
    )
    assert ours.monitor_.iter == theirs.monitor_.iter
    np.testing.assert_allclose(
        ours.monitor_.history, theirs.monitor_.history, rtol=1e-10
    )
    for name in ("startprob_", "transmat_", "lambdas_"):
        np.testing.assert_allclose(
            getattr(ours, name), getattr(theirs, name), atol=1e-8
        )
    assert ours.score(X, LENGTHS) == pytest.approx(theirs.score(X, LENGTHS), rel=1e-10)
    assert (ours.predict(X, LENGTHS) == theirs.predict(X, LENGTHS)).all()
    assert ours.bic(X, LENGTHS) == pytest.approx(theirs.bic(X, LENGTHS))


@pytest.mark.parametrize("shape", ["diag", "spherical", "full", "tied"])
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(s, marks=pytest.mark.slow) for s in range(1, 5))]
)
def test_gaussian_fit_is_hmmlearns(shape, seed):
    X = rows(seed)
    settings = dict(random_state=seed, n_iter=50, tol=-np.inf)
    theirs = hmm.GaussianHMM(3, shape, **settings).fit(X, LENGTHS)
    ours = GaussianHMM(3, shape, compat="hmmlearn", **settings).fit(X, LENGTHS)
    assert ours.monitor_.iter == theirs.monitor_.iter == 50
    np.testing.assert_allclose(
        ours.monitor_.history, theirs.monitor_.history, rtol=1e-10
    )
    for name in ("startprob_", "transmat_", "means_"):
        np.testing.assert_allclose(
            getattr(ours, name), getattr(theirs, name), atol=1e-8
        )
    # hmmlearn's ``covars_`` has K * A matrices after a spherical fit: the compact form.
    compact = ours.emission_params["cov"]
    compact = compact[0] if shape == "tied" else compact
    np.testing.assert_allclose(compact, theirs._covars_, atol=1e-8)
    assert (ours.predict(X, LENGTHS) == theirs.predict(X, LENGTHS)).all()
    assert ours.aic(X, LENGTHS) == pytest.approx(theirs.aic(X, LENGTHS))


@pytest.mark.parametrize("shape", ["diag", "full"])
def test_fit_stops_where_hmmlearns_stops(shape):
    """Also at a fall, which hmmlearn's prior brings about and calls converged."""
    for seed in range(3):
        X = rows(seed)[:60]
        settings = dict(random_state=seed, n_iter=50, tol=1e-2)
        theirs = hmm.GaussianHMM(3, shape, **settings).fit(X, [40, 20])
        ours = GaussianHMM(3, shape, compat="hmmlearn", **settings).fit(X, [40, 20])
        assert ours.monitor_.iter == theirs.monitor_.iter
        assert ours.monitor_.stop in ("tol", "cap", "decrease")


@pytest.mark.parametrize("seed", [0, 3])
def test_start_parameters_are_hmmlearns_bit_for_bit(seed):
    X = np.round(np.exp(rows(seed) / 3) * 10)
    settings = dict(random_state=seed, compat="hmmlearn")
    theirs = hmm.PoissonHMM(4, random_state=seed)
    theirs._init(X, [len(X)])
    (ours,) = PoissonHMM(4, **settings)._start_runs(X, [len(X)])
    np.testing.assert_array_equal(ours.start, theirs.startprob_)
    np.testing.assert_array_equal(ours.trans, theirs.transmat_)
    np.testing.assert_array_equal(ours.emission["rate"], theirs.lambdas_)
    for shape in ("diag", "spherical", "full", "tied"):
        theirs = hmm.GaussianHMM(3, shape, random_state=seed)
        theirs._init(X, [len(X)])
        (ours,) = GaussianHMM(3, shape, **settings)._start_runs(X, [len(X)])
        np.testing.assert_array_equal(ours.trans, theirs.transmat_)
        np.testing.assert_array_equal(ours.emission["mean"], theirs.means_)
        cov = ours.emission["cov"]
        cov = cov[0] if shape == "tied" else cov
        np.testing.assert_array_equal(cov, theirs._covars_)


@pytest.mark.parametrize("params", ["stm", "mc"])
def test_frozen_letters_are_hmmlearns(params):
    """With c but not m it leaves its sums empty and divides by nothing: no model."""
    X = rows(1)
    settings = dict(random_state=1, n_iter=4, tol=-np.inf, params=params)
    theirs = hmm.GaussianHMM(3, "diag", **settings).fit(X, LENGTHS)
    ours = GaussianHMM(3, "diag", compat="hmmlearn", **settings).fit(X, LENGTHS)
    np.testing.assert_allclose(ours.means_, theirs.means_, atol=1e-9)
    np.testing.assert_allclose(ours.transmat_, theirs.transmat_, atol=1e-9)
    cov = ours.emission_params["cov"]
    np.testing.assert_allclose(cov, theirs._covars_, atol=1e-9)


def test_poisson_prior_formula_is_hmmlearns():
    X = np.round(np.exp(rows(0) / 3) * 10)
    settings = dict(
        random_state=1, n_iter=5, tol=-np.inf, lambdas_prior=50.0, lambdas_weight=10.0
    )
    theirs = hmm.PoissonHMM(3, **settings).fit(X, LENGTHS)
    ours = PoissonHMM(3, compat="hmmlearn", **settings).fit(X, LENGTHS)
    np.testing.assert_allclose(ours.lambdas_, theirs.lambdas_, atol=1e-8)


def test_attributes_set_before_are_continued_from():
    X = np.round(np.exp(rows(0) / 3) * 10)
    whole = PoissonHMM(3, n_iter=8, tol=-np.inf, compat="hmmlearn").fit(X)
    half = PoissonHMM(3, n_iter=4, tol=-np.inf, compat="hmmlearn").fit(X)
    rest = PoissonHMM(3, n_iter=4, tol=-np.inf, compat="hmmlearn", init_params="")
    rest.startprob_, rest.transmat_ = half.startprob_, half.transmat_
    rest.lambdas_ = half.lambdas_
    rest.fit(X)
    np.testing.assert_array_equal(rest.lambdas_, whole.lambdas_)
    np.testing.assert_array_equal(rest.transmat_, whole.transmat_)


@pytest.mark.parametrize("shape", ["diag", "spherical", "full", "tied"])
def test_models_travel_both_ways(shape):
    X = rows(3)
    ours = GaussianHMM(3, shape).fit(X)
    theirs = ours.to_hmmlearn()
    assert theirs.score(X) == pytest.approx(ours.score(X), rel=1e-12)
    back = HiddenMarkovModel.from_hmmlearn(theirs)
    assert back.score(X) == pytest.approx(ours.score(X), rel=1e-12)


def test_tied_paths_are_broken_as_hmmlearn_does():
    even = hmm.PoissonHMM(2)
    even.startprob_, even.transmat_ = np.full(2, 0.5), np.full((2, 2), 0.5)
    even.lambdas_, even.n_features = np.ones((2, 1)), 1
    theirs = even.predict(np.ones((5, 1), int)).tolist()
    ours = best_path(even.startprob_, even.transmat_, np.full((5, 2), -1.0))[1]
    assert ours.tolist() == theirs == [1, 1, 1, 1, 0]
