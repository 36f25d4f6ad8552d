"""Where a face looks, from feature maps around its eyes or from the whole picture.

The last heads of py-feat's face_multitask.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from genface.nets.layers import gelu
from genface.nets.modules import Conv, LayerNorm, Linear, Verbatim

CORNERS = ((33, 133), (362, 263))  # vertices of the mesh, by eye
BOX = 0.18  # side of an eye's window, in sides of the picture
GRID = 4  # places along a window
WIDTH = 256
GROUPS = 8
BINS = 180
BIN = 2.0  # degrees; the first bin is around -179


class GroupNorm(Verbatim):
    """Mean 0 and variance 1 over space and neighbouring channels (Wu & He 2018)."""

    weight: nnx.Param
    bias: nnx.Param

    def __init__(self, channels: int, own: str) -> None:
        super().__init__(own, weight=(channels,), bias=(channels,))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Maps (N, H, W, C)."""
        groups = x.reshape(*x.shape[:3], GROUPS, -1)
        mean = groups.mean((1, 2, 4), keepdims=True)
        variance = groups.var((1, 2, 4), keepdims=True)
        normal = (groups - mean) * jax.lax.rsqrt(variance + 1e-5)
        return normal.reshape(x.shape) * self.weight[...] + self.bias[...]


class EyeEncoder(nnx.Module):
    """A vector for each eye, from a map of the face and its mesh."""

    def __init__(self, inputs: int) -> None:
        self.conv1 = Conv(inputs, WIDTH, 3, own="../enc/0")
        self.norm1 = GroupNorm(WIDTH, own="../enc/1")
        self.conv2 = Conv(WIDTH, WIDTH, 3, own="../enc/3")
        self.norm2 = GroupNorm(WIDTH, own="../enc/4")
        self.proj = Linear(WIDTH * GRID**2, WIDTH)
        self.norm = LayerNorm(WIDTH)

    def __call__(self, maps: jax.Array, mesh: jax.Array) -> jax.Array:
        """(N, H, W, C) and (N, V, 3) in sides of the picture to (N, 2, 256)."""
        x = eye_windows(maps, mesh)
        for conv, norm in ((self.conv1, self.norm1), (self.conv2, self.norm2)):
            x = gelu(norm(conv(x)))
        flat = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
        return self.norm(self.proj(flat)).reshape(len(mesh), 2, WIDTH)


class EyeGaze(nnx.Module):
    """Two distributions over angles, the mean of both eyes' logits."""

    def __init__(self, width: int) -> None:
        self.left = Linear(width + WIDTH + 6, 2 * BINS)
        self.right = Linear(width + WIDTH + 6, 2 * BINS)

    def __call__(
        self, face: jax.Array, eyes: jax.Array, pose: jax.Array
    ) -> dict[str, jax.Array]:
        """``gaze`` (N, 2), yaw and pitch in radians; ``gaze_logits`` (N, 2, 180)."""
        turned = rotation(pose[:, :3])[..., :2].reshape(-1, 6)
        left, right = (
            head(jnp.concatenate([face, eyes[:, k], turned], -1))
            for k, head in enumerate((self.left, self.right))
        )
        logits = ((left + right) / 2).reshape(-1, 2, BINS)
        centres = np.radians(BIN * (np.arange(BINS) + 0.5) - 180).astype(np.float32)
        return {
            "gaze": (jax.nn.softmax(logits) * centres).sum(-1),
            "gaze_logits": logits,
        }


class PooledGaze(nnx.Module):
    """Angles from the whole picture, the mean of both eyes'."""

    def __init__(self, width: int) -> None:
        self.left_yaw, self.left_pitch = Linear(width, 1), Linear(width, 1)
        self.right_yaw, self.right_pitch = Linear(width, 1), Linear(width, 1)

    def __call__(self, face: jax.Array) -> dict[str, jax.Array]:
        """``gaze`` (N, 2), yaw and pitch in radians."""
        yaw = self.left_yaw(face) + self.right_yaw(face)
        pitch = self.left_pitch(face) + self.right_pitch(face)
        return {"gaze": jnp.concatenate([yaw, pitch], -1) / 2}


def eye_windows(maps: jax.Array, mesh: jax.Array) -> jax.Array:
    """Cut a window around each eye out of (N, H, W, C): (2 N, 4, 4, C).

    Sampled once in each of its places, as torchvision's ``roi_align`` does where these
    are smaller than a pixel; 0 where a place is more than a pixel outside.
    """
    centres = mesh[:, np.array(CORNERS), :2].mean(2).reshape(-1, 2)
    offsets = BOX * ((np.arange(GRID) + 0.5) / GRID - 0.5)
    places = centres[..., None] + offsets.astype(np.float32)
    height, width = maps.shape[1:3]
    rows, columns = _tent(places[:, 1], height), _tent(places[:, 0], width)
    both = jnp.repeat(maps, 2, axis=0)
    mixed = jnp.einsum("niy,nyxc->nixc", rows, both, precision="highest")
    return jnp.einsum("njx,nixc->nijc", columns, mixed, precision="highest")


def rotation(vector: jax.Array) -> jax.Array:
    """Rotation matrices (N, 3, 3) of axes times angles (N, 3) (Rodrigues)."""
    angle = jnp.maximum(jnp.linalg.norm(vector, axis=-1, keepdims=True), 1e-8)
    x, y, z = (vector / angle).T
    zero = jnp.zeros_like(x)
    cross = jnp.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(-1, 3, 3)
    sine, cosine = jnp.sin(angle)[..., None], jnp.cos(angle)[..., None]
    square = jnp.einsum("nij,njk->nik", cross, cross, precision="highest")
    return (
        jnp.asarray(np.eye(3, dtype=np.float32)) + sine * cross + (1 - cosine) * square
    )


def _tent(position: jax.Array, count: int) -> jax.Array:
    """(N, K) positions in sides of a picture to weights (N, K, count) of its pixels."""
    pixel = position * count - 0.5
    inside = (pixel >= -1) & (pixel <= count)
    distance = jnp.abs(jnp.clip(pixel, 0, count - 1)[..., None] - jnp.arange(count))
    return jnp.maximum(1 - distance, 0) * inside[..., None]
