"""Cells far from a state's mean: their logs stay finite where probabilities vanish."""

from math import comb, log

import numpy as np
import pytest
from scipy import special, stats

from genface.behavior.emissions import Beta, InflatedBeta, NegativeBinomial, Poisson

HUNDRED_OR_MORE = np.array([[99.5]]), np.array([[np.inf]])


def beta_cell(a, b, low, high):
    """Exact for whole a and b: sums of binomial probabilities in whole numbers."""
    n, grid = a + b - 1, 1000
    whole = [round(end * grid) for end in (low, high)]
    below = [
        sum(comb(n, j) * x**j * (grid - x) ** (n - j) for j in range(a, n + 1))
        for x in whole
    ]
    return log(below[1] - below[0]) - n * log(grid)


@pytest.mark.parametrize(
    ("a", "b", "cell"),
    [
        (2, 200, (0.395, 0.405)),  # 1 - 1 in double precision from below
        (2, 30, (0.155, 0.165)),
        (5, 1000, (0.895, 0.905)),  # 1e-968
        (5, 1000, (0.995, 1.0)),
        (900, 5, (0.0, 0.005)),
        (40, 60, (0.395, 0.405)),
    ],
)
def test_beta_cells_far_out(a, b, cell):
    theta = np.array([[[special.logit(a / (a + b)), np.log(a + b)]]])
    lower, upper = np.array([[cell[0]]]), np.array([[cell[1]]])
    expected = beta_cell(a, b, *cell)
    got = Beta().entry_log_cells({"theta": theta}, lower, upper)
    assert got.item() == pytest.approx(expected, rel=1e-12)
    lumpy = np.concatenate([theta, np.full((1, 1, 2), -2000.0)], -1)
    inside = InflatedBeta().entry_log_cells({"theta": lumpy}, lower, upper)
    lumps = -2000.0 if 0.0 in cell or 1.0 in cell else -np.inf
    assert inside.item() == pytest.approx(np.logaddexp(expected, lumps), rel=1e-12)


@pytest.mark.parametrize("rate", [1e-12, 1e-3, 0.1, 3.0, 90.0, 200.0])
def test_poisson_tail(rate):
    counts = np.arange(100, 1000)
    logs = special.xlogy(counts, rate) - rate - special.gammaln(counts + 1)
    params = {"rate": np.array([[rate]])}
    got = Poisson().log_cells(params, {}, *HUNDRED_OR_MORE)
    assert got.item() == pytest.approx(special.logsumexp(logs), rel=1e-9)


@pytest.mark.parametrize(
    ("mean", "size"), [(1e-6, 1.0), (1e-3, 0.1), (0.01, 50.0), (3.0, 1e4), (90.0, 2.0)]
)
def test_negative_binomial_tail(mean, size):
    logs = stats.nbinom.logpmf(np.arange(100, 20_000), size, size / (size + mean))
    params = {"theta": np.log([[[mean, size]]])}
    got = NegativeBinomial().entry_log_cells(params, *HUNDRED_OR_MORE)
    assert got.item() == pytest.approx(special.logsumexp(logs), rel=1e-9)
