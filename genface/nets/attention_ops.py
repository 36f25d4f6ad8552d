"""Custom operators of the attention mesh: cut a region out of features, and back.

Their definitions: mediapipe/util/tflite/operations (landmarks_to_transform_matrix,
transform_tensor_bilinear, transform_landmarks), version 2, Apache-2.0.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np


@partial(jax.jit, static_argnames=("target_rotation", "scale", "size"))
def landmarks_to_matrix(
    landmarks: jax.Array,
    subset: jax.Array,
    corners: jax.Array,
    target_rotation: float,
    scale: tuple[float, float],
    size: tuple[int, int],
) -> jax.Array:
    """(N, V, 3) landmarks -> (N, 4, 4): pixels of the output to feature coordinates.

    The region is the upright box of the ``subset`` of points, after the line between
    the two ``corners`` is turned to ``target_rotation``, enlarged by ``scale`` (x, y)
    and laid on ``size`` (width, height) pixels.
    """
    xy = landmarks.reshape(landmarks.shape[0], -1, 3)[..., :2]
    line = xy[:, corners[1]] - xy[:, corners[0]]
    angle = target_rotation - jnp.arctan2(line[:, 1], line[:, 0])
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    x, y = xy[:, subset, 0], xy[:, subset, 1]
    turned = jnp.stack(
        [
            x * cos[:, None] - y * sin[:, None],
            x * sin[:, None] + y * cos[:, None],
        ]
    )
    low, high = turned.min(axis=2), turned.max(axis=2)
    middle_x, middle_y = (low + high) / 2
    scale_x, scale_y = (high - low) * (jnp.array(scale) / jnp.array(size))[:, None]
    zero, one = jnp.zeros_like(cos), jnp.ones_like(cos)
    half_x, half_y = scale_x * size[0] / 2, scale_y * size[1] / 2
    left = middle_x - half_x
    top = middle_y - half_y
    rows = [
        [cos * scale_x, sin * scale_y, zero, left * cos + top * sin],
        [-sin * scale_x, cos * scale_y, zero, top * cos - left * sin],
        [zero, zero, one, zero],
        [zero, zero, zero, one],
    ]
    return jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)


@partial(jax.jit, static_argnames=("size",))
def transform_tensor(
    features: jax.Array, matrix: jax.Array, size: tuple[int, int]
) -> jax.Array:
    """Sample (N, H, W, C) ``features`` on ``size`` (height, width) pixels, bilinearly.

    The matrix (N, 4, 4) takes pixel centres to coordinates of the features; 0 outside.
    """
    return jax.vmap(lambda f, m: _sample(f, m, size))(features, matrix)


def _sample(features: jax.Array, matrix: jax.Array, size: tuple[int, int]) -> jax.Array:
    height, width, channels = features.shape
    rows, columns = np.mgrid[: size[0], : size[1]].reshape(2, -1) + 0.5
    x = matrix[0, 0] * columns + matrix[0, 1] * rows + matrix[0, 3] - 0.5
    y = matrix[1, 0] * columns + matrix[1, 1] * rows + matrix[1, 3] - 0.5
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    # A tent per sample and axis: bilinear weights as two small dense matrices, which is
    # quicker than gathering four neighbours.
    along_x = _tent(x, width) * inside[:, None]
    along_y = _tent(y, height)
    mixed = jnp.einsum("pw,hwc->hpc", along_x, features, precision="highest")
    sampled = jnp.einsum("ph,hpc->pc", along_y, mixed, precision="highest")
    return sampled.reshape(*size, channels)


def _tent(position: jax.Array, count: int) -> jax.Array:
    """(P,) positions -> (P, count) linear interpolation weights."""
    return jnp.maximum(1 - jnp.abs(position[:, None] - jnp.arange(count)), 0)


@jax.jit
def transform_landmarks(landmarks: jax.Array, matrix: jax.Array) -> jax.Array:
    """Apply the x and y rows of (N, 4, 4) matrices to (N, V, 2) points."""
    turned = jnp.einsum(
        "nij,nvj->nvi", matrix[:, :2, :2], landmarks, precision="highest"
    )
    return turned + matrix[:, None, :2, 3]
