"""Normal rows with a mean and a covariance per state, of one of four shapes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from genface.behavior.emissions.family import (
    Data,
    Params,
    column_means,
    column_variances,
    spread_rows,
    with_seen,
)
from genface.behavior.emissions.normal_cells import (
    log_chained_cells,
    log_normal_cells,
)

SHAPES = ("diag", "spherical", "full", "tied")
_TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True)
class Gaussian:
    """``mean`` (K, A) and ``cov``: (K, A), or (K, A, A) for full and tied.

    Spherical repeats one variance over the columns, tied one matrix over the states.
    The prior is worth ``pseudo`` frames of a tenth of the columns' variance.
    ``hmmlearn`` = (means_prior, means_weight, covars_prior, covars_weight) takes
    hmmlearn's formulas instead. Values that were read in steps of ``resolution`` have
    at least the variance of one step, in diag and spherical. ``frozen`` names the
    arrays that fitting leaves alone.
    """

    shape: str = "diag"
    pseudo: float = 1.0
    hmmlearn: tuple[float, float, float, float] | None = None
    frozen: tuple[str, ...] = ()
    resolution: float = 0.0
    name: ClassVar[str] = "gaussian"

    @property
    def n_lags(self) -> int:
        """None."""
        return 0

    @property
    def _least(self) -> float:
        """Variance of values that are even within a step of the resolution."""
        return self.resolution**2 / 12

    @property
    def _matrix(self) -> bool:
        return self.shape in ("full", "tied")

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return with_seen(X)

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """Rows far apart, with half of the overall variance."""
        variance = np.maximum(0.5 * column_variances(X), self.prior(X)["var"])
        if not self._matrix:  # to begin below what the M-step allows would be a fall
            variance = np.maximum(variance, self._least)
        if self.shape == "spherical":
            variance = np.full_like(variance, variance.mean())
        cov = np.diag(variance) if self._matrix else variance
        return {
            "mean": spread_rows(X, n_states, rng),
            "cov": np.tile(cov, (n_states,) + (1,) * cov.ndim),
        }

    def prior(self, X: np.ndarray) -> Params:
        """Variance that a state falls back on; positive for constant columns, too."""
        variance = column_variances(X)
        least = 1e-8 * max(float(np.square(column_means(X)).max()), 1e-4)
        return {"var": np.maximum(0.1 * variance, least)}

    def log_prior(self, params: Params, prior: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        cov = params["cov"]
        if self.hmmlearn is not None:
            return jnp.zeros(len(cov))
        if not self._matrix:
            parts = jnp.log(cov) + prior["var"] / cov
            return -0.5 * self.pseudo * parts.sum(1)
        inverse = jnp.linalg.inv(cov)
        trace = (jnp.diagonal(inverse, axis1=1, axis2=2) * prior["var"]).sum(1)
        parts = -0.5 * self.pseudo * (jnp.linalg.slogdet(cov)[1] + trace)
        return parts / len(cov) if self.shape == "tied" else parts

    def log_prob(self, params: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        if self._matrix:
            return self._log_prob_matrix(params, data)
        mean, var = params["mean"], jnp.maximum(params["cov"], _TINY)
        squares = (data["x"][:, None] - mean) ** 2 / var
        parts = -0.5 * (squares + jnp.log(2 * jnp.pi * var))
        if "seen" in data:
            parts = parts * data["seen"][:, None]
        return parts.sum(2)

    def _log_prob_matrix(self, params: Params, data: Data) -> Array:
        x = data["x"]

        def state(mean: Array, cov: Array) -> Array:
            if "seen" not in data:
                factor = jnp.linalg.cholesky(cov)
                z = jax.scipy.linalg.solve_triangular(factor, (x - mean).T, lower=True)
                log_det = 2 * jnp.log(jnp.diagonal(factor)).sum()
                size = x.shape[1]
                return -0.5 * ((z**2).sum(0) + log_det + size * jnp.log(2 * jnp.pi))
            return jax.vmap(lambda r, s: log_marginal(r, s, mean, cov))(x, data["seen"])

        # One state after another: rows x states x columns^2 would not fit.
        return jax.lax.map(lambda p: state(*p), (params["mean"], params["cov"])).T

    def maximize(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        step = self._maximize_matrix if self._matrix else self._maximize_diagonal
        new = step(params, prior, data, weights)
        return new | {name: params[name] for name in self.frozen}

    def _mean(self, params: Params, total: Array, mass: Array) -> Array:
        """Means (K, A) from weighted sums and weights; the old ones where none is."""
        if "mean" in self.frozen:
            return params["mean"]
        centre, weight = (0.0, 0.0) if self.hmmlearn is None else self.hmmlearn[:2]
        count = weight + mass
        mean = (weight * centre + total) / jnp.where(count > 0, count, 1.0)
        return jnp.where(mass > 0, mean, params["mean"])

    def _maximize_diagonal(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        x = data["x"]
        total = weights.T @ x
        mass = jnp.broadcast_to(weights.sum(0)[:, None], total.shape)
        if "seen" in data:
            mass = weights.T @ data["seen"]
        mean = self._mean(params, total, mass)
        if self.hmmlearn is not None:
            cov = self._hmmlearn_variance(mean, total, weights.T @ x**2, mass)
        else:
            spread = self._centred_squares(data, weights, mean)
            up, down = spread + self.pseudo * prior["var"], mass + self.pseudo
            if self.shape == "spherical":
                up, down = up.sum(1, keepdims=True), down.sum(1, keepdims=True)
            cov = jnp.maximum(jnp.broadcast_to(up / down, mean.shape), self._least)
        return {"mean": mean, "cov": jnp.where(mass > 0, cov, params["cov"])}

    def _centred_squares(self, data: Data, weights: Array, mean: Array) -> Array:
        """Weighted squares about the means (K, A), free of cancellation."""

        def state(pair: tuple) -> Array:
            weight, centre = pair
            squares = (data["x"] - centre) ** 2
            return weight @ (squares * data["seen"] if "seen" in data else squares)

        return jax.lax.map(state, (weights.T, mean))

    def _hmmlearn_variance(
        self, mean: Array, total: Array, squares: Array, mass: Array
    ) -> Array:
        assert self.hmmlearn is not None
        centre, mean_weight, cov_prior, cov_weight = self.hmmlearn
        spread = (
            mean_weight * (mean - centre) ** 2
            + squares
            - 2 * mean * total
            + mean**2 * mass
        )
        cov = (cov_prior + spread) / jnp.maximum(max(cov_weight - 1, 0) + mass, 1e-5)
        if self.shape == "spherical":
            cov = jnp.broadcast_to(cov.mean(1, keepdims=True), mean.shape)
        return cov

    def _maximize_matrix(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        total, outer, mass = jax.lax.map(
            lambda p: _matrix_statistics(data, *p),
            (weights.T, params["mean"], params["cov"]),
        )
        whole = total + params["mean"] * mass[:, None]
        mean = self._mean(params, whole, mass[:, None])
        if self.hmmlearn is None:
            centre, mean_weight = 0.0, 0.0
        else:
            centre, mean_weight, cov_prior, cov_weight = self.hmmlearn
        moved, away = mean - params["mean"], mean - centre
        cross = total[:, :, None] * moved[:, None, :]
        spread = (
            mean_weight * away[:, :, None] * away[:, None, :]
            + outer
            - cross
            - cross.swapaxes(1, 2)
            + moved[:, :, None] * moved[:, None, :] * mass[:, None, None]
        )
        if self.hmmlearn is None:
            extra, weight = self.pseudo * jnp.diag(prior["var"]), self.pseudo
        else:
            # hmmlearn adds the number to every entry, also off the diagonal.
            extra = jnp.full_like(spread[0], cov_prior)
            weight = max(cov_weight - mean.shape[1], 0)
        if self.shape == "tied":
            one = (extra + spread.sum(0)) / (weight + mass.sum())
            return {"mean": mean, "cov": jnp.broadcast_to(one, spread.shape)}
        below = weight + mass
        cov = (extra + spread) / jnp.where(below > 0, below, 1.0)[:, None, None]
        return {
            "mean": mean,
            "cov": jnp.where((mass > 0)[:, None, None], cov, params["cov"]),
        }

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        noise = rng.standard_normal((len(states), params["mean"].shape[1]))
        if not self._matrix:
            return params["mean"][states] + noise * np.sqrt(params["cov"][states])
        factors = np.linalg.cholesky(params["cov"])
        return params["mean"][states] + np.einsum("nij,nj->ni", factors[states], noise)

    def fill(
        self,
        params: Params,
        states: np.ndarray,
        row: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Rows (n, A) whose missing entries follow from the seen ones of ``row``."""
        drawn = self.sample(params, states, row[None], rng)
        seen = np.isfinite(row)
        if not self._matrix or not seen.any():
            return drawn
        for k in np.unique(states):
            own, cov = states == k, params["cov"][k]
            off = row[seen] - drawn[np.ix_(own, seen)]
            pull = np.linalg.solve(cov[np.ix_(seen, seen)], off.T)
            drawn[np.ix_(own, ~seen)] += (cov[np.ix_(~seen, seen)] @ pull).T
        return drawn

    def log_cells(
        self, params: Params, data: Data, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """Correlated columns one after another, as ``log_chained_cells`` does."""
        out = np.zeros((len(lower), len(params["mean"])))
        if self._matrix:
            for k, (mean, cov) in enumerate(
                zip(params["mean"], params["cov"], strict=True)
            ):
                away = data["x"] - mean
                out[:, k] = log_chained_cells(away, cov, lower - mean, upper - mean)
            return out
        for k, (mean, var) in enumerate(
            zip(params["mean"], params["cov"], strict=True)
        ):
            out[:, k] = log_normal_cells(lower, upper, mean, np.sqrt(var)).sum(1)
        return out

    def means(self, params: Params) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return params["mean"]

    def n_free(self, n_states: int, n_columns: int) -> int:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        triangle = n_columns * (n_columns + 1) // 2
        shapes = {
            "diag": n_states * n_columns,
            "spherical": n_states,
            "full": n_states * triangle,
            "tied": triangle,
        }
        return n_states * n_columns + shapes[self.shape]


def log_marginal(row: Array, seen: Array, mean: Array, cov: Array) -> Array:
    """Log-density of the seen entries of a row: the others become standard normal."""
    both = seen[:, None] * seen[None, :]
    factor = jnp.linalg.cholesky(jnp.where(both > 0, cov, jnp.eye(len(mean))))
    z = jax.scipy.linalg.solve_triangular(factor, (row - mean) * seen, lower=True)
    log_det = 2 * jnp.log(jnp.diagonal(factor)).sum()
    return -0.5 * ((z**2).sum() + log_det + seen.sum() * jnp.log(2 * jnp.pi))


def complete(row: Array, seen: Array, mean: Array, cov: Array) -> tuple[Array, Array]:
    """Expected row and second moments (A, A) given its seen entries."""
    both = seen[:, None] * seen[None, :]
    inner = jnp.where(both > 0, cov, jnp.eye(len(mean)))
    hidden = 1 - seen
    gain = jnp.linalg.solve(inner, (cov * seen[None, :]).T).T * hidden[:, None]
    filled = jnp.where(seen > 0, row, mean + gain @ ((row - mean) * seen))
    rest = (cov - gain @ (cov * seen[:, None])) * hidden[:, None] * hidden[None, :]
    return filled, jnp.outer(filled, filled) + rest


def _matrix_statistics(
    data: Data, weight: Array, mean: Array, cov: Array
) -> tuple[Array, Array, Array]:
    """Weighted sums of rows (A,), of their outer products (A, A), and of weights.

    Rows are taken about ``mean``, so that large ones cancel nothing.
    """
    x = data["x"] - mean
    if "seen" not in data:
        return weight @ x, (x * weight[:, None]).T @ x, weight.sum()
    nothing = jnp.zeros_like(mean)
    filled, outer = jax.vmap(lambda r, s: complete(r, s, nothing, cov))(x, data["seen"])
    return weight @ filled, jnp.einsum("t,tij->ij", weight, outer), weight.sum()
