"""ConvNeXt V2: a convolutional backbone whose features compete with one another.

Woo et al. 2023, arXiv 2301.00808, with timm's names.
"""

import jax
import jax.numpy as jnp
from flax import nnx

from genface.nets.layers import gelu, one_by_one
from genface.nets.modules import Conv, Depthwise, LayerNorm, Linear, Verbatim

DEPTHS = (3, 3, 9, 3)
WIDTHS = (96, 192, 384, 768)
EPSILON = 1e-6


class ResponseNorm(Verbatim):
    """Global response normalisation: strong channels gain on weak ones (eq. 1-3)."""

    weight: nnx.Param
    bias: nnx.Param

    def __init__(self, channels: int) -> None:
        super().__init__(weight=(channels,), bias=(channels,))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Maps (N, H, W, C)."""
        strength = jnp.sqrt(jnp.square(x).sum((1, 2), keepdims=True))
        share = strength / (strength.mean(-1, keepdims=True) + EPSILON)
        return x * (1 + self.weight[...] * share) + self.bias[...]


class Mixing(nnx.Module):
    """Two dense layers over the channels."""

    def __init__(self, width: int) -> None:
        self.fc1 = Linear(width, 4 * width)
        self.grn = ResponseNorm(4 * width)
        self.fc2 = Linear(4 * width, width)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Maps (N, H, W, C)."""
        return self.fc2(self.grn(gelu(self.fc1(x))))


class Block(nnx.Module):
    """A 7x7 window in each channel, then a mix of channels, beside a shortcut."""

    def __init__(self, width: int) -> None:
        self.conv_dw = Depthwise(width, 7, bias=True)
        self.norm = LayerNorm(width, EPSILON)
        self.mlp = Mixing(width)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Maps (N, H, W, C)."""
        return x + self.mlp(self.norm(self.conv_dw(x)))


class Stage(nnx.Module):
    """Blocks at one stride, after a step down to it unless it is the first."""

    def __init__(self, inputs: int | None, width: int, depth: int) -> None:
        self.downsample = nnx.List(
            [LayerNorm(inputs, EPSILON), Conv(inputs, width, 2, 2, 0, bias=True)]
            if inputs
            else []
        )
        self.blocks = nnx.List([Block(width) for _ in range(depth)])

    def __call__(self, x: jax.Array) -> jax.Array:
        """Maps (N, H, W, C)."""
        for layer in (*self.downsample, *self.blocks):
            x = layer(x)
        return x


class ConvNeXtV2(nnx.Module):
    """The tiny size: feature maps at strides 16 and 32 of an image."""

    stages_0: Stage
    stages_1: Stage
    stages_2: Stage
    stages_3: Stage

    def __init__(self) -> None:
        self.stem_0 = Conv(3, WIDTHS[0], 4, 4, 0, bias=True)
        self.stem_1 = LayerNorm(WIDTHS[0], EPSILON)
        for k, (width, depth) in enumerate(zip(WIDTHS, DEPTHS, strict=True)):
            stage = Stage(WIDTHS[k - 1] if k else None, width, depth)
            setattr(self, f"stages_{k}", stage)

    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """(N, H, W, 3) to (N, H/16, W/16, 384) and (N, H/32, W/32, 768)."""
        middle = one_by_one(self._until_middle, x)
        return middle, self.stages_3(middle)

    def _until_middle(self, x: jax.Array) -> jax.Array:
        x = self.stem_1(self.stem_0(x))
        return self.stages_2(self.stages_1(self.stages_0(x)))


class Thinned(ConvNeXtV2):
    """Every eighth channel of both maps, channels first: enough to compare them."""

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:  # type: ignore[override]
        """``s16`` (N, 48, H/16, W/16) and ``s32`` (N, 96, H/32, W/32)."""
        maps = zip(("s16", "s32"), super().__call__(x), strict=True)
        return {name: jnp.moveaxis(y[..., ::8], -1, 1) for name, y in maps}
