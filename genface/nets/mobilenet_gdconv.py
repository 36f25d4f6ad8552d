"""MobileNetV2 with a depthwise convolution at its end: 68 landmarks of a face.

Sandler et al. 2018, arXiv 1801.04381, with torchvision's layers; instead of the mean
over the last map each channel has weights of its own (global depthwise convolution).
"""

import jax
from flax import nnx

from genface.nets.modules import Conv, Depthwise

# Expansion, channels, blocks and first stride of each stage.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class InvertedResidual(nnx.Module):
    """Widen, look around in each channel, narrow; a shortcut where sizes allow."""

    def __init__(self, inputs: int, outputs: int, stride: int, expand: int) -> None:
        width = inputs * expand
        layers: list[Conv | Depthwise] = []
        if expand > 1:
            layers.append(Conv(inputs, width, 1, own="0", norm="1"))
        layers.append(Depthwise(width, 3, stride, own="0", norm="1"))
        norm = f"../{len(layers) + 1}"
        self.conv = nnx.List([*layers, Conv(width, outputs, 1, norm=norm)])
        self.shortcut = stride == 1 and inputs == outputs

    def __call__(self, x: jax.Array) -> jax.Array:
        """Block of (N, H, W, C)."""
        *before, narrow = self.conv
        y = x
        for layer in before:
            y = layer(y, "relu6")
        y = narrow(y)
        return x + y if self.shortcut else y


class Head(nnx.Module):
    """A convolution over the whole map, without activation."""

    def __init__(self, conv: Conv | Depthwise) -> None:
        self.conv = conv

    def __call__(self, x: jax.Array) -> jax.Array:
        """(N, H, W, C) to (N, 1, 1, D)."""
        return self.conv(x)


class MobileNetGDConv(nnx.Module):
    """(N, 224, 224, 3), ImageNet-normalised RGB, to landmarks in shares of it."""

    def __init__(self) -> None:
        blocks: list[nnx.Module] = [Conv(3, 32, 3, 2, own="0", norm="1")]
        inputs = 32
        for expand, channels, count, stride in STAGES:
            for index in range(count):
                step = 1 if index else stride
                blocks.append(InvertedResidual(inputs, channels, step, expand))
                inputs = channels
        blocks.append(Conv(inputs, 1280, 1, own="0", norm="1"))
        self.base_net = nnx.List([nnx.List(blocks)])
        self.linear7 = Head(Depthwise(1280, 7, padding=0, norm="../bn"))
        self.linear1 = Head(Conv(1280, 136, 1, norm="../bn"))

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``landmarks`` (N, 136): x0, y0, x1, y1 ..."""
        first, *blocks, last = self.base_net[0]
        x = first(x, "relu6")
        for block in blocks:
            x = block(x)
        x = self.linear1(self.linear7(last(x, "relu6")))
        return {"landmarks": x[:, 0, 0]}
