"""Columns of category numbers 0 .. C-1, such as the strongest emotion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.special import xlogy

from genface.behavior.emissions.family import Data, Params, refuse
from genface.behavior.settings import whole


@dataclass(frozen=True)
class Categorical:
    """``p`` (K, A, C); a Dirichlet prior worth ``pseudo`` frames."""

    n_categories: int = 2
    pseudo: float = 0.5
    name: ClassVar[str] = "categorical"

    def __post_init__(self) -> None:
        whole("n_categories", self.n_categories)

    @property
    def n_lags(self) -> int:
        """None."""
        return 0

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """One-hot rows (T, A, C); a missing entry is all 0."""
        allowed = np.arange(self.n_categories)
        refuse(
            np.isfinite(X) & ~np.isin(X, allowed),
            X,
            f"but the categorical family takes whole numbers 0-{allowed[-1]}; give "
            "more categories or number them from 0.",
        )
        return {"hot": (X[..., None] == allowed).astype(float)}

    def _share(self, X: np.ndarray) -> np.ndarray:
        hot = (X[..., None] == np.arange(self.n_categories)).sum(0) + 0.1
        return hot / hot.sum(-1, keepdims=True)

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        share = self._share(X)
        lots = rng.dirichlet(np.ones(self.n_categories), (n_states, X.shape[1]))
        return {"p": 0.5 * (share + lots)}

    def prior(self, X: np.ndarray) -> Params:
        """Shares of the categories over all rows."""
        return {"p": self._share(X)}

    def log_prior(self, params: Params, prior: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return self.pseudo * xlogy(prior["p"], params["p"]).sum((1, 2))

    def log_prob(self, params: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        chance = jnp.einsum("tac,kac->tka", data["hot"], params["p"])
        missing = data["hot"].sum(-1)[:, None] == 0
        return jnp.log(jnp.where(missing, 1.0, chance)).sum(2)

    def maximize(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        counts = jnp.einsum("tk,tac->kac", weights, data["hot"])
        counts = counts + self.pseudo * prior["p"]
        total = counts.sum(-1, keepdims=True)
        p = counts / jnp.where(total > 0, total, 1.0)
        return {"p": jnp.where(total > 0, p, params["p"])}

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        steps = np.cumsum(params["p"][states], -1)
        lot = rng.random(steps.shape[:-1]) * steps[..., -1]
        return (steps <= lot[..., None]).sum(-1).astype(float)

    def log_cells(
        self, params: Params, data: Data, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """An interval has the categories in it."""
        at = np.arange(self.n_categories)
        inside = (lower[..., None] <= at) & (upper[..., None] > at)
        chance = np.einsum("tac,kac->tka", inside.astype(float), params["p"])
        with np.errstate(divide="ignore"):
            return np.where(np.isnan(lower)[:, None], 0.0, np.log(chance)).sum(2)

    def means(self, params: Params) -> np.ndarray:
        """Expected category number."""
        return params["p"] @ np.arange(self.n_categories)

    def n_free(self, n_states: int, n_columns: int) -> int:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return n_states * n_columns * (self.n_categories - 1)
