"""MediaPipe's blendshapes: 52 expression coefficients from 146 points of a mesh.

An MLP-Mixer (Tolstikhin et al. 2021, arXiv 2105.01601) over the points.
"""

import jax
import jax.numpy as jnp
from flax import nnx

from genface.nets.modules import Conv, LayerNorm, Verbatim

POINTS, TOKENS, CHANNELS = 146, 96, 64
EPSILON = 1.013e-6
SIZE = 0.5  # mean distance of the points from their mean


class Mixing(nnx.Module):
    """Two dense layers over the last axis; torch's ``0`` and ``3`` of a sequence."""

    def __init__(self, size: int, width: int) -> None:
        self.widen = Conv(size, width, 1, bias=True, own="../0")
        self.narrow = Conv(width, size, 1, bias=True, own="../3")

    def __call__(self, x: jax.Array) -> jax.Array:
        """(N, 1, K, C) to the same."""
        return self.narrow(self.widen(x, "relu"))


class Block(nnx.Module):
    """Mix tokens, then channels, each beside a shortcut."""

    def __init__(self) -> None:
        self.norm1 = LayerNorm(CHANNELS, EPSILON, bias=False)
        self.norm2 = LayerNorm(CHANNELS, EPSILON, bias=False)
        self.mlp_token_mixing = Mixing(TOKENS + 1, 384)
        self.mlp_channel_mixing = Mixing(CHANNELS, 256)

    def __call__(self, x: jax.Array) -> jax.Array:
        """(N, 1, K, C) to the same."""
        x = x + _turned(self.mlp_token_mixing(_turned(self.norm1(x))))
        return x + self.mlp_channel_mixing(self.norm2(x))


class Token(Verbatim):
    """What is learned as the first of the tokens."""

    extra_token: nnx.Param

    def __init__(self) -> None:
        super().__init__("..", extra_token=(1, CHANNELS, 1, 1))

    def __call__(self, count: int) -> jax.Array:
        """The token (N, 1, 1, C) of ``count`` items."""
        return jnp.broadcast_to(
            self.extra_token[...].reshape(1, 1, 1, CHANNELS), (count, 1, 1, CHANNELS)
        )


class Blendshapes(nnx.Module):
    """(N, 146, 2) points, in any unit, to coefficients in 0-1."""

    def __init__(self) -> None:
        self.conv1 = Conv(POINTS, TOKENS, 1, bias=True)
        self.conv2 = Conv(2, CHANNELS, 1, bias=True)
        self.token = Token()
        self.mlpmixer_blocks = nnx.List([Block() for _ in range(4)])
        self.output_mlp = Conv(CHANNELS, 52, 1, bias=True)

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``out`` (N, 52), in MediaPipe's order, ``_neutral`` first."""
        x = x - x.mean(1, keepdims=True)
        distance = jnp.linalg.norm(x, axis=-1, keepdims=True).mean(1, keepdims=True)
        points = (x / distance * SIZE)[:, None]
        tokens = self.conv2(_turned(self.conv1(_turned(points))))
        y = jnp.concatenate([self.token(len(x)), tokens], 2)
        for block in self.mlpmixer_blocks:
            y = block(y)
        return {"out": jax.nn.sigmoid(self.output_mlp(y[:, :, :1])[:, 0, 0])}


def _turned(x: jax.Array) -> jax.Array:
    return x.swapaxes(2, 3)
