"""Forecasts: do intervals hold what they promise, and are ranks of the truth even?

The truth is a model of each family fitted to Beta data; it draws training data, and
histories with what really followed. What is judged is a second model, fitted to the
training data, through its public ``forecast`` alone. Acceptance: 90 % intervals hold
87 to 93 %, and the rank of what followed among draws is uniform (Kolmogorov-Smirnov
p > .01 in at least 95 % of runs).
"""

import copy
import functools

import numpy as np
import pytest
from scipy import stats

from genface.behavior import ESTIMATORS, em

N_COLUMNS, HISTORY, HORIZON = 4, 40, 8
FAMILIES = ("logistic", "ar", "beta", "inflated_beta", "gaussian")


@functools.cache
def truth(family):
    rng = np.random.default_rng(5)
    states = np.repeat(rng.integers(0, 3, 60), 10)
    mean = rng.uniform(0.15, 0.75, (3, N_COLUMNS))[states]
    model = ESTIMATORS[family](3, restarts=2, tol=1e-4)
    return model.fit(rng.beta(12 * mean, 12 * (1 - mean)))


@functools.cache
def fitted(family):
    rows, _ = truth(family).sample(3000, random_state=11)
    return ESTIMATORS[family](3, restarts=2, tol=1e-5).fit(inside(family, rows))


def inside(family, rows):
    """AUs of the families that take [0, 1]; the normal ones may leave it."""
    return rows if family in ("ar", "gaussian") else np.clip(rows, 0.0, 1.0)


def followed(family, seed, horizon):
    rows, _ = truth(family).sample(HISTORY + horizon, random_state=1000 + seed)
    return np.split(inside(family, rows), [HISTORY])


def coverage(family, n_histories):
    """Share of what followed that lies in the central 90 % of 400 draws."""
    hits = []
    for seed in range(n_histories):
        history, future = followed(family, seed, HORIZON)
        paths = fitted(family).forecast(history, HORIZON, 400, seed=seed)
        low, high = np.quantile(paths, [0.05, 0.95], axis=0)
        hits.append((future >= low) & (future <= high))
    return float(np.mean(hits))


def rank_p_value(model, family, run, n_histories):
    """KS p of the ranks of one column of the next frame: independent histories."""
    rng = np.random.default_rng(run)
    ranks = []
    for at in range(n_histories):
        history, future = followed(family, 10_000 + run * n_histories + at, 1)
        draws = model.forecast(history, 1, 199, seed=run)[:, 0]
        column = at % N_COLUMNS
        below = (draws[:, column] < future[0, column]).sum()
        equal = (draws[:, column] == future[0, column]).sum()
        # Ties (both exactly 0 or 1) share their ranks at random.
        ranks.append((below + rng.random() * (equal + 1)) / 200)
    return stats.kstest(ranks, "uniform").pvalue


@pytest.mark.parametrize("family", ["logistic", "ar"])
@pytest.mark.slow
def test_intervals_hold_nine_tenths(family):
    # 100 histories know the share to about two hundredths.
    assert 0.86 <= coverage(family, 100) <= 0.94


def test_ranks_of_what_followed_are_even():
    p_values = [rank_p_value(truth("logistic"), "logistic", r, 60) for r in range(3)]
    assert min(p_values) > 1e-3


def test_ranks_notice_an_overconfident_forecast():
    model = truth("logistic")
    narrow = copy.copy(model)
    # All of theta times 2 halves the noise and leaves the centre where it is.
    narrow._adopt(
        em.Run(
            model.startprob_, model.transmat_, {"theta": 2 * model._emission["theta"]}
        )
    )
    assert rank_p_value(narrow, "logistic", 0, 200) < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_intervals_hold_nine_tenths_in_each_family(family):
    assert 0.87 <= coverage(family, 600) <= 0.93


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_ranks_are_even_in_nineteen_of_twenty_runs(family):
    p_values = [rank_p_value(truth(family), family, run, 100) for run in range(60)]
    assert np.mean(np.array(p_values) > 0.01) >= 0.95
