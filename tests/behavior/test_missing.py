"""Missing entries are summed out; what a mask hides leaves no trace."""

import numpy as np
import pytest
from battery import FAMILIES, A, every_family, fitted, log_obs
from scipy.special import logsumexp

from genface.behavior import em
from genface.behavior.emissions import Beta, InflatedBeta
from genface.behavior.lanes import pack

# Values that an entry may take, with their weights; Gauss-Legendre where continuous.
NODES, WEIGHTS = np.polynomial.legendre.leggauss(1000)


def support(name):
    if name in ("poisson", "negative_binomial"):
        return np.arange(1000.0), np.ones(1000)
    if name == "bernoulli":
        return np.arange(2.0), np.ones(2)
    if name == "categorical":
        return np.arange(3.0), np.ones(3)
    if name.startswith("logistic"):
        return np.arange(101) / 100, np.ones(101)
    low, high = (0.0, 1.0) if "beta" in name else (-8.0, 9.0)
    values = low + (high - low) * 0.5 * (NODES + 1)
    return values, 0.5 * (high - low) * WEIGHTS


@pytest.mark.parametrize("name", [n for n in FAMILIES if n != "product"])
def test_a_missing_entry_is_summed_out(name):
    """Second of two rows: all the values that its middle entry could have."""
    family, X, _, _, outcome = fitted(name)
    emission = outcome.run.emission
    if name == "beta":  # without moving values off the ends
        family = Beta(squeeze=0.0)
        emission = {"theta": np.maximum(emission["theta"], [-1.0, 2.0])}
    if name == "inflated_beta":  # the Beta law keeps what the lumps' edges cover
        family = InflatedBeta(edge=1e-9)
        emission = {"theta": np.maximum(emission["theta"], [-1.0, 2.0, -9.0, -9.0])}
    whole = np.flatnonzero(np.isfinite(X).all(1))
    pair = X[whole[[3, 9]]].copy()
    pair[1, 1] = np.nan
    values, weights = support(name)
    if name == "inflated_beta":
        values, weights = np.append(values, [0, 1]), np.append(weights, [1, 1])
    filled = np.tile(pair, (len(values), 1, 1))
    filled[:, 1, 1] = values
    pairs = np.concatenate([filled, pair[None]])
    obs = log_obs(family, emission, pairs.reshape(-1, A), [2] * len(pairs))[1::2]
    total = logsumexp(obs[:-1], axis=0, b=weights[:, None])
    missing = obs[-1]
    np.testing.assert_allclose(missing, total, rtol=1e-11, atol=1e-11)


@every_family
def test_a_missing_row_says_nothing(name):
    family, X, lengths, _, outcome = fitted(name)
    obs = log_obs(family, outcome.run.emission, X, lengths)
    np.testing.assert_allclose(obs[40], 0.0, atol=1e-15)


quick_first = pytest.mark.parametrize(
    "name",
    [
        name if name in ("poisson", "ar_diag") else pytest.param(name, marks=[slow])
        for slow in [pytest.mark.slow]
        for name in FAMILIES
    ],
)


@quick_first
def test_padding_changes_nothing(name):
    family, X, lengths, problem, outcome = fitted(name)
    roomy = pack(np.append(lengths, 200))
    rows = np.where(roomy.rows >= len(X), -1, roomy.rows)
    lanes = type(roomy)(rows, roomy.first | (rows < 0))
    data, views = em.lay_out(family, X, lengths, lanes)
    wide = problem._replace(data=data, first=lanes.first, views=views)
    a, _ = em.log_likelihoods(family, problem, [outcome.run])
    b, _ = em.log_likelihoods(family, wide, [outcome.run])
    assert a[0] == pytest.approx(b[0], rel=1e-12)


@quick_first
def test_hidden_rows_have_no_influence(name):
    """Bit-equal, whatever stands in the rows that a view hides."""
    family, X, lengths, problem, outcome = fitted(name)
    rng = np.random.default_rng(8)
    hidden = np.zeros(len(X), bool)
    hidden[10:20] = hidden[60:64] = True
    ends = []
    for draw in range(2):
        Y = X.copy()
        if draw:
            Y[hidden] = FAMILIES[name][1](rng, int(hidden.sum()))
            Y[hidden] = np.where(np.isnan(X[hidden]), np.nan, Y[hidden])
        lanes = pack(lengths)
        data, views = em.lay_out(family, Y, lengths, lanes, ~hidden[None])
        other = problem._replace(data=data, views=views)
        run = outcome.run
        ends.append(em.run_all(family, other, [run], em.Rules(3, -np.inf))[0])
    np.testing.assert_array_equal(ends[0].history, ends[1].history)
    for key, values in ends[0].run.emission.items():
        np.testing.assert_array_equal(values, ends[1].run.emission[key])
