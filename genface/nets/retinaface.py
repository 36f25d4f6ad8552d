"""RetinaFace on a ResNet-34: faces in a picture, with five points each.

Deng et al. 2020, arXiv 1905.00641. Pictures are RGB in 0-255 less (123, 117, 104).
"""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from genface.geometry.nms import nms
from genface.nets.layers import activate
from genface.nets.modules import Conv
from genface.nets.priors import decode_boxes, decode_points, priors
from genface.nets.resnet import WIDTHS, ResNet, kept

CHANNELS = 128
STEPS = (8, 16, 32)
SIDES = ((16, 32), (64, 128), (256, 512))
CELLS = [[(0.5, 0.5, side) for side in sides] for sides in SIDES]
N_POINTS = 5
STRIDES = (2, 4, *STEPS)  # of the maps on the way
LOWEST_SCORE = 0.02  # of a candidate
BEFORE, AFTER = 5000, 750  # candidates of a picture, and faces, at most
OVERLAP = 0.4  # of two faces

Sizes = Sequence[jax.Array | None]


class Pyramid(nnx.Module):
    """Maps at three strides to equal channels, the coarse ones added to the fine."""

    def __init__(self) -> None:
        for k, width in enumerate(WIDTHS[1:], 1):
            setattr(self, f"output{k}", _conv(width, CHANNELS, 1))
        self.merge1 = _conv(CHANNELS, CHANNELS)
        self.merge2 = _conv(CHANNELS, CHANNELS)

    def __call__(self, maps: list[jax.Array], sizes: Sizes) -> list[jax.Array]:
        """Fine to coarse, in and out, with the sizes of what counts in each."""
        fine, middle, coarse = (
            kept(getattr(self, f"output{k}")(x, "relu"), own)
            for k, (x, own) in enumerate(zip(maps, sizes, strict=True), 1)
        )
        middle = self._merged(self.merge2, middle, coarse, sizes[1:])
        fine = self._merged(self.merge1, fine, middle, sizes[:2])
        return [fine, middle, coarse]

    def _merged(
        self, merge: Conv, fine: jax.Array, coarse: jax.Array, sizes: Sizes
    ) -> jax.Array:
        more = _enlarged(coarse, fine.shape[1:3], *sizes)
        return kept(merge(kept(fine + more, sizes[0]), "relu"), sizes[0])


