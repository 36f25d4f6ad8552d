"""The estimators against hmmlearn and closed forms."""

import numpy as np
import pytest
from hmmlearn import hmm
from scipy import stats

from genface.behavior import GaussianHMM, PoissonHMM
from genface.behavior.em import Chain
from genface.behavior.emissions import GaussianEmissions, PoissonEmissions
from genface.errors import FitError, InputError, ShapeError

START = np.array([0.6, 0.3, 0.1])
TRANS = np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.1, 0.2, 0.7]])
RATES = np.array([[2.0, 30.0], [20.0, 5.0], [60.0, 0.5]])
MEANS = np.array([[0.0, 1.0], [2.0, -1.0], [-3.0, 0.0]])
VARIANCES = np.array([[0.2, 0.5], [0.3, 0.1], [0.4, 0.4]])
CHAINS = {
    "poisson": Chain(START, TRANS, PoissonEmissions(RATES)),
    "gaussian": Chain(START, TRANS, GaussianEmissions(MEANS, VARIANCES)),
}
OURS = {"poisson": PoissonHMM, "gaussian": GaussianHMM}
LENGTHS = [150, 1, 49]


def ours(family, **settings):
    model = OURS[family](3, **settings)
    model.chain_ = CHAINS[family]
    return model


def theirs(family, **settings):
    if family == "poisson":
        model = hmm.PoissonHMM(3, init_params="", **settings)
        model.lambdas_ = RATES
    else:
        model = hmm.GaussianHMM(
            3, init_params="", covars_prior=0, covars_weight=1, **settings
        )
        model.means_, model._covars_ = MEANS, VARIANCES
    model.startprob_, model.transmat_, model.n_features = START, TRANS, 2
    return model


@pytest.mark.parametrize("family", OURS)
def test_inference_equals_hmmlearn(family):
    X, _ = ours(family).sample(200, 4)
    a, b = ours(family), theirs(family)
    assert a.score(X, LENGTHS) == pytest.approx(b.score(X, LENGTHS), rel=1e-11)
    assert a.aic(X) == pytest.approx(b.aic(X), rel=1e-11)
    assert a.bic(X) == pytest.approx(b.bic(X), rel=1e-11)
    assert a.decode(X)[0] == pytest.approx(b.decode(X)[0], rel=1e-11)
    assert (a.predict(X, LENGTHS) == b.predict(X, LENGTHS)).all()
    expected = b.predict_proba(X, LENGTHS)
    np.testing.assert_allclose(a.predict_proba(X, LENGTHS), expected, atol=1e-10)


@pytest.mark.parametrize("family", OURS)
def test_em_without_prior_equals_hmmlearn(family):
    X, _ = ours(family).sample(200, 5)
    a = ours(family, warm_start=True, prior_frames=0, n_iter=25, tol=-1e9)
    a.fit(X, LENGTHS)
    b = theirs(family, n_iter=25, tol=-np.inf).fit(X, LENGTHS)
    np.testing.assert_allclose(a.transmat_, b.transmat_, atol=1e-8)
    if family == "poisson":
        np.testing.assert_allclose(a.lambdas_, b.lambdas_, rtol=1e-8)
    else:
        np.testing.assert_allclose(a.means_, b.means_, atol=1e-8)
        np.testing.assert_allclose(a.variances_, b._covars_, atol=1e-8)


@pytest.mark.parametrize("family", OURS)
def test_the_objective_never_falls(family):
    X, _ = ours(family).sample(300, 6)
    model = OURS[family](4, n_restarts=4, tol=1e-7).fit(X)
    for course in model.courses_:
        history = np.array(course.history)
        assert (np.diff(history) > -1e-9 * np.abs(history[1:])).all()
        assert course.stop in ("tol", "cap")
    assert max(model.scores_) == pytest.approx(model.score(X))


@pytest.mark.parametrize("family", OURS)
def test_parameters_are_recovered(family):
    X, states = ours(family).sample(4000, 7)
    model = OURS[family](3, n_restarts=3).fit(X)
    found = model.emissions_.means()
    truth = CHAINS[family].emissions.means()
    order = np.abs(found[:, None] - truth[None]).sum(2).argmin(0)
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(found[order], truth, rtol=0.05, atol=0.06)
    assert (np.argsort(order)[model.predict(X)] == states).mean() > 0.97


@pytest.mark.parametrize("family", OURS)
def test_one_state_with_a_prior_has_a_closed_form(family):
    X, _ = ours(family).sample(50, 8)
    model = OURS[family](1, prior_frames=2.0, tol=1e-12, n_iter=50).fit(X)
    # The imagined frames have the sample's own mean (and variance): nothing moves.
    np.testing.assert_allclose(model.emissions_.means()[0], X.mean(0), rtol=1e-9)
    if family == "gaussian":
        np.testing.assert_allclose(model.variances_[0], X.var(0), rtol=1e-9)
        law = stats.norm(X.mean(0), X.std(0))
        assert model.score(X) == pytest.approx(law.logpdf(X).sum())
    else:
        law = stats.poisson(X.mean(0))
        assert model.score(X) == pytest.approx(law.logpmf(X).sum())


