"""MobileFaceNet: 68 landmarks from a picture of a face.

Chen et al. 2018, arXiv 1804.07573, with a head of 136 coordinates.
"""

import jax
from flax import nnx

from genface.nets.modules import Conv, Depthwise, Linear, PReLU


class Activated(nnx.Module):
    """A convolution, its batch norm and, unless ``linear``, a slope per channel."""

    def __init__(self, conv: Conv | Depthwise, linear: bool = False) -> None:
        self.conv = conv
        self.prelu = None if linear else PReLU(conv.size)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Convolve and activate."""
        y = self.conv(x)
        return self.prelu(y) if self.prelu else y


class Expansion(nnx.Module):
    """Widen, look around in each channel, narrow."""

    def __init__(self, inputs: int, width: int, outputs: int, stride: int = 1) -> None:
        self.conv = Activated(Conv(inputs, width, 1, norm="../bn"))
        self.conv_dw = Activated(Depthwise(width, 3, stride, norm="../bn"))
        self.project = Activated(Conv(width, outputs, 1, norm="../bn"), linear=True)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Block of (N, H, W, C)."""
        return self.project(self.conv_dw(self.conv(x)))


class Residuals(nnx.Module):
    """Several expansions, each beside a shortcut."""

    def __init__(self, channels: int, width: int, count: int) -> None:
        self.model = nnx.List(
            [Expansion(channels, width, channels) for _ in range(count)]
        )

    def __call__(self, x: jax.Array) -> jax.Array:
        """Blocks of (N, H, W, C)."""
        for block in self.model:
            x = x + block(x)
        return x


class Output(nnx.Module):
    """From the last map to the coordinates."""

    def __init__(self) -> None:
        self.conv_6_dw = Activated(
            Depthwise(512, 7, padding=0, norm="../bn"), linear=True
        )
        self.linear = Linear(512, 136, bias=False, norm="../bn")

    def __call__(self, x: jax.Array) -> jax.Array:
        """(N, 7, 7, 512) to (N, 136)."""
        return self.linear(self.conv_6_dw(x)[:, 0, 0])


class MobileFaceNet(nnx.Module):
    """(N, 112, 112, 3), RGB in 0-1, to landmarks in shares of the picture."""

    def __init__(self) -> None:
        self.conv1 = Activated(Conv(3, 64, 3, 2, norm="../bn"))
        self.conv2_dw = Activated(Depthwise(64, 3, norm="../bn"))
        self.conv_23 = Expansion(64, 128, 64, 2)
        self.conv_3 = Residuals(64, 128, 4)
        self.conv_34 = Expansion(64, 256, 128, 2)
        self.conv_4 = Residuals(128, 256, 6)
        self.conv_45 = Expansion(128, 512, 128, 2)
        self.conv_5 = Residuals(128, 256, 2)
        self.conv_6_sep = Activated(Conv(128, 512, 1, norm="../bn"))
        self.output_layer = Output()

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``landmarks`` (N, 136): x0, y0, x1, y1 ..."""
        x = self.conv_23(self.conv2_dw(self.conv1(x)))
        x = self.conv_34(self.conv_3(x))
        x = self.conv_45(self.conv_4(x))
        x = self.conv_6_sep(self.conv_5(x))
        return {"landmarks": self.output_layer(x)}
