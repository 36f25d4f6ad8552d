"""Contact of lips and lids: no upper edge may be pushed below its lower one."""

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genface.geometry import mesh_points

# Rows of lip vertices from image left to right, outer contour to inner. Row ``i`` of
# UPPER_LIP lies opposite that of LOWER_LIP, vertex by vertex; both ends are the mouth
# corners, which the two share. The middle rows were read off MediaPipe's tesselation.
UPPER_LIP = (
    mesh_points.LIPS_OUTER_UPPER,
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    mesh_points.LIPS_INNER_UPPER,
)
LOWER_LIP = (
    mesh_points.LIPS_OUTER_LOWER,
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    mesh_points.LIPS_INNER_LOWER,
)
UPPER_LIDS = (mesh_points.RIGHT_LID_UPPER, mesh_points.LEFT_LID_UPPER)
LOWER_LIDS = (mesh_points.RIGHT_LID_LOWER, mesh_points.LEFT_LID_LOWER)
# How far each row follows when two inner edges are pushed apart, outer to inner.
ROW_FOLLOWS = (0.0, 0.3, 0.6, 1.0)


class Edges(NamedTuple):
    """Two edges from image left to right that share both ends.

    ``upper`` (K,) and ``lower`` (J,) are vertices. What their heights change by moves
    other vertices too: ``above`` (K, V) and ``below`` (J, V), 1 at the edge itself.
    ``yields`` is the share of a crossing by which the upper edge gives way.
    """

    upper: np.ndarray
    lower: np.ndarray
    above: np.ndarray
    below: np.ndarray
    yields: np.ndarray


def part(
    vertices: jax.typing.ArrayLike, edges: Sequence[Edges] | None = None
) -> jax.Array:
    """Vertices (T, V, 3) whose crossed edges are moved to where they touch.

    The face must look along +z (before the head's pose). Only heights (y) change: the
    two edges, as polylines in the front view, give way to each other, so that nowhere
    the upper is below the lower one. ``edges`` are those of the mesh by default.
    """
    vertices = jnp.asarray(vertices)
    edges = mesh_edges(vertices.shape[-2]) if edges is None else tuple(edges)
    return _parted(vertices, edges)


@jax.jit  # step by step it takes seconds
def _parted(vertices, edges):
    x, y = vertices[..., 0], vertices[..., 1]
    for pair in edges:
        up, down = _give_way(
            x[:, pair.upper],
            y[:, pair.upper],
            x[:, pair.lower],
            y[:, pair.lower],
            pair.yields,
        )
        y = y + up @ pair.above - down @ pair.below
    return vertices.at[..., 1].set(y)


@cache
def mesh_edges(count: int = mesh_points.N_MESH) -> tuple[Edges, ...]:
    """Lips and lids of the 478-point mesh, the first of ``count`` vertices.

    Inner lips first, which the rows behind follow by ``ROW_FOLLOWS``; then every row of
    the upper lip with every one of the lower, as lips that roll in or overlap may still
    cross there. As uppers only rise and lowers only fall, no later pair undoes an
    earlier one. Of the lids, the upper one moves.
    """
    rows = np.array(UPPER_LIP), np.array(LOWER_LIP)
    shares = np.array(ROW_FOLLOWS, np.float32)
    follow = [
        np.einsum("r,rkv->kv", shares, np.stack([_one_hot(row, count) for row in lip]))
        for lip in rows
    ]
    half, whole = np.array([[0.5], [1.0]], np.float32)
    found = [Edges(rows[0][3], rows[1][3], follow[0], follow[1], half)]
    for i, j in product((3, 2, 1, 0), repeat=2):
        if (i, j) != (3, 3):
            found.append(_alone(rows[0][i], rows[1][j], count, half))
    for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True):
        found.append(_alone(np.array(upper), np.array(lower), count, whole))
    return tuple(found)


def _give_way(x_up, y_up, x_low, y_low, yields):
    """How far each point of the upper edge rises (T, K), of the lower falls (T, J)."""
    rises = yields * jnp.maximum(_height_at(x_up, x_low, y_low) - y_up, 0)
    falls = (1 - yields) * jnp.maximum(y_low - _height_at(x_low, x_up, y_up), 0)
    # What is left, exactly: falling edges free those above, and the other way round.
    y_up, y_low = y_up + rises, y_low - falls
    rest = jnp.maximum(y_low - _height_at(x_low, x_up, y_up), 0)
    falls, y_low = falls + rest, y_low - rest
    return rises + jnp.maximum(_height_at(x_up, x_low, y_low) - y_up, 0), falls


def _height_at(x, x_edge, y_edge):
    """Height (T, Q) of polylines (T, K) at places x (T, Q): linear interpolation.

    As a sum over the edge's segments, which compiles faster than a search.
    """
    start, stop = x_edge[:, None, :-1], x_edge[:, None, 1:]
    run = jnp.maximum(stop - start, 1e-6)
    share = jnp.clip((x[..., None] - start) / run, 0, 1)
    return y_edge[:, :1] + (share * jnp.diff(y_edge)[:, None]).sum(-1)


def _alone(upper, lower, count: int, yields) -> Edges:
    above, below = _one_hot(upper, count), _one_hot(lower, count)
    for ends in (above, below):  # corners belong to both lips
        ends[[0, -1]] = 0
    return Edges(upper, lower, above, below, yields)


def _one_hot(vertices, count: int) -> np.ndarray:
    """Matrix (K, V) with a 1 where each vertex is.

    A product, as scattering with indices takes XLA seconds to compile.
    """
    found = np.zeros((len(vertices), count), np.float32)
    found[np.arange(len(vertices)), vertices] = 1
    return found