def test_samples_have_the_moments_of_their_state():
    X, states = ours("gaussian").sample(20_000, 9)
    for k in range(3):
        mine = X[states == k]
        error = 5 * np.sqrt(VARIANCES[k] / len(mine))
        assert (np.abs(mine.mean(0) - MEANS[k]) < error).all()
        np.testing.assert_allclose(mine.var(0), VARIANCES[k], rtol=0.1)


@pytest.mark.parametrize("family", OURS)
def test_a_missing_row_cuts_training_and_is_stepped_over_later(family):
    X, _ = ours(family).sample(120, 10)
    holed = X.copy()
    holed[50] = np.nan
    cut = OURS[family](2).fit(holed)
    apart = OURS[family](2).fit(np.delete(X, 50, axis=0), [50, 69])
    np.testing.assert_array_equal(cut.transmat_, apart.transmat_)
    # A row without values is one more step of the chain and nothing else.
    model = ours(family)
    gap = np.vstack([X[:3], np.full((1, 2), np.nan), X[3:5]])
    paths = model.predict_proba(gap)
    np.testing.assert_allclose(paths.sum(1), 1.0)
    two_steps = Chain(START, TRANS @ TRANS, model.emissions_)
    model_two = ours(family)
    model_two.chain_ = two_steps
    tail = model.score(gap) - model.score(gap[:3])
    filtered = model.predict_proba(X[:3])[-1]
    after = ours(family)
    after.chain_ = Chain(filtered @ TRANS @ TRANS, TRANS, model.emissions_)
    assert tail == pytest.approx(after.score(X[3:5]), rel=1e-10)


def test_one_missing_value_is_marginalised():
    X, _ = ours("gaussian").sample(6, 11)
    X[3, 1] = np.nan
    rest = ours("gaussian")
    total = rest.emissions_.log_prob(X)[3]
    expected = stats.norm.logpdf(X[3, 0], MEANS[:, 0], np.sqrt(VARIANCES[:, 0]))
    np.testing.assert_allclose(total, expected)


def test_constant_columns_stay_finite():
    rng = np.random.default_rng(12)
    X = np.column_stack([np.full(80, 3.0), rng.integers(0, 40, 80).astype(float)])
    assert np.isfinite(PoissonHMM(3).fit(X).score(X))
    assert np.isfinite(GaussianHMM(3).fit(X).score(X))
    zero = X * [0.0, 1.0]
    model = PoissonHMM(2).fit(zero)
    # Never seen in training, but possible: unlikely, not minus infinity.
    assert np.isfinite(model.score(zero + [1.0, 0.0]))


def test_a_lost_column_is_named(monkeypatch):
    X = np.column_stack([np.arange(20.0), np.arange(20.0) % 3])
    broken = Chain(
        np.ones(1), np.ones((1, 1)), PoissonEmissions(np.array([[np.nan, 1.0]]))
    )
    from genface.behavior import models

    course = models.Course((1.0,), "tol")
    monkeypatch.setattr(models, "run_em", lambda *a, **k: (broken, course))
    with pytest.raises(FitError, match="AU12"):
        PoissonHMM(1, columns=("AU12", "AU25")).fit(X)


def test_bad_input_is_named():
    counts = np.arange(12.0).reshape(6, 2)
    with pytest.raises(InputError, match="AU02"):
        PoissonHMM(2, columns=("AU01", "AU02")).fit(counts + [0.0, 0.5])
    with pytest.raises(InputError, match="column 0"):
        PoissonHMM(2).fit(counts - [1.0, 0.0])
    with pytest.raises(FitError, match="distinct"):
        GaussianHMM(3).fit(np.ones((10, 2)))
    with pytest.raises(FitError, match="complete"):
        GaussianHMM(1).fit(np.full((5, 2), np.nan))
    with pytest.raises(InputError, match="infinite"):
        GaussianHMM(1).fit(np.full((5, 2), np.inf))
    with pytest.raises(ShapeError, match="add up"):
        GaussianHMM(1).fit(counts, [3, 4])
    with pytest.raises(ShapeError, match="2 columns"):
        GaussianHMM(1).fit(counts).score(counts[:, :1])
    with pytest.raises(InputError, match="not fitted"):
        GaussianHMM(1).score(counts)
    assert np.isfinite(GaussianHMM(1).fit(counts[:1]).score(counts[:1]))  # T = 1


def test_same_seed_same_parameters():
    X, _ = ours("poisson").sample(150, 13)
    one, two = (PoissonHMM(3, n_restarts=2, random_state=3).fit(X) for _ in range(2))
    np.testing.assert_array_equal(one.lambdas_, two.lambdas_)
