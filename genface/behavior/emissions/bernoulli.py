"""Columns of 0 and 1: Action Units that occur or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.special import xlogy

from genface.behavior.emissions.family import (
    Data,
    Params,
    column_means,
    refuse,
    spread_rows,
    with_seen,
)


@dataclass(frozen=True)
class Bernoulli:
    """``p`` (K, A), the probability of 1; a Beta prior worth ``pseudo`` frames."""

    pseudo: float = 0.5
    name: ClassVar[str] = "bernoulli"

    @property
    def n_lags(self) -> int:
        """None."""
        return 0

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        refuse(
            np.isfinite(X) & (X != 0) & (X != 1),
            X,
            "but the Bernoulli family takes 0 and 1 only; set a threshold first.",
        )
        data = with_seen(X)
        data.setdefault("seen", np.ones_like(data["x"]))
        return data

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        p = 0.4 * spread_rows(X, n_states, rng) + 0.6 * column_means(X)
        return {"p": np.clip(p, 0.02, 0.98)}

    def prior(self, X: np.ndarray) -> Params:
        """The column's share of 1, kept off the ends."""
        return {"p": np.clip(column_means(X), 0.01, 0.99)}

    def log_prior(self, params: Params, prior: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        p, m = params["p"], prior["p"]
        return self.pseudo * (xlogy(m, p) + xlogy(1 - m, 1 - p)).sum(1)

    def log_prob(self, params: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        p, x = params["p"], data["x"]
        off = data["seen"] - x
        certain = ((x @ (p == 0).T) + (off @ (p == 1).T)) > 0
        log_p = jnp.log(jnp.where(p > 0, p, 1.0))
        log_q = jnp.log(jnp.where(p < 1, 1 - p, 1.0))
        return jnp.where(certain, -jnp.inf, x @ log_p.T + off @ log_q.T)

    def maximize(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        mass = weights.T @ data["seen"] + self.pseudo
        p = (weights.T @ data["x"] + self.pseudo * prior["p"]) / jnp.where(
            mass > 0, mass, 1.0
        )
        return {"p": jnp.where(mass > 0, p, params["p"])}

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        p = params["p"][states]
        return (rng.random(p.shape) < p).astype(float)

    def log_cells(
        self, params: Params, data: Data, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """An interval has what of 0 and 1 it holds."""
        p = params["p"]
        zero = ((lower <= 0) & (upper > 0))[:, None]
        one = ((lower <= 1) & (upper > 1))[:, None]
        with np.errstate(divide="ignore"):
            parts = np.log(zero * (1 - p) + one * p)
        return np.where(np.isnan(lower)[:, None], 0.0, parts).sum(2)

    def means(self, params: Params) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return params["p"]

    def n_free(self, n_states: int, n_columns: int) -> int:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return n_states * n_columns
