"""What cannot be used is refused in one line that says where it is and what to do."""

import numpy as np
import pytest

from genface.behavior import (
    ARHMM,
    HSMM,
    BehaviorModel,
    BernoulliHMM,
    BetaHMM,
    CategoricalHMM,
    GaussianHMM,
    GaussianMixtureHMM,
    LogisticHMM,
    NegativeBinomialHMM,
    PoissonHMM,
    ProductHMM,
    fit_by_gradient,
    select,
)
from genface.behavior.emissions import Bernoulli, Gaussian, Poisson
from genface.behavior.folds import make_folds
from genface.errors import FitError, InputError, ShapeError

RNG = np.random.default_rng(0)
X = RNG.random((30, 3))
COUNTS = np.round(20 * X)
AUS = ("AU01", "AU04", "AU12")


def one_line(caught):
    assert "\n" not in str(caught.value) and len(str(caught.value)) > 20


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: PoissonHMM(0), "n_components must be a whole number"),
        (lambda: PoissonHMM(2.5), "n_components .* got 2.5"),
        (lambda: PoissonHMM("3"), "n_components .* got '3'"),
        (lambda: PoissonHMM(2, n_iter=0), "n_iter"),
        (lambda: PoissonHMM(2, restarts=0), "restarts"),
        (lambda: PoissonHMM(2, random_state="a"), "random_state"),
        (lambda: PoissonHMM(2, random_state=-1), "random_state"),
        (lambda: PoissonHMM(2, params="sx"), "params .* s, t, l, e; got 'sx'"),
        (lambda: GaussianHMM(2, init_params="q"), "init_params .* s, t, m, c, e"),
        (lambda: PoissonHMM(2, compat="sklearn"), "compat"),
        (lambda: GaussianHMM(2, "round"), "diag, spherical, full or tied"),
        (lambda: ARHMM(2, n_lags=0), "n_lags"),
        (lambda: ARHMM(2, covariance_type="tied"), "diag or full"),
        (lambda: LogisticHMM(2, n_lags=-1), "n_lags"),
        (lambda: GaussianMixtureHMM(2, n_mix=0), "n_mix"),
        (lambda: CategoricalHMM(2, n_categories=0), "n_categories"),
        (lambda: ProductHMM(2, parts=((Gaussian(), (0, 0)),)), "each column once"),
        (lambda: HSMM(2, family=Gaussian(), max_duration=0), "max_duration"),
        (lambda: HSMM(2, family=Gaussian(), duration="weibull"), "duration is one"),
        (lambda: HSMM(2, family=Gaussian(), compat="hmmlearn"), "hmmlearn has no"),
    ],
)
def test_settings(make, said):
    with pytest.raises(InputError, match=said) as caught:
        make()
    one_line(caught)


@pytest.mark.parametrize(
    ("model", "rows", "lengths", "said"),
    [
        (PoissonHMM(2), COUNTS[:, 0], None, r"rows x columns.*\(30,\)"),
        (PoissonHMM(2), COUNTS[:0], None, "rows x columns"),
        (PoissonHMM(2), [["a", "b"]], None, "numbers"),
        (PoissonHMM(2), [COUNTS, COUNTS[:, :2]], None, r"\[2, 3\] columns"),
        (PoissonHMM(2), [COUNTS, COUNTS], [30, 30], "of its own"),
        (PoissonHMM(2), COUNTS, 30, "whole numbers from 1; got 30"),
        (PoissonHMM(2), COUNTS, [15.0, 15.0], "whole numbers"),
        (PoissonHMM(2), COUNTS, [30, 0], "whole numbers"),
        (PoissonHMM(2), COUNTS, [30, 1], "add up to 31, X has 30"),
        (PoissonHMM(2), np.where(X > 2, X, np.inf), None, "column 0 .* infinite"),
        (PoissonHMM(2), COUNTS - [0, 30, 0], None, "column 1: .* no count"),
        (NegativeBinomialHMM(2), COUNTS + [0, 0, 0.5], None, "column 2: .* no count"),
        (BernoulliHMM(2), X, None, "column 0, column 1, column 2: .* 0 and 1"),
        (CategoricalHMM(2), COUNTS, None, "whole numbers 0-1"),
        (BetaHMM(2), X * [1, 3, 1], None, r"column 1: .* \[0, 1\]"),
        (LogisticHMM(2), -X, None, r"\[0, 1\]"),
        (GaussianHMM(2), X * np.nan, None, "every entry of X is missing"),
        (HSMM(2, family=Poisson(), max_duration=3), X, None, "no count"),
        (HSMM(2, family=Poisson(), max_duration=3), X * np.nan, None, "missing"),
        (ProductHMM(2, parts=((Gaussian(), (0,)),)), X, None, "1 columns, X has 3"),
        (
            ProductHMM(2, parts=((Bernoulli(), (0, 2)), (Poisson(), (1,)))),
            np.round(X) + [0, 0, 0.2],
            None,
            "column 2: .* 0 and 1",
        ),
    ],
)
def test_rows(model, rows, lengths, said):
    with pytest.raises(InputError, match=said) as caught:
        model.fit(rows, lengths)
    one_line(caught)


