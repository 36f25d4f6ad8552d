"""Non-maximum suppression on the device: the best boxes that overlap no better one."""

from functools import partial

import jax
import jax.numpy as jnp


@partial(jax.jit, static_argnames=("most",))
def nms(
    boxes: jax.Array,
    scores: jax.Array,
    threshold: float,
    most: int,
    groups: jax.Array | None = None,
) -> tuple[jax.Array, jax.Array]:
    """Indices (most,) of the boxes (N, 4) to keep, best first, and their number.

    Boxes are x1, y1, x2, y2. One is kept if its intersection over union with every
    better one that is kept is at most ``threshold``; with ``groups`` (N,) only boxes of
    the same group suppress each other. A score of -inf is no candidate. Indices beyond
    the number are 0. Equal scores: the first box wins.
    """
    groups = jnp.zeros(len(boxes), jnp.int32) if groups is None else groups
    sizes = _area(boxes)

    def unfinished(state: tuple[jax.Array, jax.Array, jax.Array]) -> jax.Array:
        left, _, count = state
        return (count < most) & (left.max() > -jnp.inf)

    def keep_best(
        state: tuple[jax.Array, jax.Array, jax.Array],
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        left, kept, count = state
        best = jnp.argmax(left)
        shared = jnp.concatenate(
            [
                jnp.maximum(boxes[:, :2], boxes[best, :2]),
                jnp.minimum(boxes[:, 2:], boxes[best, 2:]),
            ],
            axis=1,
        )
        inner = _area(shared)
        # As a product: no division by the empty union of two empty boxes.
        near = inner > threshold * (sizes + sizes[best] - inner)
        left = jnp.where(near & (groups == groups[best]), -jnp.inf, left)
        return left.at[best].set(-jnp.inf), kept.at[count].set(best), count + 1

    start = (scores, jnp.zeros(most, jnp.int32), jnp.zeros((), jnp.int32))
    _, kept, count = jax.lax.while_loop(unfinished, keep_best, start)
    return kept, count


@partial(jax.jit, static_argnames=("of_smaller",))
def unrivalled(
    boxes: jax.Array,
    scores: jax.Array,
    threshold: float,
    groups: jax.Array | None = None,
    of_smaller: bool = False,
) -> jax.Array:
    """Which (N,) of the boxes (N, 4) overlap no better one by more than ``threshold``.

    Unlike :func:`nms` also one that is itself not kept counts as better: no box waits
    for another. With ``of_smaller`` the overlap is a share of the smaller box, not of
    the union. Scores, groups and ties are as there.
    """
    groups = jnp.zeros(len(boxes), jnp.int32) if groups is None else groups
    sizes = _area(boxes)
    low = jnp.maximum(boxes[:, None, :2], boxes[:, :2])
    high = jnp.minimum(boxes[:, None, 2:], boxes[:, 2:])
    inner = jnp.prod(jnp.maximum(high - low, 0), axis=2)
    if of_smaller:
        whole = jnp.minimum(sizes[:, None], sizes)
    else:
        whole = sizes[:, None] + sizes - inner
    places = jnp.arange(len(boxes))
    first = (scores[:, None] == scores) & (places[:, None] < places)
    better = (scores[:, None] > scores) | first
    rivals = better & (groups[:, None] == groups) & (inner > threshold * whole)
    return ~rivals.any(0) & (scores > -jnp.inf)


def _area(boxes: jax.Array) -> jax.Array:
    return jnp.prod(jnp.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
