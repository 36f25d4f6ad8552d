"""Cells of a .01 grid on [0, 1] under a logistic law that follows the previous frame.

An AU is read on the grid that families are compared on; the cells at 0 and 1 are
open-ended, so that values that repeat there have a probability and not an unbounded
density. On the logit scale y, with noise e of the standard logistic law,

    y_t = (b + sum_l a_l y_(t-l) + e) / c,

so the probability of a cell is a difference of two sigmoids. Written with these
``theta`` = (b, a_1 .. a_L, c) the log-likelihood is concave (Pratt 1981), and one
Newton step is a safe M-step. A short clip may suit sum_l a_l >= c, under which samples
would run off to an end of the scale and stay; a prior keeps that gap positive.

Frames without a usable past have their own b and c: what was seen before a missing
frame is forgotten, not carried across it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.special import expit, logit

from genface.behavior.bridging import Steps
from genface.behavior.emissions.family import Data, Params, refuse
from genface.behavior.precision import float64
from genface.behavior.settings import whole

CELL = 0.01
_NEAREST = 0.25 * CELL  # a value in an end cell counts as this far from the end


def cell_edges(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the grid cells of AUs in [0, 1]: the outer ones reach to infinity."""
    grid = np.round(X / CELL) * CELL
    lower = np.where(grid <= 0.5 * CELL, -np.inf, grid - 0.5 * CELL)
    upper = np.where(grid >= 1 - 0.5 * CELL, np.inf, grid + 0.5 * CELL)
    return (
        np.where(np.isnan(X), np.nan, lower),
        np.where(np.isnan(X), np.nan, upper),
    )


def logit_of(X: np.ndarray) -> np.ndarray:
    """Logits of grid values, with 0 and 1 drawn a quarter of a cell inwards."""
    return logit(np.clip(np.round(X / CELL) * CELL, _NEAREST, 1 - _NEAREST))


