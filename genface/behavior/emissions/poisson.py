"""Counts with one Poisson rate per state and column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.special import xlogy
from scipy import special

from genface.behavior.emissions.family import (
    Data,
    Params,
    column_means,
    refuse,
    spread_rows,
    with_seen,
)

NO_COUNTS = "which is no count; use AUTransform('counts') or another family."
_NEVER = -1e300  # stands for log 0, so that 0 * log 0 is 0


def no_counts(X: np.ndarray) -> np.ndarray:
    """Where values (T, A) are negative or not whole."""
    return (X < 0) | (np.isfinite(X) & (np.floor(X) != X))


@dataclass(frozen=True)
class Poisson:
    """Rates ``rate`` (K, A). A gamma prior worth ``pseudo`` frames of the mean row.

    ``hmmlearn`` = (lambdas_prior, lambdas_weight) takes hmmlearn's formula instead,
    which counts all frames for every state.
    """

    pseudo: float = 0.1
    hmmlearn: tuple[float, float] | None = None
    name: ClassVar[str] = "poisson"

    @property
    def n_lags(self) -> int:
        """None."""
        return 0

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """Counts and the constant of their log-probability.

        It is inf for what is no count, which only hmmlearn's way lets pass.
        """
        wrong = no_counts(X)
        if self.hmmlearn is None:
            refuse(wrong, X, NO_COUNTS)
        data = with_seen(np.where(wrong, 0.0, X))
        constant = special.gammaln(data["x"] + 1.0)
        data["constant"] = np.where(wrong, np.inf, constant).sum(1)
        return data

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """Rows far apart, half-way to the mean."""
        centre = column_means(X)
        return {"rate": 0.5 * (spread_rows(X, n_states, rng) + centre) + 1e-3}

    def prior(self, X: np.ndarray) -> Params:
        """Gamma with its mode near the column's mean, never at 0."""
        if self.hmmlearn is not None:
            return {"rate": np.zeros(X.shape[1])}
        return {"rate": column_means(X) + 0.1}

    def log_prior(self, params: Params, prior: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        if self.hmmlearn is not None:
            return jnp.zeros(len(params["rate"]))
        rate = params["rate"]
        return self.pseudo * (xlogy(prior["rate"], rate) - rate).sum(1)

    def log_prob(self, params: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        rate, x = params["rate"], data["x"]
        logs = jnp.where(rate > 0, jnp.log(jnp.where(rate > 0, rate, 1.0)), _NEVER)
        expected = data["seen"] @ rate.T if "seen" in data else rate.sum(1)
        log_prob = x @ logs.T - expected - data["constant"][:, None]
        return jnp.where(log_prob < 1e-2 * _NEVER, -jnp.inf, log_prob)

    def maximize(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        total = weights.T @ data["x"]
        mass = weights.sum(0)[:, None]
        if "seen" in data:
            mass = weights.T @ data["seen"]
        mean = total / jnp.where(mass > 0, mass, 1.0)
        if self.hmmlearn is None:
            rate = (total + self.pseudo * prior["rate"]) / (mass + self.pseudo)
        else:
            extra, weight = self.hmmlearn
            n = mass.sum(0)
            rate = (extra + n * mean) / (weight + n)
        return {"rate": jnp.where(mass > 0, rate, params["rate"])}

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return rng.poisson(params["rate"][states]).astype(float)

    def log_cells(
        self, params: Params, data: Data, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """Intervals between halves hold whole counts; others have none."""
        rate = params["rate"]
        out = np.zeros((len(lower), len(rate)))
        first = np.ceil(np.round(lower, 9))
        last = np.ceil(np.round(upper, 9)) - 1
        for k, r in enumerate(rate):
            below = np.where(first > 0, special.pdtr(np.maximum(first - 1, 0), r), 0.0)
            above = np.where(np.isinf(last), 1.0, special.pdtr(np.maximum(last, 0), r))
            with np.errstate(divide="ignore", invalid="ignore"):
                one = special.xlogy(last, r) - r - special.gammaln(last + 1)
                log_p = np.where(first == last, one, np.log(above - below))
            tail = np.isinf(last) & (first > 0)
            log_p = np.where(tail, _log_tail(np.maximum(first, 1), r), log_p)
            out[:, k] = np.where(np.isnan(lower), 0.0, log_p).sum(1)
        return out

    def means(self, params: Params) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return params["rate"]

    def n_free(self, n_states: int, n_columns: int) -> int:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return n_states * n_columns


def _log_tail(first: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Log-probability of ``first`` >= 1 counts or more, also where it underflows."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(special.gammainc(first, rate))
        # Far out each count is less likely than the one before by the same share.
        most = special.xlogy(first, rate) - rate - special.gammaln(first + 1)
        far = most - np.log1p(-rate / (first + 1))
    return np.where((logs < -600) & (rate < first), far, logs)
