"""AUs strictly inside (0, 1), and AUs with lumps at 0 and 1."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy import special

from genface.behavior.emissions.columnwise import Columnwise
from genface.behavior.emissions.family import (
    Data,
    Params,
    column_variances,
    refuse,
    spread_rows,
    with_seen,
)
from genface.behavior.emissions.gamma import log_beta


def _check_unit(X: np.ndarray, name: str) -> None:
    refuse(
        (X < 0) | (X > 1),
        X,
        f"but the {name} family takes values in [0, 1]; scale them (AUTransform).",
    )


def _start_theta(X: np.ndarray, n_states: int, rng: np.random.Generator) -> np.ndarray:
    """Mean (logit) and precision (log) near rows far apart (K, A, 2)."""
    centre = np.clip(spread_rows(X, n_states, rng), 0.02, 0.98)
    centre = 0.7 * centre + 0.3 * np.clip(np.nanmean(X), 0.02, 0.98)
    spread = np.maximum(0.5 * column_variances(X), 1e-4)
    precision = np.clip(centre * (1 - centre) / spread - 1, 1.0, 200.0)
    return np.stack([special.logit(centre), np.log(precision)], -1)


def _shapes(theta: Array) -> tuple[Array, Array]:
    mean, precision = jax.nn.sigmoid(theta[..., 0]), jnp.exp(theta[..., 1])
    return mean * precision, (1 - mean) * precision


def _shapes_numpy(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean, precision = special.expit(theta[..., 0]), np.exp(theta[..., 1])
    return mean * precision, (1 - mean) * precision


def _log_beta_cells(
    theta: np.ndarray, lower: np.ndarray, upper: np.ndarray
) -> np.ndarray:
    """Log-probability of intervals (T, K, A) under Beta laws (K, A)."""
    a, b = _shapes_numpy(theta)
    low = np.clip(np.nan_to_num(lower, neginf=0.0, posinf=1.0), 0, 1)[:, None]
    high = np.clip(np.nan_to_num(upper, neginf=0.0, posinf=1.0), 0, 1)[:, None]
    # From the end that most of the law is not at: nothing is lost to 1 - 1.
    mirrored = special.betainc(a, b, low) > 0.5
    a, b = np.where(mirrored, b, a), np.where(mirrored, a, b)
    low, high = np.where(mirrored, 1 - high, low), np.where(mirrored, 1 - low, high)
    p = special.betainc(a, b, high) - special.betainc(a, b, low)
    tiny = (p < 1e-280) & (low < high)
    with np.errstate(divide="ignore"):
        logs = np.log(p)
        a, b, low, high = (x[tiny] for x in np.broadcast_arrays(a, b, low, high))
        below = _log_beta_below(a, b, low) - _log_beta_below(a, b, high)
        logs[tiny] = _log_beta_below(a, b, high) + np.log1p(-np.exp(below))
    return logs


def _log_beta_below(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Log-probability of [0, x] for x below the mean, where it underflows.

    DLMF 8.17.22: x^a (1 - x)^b / (a B(a, b)) times a continued fraction, by Lentz's
    method.
    """
    d = 1 / (1 - (a + b) * x / (a + 1))
    c, fraction = np.ones_like(x), d
    for m in range(1, 300):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d, c = 1 / (1 + step * d), 1 + step / c
            fraction = fraction * d * c
        if (np.abs(d * c - 1) < 1e-15).all():
            break
    logs = special.xlogy(a, x) + special.xlog1py(b, -x) - special.betaln(a, b)
    return logs - np.log(a) + np.log(fraction)


