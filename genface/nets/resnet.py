"""The residual networks that several others stand on: 18, 34 and 50 layers.

He et al. 2016, arXiv 1512.03385, with torchvision's names and its stride in the 3x3
convolution of a bottleneck. Pictures may be padded: with the sizes (N, 2) that they
have themselves in each map, everything else is zero to each convolution, as it is
beyond an edge (18 and 34 layers).
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx

from genface.nets.layers import activate
from genface.nets.modules import Conv, max_pool

DEPTHS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
WIDTHS = (64, 128, 256, 512)


class BasicBlock(nnx.Module):
    """Two 3x3 convolutions beside a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        self.conv1 = Conv(inputs, width, 3, stride, norm="../bn1")
        self.conv2 = Conv(width, width, 3, norm="../bn2")
        self.downsample = _shortcut(inputs, width, stride)

    def __call__(self, x: jax.Array, sizes: jax.Array | None = None) -> jax.Array:
        """Block of (N, H, W, C)."""
        y = self.conv2(kept(self.conv1(x, "relu"), sizes))
        y = y + (self.downsample(x) if self.downsample else x)
        return kept(activate(y, "relu"), sizes)


class Bottleneck(nnx.Module):
    """A 3x3 convolution between two 1x1, beside a shortcut."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        outputs = width * self.expansion
        self.conv1 = Conv(inputs, width, 1, norm="../bn1")
        self.conv2 = Conv(width, width, 3, stride, norm="../bn2")
        self.conv3 = Conv(width, outputs, 1, norm="../bn3")
        self.downsample = _shortcut(inputs, outputs, stride)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Block of (N, H, W, C)."""
        y = self.conv3(self.conv2(self.conv1(x, "relu"), "relu"))
        return activate(y + (self.downsample(x) if self.downsample else x), "relu")


def _shortcut(inputs: int, outputs: int, stride: int) -> Conv | None:
    if inputs == outputs and stride == 1:
        return None
    return Conv(inputs, outputs, 1, stride, own="0", norm="1")


class ResNet(nnx.Module):
    """Feature maps of the four stages, at strides 4, 8, 16 and 32."""

    def __init__(self, depth: int) -> None:
        block = Bottleneck if depth == 50 else BasicBlock
        self.conv1 = Conv(3, WIDTHS[0], 7, 2, norm="../bn1")
        inputs = WIDTHS[0]
        for k, (width, count) in enumerate(zip(WIDTHS, DEPTHS[depth], strict=True)):
            blocks = []
            for index in range(count):
                stride = 2 if k and not index else 1
                blocks.append(block(inputs, width, stride))
                inputs = width * block.expansion
            setattr(self, f"layer{k + 1}", nnx.List(blocks))

    def stem(self, x: jax.Array, sizes: Sequence[jax.Array] | None = None) -> jax.Array:
        """From an image (N, H, W, 3) to stride 4; ``sizes`` at strides 2 and 4."""
        at_2, at_4 = sizes or (None, None)
        return kept(max_pool(kept(self.conv1(x, "relu"), at_2), 3, 2, 1), at_4)

    def stage(self, k: int, x: jax.Array, sizes: jax.Array | None = None) -> jax.Array:
        """The blocks of ``layer<k>``; ``sizes`` at the stride that they lead to."""
        for block in getattr(self, f"layer{k}"):
            x = block(x) if sizes is None else block(x, sizes)
        return x

    def __call__(
        self, x: jax.Array, sizes: Sequence[jax.Array] | None = None
    ) -> list[jax.Array]:
        """Maps of an image (N, H, W, 3); ``sizes`` at strides 2 to 32."""
        x = self.stem(x, sizes[:2] if sizes else None)
        maps = []
        for k in range(1, len(WIDTHS) + 1):
            x = self.stage(k, x, sizes[k] if sizes else None)
            maps.append(x)
        return maps


def kept(x: jax.Array, sizes: jax.Array | None) -> jax.Array:
    """A map (N, H, W, C), zero beyond ``sizes`` (N, 2) of its rows and columns."""
    if sizes is None:
        return x
    rows = jnp.arange(x.shape[1]) < sizes[:, :1]
    columns = jnp.arange(x.shape[2]) < sizes[:, 1:]
    return jnp.where((rows[:, :, None] & columns[:, None])[..., None], x, 0)
