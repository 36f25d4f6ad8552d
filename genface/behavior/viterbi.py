"""Most probable path of states (Viterbi 1967)."""

import jax.numpy as jnp
from jax import Array

from genface.behavior.recursions import along, time_first


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
    frames = (time_first(log_obs), time_first(first))
    _, (deltas, origins) = along(forward, nothing, frames)

    def backward(state: Array, frame: tuple) -> tuple:
        origin, is_first, before = frame
        came_from = jnp.take_along_axis(origin, state[:, None], 1)[:, 0]
        earlier = jnp.where(is_first, jnp.argmax(before, -1), came_from)
        return earlier, state

    end = jnp.argmax(deltas[-1], -1)
    before = jnp.concatenate([deltas[:1], deltas[:-1]])
    _, states = along(backward, end, (origins, frames[1], before), reverse=True)
    return time_first(states), time_first(deltas.max(-1))
