"""What families of independent columns share: a smooth law of (K, A, P) parameters.

A subclass gives the log-probability of each entry; the M-step climbs the weighted sum
of it. Every state sees all rows with a weight that adds up to ``pseudo`` frames, a
prior that keeps the parameters of rare states finite and near the whole's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jax import Array

from genface.behavior.emissions.family import Data, Params, with_seen
from genface.behavior.emissions.newton import climb
from genface.behavior.precision import float64


@dataclass(frozen=True)
class Columnwise:
    """Base of families whose ``theta`` is (K, A, P)."""

    pseudo: float = 1.0
    name: ClassVar[str] = ""
    n_theta: ClassVar[int] = 2

    @property
    def n_lags(self) -> int:
        """None."""
        return 0

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return with_seen(X)

    def entries(self, theta: Array, data: Data) -> Array:
        """Log-probability of each entry in each state (T, K, A), missing or not."""
        raise NotImplementedError

    def statistics(self, data: Data, weights: Array) -> Callable[[Array], Array]:
        """Weighted log-likelihood (K, A) as a function of theta."""
        seen = data.get("seen")

        def value(theta: Array) -> Array:
            parts = self.entries(theta, data)
            if seen is not None:
                parts = parts * seen[:, None]
            return jnp.einsum("tk,tka->ka", weights, parts)

        return value

    def entry_log_prob(self, params: Params, data: Data) -> Array:
        """Log-probability of each entry (T, K, A); 0 where it is missing."""
        parts = self.entries(params["theta"], data)
        if "seen" in data:
            parts = jnp.where(data["seen"][:, None] > 0, parts, 0.0)
        return parts

    def log_prob(self, params: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return self.entry_log_prob(params, data).sum(2)

    def prior(self, X: np.ndarray) -> Params:
        """Nothing beside the rows themselves."""
        return {"theta": np.zeros((X.shape[1], self.n_theta))}

    def _share(self, data: Data) -> Array:
        shown = data["visible"]
        return self.pseudo * shown / jnp.maximum(shown.sum(), 1.0)

    def _ridge(self, theta: Array) -> Array:
        return -1e-3 * (theta**2).sum(-1)

    def log_prior(self, params: Params, prior: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        rows = self._share(data) @ self.log_prob(params, data)
        return rows + self._ridge(params["theta"]).sum(1)

    def maximize(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        value = self.statistics(data, weights + self._share(data)[:, None])

        def whole(theta: Array) -> Array:
            return value(theta) + self._ridge(theta)

        return {"theta": climb(whole, params["theta"])}

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """Parameters that suit random stretches of the rows."""
        raise NotImplementedError

    def log_cells(
        self, params: Params, data: Data, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return np.where(
            np.isnan(lower)[:, None],
            0.0,
            self.entry_log_cells(params, lower, upper),
        ).sum(2)

    def entry_log_cells(
        self, params: Params, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """Log-probability of intervals in each state and column (T, K, A)."""
        raise NotImplementedError

    def n_free(self, n_states: int, n_columns: int) -> int:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return n_states * n_columns * self.n_theta

    def run(self, params: Params, data: Data) -> np.ndarray:
        """``log_prob`` for numpy callers."""
        return float64(self.log_prob)(params, data)
