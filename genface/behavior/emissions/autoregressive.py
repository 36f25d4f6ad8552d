"""Normal rows around a linear function of the rows before, per state.

Rows without a usable past (start of a sequence, after a hole) have their own mean and
variance: what was seen before a hole is forgotten, not carried across it. The prior is
a random walk (Litterman 1986): coefficients are drawn to 1 for a column's last value
and to 0 elsewhere, as firmly as ``ridge`` frames would.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from genface.behavior.bridging import Steps
from genface.behavior.emissions.family import (
    Data,
    Params,
    column_means,
    column_variances,
    spread_rows,
    with_seen,
)
from genface.behavior.emissions.gaussian import (
    complete,
    log_marginal,
)
from genface.behavior.emissions.normal_cells import (
    log_chained_cells,
    log_normal_cells,
)
from genface.behavior.settings import whole


@dataclass(frozen=True)
class Autoregressive:
    """AR(L): ``coef`` (K, A, 1 + L) if ``diag``, else (K, A, 1 + L * A).

    ``cov`` is (K, A) or (K, A, A); ``mean0`` and ``var0`` (K, A) are the law of rows
    without a past. With ``diag`` a column follows its own past only, and no variance is
    below that of one step of ``resolution``, in which the values were read.
    """

    n_lags: int = 1
    diag: bool = True
    ridge: float = 2.0
    pseudo: float = 1.0
    resolution: float = 0.0
    name: ClassVar[str] = "ar"

    def __post_init__(self) -> None:
        whole("n_lags", self.n_lags)

    @property
    def _least(self) -> float:
        """Variance of values that are even within a step of the resolution."""
        return self.resolution**2 / 12

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """Values, regressors, and which entries have no past."""
        data = with_seen(X)
        n_rows, n_columns = X.shape
        past = np.full((n_rows, self.n_lags, n_columns), np.nan)
        position = np.concatenate([np.arange(n) for n in lengths])
        for lag in range(1, self.n_lags + 1):
            past[lag:, lag - 1] = X[:-lag]
            past[position < lag, lag - 1] = np.nan
        missing = np.isnan(past)
        gone = missing.any(1) if self.diag else missing.any((1, 2))[:, None]
        data["no_past"] = np.broadcast_to(gone, X.shape).astype(float)
        past = np.where(missing, 0.0, past)
        if self.diag:
            ones = np.ones((n_rows, n_columns, 1))
            data["z"] = np.concatenate([ones, past.swapaxes(1, 2)], -1)
        else:
            flat = past.reshape(n_rows, -1)
            data["z"] = np.concatenate([np.ones((n_rows, 1)), flat], -1)
        return data

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """A slow pull to rows far apart, with noise of different size."""
        prior = self.prior(X)
        rows = spread_rows(X, n_states, rng)
        coef = np.tile(prior["coef"], (n_states, 1, 1)) * 0.9
        coef[:, :, 0] = 0.1 * rows
        size = np.exp(rng.normal(0, 0.7, (n_states, 1)))
        var = np.maximum(column_variances(X), prior["var"]) * size
        cov = 0.2 * var
        if self.diag:  # to begin below what the M-step allows would be a fall
            cov, var = np.maximum(cov, self._least), np.maximum(var, self._least)
        else:
            cov = np.stack([np.diag(v) for v in cov])
        return {"coef": coef, "cov": cov, "mean0": rows, "var0": var}

    def prior(self, X: np.ndarray) -> Params:
        """The random walk, and what a tenth of the variance stands for."""
        n_columns = X.shape[1]
        variance = column_variances(X)
        least = 1e-8 * max(float(np.square(column_means(X)).max()), 1e-4)
        size = 1 + self.n_lags * (1 if self.diag else n_columns)
        coef = np.zeros((n_columns, size))
        own = 1 if self.diag else 1 + np.arange(n_columns)
        coef[np.arange(n_columns), own] = 1.0
        scale = np.maximum(variance, least)
        if self.diag:
            firm = np.repeat(scale[:, None], size, 1) * self.ridge
            firm[:, 0] = 1e-2
        else:
            firm = np.concatenate([[1e-2], np.tile(scale * self.ridge, self.n_lags)])
        return {"coef": coef, "firm": firm, "var": np.maximum(0.1 * variance, least)}

    def log_prior(self, params: Params, prior: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        away = params["coef"] - prior["coef"]
        cov, var0 = params["cov"], params["var0"]
        first = -0.5 * self.pseudo * (jnp.log(var0) + prior["var"] / var0).sum(1)
        if self.diag:
            pull = (prior["firm"] * away**2).sum(-1)
            rest = (pull + self.pseudo * prior["var"]) / cov
            return first - 0.5 * (rest + self.pseudo * jnp.log(cov)).sum(1)
        scatter = jnp.einsum("kaf,f,kbf->kab", away, prior["firm"], away)
        scatter = scatter + self.pseudo * jnp.diag(prior["var"])
        inside = jnp.linalg.solve(cov, scatter)
        trace = jnp.trace(inside, axis1=1, axis2=2)
        return first - 0.5 * (trace + self.pseudo * jnp.linalg.slogdet(cov)[1])

    def _fresh(self, data: Data) -> Array:
        fresh = data["no_past"]
        if "fresh" in data:
            fresh = jnp.maximum(fresh, data["fresh"][:, None])
        return fresh

    def expected(self, params: Params, data: Data) -> Array:
        """Means given the past (T, K, A); rows without one have ``mean0``."""
        form = "taf,kaf->tka" if self.diag else "tf,kaf->tka"
        ahead = jnp.einsum(form, data["z"], params["coef"])
        return jnp.where(self._fresh(data)[:, None] > 0, params["mean0"], ahead)

    def log_prob(self, params: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        x, fresh = data["x"], self._fresh(data)
        seen = data.get("seen")
        residual = x[:, None] - self.expected(params, data)
        start = -0.5 * (
            residual**2 / params["var0"] + jnp.log(2 * jnp.pi * params["var0"])
        )
        if self.diag:
            cov = params["cov"]
            follow = -0.5 * (residual**2 / cov + jnp.log(2 * jnp.pi * cov))
            parts = jnp.where(fresh[:, None] > 0, start, follow)
            return (parts if seen is None else parts * seen[:, None]).sum(2)
        seen = jnp.ones_like(x) if seen is None else seen
        first = (start * seen[:, None]).sum(2)

        def state(pair: tuple) -> Array:
            rest, cov = pair
            nothing = jnp.zeros(rest.shape[1])
            if "seen" not in data:
                factor = jnp.linalg.cholesky(cov)
                z = jax.scipy.linalg.solve_triangular(factor, rest.T, lower=True)
                size = rest.shape[1] * jnp.log(2 * jnp.pi)
                log_det = 2 * jnp.log(jnp.diagonal(factor)).sum()
                return -0.5 * ((z**2).sum(0) + log_det + size)
            return jax.vmap(lambda r, s: log_marginal(r, s, nothing, cov))(rest, seen)

        follow = jax.lax.map(state, (residual.swapaxes(0, 1), params["cov"])).T
        return jnp.where(fresh[:, :1] > 0, first, follow)

    def maximize(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        """Weighted ridge regressions."""
        seen = data.get("seen", jnp.ones_like(data["x"]))
        fresh = self._fresh(data)
        x = data["x"]
        begun = weights.T @ (seen * fresh)
        safe = jnp.where(begun > 0, begun, 1.0)
        mean0 = jnp.where(
            begun > 0, weights.T @ (x * seen * fresh) / safe, params["mean0"]
        )
        squares = jnp.einsum(
            "tk,tka->ka", weights, (x[:, None] - mean0) ** 2 * (seen * fresh)[:, None]
        )
        var0 = (squares + self.pseudo * prior["var"]) / (begun + self.pseudo)
        fit = self._fit_diag if self.diag else self._fit_full
        coef, cov = fit(params, prior, data, weights, seen * (1 - fresh))
        if self.diag:
            cov = jnp.maximum(cov, self._least)
            var0 = jnp.maximum(var0, self._least)
        return {"coef": coef, "cov": cov, "mean0": mean0, "var0": var0}

    def _fit_diag(
        self, params: Params, prior: Params, data: Data, weights: Array, use: Array
    ) -> tuple[Array, Array]:
        x, z = data["x"], data["z"]

        def state(weight: Array) -> tuple[Array, Array]:
            w = weight[:, None] * use
            zw = z * w[..., None]
            firm = jax.vmap(jnp.diag)(prior["firm"])
            gram = jnp.einsum("taf,tag->afg", zw, z) + firm
            cross = jnp.einsum("taf,ta->af", zw, x) + prior["firm"] * prior["coef"]
            coef = jnp.linalg.solve(gram, cross[..., None])[..., 0]
            rest = x - jnp.einsum("taf,af->ta", z, coef)
            pull = (prior["firm"] * (coef - prior["coef"]) ** 2).sum(-1)
            up = (w * rest**2).sum(0) + pull + self.pseudo * prior["var"]
            return coef, up / (w.sum(0) + self.pseudo)

        return jax.lax.map(state, weights.T)

    def _fit_full(
        self, params: Params, prior: Params, data: Data, weights: Array, use: Array
    ) -> tuple[Array, Array]:
        x, z = data["x"], data["z"]
        fresh = self._fresh(data)[:, 0]
        nothing = jnp.zeros(x.shape[1])

        def state(parts: tuple) -> tuple[Array, Array]:
            weight, coef, cov = parts
            w = weight * (1 - fresh)
            filled, spare = x, jnp.zeros_like(cov)
            if "seen" in data:
                rest = (x - z @ coef.T) * data["seen"]
                guess, outer = jax.vmap(lambda r, s: complete(r, s, nothing, cov))(
                    rest, data["seen"]
                )
                filled = jnp.where(data["seen"] > 0, x, z @ coef.T + guess)
                hidden = outer - guess[:, :, None] * guess[:, None, :]
                spare = jnp.einsum("t,tab->ab", w, hidden)
            zw = z * w[:, None]
            gram = zw.T @ z + jnp.diag(prior["firm"])
            cross = zw.T @ filled + prior["firm"][:, None] * prior["coef"].T
            new = jnp.linalg.solve(gram, cross).T
            rest = filled - z @ new.T
            away = new - prior["coef"]
            scatter = (rest * w[:, None]).T @ rest + spare
            scatter += (away * prior["firm"]) @ away.T
            scatter += self.pseudo * jnp.diag(prior["var"])
            return new, scatter / (w.sum() + self.pseudo)

        return jax.lax.map(state, (weights.T, params["coef"], params["cov"]))

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        n, n_columns = len(states), params["mean0"].shape[1]
        noise = rng.standard_normal((n, n_columns))
        first = params["mean0"][states] + noise * np.sqrt(params["var0"][states])
        if past.shape[1] < self.n_lags:
            return first
        recent = past[:, ::-1][:, : self.n_lags]
        coef = params["coef"][states]
        if self.diag:
            known = np.isfinite(recent).all(1)
            z = np.nan_to_num(recent).swapaxes(1, 2)
            ahead = coef[:, :, 0] + (coef[:, :, 1:] * z).sum(-1)
            ahead = ahead + noise * np.sqrt(params["cov"][states])
        else:
            known = np.isfinite(recent).all((1, 2))[:, None]
            z = np.nan_to_num(recent).reshape(n, -1)
            ahead = coef[:, :, 0] + np.einsum("naf,nf->na", coef[:, :, 1:], z)
            factor = np.linalg.cholesky(params["cov"])[states]
            ahead = ahead + np.einsum("nab,nb->na", factor, noise)
        return np.where(known, ahead, first)

    def to_linear(self, X: np.ndarray) -> np.ndarray:
        """See :class:`~genface.behavior.bridging.Linear`; ``diag`` only."""
        return X

    def from_linear(self, Y: np.ndarray) -> np.ndarray:
        """See :class:`~genface.behavior.bridging.Linear`."""
        return Y

    def steps(self, params: Params, states: np.ndarray) -> Steps:
        """See :class:`~genface.behavior.bridging.Linear`."""
        coef = params["coef"][states]
        sd, sd0 = np.sqrt(params["cov"][states]), np.sqrt(params["var0"][states])
        return Steps(coef[..., 0], coef[..., 1:], sd, params["mean0"][states], sd0)

    def noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """See :class:`~genface.behavior.bridging.Linear`."""
        return rng.standard_normal(shape)

    def log_cells(
        self, params: Params, data: Data, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """Intervals given the rows before; see ``log_chained_cells`` for full ones."""
        form = "taf,kaf->tka" if self.diag else "tf,kaf->tka"
        ahead = np.einsum(form, data["z"], params["coef"])
        fresh = data["no_past"][:, None] > 0
        if self.diag:
            mean = np.where(fresh, params["mean0"], ahead)
            sd = np.sqrt(np.where(fresh, params["var0"], params["cov"]))
            return log_normal_cells(lower[:, None], upper[:, None], mean, sd).sum(2)
        first = log_normal_cells(
            lower[:, None], upper[:, None], params["mean0"], np.sqrt(params["var0"])
        ).sum(2)
        follow = [
            log_chained_cells(data["x"] - mean, cov, lower - mean, upper - mean)
            for mean, cov in zip(ahead.swapaxes(0, 1), params["cov"], strict=True)
        ]
        return np.where(fresh[:, :, 0], first, np.stack(follow, 1))

    def means(self, params: Params) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return params["mean0"]

    def n_free(self, n_states: int, n_columns: int) -> int:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        if self.diag:
            return n_states * n_columns * (1 + self.n_lags + 1 + 2)
        triangle = n_columns * (n_columns + 1) // 2
        coef = n_columns * (1 + self.n_lags * n_columns)
        return n_states * (coef + triangle + 2 * n_columns)
