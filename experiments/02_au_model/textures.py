"""What the skin shows in a face mesh's own frame: textures without shape.

Each texel is a fixed place of the mesh, so folds and bulges stay where they are while
the face moves, turns and changes its shape; the shape is the mesh's own business.
"""

from dataclasses import dataclass
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from genface.geometry.mesh_points import N_FACE, triangles
from genface.nets.au_appearance import bilinear

WIDTH, HEIGHT = 96, 112  # texels
TOP, BOTTOM, SIDE = 0.69, -1.15, 0.77  # of the texture, in outer-eye distances
HALF = 56  # texels across a half, the middle of the face in both
SPREAD = 5.0  # texels: how far around a place its contrast is evened
CHANNELS = (16, 32, 48, 64)


@dataclass(frozen=True)
class Texture:
    """Which points of the mesh each texel lies between.

    ``corners`` (HEIGHT, WIDTH, 3) are vertices, ``shares`` (HEIGHT, WIDTH, 3) theirs;
    all 0 where the mesh does not reach.
    """

    corners: np.ndarray
    shares: np.ndarray

    @property
    def inside(self) -> np.ndarray:
        return self.shares.sum(-1) > 0


def texture_of(average: np.ndarray) -> Texture:
    """The texture over a frontal face (478, 3), y up, in outer-eye distances."""
    places = average[:N_FACE, :2].astype(np.float64)
    across = SIDE * (2 * (np.arange(WIDTH) + 0.5) / WIDTH - 1)
    down = TOP + (BOTTOM - TOP) * (np.arange(HEIGHT) + 0.5) / HEIGHT
    corners = np.zeros((HEIGHT, WIDTH, 3), np.int32)
    shares = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for triangle in triangles():
        a, b, c = places[triangle]
        low, high = np.min([a, b, c], axis=0), np.max([a, b, c], axis=0)
        columns = np.flatnonzero((across >= low[0]) & (across <= high[0]))
        rows = np.flatnonzero((down >= low[1]) & (down <= high[1]))
        if not len(columns) or not len(rows):
            continue
        area = _turn(b - a, c - a)
        if area == 0:
            continue
        points = np.stack(np.meshgrid(across[columns], down[rows]), -1) - a
        second = _turn(points, c - a) / area
        third = _turn(b - a, points) / area
        first = 1 - second - third
        every = np.stack([first, second, third], -1)
        covered = (every >= -1e-9).all(-1)
        at = np.ix_(rows, columns)
        corners[at] = np.where(covered[..., None], triangle, corners[at])
        shares[at] = np.where(covered[..., None], every, shares[at])
    return Texture(corners, shares)


def _turn(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def warped(
    corners: jax.Array, shares: jax.Array, pictures: jax.Array, points: jax.Array
) -> jax.Array:
    """Textures (N, HEIGHT, WIDTH) of grey pictures (N, S, S), meshes (N, V, 2) in
    their pixels; 0 where the mesh does not reach.
    """
    places = (points[:, corners] * shares[..., None]).sum(-2)
    return jax.vmap(bilinear)(pictures[..., None], places)[..., 0] * shares.sum(-1)


def evened(textures: jax.Array, inside: jax.Array) -> jax.Array:
    """Local contrast (N, HEIGHT, WIDTH): less the mean around, over the deviation.

    What light and skin colour make of a face drops out; folds, hair and edges stay.
    """
    down, across = _around(HEIGHT), _around(WIDTH)
    weight = inside.astype(jnp.float32)

    def mean(values: jax.Array) -> jax.Array:
        return (down @ (values * weight) @ across) / (down @ weight @ across + 1e-6)

    apart = textures - mean(textures)
    deviation = jnp.sqrt(mean(apart**2))
    typical = (deviation * weight).sum((1, 2), keepdims=True) / weight.sum()
    return apart / (0.5 * (deviation + typical) + 1.0) * weight


def halves(textures: jax.Array) -> jax.Array:
    """The subject's right and left half, (2 N, HEIGHT, HALF), as if it were the right.

    They overlap about the middle of the face.
    """
    mirrored = textures[:, :, ::-1]
    return jnp.stack([textures, mirrored], 1).reshape(-1, HEIGHT, WIDTH)[:, :, :HALF]


def _around(size: int) -> jax.Array:
    apart = jnp.arange(size)[:, None] - jnp.arange(size)
    return jnp.exp(-0.5 * jnp.square(apart / SPREAD))


class SkinNetwork(nnx.Module):
    """Halves of evened textures (N, HEIGHT, HALF) to one number per AU (N, A).

    Only differences between a person's frames mean something.
    """

    def __init__(self, outputs: int, rngs: nnx.Rngs) -> None:
        sizes = (4, *CHANNELS)
        self.layers = nnx.List(
            nnx.Conv(a, b, (3, 3), strides=1 if a == 4 else 2, rngs=rngs)
            for a, b in pairwise(sizes)
        )
        rows, columns = -(-HEIGHT // 16), -(-HALF // 16)
        self.last = nnx.Linear(rows * columns * CHANNELS[-1], outputs, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """The numbers (N, A)."""
        x = x.reshape(len(x), HEIGHT // 2, 2, HALF // 2, 2)
        x = x.transpose(0, 1, 3, 2, 4).reshape(len(x), HEIGHT // 2, HALF // 2, 4)
        for layer in self.layers:
            x = jax.nn.relu(layer(x))
        return self.last(x.reshape(len(x), -1))
