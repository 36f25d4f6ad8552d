"""Contact of lips and lids: no upper edge may be pushed below its lower one."""

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


def part(vertices: jax.typing.ArrayLike) -> jax.Array:
    """Vertices (T, 478, 3) with crossed lips and lids moved to where they touch.

    The face must look along +z (before the head's pose). Where inner lips cross, both
    move to their middle and the rows behind follow by ``ROW_FOLLOWS``; a row that still
    crosses its opposite (rolled-in lips) meets it too. Where an upper lid is below the
    lower one, it stops there: it is the one that moves. Only heights (y) change.
    """
    vertices = jnp.asarray(vertices)
    inner_parts = vertices[..., mesh_points.N_MESH :, 1]
    upper, lower = np.array(UPPER_LIP)[:, 1:-1], np.array(LOWER_LIP)[:, 1:-1]
    height = vertices[..., : mesh_points.N_MESH, 1]
    inner = _crossing(height, upper[-1], lower[-1])
    rows = np.concatenate([share * np.eye(upper.shape[1]) for share in ROW_FOLLOWS], 1)
    height = height + 0.5 * inner @ rows @ _spread(upper, lower)
    every = _crossing(height, upper.ravel(), lower.ravel())
    height = height + 0.5 * every @ _spread(upper, lower)
    above = np.array(UPPER_LIDS)[:, 1:-1].ravel()
    below = np.array(LOWER_LIDS)[:, 1:-1].ravel()
    height = height + _crossing(height, above, below) @ _one_hot(above)
    height = jnp.concatenate([height, inner_parts], axis=-1)
    return vertices.at[..., 1].set(height)


def _crossing(height: jax.Array, above: np.ndarray, below: np.ndarray) -> jax.Array:
    """Depth (T, pairs) of upper vertices below their lower ones, 0 if above."""
    return jnp.maximum(height[:, below] - height[:, above], 0.0)


def _spread(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Matrix (pairs, 478): upper vertices go up, lower ones down.

    A product, as scattering with indices takes XLA seconds to compile.
    """
    return _one_hot(upper.ravel()) - _one_hot(lower.ravel())


def _one_hot(vertices: np.ndarray) -> np.ndarray:
    return np.eye(mesh_points.N_MESH, dtype=np.float32)[vertices]
