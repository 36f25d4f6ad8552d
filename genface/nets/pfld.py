"""PFLD: 68 landmarks from a picture of a face, read at three scales.

Guo et al. 2019, arXiv 1902.10859, without its auxiliary network.
"""

import jax
import jax.numpy as jnp
from flax import nnx

from genface.nets.modules import Conv, Depthwise, Linear


class Bottleneck(nnx.Module):
    """Widen, look around in each channel, narrow; a shortcut where sizes allow.

    ``conv.0`` and so on are torch's names: one sequence of layers, norms and all.
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, expand: int, shortcut: bool
    ) -> None:
        width = inputs * expand
        self.widen = Conv(inputs, width, 1, own="../conv/0", norm="../conv/1")
        self.around = Depthwise(width, 3, stride, own="../conv/3", norm="../conv/4")
        self.narrow = Conv(width, outputs, 1, own="../conv/6", norm="../conv/7")
        self.shortcut = shortcut

    def __call__(self, x: jax.Array) -> jax.Array:
        """Block of (N, H, W, C)."""
        y = self.narrow(self.around(self.widen(x, "relu"), "relu"))
        return x + y if self.shortcut else y


class PFLD(nnx.Module):
    """(N, 112, 112, 3), RGB in 0-1, to landmarks in shares of the picture."""

    def __init__(self) -> None:
        self.conv1 = Conv(3, 64, 3, 2, norm="../bn1")
        self.dw_pool = Depthwise(64, 3, norm="../dw_bn")
        self.conv1_extra = Conv(64, 64, 1)
        self.conv3_1 = Bottleneck(64, 64, 2, 1, False)
        for k in range(2, 6):
            setattr(self, f"block3_{k}", Bottleneck(64, 64, 1, 1, True))
        self.conv4_1 = Bottleneck(64, 128, 2, 1, False)
        self.conv5_1 = Bottleneck(128, 128, 1, 2, False)
        for k in range(2, 7):
            setattr(self, f"block5_{k}", Bottleneck(128, 128, 1, 2, True))
        self.conv6_1 = Bottleneck(128, 16, 1, 1, False)
        self.conv7 = Conv(16, 32, 3, 2, own="0", norm="1")
        self.conv8 = Conv(32, 128, 7, padding=0, bias=True)
        self.fc = Linear(16 + 32 + 128, 136)

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``landmarks`` (N, 136): x0, y0, x1, y1 ..."""
        x = self.dw_pool(self.conv1(x, "relu"))
        x = self.conv3_1(self.conv1_extra(x, "relu"))
        for k in range(2, 6):
            x = getattr(self, f"block3_{k}")(x)
        x = self.conv5_1(self.conv4_1(x))
        for k in range(2, 7):
            x = getattr(self, f"block5_{k}")(x)
        fine = self.conv6_1(x)
        middle = self.conv7(fine, "relu")
        coarse = self.conv8(middle, "relu")
        scales = [scale.mean((1, 2)) for scale in (fine, middle, coarse)]
        return {"landmarks": self.fc(jnp.concatenate(scales, -1))}