@dataclass(frozen=True)
class Beta(Columnwise):
    """``theta`` (K, A, 2): logit of the mean, log of the precision a + b.

    0 and 1 have no density under a Beta law and give -inf unless ``squeeze``: values
    are then moved to within ``squeeze`` of the ends.
    """

    squeeze: float = 0.0025
    name: ClassVar[str] = "beta"

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """Logs of the values and of what they lack to 1."""
        _check_unit(X, self.name)
        data = with_seen(np.clip(X, self.squeeze, 1 - self.squeeze))
        inside = np.where(
            np.isfinite(X), np.clip(X, self.squeeze, 1 - self.squeeze), 0.5
        )
        with np.errstate(divide="ignore"):
            logs = {"log_x": np.log(inside), "log_rest": np.log1p(-inside)}
        return {k: v for k, v in data.items() if k != "x"} | logs

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return {"theta": _start_theta(X, n_states, rng)}

    def entries(self, theta: Array, data: Data) -> Array:
        """Log-density of each entry."""
        a, b = _shapes(theta)
        log_x, rest = data["log_x"][:, None], data["log_rest"][:, None]
        return (a - 1) * log_x + (b - 1) * rest - log_beta(a, b)

    def log_prob(self, params: Params, data: Data) -> Array:
        """Two matrix products, since log x and log(1 - x) say all."""
        a, b = _shapes(params["theta"])
        log_x, rest = data["log_x"], data["log_rest"]
        constant = log_beta(a, b)
        if "seen" not in data:
            return log_x @ (a - 1).T + rest @ (b - 1).T - constant.sum(1)
        seen = data["seen"]
        parts = (log_x * seen) @ (a - 1).T + (rest * seen) @ (b - 1).T
        return parts - seen @ constant.T

    def statistics(self, data: Data, weights: Array) -> Callable[[Array], Array]:
        """The weighted log-likelihood from its sufficient statistics."""
        log_x, rest = data["log_x"], data["log_rest"]
        seen = data.get("seen")
        mass = jnp.broadcast_to(
            weights.sum(0)[:, None], (weights.shape[1], log_x.shape[1])
        )
        if seen is not None:
            log_x, rest, mass = log_x * seen, rest * seen, weights.T @ seen
        up, down = weights.T @ log_x, weights.T @ rest

        def value(theta: Array) -> Array:
            a, b = _shapes(theta)
            return (a - 1) * up + (b - 1) * down - mass * log_beta(a, b)

        return value

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        a, b = _shapes_numpy(params["theta"][states])
        return rng.beta(a, b)

    def entry_log_cells(
        self, params: Params, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """Differences of the incomplete Beta function."""
        return _log_beta_cells(params["theta"], lower, upper)

    def means(self, params: Params) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return special.expit(params["theta"][..., 0])


@dataclass(frozen=True)
class InflatedBeta(Columnwise):
    """Lumps at 0 and 1, Beta between: ``theta`` (K, A, 4).

    Logit of the mean, log of the precision, and the log-odds of exactly 0 and exactly
    1 against the rest (Ospina & Ferrari 2010). ``edge``: values this near to an end
    belong to its lump.
    """

    edge: float = 0.005
    name: ClassVar[str] = "inflated_beta"
    n_theta: ClassVar[int] = 4

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """Which entries are lumps, and logs of the others."""
        _check_unit(X, self.name)
        data = with_seen(X)
        x = data.pop("x")
        zero, one = x < self.edge, x >= 1 - self.edge
        inside = np.where(zero | one | ~np.isfinite(X), 0.5, x)
        return data | {
            "zero": zero.astype(float),
            "one": one.astype(float),
            "log_x": np.log(inside),
            "log_rest": np.log1p(-inside),
        }

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        zero = np.nanmean(X < self.edge, axis=0)
        one = np.nanmean(X >= 1 - self.edge, axis=0)
        rest = np.maximum(1 - zero - one, 0.01)
        odds = np.log(np.stack([zero + 0.01, one + 0.01], -1) / rest[:, None])
        odds = odds + rng.normal(0, 0.3, (n_states, *odds.shape))
        inside = np.where((X < self.edge) | (X >= 1 - self.edge), np.nan, X)
        inside[:, np.isnan(inside).all(0)] = 0.5
        return {
            "theta": np.concatenate([_start_theta(inside, n_states, rng), odds], -1)
        }

    def entries(self, theta: Array, data: Data) -> Array:
        """Log-probability of a lump, or log-density between."""
        a, b = _shapes(theta)
        none = jnp.zeros(theta.shape[:-1])
        logs = jax.nn.log_softmax(
            jnp.stack([none, theta[..., 2], theta[..., 3]]), axis=0
        )
        zero, one = data["zero"][:, None], data["one"][:, None]
        log_x, rest = data["log_x"][:, None], data["log_rest"][:, None]
        between = (a - 1) * log_x + (b - 1) * rest - log_beta(a, b) + logs[0]
        return zero * logs[1] + one * logs[2] + (1 - zero) * (1 - one) * between

    def statistics(self, data: Data, weights: Array) -> Callable[[Array], Array]:
        """The weighted log-likelihood from its sufficient statistics."""
        seen = data.get("seen", jnp.ones_like(data["zero"]))
        zero, one = data["zero"] * seen, data["one"] * seen
        inside = seen - zero - one
        n_zero, n_one, n_inside = (weights.T @ m for m in (zero, one, inside))
        up = weights.T @ (data["log_x"] * inside)
        down = weights.T @ (data["log_rest"] * inside)

        def value(theta: Array) -> Array:
            a, b = _shapes(theta)
            none = jnp.zeros(theta.shape[:-1])
            logs = jax.nn.log_softmax(
                jnp.stack([none, theta[..., 2], theta[..., 3]]), axis=0
            )
            lumps = n_zero * logs[1] + n_one * logs[2] + n_inside * logs[0]
            return lumps + (a - 1) * up + (b - 1) * down - n_inside * log_beta(a, b)

        return value

    def _log_weights(self, theta: np.ndarray) -> np.ndarray:
        """Logs of the shares (3, ...) of values between, at 0 and at 1."""
        odds = np.stack([np.zeros(theta.shape[:-1]), theta[..., 2], theta[..., 3]])
        return special.log_softmax(odds, axis=0)

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        theta = params["theta"][states]
        a, b = _shapes_numpy(theta)
        _, zero, one = np.exp(self._log_weights(theta))
        value = np.clip(rng.beta(a, b), self.edge, np.nextafter(1 - self.edge, 0))
        lot = rng.random(value.shape)
        value = np.where(lot < zero, 0.0, value)
        return np.where(lot >= 1 - one, 1.0, value)

    def entry_log_cells(
        self, params: Params, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """Lumps lie in the end cells."""
        theta = params["theta"]
        inside, zero, one = self._log_weights(theta)
        has_zero = ((lower <= 0) & (upper > 0))[:, None]
        has_one = ((upper >= 1) & (lower < 1))[:, None]
        cells = _log_beta_cells(theta, lower, upper) + inside
        cells = np.logaddexp(cells, np.where(has_zero, zero, -np.inf))
        return np.logaddexp(cells, np.where(has_one, one, -np.inf))

    def means(self, params: Params) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        inside, _, one = np.exp(self._log_weights(params["theta"]))
        return inside * special.expit(params["theta"][..., 0]) + one
