"""Frames one by one, and sequences as a list, against the same all at once."""

import numpy as np
import pytest

from genface.behavior import (
    ARHMM,
    HSMM,
    AUTransform,
    BehaviorModel,
    GaussianHMM,
    LogisticHMM,
)
from genface.behavior.emissions import Gaussian
from genface.behavior.hmm import first_chain

AUS = ("AU01", "AU12")


def rows(n=40):
    rng = np.random.default_rng(1)
    states = np.repeat(rng.integers(0, 2, n // 5), 5)
    X = np.clip(0.3 + 0.4 * states[:, None] + rng.normal(0, 0.08, (n, 2)), 0, 1)
    X[7] = X[20, 0] = np.nan
    return X


def hsmm():
    model = HSMM(2, family=Gaussian(), max_duration=4)
    rng = np.random.default_rng(0)
    model.start_, model.jumps_ = rng.dirichlet([1, 1]), 1 - np.eye(2)
    model.durations_ = rng.dirichlet(np.ones(4), size=2)
    model._expand()
    return model


@pytest.mark.parametrize(
    "estimator",
    [GaussianHMM(2), LogisticHMM(2), ARHMM(2, n_lags=2), hsmm()],
    ids=["gaussian", "logistic", "ar2", "hsmm"],
)
def test_a_stream_is_the_filter(estimator):
    X = rows()
    rng = np.random.default_rng(0)
    estimator._emission = estimator.family.init(X[8:], 2, rng)
    if not isinstance(estimator, HSMM):
        estimator.startprob_, estimator.transmat_ = first_chain(2)
    transform = AUTransform.fit("unit", X, AUS)
    model = BehaviorModel(estimator, transform, 25.0, "intensity", np.zeros((2, 2)))
    stream = model.stream()
    beliefs = np.stack([stream.update(row) for row in X])
    np.testing.assert_allclose(beliefs, model.filtered(X), atol=1e-11)
    coded = model.transform.encode(X)
    expected = model.estimator.score(coded)
    assert stream.log_likelihood == pytest.approx(expected, rel=1e-11)
    # Beliefs ahead: the filter of rows of which nothing is known.
    later = model.filtered(np.vstack([X, np.full((3, 2), np.nan)]))
    np.testing.assert_allclose(stream.ahead(3), later[-1], atol=1e-11)
    before = model.stream().ahead(1)
    np.testing.assert_allclose(before, model.filtered(X[7:8])[0], atol=1e-12)


def test_a_list_of_sequences_is_rows_and_lengths():
    X, lengths = rows(), [15, 1, 24]
    parts = np.split(X, np.cumsum(lengths)[:-1])
    a = GaussianHMM(2, n_iter=5).fit(X, lengths)
    b = GaussianHMM(2, n_iter=5).fit(parts)
    np.testing.assert_array_equal(a.means_, b.means_)
    assert a.score(X, lengths) == b.score(parts) == b.score(X, np.array(lengths))
    assert (a.predict(X, lengths) == a.predict(parts)).all()
    assert a.bic(X, lengths) == a.bic(parts)
    assert a.icl(X, lengths) == a.icl(parts)
    c = BehaviorModel.fit(GaussianHMM(2, n_iter=5), parts, columns=AUS, fps=25)
    d = BehaviorModel.fit(GaussianHMM(2, n_iter=5), X, lengths, columns=AUS, fps=25)
    np.testing.assert_array_equal(c.state_means, d.state_means)


def test_beliefs_of_a_semi_markov_model_are_about_its_states():
    X = rows()
    model = hsmm()
    model._emission = model.family.init(X[8:], 2, np.random.default_rng(0))
    total, beliefs = model.score_samples(X)
    assert total == pytest.approx(model.score(X))
    assert beliefs.shape == (40, 2)
    np.testing.assert_allclose(beliefs.sum(1), 1.0)
    for algorithm in ("viterbi", "map"):
        path = model.decode(X, algorithm=algorithm)[1]
        assert set(path) == {0, 1}
    np.testing.assert_array_equal(path, beliefs.argmax(1))
