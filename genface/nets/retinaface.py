"""RetinaFace on a ResNet-34: faces in a picture, with five points each.

Deng et al. 2020, arXiv 1905.00641. Pictures are RGB in 0-255 less (123, 117, 104).
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from genface.nets.layers import activate
from genface.nets.modules import Conv
from genface.nets.priors import priors
from genface.nets.resnet import WIDTHS, ResNet

CHANNELS = 128
STEPS = (8, 16, 32)
SIDES = ((16, 32), (64, 128), (256, 512))
CELLS = [[(0.5, 0.5, side) for side in sides] for sides in SIDES]
N_POINTS = 5


class Pyramid(nnx.Module):
    """Maps at three strides to equal channels, the coarse ones added to the fine."""

    def __init__(self) -> None:
        for k, width in enumerate(WIDTHS[1:], 1):
            setattr(self, f"output{k}", _conv(width, CHANNELS, 1))
        self.merge1 = _conv(CHANNELS, CHANNELS)
        self.merge2 = _conv(CHANNELS, CHANNELS)

    def __call__(self, maps: list[jax.Array]) -> list[jax.Array]:
        """Fine to coarse, in and out."""
        fine, middle, coarse = (
            getattr(self, f"output{k}")(x, "relu") for k, x in enumerate(maps, 1)
        )
        middle = self.merge2(middle + _enlarged(coarse, middle), "relu")
        fine = self.merge1(fine + _enlarged(middle, fine), "relu")
        return [fine, middle, coarse]


class Context(nnx.Module):
    """Surroundings of three sizes (SSH, Najibi et al. 2017, arXiv 1708.03979)."""

    def __init__(self) -> None:
        half, quarter = CHANNELS // 2, CHANNELS // 4
        self.conv3X3 = _conv(CHANNELS, half)
        self.conv5X5_1 = _conv(CHANNELS, quarter)
        self.conv5X5_2 = _conv(quarter, quarter)
        self.conv7X7_2 = _conv(quarter, quarter)
        self.conv7x7_3 = _conv(quarter, quarter)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Block of (N, H, W, C)."""
        trunk = self.conv5X5_1(x, "relu")
        sizes = [
            self.conv3X3(x),
            self.conv5X5_2(trunk),
            self.conv7x7_3(self.conv7X7_2(trunk, "relu")),
        ]
        return activate(jnp.concatenate(sizes, -1), "relu")


class Head(nnx.Module):
    """``size`` numbers for each box of each map."""

    def __init__(self, size: int) -> None:
        self._convs = nnx.List(
            [Conv(CHANNELS, size * len(sides), 1, bias=True) for sides in SIDES]
        )
        self.size = size

    def __call__(self, maps: list[jax.Array]) -> jax.Array:
        """(N, B, size)."""
        parts = [
            conv(x).reshape(len(x), -1, self.size)
            for conv, x in zip(self._convs, maps, strict=True)
        ]
        return jnp.concatenate(parts, 1)


class RetinaFace(nnx.Module):
    """(N, H, W, 3) to faces as deviations from :func:`boxes`."""

    def __init__(self) -> None:
        self.body = ResNet(34)
        self.fpn = Pyramid()
        self.ssh1, self.ssh2, self.ssh3 = Context(), Context(), Context()
        self.ClassHead = Head(2)
        self.BboxHead = Head(4)
        self.LandmarkHead = Head(2 * N_POINTS)

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``loc`` (N, B, 4), ``conf`` (N, B, 2), no face and face, ``landms``."""
        fine, middle, coarse = self.fpn(self.body(x)[1:])
        maps = [self.ssh1(fine), self.ssh2(middle), self.ssh3(coarse)]
        return {
            "loc": self.BboxHead(maps),
            "conf": jax.nn.softmax(self.ClassHead(maps), -1),
            "landms": self.LandmarkHead(maps),
        }


def boxes(shape: tuple[int, int]) -> np.ndarray:
    """Prior boxes (B, 4) of a picture of ``shape`` (height, width)."""
    return priors(shape, STEPS, CELLS)


def _conv(inputs: int, outputs: int, window: int = 3) -> Conv:
    return Conv(inputs, outputs, window, own="0", norm="1")


def _enlarged(x: jax.Array, like: jax.Array) -> jax.Array:
    """Repeat places until a map has the size of another one."""
    for axis in (1, 2):
        size, target = x.shape[axis], like.shape[axis]
        x = jnp.take(x, np.arange(target) * size // target, axis)
    return x
