"""Each state a mixture of normal laws with diagonal covariance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.special import logsumexp
from scipy import special

from genface.behavior.emissions.family import (
    Data,
    Params,
    column_means,
    column_variances,
    spread_rows,
    with_seen,
)
from genface.behavior.emissions.normal_cells import log_normal_cells
from genface.behavior.settings import whole


@dataclass(frozen=True)
class GaussianMixture:
    """``weight`` (K, M), ``mean`` and ``var`` (K, M, A)."""

    n_mix: int = 2
    pseudo: float = 1.0
    name: ClassVar[str] = "gaussian_mixture"

    def __post_init__(self) -> None:
        whole("n_mix", self.n_mix)

    @property
    def n_lags(self) -> int:
        """None."""
        return 0

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return with_seen(X)

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        rows = spread_rows(X, n_states, rng)
        variance = np.maximum(0.5 * column_variances(X), self.prior(X)["var"])
        shape = (n_states, self.n_mix, X.shape[1])
        shift = rng.normal(0, 0.5, shape) * np.sqrt(variance)
        return {
            "weight": np.full(shape[:2], 1 / self.n_mix),
            "mean": rows[:, None] + shift,
            "var": np.broadcast_to(variance, shape).copy(),
        }

    def prior(self, X: np.ndarray) -> Params:
        """See :class:`~genface.behavior.emissions.gaussian.Gaussian`."""
        least = 1e-8 * max(float(np.square(column_means(X)).max()), 1e-4)
        return {"var": np.maximum(0.1 * column_variances(X), least)}

    def log_prior(self, params: Params, prior: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        var = params["var"]
        spread = -0.5 * self.pseudo * (jnp.log(var) + prior["var"] / var)
        return spread.sum((1, 2)) + self.pseudo * jnp.log(params["weight"]).sum(1)

    def _parts(self, params: Params, data: Data) -> Array:
        """Log of weight times density (T, K, M)."""
        var = params["var"]
        squares = (data["x"][:, None, None] - params["mean"]) ** 2 / var
        parts = -0.5 * (squares + jnp.log(2 * jnp.pi * var))
        if "seen" in data:
            parts = parts * data["seen"][:, None, None]
        return parts.sum(3) + jnp.log(params["weight"])

    def log_prob(self, params: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return logsumexp(self._parts(params, data), axis=2)

    def maximize(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        parts = self._parts(params, data)
        share = jnp.exp(parts - logsumexp(parts, axis=2, keepdims=True))
        share = share * weights[:, :, None]
        seen = data.get("seen", jnp.ones_like(data["x"]))
        mass = jnp.einsum("tkm,ta->kma", share, seen)
        total = jnp.einsum("tkm,ta->kma", share, data["x"] * seen)
        mean = jnp.where(mass > 0, total / jnp.where(mass > 0, mass, 1), params["mean"])
        away = (data["x"][:, None, None] - mean) ** 2 * seen[:, None, None]
        squares = jnp.einsum("tkm,tkma->kma", share, away)
        var = (squares + self.pseudo * prior["var"]) / (mass + self.pseudo)
        count = share.sum(0) + self.pseudo
        return {
            "weight": count / count.sum(1, keepdims=True),
            "mean": mean,
            "var": var,
        }

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return self._draw(params, params["weight"], states, rng)

    def fill(
        self,
        params: Params,
        states: np.ndarray,
        row: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Rows (n, A) from the parts that suit the seen entries of ``row``."""
        squares = (row - params["mean"]) ** 2 / params["var"] + np.log(params["var"])
        logs = np.log(params["weight"]) - 0.5 * np.nansum(squares, axis=2)
        return self._draw(params, special.softmax(logs, axis=1), states, rng)

    @staticmethod
    def _draw(
        params: Params, weight: np.ndarray, states: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        steps = np.cumsum(weight[states], 1)
        part = (steps <= (rng.random(len(states)) * steps[:, -1])[:, None]).sum(1)
        mean, var = params["mean"][states, part], params["var"][states, part]
        return mean + rng.standard_normal(mean.shape) * np.sqrt(var)

    def log_cells(
        self, params: Params, data: Data, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        cells = log_normal_cells(
            lower[:, None, None],
            upper[:, None, None],
            params["mean"],
            np.sqrt(params["var"]),
        ).sum(3)
        return special.logsumexp(cells + np.log(params["weight"]), axis=2)

    def means(self, params: Params) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return (params["weight"][..., None] * params["mean"]).sum(1)

    def n_free(self, n_states: int, n_columns: int) -> int:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return n_states * (self.n_mix - 1 + 2 * self.n_mix * n_columns)
