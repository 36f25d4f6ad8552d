"""Forward and backward passes of a hidden Markov chain, as pure JAX functions.

All work on lanes (see :mod:`genface.behavior.lanes`): ``log_obs`` (B, L, K) is the
log-probability of each frame in each state, ``first`` (B, L) tells where the chain is
drawn anew from ``start`` (K,) instead of from ``trans`` (K, K). Rabiner (1989).
``-inf`` is allowed anywhere; data that no path can produce have log-likelihood -inf.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.scipy.special import logsumexp


class Posterior(NamedTuple):
    """What the two passes say about the states."""

    log_prob: Array  # (B, L) log p(frame | earlier frames of its sequence)
    filtered: Array  # (B, L, K) p(state | frames up to here)
    smoothed: Array  # (B, L, K) p(state | all frames of the sequence)
    moves: Array  # (K, K) expected number of transitions


def _divide(values: Array, by: Array) -> Array:
    return values / jnp.where(by > 0, by, 1.0)


def _time_first(x: Array) -> Array:
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
        here = jnp.where(ahead > 0, here, -jnp.inf)
        top = here.max(-1)
        top = jnp.where(jnp.isfinite(top), top, 0.0)
        likelihood = jnp.exp(here - top[:, None])
        norm = (ahead * likelihood).sum(-1)
        weight = _divide(likelihood, norm[:, None])
        alpha = ahead * weight
        return alpha, (alpha, norm, top, weight)

    nothing = jnp.zeros_like(log_obs[:, 0])
    _, (alphas, norms, tops, weights) = lax.scan(
        step, nothing, (_time_first(log_obs), _time_first(first))
    )
    log_prob = jnp.log(norms) + tops
    return _time_first(alphas), _time_first(log_prob), _time_first(weights)


def scaled_posterior(
    start: Array, trans: Array, log_obs: Array, first: Array
) -> Posterior:
    """Both passes in the linear domain, each frame scaled by itself.

    The fast path. Exact to rounding unless a path that wins later falls below e^-700
    of the others; :mod:`genface.behavior.inference` takes the path in logs where
    frames are that far apart.
    """
    alphas, log_prob, weights = scaled_filter(start, trans, log_obs, first)

    def step(beta: Array, frame: tuple) -> tuple:
        weight, is_first = frame
        reached = weight * beta
        back = jnp.where(is_first[:, None], 1.0, reached @ trans.T)
        return back, (beta, reached)

    _, (betas, reached) = lax.scan(
        step,
        jnp.ones_like(alphas[:, 0]),
        (_time_first(weights), _time_first(first)),
        reverse=True,
    )
    into = jnp.where(_time_first(first)[1:, :, None], 0.0, reached[1:])
    pairs = jnp.einsum("bti,tbj->ij", alphas[:, :-1], into)
    return Posterior(log_prob, alphas, alphas * _time_first(betas), trans * pairs)


def _lse(x: Array, axis: int) -> Array:
    """Log of summed exponentials; -inf where all are."""
    return logsumexp(x, axis=axis)


def log_filter(start: Array, trans: Array, log_obs: Array, first: Array) -> Array:
    """Forward pass in logs: log p(state, frames of its sequence so far) (B, L, K)."""
    log_start, log_trans = jnp.log(start), jnp.log(trans)

    def step(alpha: Array, frame: tuple) -> tuple:
        here, is_first = frame
        ahead = _lse(alpha[:, :, None] + log_trans, 1)
        alpha = jnp.where(is_first[:, None], log_start, ahead) + here
        return alpha, alpha

    nothing = jnp.zeros_like(log_obs[:, 0])
    _, alphas = lax.scan(step, nothing, (_time_first(log_obs), _time_first(first)))
    return _time_first(alphas)


def log_backward(trans: Array, log_obs: Array, first: Array) -> Array:
    """Backward pass in logs: log p(later frames of the sequence | state) (B, L, K)."""
    log_trans = jnp.log(trans)

    def step(beta: Array, frame: tuple) -> tuple:
        here, is_first = frame
        back = _lse(log_trans + (here + beta)[:, None, :], 2)
        return jnp.where(is_first[:, None], 0.0, back), beta

    last = jnp.zeros_like(log_obs[:, 0])
    frames = (_time_first(log_obs), _time_first(first))
    _, betas = lax.scan(step, last, frames, reverse=True)
    return _time_first(betas)


def _associative_alphas(
    start: Array, trans: Array, log_obs: Array, first: Array
) -> Array:
    """As ``log_filter``, by an associative scan over (K, K) log-matrices."""
    links = jnp.where(first[..., None, None], jnp.log(start), jnp.log(trans))
    # A frame that starts a sequence forgets what came before it, whatever that was:
    # the earlier product must not weigh in, so it is cut rather than multiplied.
    links = links + log_obs[..., None, :]

    def join(left: tuple, right: tuple) -> tuple:
        a, cut_a = left
        b, cut_b = right
        both = _lse(a[..., :, :, None] + b[..., None, :, :], -2)
        return jnp.where(cut_b[..., None, None], b, both), cut_a | cut_b

    products, _ = lax.associative_scan(join, (links, first), axis=1)
    return products[:, :, 0]


def _associative_betas(trans: Array, log_obs: Array, first: Array) -> Array:
    """As ``log_backward``, by an associative scan from the end."""
    n_states = trans.shape[-1]
    stop = jnp.where(jnp.eye(n_states, dtype=bool), 0.0, -jnp.inf)
    links = jnp.log(trans) + log_obs[:, 1:, None, :]
    links = jnp.where(first[:, 1:, None, None], stop, links)
    ends = jnp.broadcast_to(stop, (len(log_obs), 1, n_states, n_states))
    links = jnp.concatenate([links, ends], axis=1)
    cuts = jnp.concatenate([first[:, 1:], jnp.ones_like(first[:, :1])], axis=1)

    def join(later: tuple, earlier: tuple) -> tuple:
        a, cut_a = later
        b, cut_b = earlier
        both = _lse(b[..., :, :, None] + a[..., None, :, :], -2)
        return jnp.where(cut_b[..., None, None], b, both), cut_a | cut_b

    products, _ = lax.associative_scan(join, (links, cuts), axis=1, reverse=True)
    return _lse(products, -1)


def log_posterior(
    start: Array,
    trans: Array,
    log_obs: Array,
    first: Array,
    associative: bool = False,
) -> Posterior:
    """Both passes in logs; the reference, and the parallel form for accelerators."""
    if associative:
        alphas = _associative_alphas(start, trans, log_obs, first)
        betas = _associative_betas(trans, log_obs, first)
    else:
        alphas = log_filter(start, trans, log_obs, first)
        betas = log_backward(trans, log_obs, first)
    totals = _lse(alphas, -1)
    safe = jnp.where(jnp.isfinite(totals), totals, 0.0)[..., None]
    filtered = jnp.exp(alphas - safe)
    joint = alphas + betas
    log_like = _lse(joint, -1)
    safe = jnp.where(jnp.isfinite(log_like), log_like, 0.0)[..., None]
    smoothed = jnp.exp(joint - safe)
    pairs = (
        alphas[:, :-1, :, None]
        + jnp.log(trans)
        + (log_obs[:, 1:] + betas[:, 1:])[:, :, None, :]
        - safe[:, 1:, None]
    )
    pairs = jnp.where(first[:, 1:, None, None], -jnp.inf, pairs)
    before = jnp.where(first[:, 1:], 0.0, totals[:, :-1])
    before = jnp.concatenate([jnp.zeros_like(totals[:, :1]), before], axis=1)
    step = totals - jnp.where(jnp.isfinite(before), before, 0.0)
    return Posterior(step, filtered, smoothed, jnp.exp(pairs).sum((0, 1)))


def viterbi(
    start: Array, trans: Array, log_obs: Array, first: Array, last_of_ties: bool = True
) -> tuple[Array, Array]:
    """Most probable states (B, L) of each sequence, and the best log score per frame.

    The scores at the last frame of a sequence are its log p(path, frames). Ties: the
    last frame takes the lowest state, earlier frames the highest (as hmmlearn does)
    or the lowest.
    """
    log_start, log_trans = jnp.log(start), jnp.log(trans)
    n_states = trans.shape[-1]

    def pick(scores: Array, axis: int) -> Array:
        if last_of_ties:
            return n_states - 1 - jnp.argmax(jnp.flip(scores, axis), axis)
        return jnp.argmax(scores, axis)

    def forward(delta: Array, frame: tuple) -> tuple:
        here, is_first = frame
        scores = delta[:, :, None] + log_trans
        origin = pick(scores, 1)
        ahead = jnp.where(is_first[:, None], log_start, scores.max(1)) + here
        return ahead, (ahead, origin)

    nothing = jnp.zeros_like(log_obs[:, 0])
    frames = (_time_first(log_obs), _time_first(first))
    _, (deltas, origins) = lax.scan(forward, nothing, frames)

    def backward(state: Array, frame: tuple) -> tuple:
        origin, is_first, before = frame
        came_from = jnp.take_along_axis(origin, state[:, None], 1)[:, 0]
        earlier = jnp.where(is_first, jnp.argmax(before, -1), came_from)
        return earlier, state

    end = jnp.argmax(deltas[-1], -1)
    before = jnp.concatenate([deltas[:1], deltas[:-1]])
    _, states = lax.scan(backward, end, (origins, frames[1], before), reverse=True)
    return _time_first(states), _time_first(deltas.max(-1))


scaled_posterior_jit = jax.jit(scaled_posterior)
log_posterior_jit = jax.jit(log_posterior, static_argnames="associative")
viterbi_jit = jax.jit(viterbi, static_argnames="last_of_ties")