class Context(nnx.Module):
    """Surroundings of three sizes (SSH, Najibi et al. 2017, arXiv 1708.03979)."""

    def __init__(self) -> None:
        half, quarter = CHANNELS // 2, CHANNELS // 4
        self.conv3X3 = _conv(CHANNELS, half)
        self.conv5X5_1 = _conv(CHANNELS, quarter)
        self.conv5X5_2 = _conv(quarter, quarter)
        self.conv7X7_2 = _conv(quarter, quarter)
        self.conv7x7_3 = _conv(quarter, quarter)

    def __call__(self, x: jax.Array, sizes: jax.Array | None) -> jax.Array:
        """Block of (N, H, W, C), with the sizes (N, 2) of what counts in it."""
        trunk = kept(self.conv5X5_1(x, "relu"), sizes)
        parts = [
            self.conv3X3(x),
            self.conv5X5_2(trunk),
            self.conv7x7_3(kept(self.conv7X7_2(trunk, "relu"), sizes)),
        ]
        return activate(jnp.concatenate(parts, -1), "relu")


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

    def __call__(
        self, x: jax.Array, sizes: jax.Array | None = None
    ) -> dict[str, jax.Array]:
        """``loc`` (N, B, 4), ``conf`` (N, B, 2), no face and face, ``landms``.

        ``sizes`` (N, 2) are heights and widths of pictures that fill only a part of
        ``x``, the rest being zero: in their parts of the maps all is as without it.
        """
        own: list[jax.Array] | None = None
        mapped: Sizes = (None,) * len(STEPS)
        if sizes is not None:
            own = [-(-sizes.astype(int) // stride) for stride in STRIDES]
            mapped = own[-len(STEPS) :]
        maps = self.fpn(self.body(x, own)[1:], mapped)
        contexts = (self.ssh1, self.ssh2, self.ssh3)
        maps = [
            context(x, size)
            for context, x, size in zip(contexts, maps, mapped, strict=True)
        ]
        return {
            "loc": self.BboxHead(maps),
            "conf": jax.nn.softmax(self.ClassHead(maps), -1),
            "landms": self.LandmarkHead(maps),
        }

    def detect(
        self, x: jax.Array, sizes: jax.Array, threshold: jax.Array
    ) -> dict[str, jax.Array]:
        """Faces of pictures with their own ``sizes`` (N, 2) and ``threshold`` (N, 1).

        Best first, in pixels: ``boxes`` (N, 750, 4), ``points`` (N, 750, 10) and
        ``score`` (N, 750), 0 where there is no more face.
        """
        found = self(x, sizes)
        starts, corners = grid((x.shape[1], x.shape[2]))
        exists = (corners < sizes[:, None, ::-1]).all(-1)
        face = found["conf"][..., 1]
        likely = exists & (face > LOWEST_SCORE) & (face >= threshold)
        scores = jnp.where(likely, face, -jnp.inf)
        return jax.vmap(partial(_best, starts))(scores, found["loc"], found["landms"])


def boxes(shape: tuple[int, int]) -> np.ndarray:
    """Prior boxes (B, 4) of a picture of ``shape`` (height, width)."""
    return priors(shape, STEPS, CELLS)


def grid(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Prior boxes (B, 4) in pixels, and the upper left corners (B, 2) of their cells.

    As for :func:`boxes`, but free of the picture's size: a part of the picture has the
    boxes whose cells begin in it.
    """
    height, width = shape
    pixels = boxes(shape) * np.array([width, height] * 2, np.float32)
    steps = np.concatenate(
        [
            np.full(-(-height // step) * -(-width // step) * len(sides), step)
            for step, sides in zip(STEPS, SIDES, strict=True)
        ]
    )
    return pixels, np.round(pixels[:, :2] - steps[:, None] / 2)


def _best(
    starts: np.ndarray, scores: jax.Array, loc: jax.Array, landms: jax.Array
) -> dict[str, jax.Array]:
    """One picture's faces, of candidates whose score is not -inf."""
    scores, places = jax.lax.top_k(scores, min(BEFORE, len(scores)))
    own = jnp.asarray(starts)[places]
    corners = decode_boxes(loc[places], own)
    points = decode_points(landms[places], own)
    chosen, number = nms(corners, scores, OVERLAP, AFTER)
    is_face = jnp.arange(AFTER) < number
    return {
        "boxes": corners[chosen],
        "points": points[chosen],
        "score": jnp.where(is_face, scores[chosen], 0),
    }


def _conv(inputs: int, outputs: int, window: int = 3) -> Conv:
    return Conv(inputs, outputs, window, own="0", norm="1")


def _enlarged(
    x: jax.Array,
    shape: tuple[int, ...],
    targets: jax.Array | None,
    sizes: jax.Array | None,
) -> jax.Array:
    """Repeat places until a map (N, H, W, C) has another's height and width.

    What counts goes from ``sizes`` (N, 2) to ``targets`` (N, 2), if given.
    """
    old = np.array([x.shape[1:3]]) if sizes is None else sizes
    new = np.array([shape]) if targets is None else targets
    for axis, side in enumerate(shape):
        places = np.arange(side) * old[:, axis, None] // new[:, axis, None]
        places = jnp.clip(places, 0, x.shape[1 + axis] - 1)
        across = places.reshape(len(places), *(-1, 1, 1) if axis == 0 else (1, -1, 1))
        x = jnp.take_along_axis(x, across, 1 + axis)
    return x