def test_columns_have_their_names_where_they_are_known():
    with pytest.raises(InputError, match="AU01, AU04, AU12: .* 0 and 1 only"):
        BehaviorModel.fit(BernoulliHMM(2), X, columns=AUS, fps=25)
    with pytest.raises(FitError, match="AU04: .* 0 and 1 only"):
        rows = np.where([0, 1, 0], X, np.round(X))
        select(rows, columns=AUS, families=("bernoulli",), states=(2,), restarts=1)
    with pytest.raises(InputError, match="AU04: values outside 0-1"):
        BehaviorModel.fit(LogisticHMM(2), X * [1, 9, 1], columns=AUS, fps=25)
    with pytest.raises(InputError, match="AU01: named twice"):
        names = ("AU01", "AU01", "AU12")
        BehaviorModel.fit(LogisticHMM(2), X, columns=names, fps=25)
    for fps in (0, np.nan, "25"):
        with pytest.raises(InputError, match="fps"):
            BehaviorModel.fit(LogisticHMM(2), X, columns=AUS, fps=fps)


def test_a_model_without_parameters_says_so():
    for use in (
        lambda m: m.score(COUNTS),
        lambda m: m.predict(COUNTS),
        lambda m: m.sample(3),
        lambda m: m.stream(),
        lambda m: m.to_hmmlearn(),
        lambda m: m.lambdas_,
        lambda m: m.startprob_,
        lambda m: m.monitor_,
    ):
        with pytest.raises(InputError, match="this PoissonHMM has no .* call fit"):
            use(PoissonHMM(2))
    assert not hasattr(PoissonHMM(2), "lambdas_")
    assert not hasattr(PoissonHMM(2), "something")
    model = GaussianHMM(2)
    model.means_ = np.zeros((2, 3))
    with pytest.raises(InputError, match="cov"):
        model.covars_  # noqa: B018


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("startprob_", [0.5, 0.9], r"startprob_ .* sums are \[1.4\]"),
        ("startprob_", [1.0], r"startprob_ has the shape \(1,\); it must be \(2,\)"),
        ("transmat_", np.eye(3), "transmat_ has the shape"),
        ("transmat_", [[1.5, -0.5], [0, 1]], "transmat_ must be probabilities"),
        ("lambdas_", np.ones((2, 5)), r"rate .*\(2, 5\); .* need \(2, 3\)"),
        ("lambdas_", np.full((2, 3), np.nan), "rate .* not finite"),
    ],
)
@pytest.mark.parametrize("compat", [None, "hmmlearn"])
def test_parameters_to_continue_from(name, value, said, compat):
    model = PoissonHMM(2, init_params="", compat=compat)
    model.startprob_, model.transmat_ = [0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]]
    model.lambdas_ = np.ones((2, 3))
    setattr(model, name, value)
    with pytest.raises(InputError, match=said):
        model.fit(COUNTS)


