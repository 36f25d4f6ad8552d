"""FaceBoxes: faces in a picture, quick on a CPU.

Zhang et al. 2017, arXiv 1708.05234. Pictures are RGB in 0-255 less (104, 117, 123).
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from genface.nets.layers import activate
from genface.nets.modules import Conv, average_pool, max_pool
from genface.nets.priors import Cell, priors

STEPS = (32, 64, 128)


def _dense(side: int, count: int) -> Cell:
    """``count`` x ``count`` boxes of one side in a cell, row by row."""
    return [(x / count, y / count, side) for y in range(count) for x in range(count)]


CELLS: tuple[Cell, ...] = (
    [*_dense(32, 4), *_dense(64, 2), (0.5, 0.5, 128)],
    [(0.5, 0.5, 256)],
    [(0.5, 0.5, 512)],
)


class Basic(nnx.Module):
    """Convolution, batch norm, and what is positive of it.

    With ``both`` also what is negative, as further channels (CReLU).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        window: int = 1,
        stride: int = 1,
        both: bool = False,
    ) -> None:
        self.conv = Conv(inputs, outputs, window, stride, norm="../bn")
        self.both = both

    def __call__(self, x: jax.Array) -> jax.Array:
        """Convolve and activate."""
        y = self.conv(x)
        return activate(jnp.concatenate([y, -y], -1) if self.both else y, "relu")


class Inception(nnx.Module):
    """Four chains on one input, joined: 128 channels to 128."""

    def __init__(self) -> None:
        self.branch1x1 = Basic(128, 32)
        self.branch1x1_2 = Basic(128, 32)
        self.branch3x3_reduce = Basic(128, 24)
        self.branch3x3 = Basic(24, 32, 3)
        self.branch3x3_reduce_2 = Basic(128, 24)
        self.branch3x3_2 = Basic(24, 32, 3)
        self.branch3x3_3 = Basic(32, 32, 3)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Block of (N, H, W, 128)."""
        chains = [
            self.branch1x1(x),
            self.branch1x1_2(average_pool(x, 3, 1, 1)),
            self.branch3x3(self.branch3x3_reduce(x)),
            self.branch3x3_3(self.branch3x3_2(self.branch3x3_reduce_2(x))),
        ]
        return jnp.concatenate(chains, -1)


class FaceBoxes(nnx.Module):
    """(N, H, W, 3) to faces as deviations from :func:`boxes`."""

    def __init__(self) -> None:
        self.conv1 = Basic(3, 24, 7, 4, both=True)
        self.conv2 = Basic(48, 64, 5, 2, both=True)
        for k in (1, 2, 3):
            setattr(self, f"inception{k}", Inception())
        self.conv3_1 = Basic(128, 128)
        self.conv3_2 = Basic(128, 256, 3, 2)
        self.conv4_1 = Basic(256, 128)
        self.conv4_2 = Basic(128, 256, 3, 2)
        sizes = [
            (inputs, len(cell))
            for inputs, cell in zip((128, 256, 256), CELLS, strict=True)
        ]
        self.loc = nnx.List([Conv(c, 4 * count, 3, bias=True) for c, count in sizes])
        self.conf = nnx.List([Conv(c, 2 * count, 3, bias=True) for c, count in sizes])

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``loc`` (N, B, 4) and ``conf`` (N, B, 2), no face and face."""
        x = max_pool(self.conv2(max_pool(self.conv1(x), 3, 2, 1)), 3, 2, 1)
        for k in (1, 2, 3):
            x = getattr(self, f"inception{k}")(x)
        maps = [x, self.conv3_2(self.conv3_1(x))]
        maps.append(self.conv4_2(self.conv4_1(maps[1])))
        return {
            "loc": _joined(self.loc, maps, 4),
            "conf": jax.nn.softmax(_joined(self.conf, maps, 2), -1),
        }


def boxes(shape: tuple[int, int]) -> np.ndarray:
    """Prior boxes (B, 4) of a picture of ``shape`` (height, width)."""
    return priors(shape, STEPS, CELLS)


def _joined(heads: nnx.List, maps: list[jax.Array], size: int) -> jax.Array:
    parts = [
        head(x).reshape(len(x), -1, size) for head, x in zip(heads, maps, strict=True)
    ]
    return jnp.concatenate(parts, 1)
