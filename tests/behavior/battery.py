"""Every emission family with rows that suit it, and a small fit of each."""

import functools

import numpy as np
import pytest

from genface.behavior import em
from genface.behavior.emissions import (
    Autoregressive,
    Bernoulli,
    Beta,
    Categorical,
    Gaussian,
    GaussianMixture,
    InflatedBeta,
    Logistic,
    NegativeBinomial,
    Poisson,
    Product,
    evaluation,
)
from genface.behavior.hmm import first_chain
from genface.behavior.lanes import pack

A = 3


def unit_rows(rng, n):
    states = np.repeat(rng.integers(0, 2, n // 5 + 1), 5)[:n]
    shapes = np.where(states == 1, 8.0, 2.0)[:, None]
    return rng.beta(shapes, 4.0, (n, A))


def lumpy_rows(rng, n):
    X = unit_rows(rng, n)
    X[rng.random(X.shape) < 0.2] = 0.0
    X[rng.random(X.shape) < 0.05] = 1.0
    return X


FAMILIES = {
    "poisson": (Poisson(), lambda r, n: np.round(20 * unit_rows(r, n))),
    "negative_binomial": (
        NegativeBinomial(),
        lambda r, n: np.round(20 * unit_rows(r, n)),
    ),
    "diag": (Gaussian("diag"), unit_rows),
    "spherical": (Gaussian("spherical"), unit_rows),
    "full": (Gaussian("full"), unit_rows),
    "tied": (Gaussian("tied"), unit_rows),
    "gaussian_mixture": (GaussianMixture(), unit_rows),
    "beta": (Beta(), unit_rows),
    "inflated_beta": (InflatedBeta(), lumpy_rows),
    "bernoulli": (Bernoulli(), lambda r, n: np.round(unit_rows(r, n))),
    "categorical": (Categorical(3), lambda r, n: np.round(2 * unit_rows(r, n))),
    "ar_diag": (Autoregressive(1, True), unit_rows),
    "ar2_diag": (Autoregressive(2, True), unit_rows),
    "ar_full": (Autoregressive(1, False), unit_rows),
    "logistic": (Logistic(1), lumpy_rows),
    "logistic_iid": (Logistic(0), lumpy_rows),
    "product": (
        Product(((InflatedBeta(), (0, 2)), (Autoregressive(), (1,)))),
        lumpy_rows,
    ),
}
every_family = pytest.mark.parametrize("name", FAMILIES)


@functools.cache
def fitted(name, holes=True):
    """A family, rows with holes and ragged lengths, and a two-state fit."""
    family, draw = FAMILIES[name]
    rng = np.random.default_rng(3)
    X = draw(rng, 120)
    if holes:
        X[rng.random(X.shape) < 0.1] = np.nan
        X[40] = np.nan
    lengths = np.array([50, 1, 69])
    lanes = pack(lengths)
    data, views = em.lay_out(family, X, lengths, lanes)
    problem = em.Problem(
        data,
        lanes.first,
        views,
        em.priors(family, X, [np.isfinite(X).any(1)]),
        1.1,
        1.1,
        0.0,
    )
    rows = X[np.isfinite(X).any(1)]
    runs = [em.Run(*first_chain(k, 0.8), family.init(rows, k, rng)) for k in (2, 3)]
    # Two and three states go together: the two carry a spare one.
    outcome = em.run_all(family, problem, runs, em.Rules(60, 1e-7))[0]
    return family, X, lengths, problem, outcome


def log_obs(family, emission, X, lengths):
    return evaluation.log_obs(family, emission, X, np.asarray(lengths))