@pytest.mark.parametrize(
    ("make", "rows", "said"),
    [
        (PoissonHMM, np.where(X > 0.9, np.nan, COUNTS), "column . has missing values"),
        (GaussianHMM, np.where(X > 0.9, np.nan, X), "column . has missing values"),
        (PoissonHMM, np.zeros((9, 2)), "must be positive; they are 0 and 0"),
        (PoissonHMM, -COUNTS, "must be positive"),
        (GaussianHMM, X[:1], "2 states, but 1 rows"),
        (BetaHMM, X, "hmmlearn has no beta model"),
    ],
)
def test_what_hmmlearn_does_not_take(make, rows, said):
    with pytest.raises(InputError, match=said) as caught:
        make(2, compat="hmmlearn").fit(rows)
    one_line(caught)


def test_use_of_a_model():
    model = BehaviorModel.fit(
        BernoulliHMM(2, n_iter=5), np.round(X), columns=AUS, fps=25
    )
    rows = np.round(X)
    for use, said in (
        (lambda: model.score(X[:, :2]), "3 columns"),
        (lambda: model.states(X), "AU01, AU04, AU12: .* 0 and 1"),
        (lambda: model.score(X), "0 and 1"),
        (lambda: model.states(np.array([["a"] * 3])), "numbers"),
        (lambda: model.forecast(rows, 2.5, 1), "horizon"),
        (lambda: model.forecast(rows, 2, 1, seed=-1), "seed"),
        (lambda: model.infill(rows, 0), "n must be"),
        (lambda: model.sample("10", 0), "n_frames"),
        (lambda: model.dwell_law(2, 5), "no state 2; there are 0 to 1"),
        (lambda: model.stream().update(rows), "one row"),
        (lambda: model.stream().update(rows[0, :2]), "3 columns"),
        (lambda: model.stream().ahead(0), "steps"),
        (lambda: model.estimator.score_continuation(rows, rows[:, :2]), "history 3"),
    ):
        with pytest.raises(InputError, match=said) as caught:
            use()
        one_line(caught)


def test_choices():
    settings = dict(columns=AUS, families=("gaussian",))
    for changes, said in (
        ({"states": "2-3"}, "list of whole numbers"),
        ({"states": 3}, "list of whole numbers"),
        ({"states": ()}, "no number of states"),
        ({"states": (2.5,)}, "whole number"),
        ({"restarts": 0}, "restarts"),
        ({"seed": -1}, "seed"),
        ({"lengths": 30}, "lengths"),
    ):
        with pytest.raises(InputError, match=said):
            select(X, **{**settings, **changes})


def test_gradient_fits():
    with pytest.raises(InputError, match="semi-Markov"):
        fit_by_gradient(HSMM(2, family=Gaussian(), max_duration=3), X)
    with pytest.raises(InputError, match="steps"):
        fit_by_gradient(GaussianHMM(2), X, steps=0)
    with pytest.raises(InputError, match="rate"):
        fit_by_gradient(GaussianHMM(2), X, rate=0.0)
    with pytest.raises(ShapeError, match="rows x columns"):
        fit_by_gradient(GaussianHMM(2), X[0])


@pytest.mark.parametrize(
    ("folds", "gap", "said"),
    [
        ("person", 0, "a number, 'clip' or None"),
        (1, 0, "folds must be a whole number, 2 or more"),
        (2.5, 0, "folds must be a whole number"),
        (31, 0, "do not fit 30 rows"),
        (3, -1, "gap must be"),
        ((np.zeros((2, 9), bool), np.zeros((2, 9), bool)), 0, r"two arrays \(F, 30\)"),
        ((np.zeros((2, 30), bool), np.zeros((2, 30), bool)), 0, "some rows out"),
        ((np.ones((2, 30), bool), np.ones((2, 30), bool)), 0, "train on others"),
    ],
)
def test_folds(folds, gap, said):
    with pytest.raises(InputError, match=said):
        make_folds(30, None, folds, gap)
