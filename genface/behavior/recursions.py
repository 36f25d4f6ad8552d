"""Forward and backward passes of a hidden Markov chain, as pure JAX functions.

All work on lanes (see :mod:`genface.behavior.lanes`): ``log_obs`` (B, L, K) is the
log-probability of each frame in each state, ``first`` (B, L) tells where the chain is
drawn anew from ``start`` (K,) instead of from ``trans`` (K, K). Rabiner (1989).
``-inf`` is allowed anywhere; data that no path can produce have log-likelihood -inf.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array, lax

# Transitions above this cannot make the linear domain lose a path that matters.
NEVER_LOST = 1e-30


class Posterior(NamedTuple):
    """What the two passes say about the states."""

    log_prob: Array  # (B, L) log p(frame | earlier frames of its sequence)
    filtered: Array  # (B, L, K) p(state | frames up to here)
    smoothed: Array  # (B, L, K) p(state | all frames of the sequence)
    moves: Array  # (K, K) expected number of transitions


def along(
    step: Callable, begin: Any, frames: Any, reverse: bool = False
) -> tuple[Any, Any]:
    """Carry ``step`` over frames: ``lax.scan``, whose types checkers cannot follow."""
    return lax.scan(step, begin, frames, reverse=reverse)


def _divide(values: Array, by: Array) -> Array:
    return values / jnp.where(by > 0, by, 1.0)


def time_first(x: Array) -> Array:
    """(B, L, ...) as (L, B, ...), and back."""
    return jnp.moveaxis(x, 1, 0)


def scaled_filter(
    start: Array, trans: Array, log_obs: Array, first: Array
) -> tuple[Array, Array, Array]:
    """Linear forward pass: filtered (B, L, K), log p (B, L), weights (B, L, K).

    Each frame is scaled by its largest likelihood among the states that can be
    reached; the weights are its likelihoods over p(frame | earlier ones).
    """

    def step(alpha: Array, frame: tuple) -> tuple:
        here, is_first = frame
        ahead = jnp.where(is_first[:, None], start, alpha @ trans)
        alpha, norm, top, weight = _scaled_frame(ahead, here, ahead > 0)
        return alpha, (alpha, norm, top, weight)

    nothing = jnp.zeros_like(log_obs[:, 0])
    _, (alphas, norms, tops, weights) = along(
        step, nothing, (time_first(log_obs), time_first(first))
    )
    log_prob = jnp.log(norms) + tops
    return time_first(alphas), time_first(log_prob), time_first(weights)


def _scaled_frame(
    ahead: Array, here: Array, possible: Array
) -> tuple[Array, Array, Array, Array]:
    """Filtered beliefs, norm, scale (log) and weights of one frame (B, K)."""
    reached = ahead > 0
    top = jnp.where(reached, here, -jnp.inf).max(-1)
    top = jnp.where(jnp.isfinite(top), top, 0.0)
    likelihood = jnp.exp(jnp.where(possible, here, -jnp.inf) - top[:, None])
    norm = jnp.where(reached, ahead * likelihood, 0.0).sum(-1)
    weight = _divide(likelihood, norm[:, None])
    return jnp.where(reached, ahead * weight, 0.0), norm, top, weight


def _scaled_betas(trans: Array, weights: Array, first: Array) -> tuple[Array, Array]:
    """Betas (L, B, K), and weights times betas, by frame."""

    def step(beta: Array, frame: tuple) -> tuple:
        weight, is_first = frame
        reached = weight * beta
        back = jnp.where(is_first[:, None], 1.0, reached @ trans.T)
        return back, (beta, reached)

    frames = (time_first(weights), time_first(first))
    begin = jnp.ones_like(weights[:, 0])
    return along(step, begin, frames, reverse=True)[1]


def _scaled_moves(alphas: Array, trans: Array, reached: Array, first: Array) -> Array:
    into = jnp.where(time_first(first)[1:, :, None], 0.0, reached[1:])
    return trans * jnp.einsum("bti,tbj->ij", alphas[:, :-1], into)


def scaled_posterior(
    start: Array, trans: Array, log_obs: Array, first: Array
) -> Posterior:
    """Both passes in the linear domain, each frame scaled by itself.

    The fast path. Exact to rounding where no transition is less likely than
    ``NEVER_LOST``: a state that drops out of the linear domain is then entered anew
    from the others, and what its own past would add is less than rounding.
    """
    alphas, log_prob, weights = scaled_filter(start, trans, log_obs, first)
    betas, reached = _scaled_betas(trans, weights, first)
    moves = _scaled_moves(alphas, trans, reached, first)
    return Posterior(log_prob, alphas, alphas * time_first(betas), moves)


def checked_posterior(
    start: Array, trans: Array, log_obs: Array, first: Array
) -> tuple[Posterior, Array]:
    """As ``scaled_posterior`` for any transitions, and whether it can be trusted.

    With transitions of 0 a state may be reachable by one path only, and that path may
    drop out of the linear domain before it wins. Trusted is a result where no state
    that could be reached but fell below 1e-290 would have made what follows more
    likely by 1e250: all paths lost then add up to less than rounding.
    """
    support = (trans > 0).astype(trans.dtype)

    def step(carry: tuple, frame: tuple) -> tuple:
        alpha, possible = carry
        here, is_first = frame
        ahead = jnp.where(is_first[:, None], start, alpha @ trans)
        possible = jnp.where(is_first[:, None], start > 0, possible @ support > 0)
        possible &= here > -jnp.inf
        alpha, norm, top, weight = _scaled_frame(ahead, here, possible)
        return (alpha, possible.astype(trans.dtype)), (
            alpha,
            jnp.log(norm) + top,
            weight,
            possible,
            norm,
        )

    nothing = jnp.zeros_like(log_obs[:, 0])
    frames = (time_first(log_obs), time_first(first))
    _, kept = along(step, (nothing, nothing), frames)
    alphas, log_prob, weights, possible, norms = map(time_first, kept)
    betas, reached = _scaled_betas(trans, weights, first)
    betas = time_first(betas)
    far = possible & (alphas < 1e-290) & ~(betas < 1e250)
    lost = (possible.any(-1) & ~(norms > 1e-50)) | far.any(-1)
    moves = _scaled_moves(alphas, trans, reached, first)
    smoothed = jnp.where(alphas > 0, alphas * betas, 0.0)
    fine = jnp.isfinite(smoothed).all() & jnp.isfinite(moves).all()
    return Posterior(log_prob, alphas, smoothed, moves), fine & ~lost.any()
