"""Forward and backward passes in logs: for any chain, and in parallel.

Arguments as in :mod:`genface.behavior.recursions`.
"""

import jax.numpy as jnp
from jax import Array, lax
from jax.scipy.special import logsumexp

from genface.behavior.recursions import Posterior, along, time_first


def _lse(x: Array, axis: int) -> Array:
    """Log of summed exponentials; -inf where all are."""
    return logsumexp(x, axis=axis)


def exact_posterior(
    start: Array, trans: Array, log_obs: Array, first: Array
) -> Posterior:
    """Both passes for any transitions: forward in logs, backward in probabilities.

    p(state | next state, frames so far) follows from the forward pass, and the beliefs
    given all frames from it (Kitagawa 1987). Nothing can underflow that matters.
    """
    log_start, log_trans = jnp.log(start), jnp.log(trans)

    def forward(alpha: Array, frame: tuple) -> tuple:
        here, is_first = frame
        ahead = _lse(alpha[:, :, None] + log_trans, 1)
        ahead = jnp.where(is_first[:, None], log_start, ahead)
        norm = _lse(ahead + here, 1)
        alpha = ahead + here - jnp.where(norm > -jnp.inf, norm, 0.0)[:, None]
        return alpha, (alpha, ahead, norm)

    nothing = jnp.zeros_like(log_obs[:, 0])
    frames = (time_first(log_obs), time_first(first))
    _, (alphas, aheads, norms) = along(forward, nothing, frames)
    filtered = jnp.exp(alphas)

    def backward(carry: tuple, frame: tuple) -> tuple:
        gamma, ahead, is_first, moves = carry
        alpha, own, own_ahead, own_first = frame
        links = alpha[:, :, None] + log_trans
        ahead = jnp.where(ahead > -jnp.inf, ahead, 0.0)
        pairs = jnp.exp(links - ahead[:, None]) * gamma[:, None]
        pairs = jnp.where(is_first[:, None, None], 0.0, pairs)
        gamma = jnp.where(is_first[:, None], own, pairs.sum(2))
        return (gamma, own_ahead, own_first, moves + pairs.sum(0)), gamma

    begin = (
        jnp.zeros_like(filtered[0]),
        jnp.zeros_like(filtered[0]),
        jnp.ones_like(first[:, 0]),
        jnp.zeros_like(trans),
    )
    (*_, moves), gammas = along(
        backward, begin, (alphas, filtered, aheads, frames[1]), reverse=True
    )
    return Posterior(time_first(norms), time_first(filtered), time_first(gammas), moves)


def log_filter(start: Array, trans: Array, log_obs: Array, first: Array) -> Array:
    """Forward pass in logs: log p(state, frames of its sequence so far) (B, L, K)."""
    log_start, log_trans = jnp.log(start), jnp.log(trans)

    def step(alpha: Array, frame: tuple) -> tuple:
        here, is_first = frame
        ahead = _lse(alpha[:, :, None] + log_trans, 1)
        alpha = jnp.where(is_first[:, None], log_start, ahead) + here
        return alpha, alpha

    nothing = jnp.zeros_like(log_obs[:, 0])
    _, alphas = along(step, nothing, (time_first(log_obs), time_first(first)))
    return time_first(alphas)


def log_backward(trans: Array, log_obs: Array, first: Array) -> Array:
    """Backward pass in logs: log p(later frames of the sequence | state) (B, L, K)."""
    log_trans = jnp.log(trans)

    def step(beta: Array, frame: tuple) -> tuple:
        here, is_first = frame
        back = _lse(log_trans + (here + beta)[:, None, :], 2)
        return jnp.where(is_first[:, None], 0.0, back), beta

    last = jnp.zeros_like(log_obs[:, 0])
    frames = (time_first(log_obs), time_first(first))
    _, betas = along(step, last, frames, reverse=True)
    return time_first(betas)


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
