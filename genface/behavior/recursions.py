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
# Nats: a path that much less likely than the others is less than rounding to them.
WORTH = 60.0


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

    With transitions near 0 a state may be reachable by one path only, and that path
    may drop out of the linear domain before it wins. Trusted is a result where no path
    through a state that fell below 1e-290 is, in logs, within ``WORTH`` of all paths
    that were kept: what was lost is then less than rounding.
    """
    post = scaled_posterior(start, trans, log_obs, first)
    best = _best_through(start, trans, log_obs, first, post.log_prob)
    lost = (post.filtered < 1e-290) & (best > -WORTH)
    fine = jnp.isfinite(post.smoothed).all() & jnp.isfinite(post.moves).all()
    return post, fine & jnp.isfinite(post.log_prob).all() & ~lost.any()


def _best_through(
    start: Array, trans: Array, log_obs: Array, first: Array, log_prob: Array
) -> Array:
    """Log of the best path's share of its sequence through each state (B, L, K)."""
    log_start, log_trans = jnp.log(start), jnp.log(trans)
    norm = jnp.where(jnp.isfinite(log_prob), log_prob, 0.0)
    frames = (time_first(log_obs - norm[..., None]), time_first(first))

    def forward(best: Array, frame: tuple) -> tuple:
        here, is_first = frame
        ahead = (best[:, :, None] + log_trans).max(1)
        best = jnp.where(is_first[:, None], log_start, ahead) + here
        return best, best

    def backward(best: Array, frame: tuple) -> tuple:
        here, is_first = frame
        back = ((here + best)[:, :, None] + log_trans.T).max(1)
        return jnp.where(is_first[:, None], 0.0, back), best

    nothing = jnp.zeros_like(log_obs[:, 0])
    past = along(forward, nothing, frames)[1]
    return time_first(past + along(backward, nothing, frames, reverse=True)[1])
