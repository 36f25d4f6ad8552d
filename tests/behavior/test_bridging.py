"""Missing stretches against the normal law of what is missing given what is seen."""

import numpy as np
import pytest

from genface.behavior.hmm import ARHMM, GaussianHMM, GaussianMixtureHMM, LogisticHMM

COEFFICIENTS = {1: [0.8], 2: [1.3, -0.5]}
BASE, SD, MEAN0, SD0 = 0.2, 0.4, 1.0, 0.7


def one_state(n_lags):
    model = ARHMM(1, n_lags=n_lags)
    model.startprob_, model.transmat_ = np.ones(1), np.ones((1, 1))
    model._emission = {
        "coef": np.array([[[BASE, *COEFFICIENTS[n_lags]]]]),
        "cov": np.array([[SD**2]]),
        "mean0": np.array([[MEAN0]]),
        "var0": np.array([[SD0**2]]),
    }
    return model


def joint_law(n_lags, n_rows):
    """Mean and covariance of the rows, from x = (1 - B)^-1 (base + noise)."""
    back = np.zeros((n_rows, n_rows))
    base, sd = np.full(n_rows, BASE), np.full(n_rows, SD)
    for t in range(n_rows):
        if t < n_lags:
            base[t], sd[t] = MEAN0, SD0
            continue
        for lag, weight in enumerate(COEFFICIENTS[n_lags], 1):
            back[t, t - lag] = weight
    spread = np.linalg.inv(np.eye(n_rows) - back)
    return spread @ base, (spread * sd**2) @ spread.T


@pytest.mark.parametrize(
    ("n_lags", "missing"),
    [
        *((n_lags, span) for n_lags in (1, 2) for span in ([4, 5, 6, 7, 8], range(5))),
        (1, range(7, 12)),
        (1, [3, 4, 6, 8, 9]),
        (2, [3, 4, 7, 8]),
    ],
)
def test_drawn_rows_have_the_law_given_the_seen(n_lags, missing):
    n_rows, n = 12, 40_000
    rng = np.random.default_rng(0)
    mean, cov = joint_law(n_lags, n_rows)
    X = rng.multivariate_normal(mean, cov)
    hidden = np.isin(np.arange(n_rows), missing)
    gain = cov[np.ix_(hidden, ~hidden)] @ np.linalg.inv(cov[np.ix_(~hidden, ~hidden)])
    expected = mean[hidden] + gain @ (X - mean)[~hidden]
    left = cov[np.ix_(hidden, hidden)] - gain @ cov[np.ix_(~hidden, hidden)]
    holed = np.where(hidden, np.nan, X)[:, None]
    drawn = one_state(n_lags).infill(holed, n)[:, :, 0]
    np.testing.assert_array_equal(drawn[:, ~hidden], np.tile(X[~hidden], (n, 1)))
    error = np.sqrt(np.diag(left) / n)
    assert (np.abs(drawn[:, hidden].mean(0) - expected) < 4.5 * error).all()
    np.testing.assert_allclose(np.cov(drawn[:, hidden].T), left, atol=0.03)


def test_a_stretch_of_the_default_family_has_no_jump_at_its_end():
    rng = np.random.default_rng(0)
    X = 1 / (1 + np.exp(-np.cumsum(rng.normal(0, 0.2, (300, 2)), axis=0)))
    model = LogisticHMM(2).fit(X)
    holed = X.copy()
    holed[100:140] = np.nan
    drawn = model.infill(holed, 200)
    steps = np.abs(np.diff(drawn, axis=1))
    assert steps[:, 139].mean() < 2 * steps[:, 110:130].mean()
    assert drawn.min() >= 0 and drawn.max() <= 1


def test_correlated_columns_follow_from_the_seen_one():
    model = GaussianHMM(1, "full")
    model.startprob_, model.transmat_ = np.ones(1), np.ones((1, 1))
    model.means_ = np.array([[1.0, 2.0]])
    model.covars_ = np.array([[[1.0, 0.9], [0.9, 1.0]]])
    drawn = model.infill(np.array([[3.0, np.nan]]), 20_000)[:, 0, 1]
    assert drawn.mean() == pytest.approx(2.0 + 0.9 * 2.0, abs=0.02)
    assert drawn.var() == pytest.approx(1 - 0.81, abs=0.01)


def test_parts_of_a_mixture_follow_from_the_seen_column():
    model = GaussianMixtureHMM(1)
    model.startprob_, model.transmat_ = np.ones(1), np.ones((1, 1))
    model._emission = {
        "weight": np.array([[0.5, 0.5]]),
        "mean": np.array([[[0.0, 0.0], [9.0, 5.0]]]),
        "var": np.ones((1, 2, 2)),
    }
    drawn = model.infill(np.array([[9.0, np.nan]]), 5000)[:, 0, 1]
    assert drawn.mean() == pytest.approx(5.0, abs=0.06)
