"""How long a stay in a state lasts: laws on 1 .. D frames."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from genface.behavior.emissions.gamma import log_gamma
from genface.behavior.emissions.newton import climb

LAWS = ("categorical", "negative_binomial", "poisson")
# Mean and size are held between e^-8 and e^8.
_WIDEST = 8.0


def first_law(law: str, n_states: int, longest: int) -> np.ndarray:
    """Parameters to start from: stays of a third of D or 8 frames, much spread."""
    mean = min(0.3 * longest, 8.0)
    if law == "categorical":
        decay = np.exp(-np.arange(longest) / mean)
        return np.tile(decay / decay.sum(), (n_states, 1))
    return np.tile(np.log([mean, 1.0])[: n_parameters(law, longest)], (n_states, 1))


def n_parameters(law: str, longest: int) -> int:
    """Free scalars of one state's law."""
    return {"categorical": longest - 1, "poisson": 1, "negative_binomial": 2}[law]


def log_durations(law: str, theta: Array, longest: int) -> Array:
    """Log-probabilities (K, D) of stays of 1 .. D frames.

    ``theta`` (K, P): probabilities, or the logs of mean and size of a law of the
    frames after the first; Poisson and negative binomial laws are cut off at D.
    """
    if law == "categorical":
        return jnp.log(theta)
    after = jnp.arange(float(longest))
    mean = jnp.clip(theta[..., :1], -_WIDEST, _WIDEST)
    logs = after * mean - log_gamma(after + 1)
    if law == "negative_binomial":
        size = jnp.clip(theta[..., 1:], -_WIDEST, _WIDEST)
        r = jnp.exp(size)
        logs = log_gamma(after + r) - log_gamma(after + 1)
        logs = logs + after * jax.nn.log_sigmoid(mean - size)
    return jax.nn.log_softmax(logs, axis=-1)


def log_prior(law: str, theta: Array) -> Array:
    """A weak pull (K,) that keeps laws of states that never end finite."""
    if law == "categorical":
        return jnp.zeros(len(theta))
    return -1e-3 * (theta**2).sum(-1)


def maximize(law: str, theta: Array, counts: Array) -> Array:
    """Parameters that raise the log-likelihood of expected stays (K, D) and prior."""
    if law == "categorical":
        total = counts.sum(-1, keepdims=True)
        return jnp.where(total > 0, counts / jnp.where(total > 0, total, 1.0), theta)

    def value(theta: Array) -> Array:
        logs = log_durations(law, theta, counts.shape[-1])
        return (counts * logs).sum(-1) + log_prior(law, theta)

    return climb(value, theta, steps=4)


def law_of(law: str, durations: Array) -> Array:
    """Parameters (K, P) of the law that is nearest to ``durations`` (K, D)."""
    if law == "categorical":
        return durations
    n_states, longest = durations.shape
    # So many stays that the prior does not count.
    counts, theta = 1e6 * durations, jnp.asarray(first_law(law, n_states, longest))
    return jax.lax.fori_loop(0, 25, lambda _, t: maximize(law, t, counts), theta)
