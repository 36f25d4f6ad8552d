"""Counts that vary more than Poisson counts do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy import special, stats

from genface.behavior.emissions.columnwise import Columnwise
from genface.behavior.emissions.family import (
    Data,
    Params,
    column_means,
    refuse,
    spread_rows,
    with_seen,
)
from genface.behavior.emissions.gamma import log_gamma
from genface.behavior.emissions.poisson import NO_COUNTS, no_counts


@dataclass(frozen=True)
class NegativeBinomial(Columnwise):
    """``theta`` (K, A, 2): log of the mean, log of the size r; var = m + m^2 / r."""

    name: ClassVar[str] = "negative_binomial"

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """Counts and the logs of their factorials."""
        refuse(no_counts(X), X, NO_COUNTS)
        data = with_seen(X)
        data["log_factorial"] = special.gammaln(data["x"] + 1)
        return data

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        mean = 0.5 * (spread_rows(X, n_states, rng) + column_means(X)) + 0.05
        return {"theta": np.stack([np.log(mean), np.full_like(mean, 1.0)], -1)}

    def entries(self, theta: Array, data: Data) -> Array:
        """Log-probability of each count."""
        mean, size = theta[..., 0], jnp.exp(theta[..., 1])
        x = data["x"][:, None]
        log_p = jax.nn.log_sigmoid(mean - theta[..., 1])  # m / (m + r)
        log_q = jax.nn.log_sigmoid(theta[..., 1] - mean)
        ways = log_gamma(x + size) - log_gamma(size) - data["log_factorial"][:, None]
        return ways + size * log_q + x * log_p

    def _law(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        size = np.exp(theta[..., 1])
        return size, size / (size + np.exp(theta[..., 0]))

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        size, p = self._law(params["theta"][states])
        return rng.negative_binomial(size, p).astype(float)

    def entry_log_cells(
        self, params: Params, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """Sums over the whole counts in the interval."""
        size, p = self._law(params["theta"])
        first = np.ceil(np.round(lower, 9))[:, None]
        last = (np.ceil(np.round(upper, 9)) - 1)[:, None]
        one = stats.nbinom.logpmf(np.nan_to_num(last, posinf=0), size, p)
        with np.errstate(divide="ignore"):
            below = stats.nbinom.cdf(first - 1, size, p)
            many = np.log(stats.nbinom.cdf(last, size, p) - below)
        many = np.where(np.isinf(last), _log_tail(first, size, p), many)
        return np.where(first == last, one, many)

    def means(self, params: Params) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return np.exp(params["theta"][..., 0])


def _log_tail(first: np.ndarray, size: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Log-probability of ``first`` counts or more, also where it underflows."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = stats.nbinom.logsf(first - 1, size, p)
        # Far out each count is less likely than the one before by the same share.
        share = (1 - p) * (first + size) / (first + 1)
        far = stats.nbinom.logpmf(first, size, p) - np.log1p(-share)
    return np.where((logs < -600) & (share < 1), far, logs)