@dataclass(frozen=True)
class Logistic:
    """``theta`` (K, A, L + 4): b, a_1 .. a_L, c, and b, c of frames without a past.

    Every state sees all frames with a weight that adds up to ``pseudo`` frames: a
    prior that draws each state to the whole. The prior density of the gap c - sum_l a_l
    rises as its power ``calm``: what is drawn returns to where it came from.
    """

    n_lags: int = 1
    pseudo: float = 5.0
    calm: float = 2.0
    name: ClassVar[str] = "logistic"

    def __post_init__(self) -> None:
        whole("n_lags", self.n_lags, 0)

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """Ends of the cells and earlier values on the logit scale."""
        refuse(
            (X < 0) | (X > 1),
            X,
            "but the logistic family takes AUs in [0, 1]; scale them (AUTransform).",
        )
        lower, upper = cell_edges(X)
        with np.errstate(divide="ignore"):
            low = np.where(np.isinf(lower), 0.0, logit(np.clip(lower, 1e-9, 1.0)))
            high = np.where(np.isinf(upper), 0.0, logit(np.clip(upper, 0.0, 1 - 1e-9)))
        missing = np.isnan(X)
        y = logit_of(X)
        past, fresh = _lagged(y, lengths, self.n_lags)
        return {
            "low": np.where(missing, 0.0, low),
            "high": np.where(missing, 0.0, high),
            # 1 where that end is finite; a missing entry has none and adds nothing.
            "has_low": (np.isfinite(lower)).astype(float),
            "has_high": (np.isfinite(upper)).astype(float),
            "past": past,
            "no_past": fresh,
        }

    def _features(self, data: Data) -> tuple[Array, Array]:
        """Rows that give both ends' place under the law: (T, A, P) each."""
        fresh = data["no_past"]
        if "fresh" in data:
            fresh = jnp.maximum(fresh, data["fresh"][:, None])
        follows = 1.0 - fresh

        def at(end: Array) -> Array:
            parts = [-follows]
            parts += [-follows * data["past"][:, lag] for lag in range(self.n_lags)]
            parts += [end * follows, -fresh, end * fresh]
            return jnp.stack(parts, -1)

        low = at(data["low"]) * data["has_low"][..., None]
        return low, at(data["high"]) * data["has_high"][..., None]

    @staticmethod
    def _places(theta: Array, low: Array, high: Array) -> tuple[Array, Array]:
        v = jnp.einsum("kap,tap->tka", theta, low)
        return v, jnp.einsum("kap,tap->tka", theta, high)

    @staticmethod
    def _log_cell(u: Array, v: Array, data: Data) -> Array:
        """Log-probability between places v and u (T, K, A)."""
        has_low, has_high = data["has_low"][:, None], data["has_high"][:, None]
        inner = has_low * has_high
        # log sigmoid(u) + log sigmoid(-v) + log(1 - e^(v - u)) under a single log.
        between = 1.0 - jnp.exp(jnp.where(inner > 0, v - u, -jnp.inf))
        below = (1.0 + has_high * jnp.exp(-jnp.abs(u))) * (
            1.0 + has_low * jnp.exp(-jnp.abs(v))
        )
        ends = has_high * jnp.minimum(u, 0.0) - has_low * jnp.maximum(v, 0.0)
        return ends + jnp.log(between / below)

    def log_cell(self, params: Params, data: Data) -> Array:
        """Log-probability of each entry's cell in each state (T, K, A)."""
        v, u = self._places(params["theta"], *self._features(data))
        return self._log_cell(u, v, data)

    def log_prob(self, params: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return self.log_cell(params, data).sum(2)

    def log_cells(
        self, params: Params, data: Data, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """The family's own likelihood: its cells are those of the grid."""
        return float64(self.log_prob)(params, data)

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """The whole's law, shifted and sharpened at random for each state."""
        theta = np.repeat(self.prior(X)["theta"][None], n_states, axis=0)
        if n_states > 1:
            size = theta.shape[:2]
            theta *= np.exp(rng.normal(0, 0.5, (n_states, 1, 1)))
            shift = rng.normal(0, 0.5, size)
            theta[:, :, 0] += shift
            theta[:, :, self.n_lags + 2] += shift
        return {"theta": theta}

    def prior(self, X: np.ndarray) -> Params:
        """A plain guess at the whole's law: slow return to the column's mean."""
        y = logit_of(X)
        mean = np.nan_to_num(np.nanmean(np.vstack([y, np.zeros_like(y[:1])]), axis=0))
        n_columns = X.shape[1]
        theta = np.zeros((n_columns, self.n_lags + 4))
        if self.n_lags:
            theta[:, 1] = 0.9 * 3.0
        theta[:, 0] = (0.1 if self.n_lags else 1.0) * 3.0 * mean
        theta[:, self.n_lags + 1] = 3.0
        theta[:, -2:] = np.stack([mean, np.ones(n_columns)], -1)
        return {"theta": theta}

    def _ridge(self, prior: Params, theta: Array) -> Array:
        """A weak pull to the guess, so that unseen columns stay where they are."""
        return -0.05 * (theta - prior["theta"]) ** 2

    @property
    def _to_gap(self) -> np.ndarray:
        """What theta is multiplied with to give the gap."""
        return np.array([0.0] + [-1.0] * self.n_lags + [1.0, 0.0, 0.0])

    def _return(self, theta: Array) -> Array:
        """Log-prior of the gap (..., A): it bars theta that run off, and is concave."""
        if not self.n_lags:
            return jnp.zeros(theta.shape[:-1])
        gap = theta @ self._to_gap
        logs = jnp.log(jnp.where(gap > 0, gap, 1.0))
        return jnp.where(gap > 0, self.calm * logs, -jnp.inf)

    def log_prior(self, params: Params, prior: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        theta, shown = params["theta"], data["visible"]
        share = self.pseudo * shown / jnp.maximum(shown.sum(), 1.0)
        beside = self._ridge(prior, theta).sum(2) + self._return(theta)
        return share @ self.log_prob(params, data) + beside.sum(1)

    def maximize(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        """One Newton step, as long as the weighted log-likelihood allows."""
        shown = data["visible"]
        share = self.pseudo * shown / jnp.maximum(shown.sum(), 1.0)
        weights = weights + share[:, None]
        low, high = self._features(data)
        theta = params["theta"]

        def value(theta: Array) -> Array:
            v, u = self._places(theta, low, high)
            cells = jnp.einsum("tk,tka->ka", weights, self._log_cell(u, v, data))
            return cells + self._ridge(prior, theta).sum(-1) + self._return(theta)

        gradient, curvature = self._derivatives(theta, data, weights, low, high)
        gradient = gradient - 0.1 * (theta - prior["theta"])
        curvature = curvature + 0.1 * jnp.eye(theta.shape[-1])
        if self.n_lags:
            pull = self._to_gap / (theta @ self._to_gap)[..., None]
            gradient = gradient + self.calm * pull
            curvature = curvature + self.calm * pull[..., :, None] * pull[..., None, :]
        step = jnp.linalg.solve(curvature, gradient[..., None])[..., 0]
        scales = jnp.asarray([self.n_lags + 1, self.n_lags + 3])
        best, best_value = theta, value(theta)
        for size in (1.0, 0.2):
            trial = theta + size * step
            positive = (trial[..., scales] > 1e-3).all(-1)
            here = jnp.where(positive, value(trial), -jnp.inf)
            better = here > best_value
            best = jnp.where(better[..., None], trial, best)
            best_value = jnp.where(better, here, best_value)
        return {"theta": best}

    def _derivatives(
        self, theta: Array, data: Data, weights: Array, low: Array, high: Array
    ) -> tuple[Array, Array]:
        """Gradient (K, A, P) and negative Hessian (K, A, P, P) of the weighted sum."""
        v, u = self._places(theta, low, high)
        has_low, has_high = data["has_low"][:, None], data["has_high"][:, None]
        inner = has_low * has_high
        width = jnp.where(inner > 0, u - v, 1.0)
        ratio = inner / jnp.expm1(width)  # 1 / (e^d - 1)
        bend = ratio * (1 + ratio)  # e^d / (e^d - 1)^2
        su, sv = jax.nn.sigmoid(u), jax.nn.sigmoid(v)
        w = weights[:, :, None]
        slope_u = w * (has_high * (1 - su) + ratio)
        slope_v = w * (-has_low * sv - ratio)
        gradient = jnp.einsum("tka,tap->kap", slope_u, high)
        gradient += jnp.einsum("tka,tap->kap", slope_v, low)
        gap = high - low

        def outer(weight: Array, left: Array) -> Array:
            pairs = left[..., :, None] * left[..., None, :]
            return jnp.einsum("tka,tapq->kapq", weight, pairs)

        curvature = outer(w * has_high * su * (1 - su), high)
        curvature += outer(w * has_low * sv * (1 - sv), low)
        return gradient, curvature + outer(w * bend, gap)

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See the family protocol; values inside an end cell become 0 or 1."""
        theta = params["theta"][states]
        noise = logit(rng.uniform(1e-12, 1 - 1e-12, theta.shape[:2]))
        lags = self.n_lags
        place, scale = theta[..., lags + 2], theta[..., lags + 3]
        if lags and past.shape[1] >= lags:
            y = logit_of(past[:, ::-1][:, :lags])
            follows = np.isfinite(y).all(1)
            ahead = theta[..., 0] + np.einsum(
                "nla,nal->na", np.nan_to_num(y), theta[..., 1 : lags + 1]
            )
            place = np.where(follows, ahead, place)
            scale = np.where(follows, theta[..., lags + 1], scale)
        return self.from_linear((place + noise) / scale)

    def to_linear(self, X: np.ndarray) -> np.ndarray:
        """See :class:`~genface.behavior.bridging.Linear`."""
        return logit_of(X)

    def from_linear(self, Y: np.ndarray) -> np.ndarray:
        """See :class:`~genface.behavior.bridging.Linear`."""
        value = expit(Y)
        value = np.where(value < 0.5 * CELL, 0.0, value)
        return np.where(value > 1 - 0.5 * CELL, 1.0, value)

    def steps(self, params: Params, states: np.ndarray) -> Steps:
        """See :class:`~genface.behavior.bridging.Linear`."""
        theta, lags = params["theta"][states], self.n_lags
        scale, scale0 = theta[..., lags + 1], theta[..., lags + 3]
        # The standard logistic law has a standard deviation of pi / sqrt 3.
        return Steps(
            theta[..., 0] / scale,
            theta[..., 1 : lags + 1] / scale[..., None],
            np.pi / np.sqrt(3) / scale,
            theta[..., lags + 2] / scale0,
            np.pi / np.sqrt(3) / scale0,
        )

    def noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """See :class:`~genface.behavior.bridging.Linear`."""
        return rng.logistic(size=shape) * np.sqrt(3) / np.pi

    def means(self, params: Params) -> np.ndarray:
        """Medians of frames without a past."""
        theta = params["theta"]
        return expit(theta[..., self.n_lags + 2] / theta[..., self.n_lags + 3])

    def n_free(self, n_states: int, n_columns: int) -> int:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        per_column = self.n_lags + 4 if self.n_lags else 2
        return n_states * n_columns * per_column


def _lagged(
    y: np.ndarray, lengths: Sequence[int] | np.ndarray, n_lags: int
) -> tuple[np.ndarray, np.ndarray]:
    """Earlier values (T, L, A), and 1 where one is missing (T, A)."""
    n_rows, n_columns = y.shape
    past = np.full((n_rows, n_lags, n_columns), np.nan)
    position = np.concatenate([np.arange(n) for n in lengths])
    for lag in range(1, n_lags + 1):
        past[lag:, lag - 1] = y[:-lag]
        past[position < lag, lag - 1] = np.nan
    missing = np.isnan(past).any(1) if n_lags else np.ones_like(y, bool)
    return np.nan_to_num(past), missing.astype(float)
