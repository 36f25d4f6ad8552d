"""img2pose: faces and their head poses in six degrees of freedom, in one pass.

Albiero et al. 2021, arXiv 2012.07791. A ResNet-18 with a feature pyramid proposes boxes
(Ren et al. 2015, arXiv 1506.01497); each box gives a score and a pose in its own frame,
which :mod:`genface.geometry.box_pose` turns into one of the whole picture.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from genface.geometry.nms import nms
from genface.nets.modules import Conv, Linear
from genface.nets.resnet import WIDTHS, ResNet
from genface.nets.roi_align import SIDE, roi_align

CHANNELS = 256  # of each map of the pyramid
HIDDEN = 1024  # of a box
STRIDES = (4, 8, 16, 32, 64)  # pixels between cells of each map
ANCHOR_SIDES = (16, 32, 64, 128, 256)  # pixels, one for each map
ANCHOR_RATIOS = (0.5, 1.0, 2.0)  # height by width
LARGEST_STRETCH = float(np.log(1000 / 16))  # of an anchor, by the network
BEFORE, AFTER = 6000, 1000  # proposals of a map before, of an image after suppression
OVERLAP = 0.4  # of two proposals of a map
SMALLEST = 1e-3  # side of a proposal in pixels
SHOWN = 16  # one in so many channels of the pyramid is among the outputs


class Pyramid(nnx.Module):
    """Feature maps at strides 4 to 32 with the context of the coarser ones."""

    def __init__(self) -> None:
        self.inner_blocks = nnx.List(
            [Conv(width, CHANNELS, 1, bias=True, own="0") for width in WIDTHS]
        )
        self.layer_blocks = nnx.List(
            [Conv(CHANNELS, CHANNELS, 3, bias=True, own="0") for _ in WIDTHS]
        )

    def __call__(self, maps: Sequence[jax.Array]) -> list[jax.Array]:
        """Five maps (N, H, W, 256) of four; the last is every other cell of the 4th."""
        inner = [block(x) for block, x in zip(self.inner_blocks, maps, strict=True)]
        for k in reversed(range(len(inner) - 1)):
            _, height, width, _ = inner[k].shape
            twice = jnp.repeat(jnp.repeat(inner[k + 1], 2, 1), 2, 2)
            inner[k] = inner[k] + twice[:, :height, :width]
        found = [block(x) for block, x in zip(self.layer_blocks, inner, strict=True)]
        return [*found, found[-1][:, ::2, ::2]]


class Backbone(nnx.Module):
    """Residual network and pyramid."""

    def __init__(self) -> None:
        self.body = ResNet(18)
        self.fpn = Pyramid()

    def __call__(self, x: jax.Array) -> list[jax.Array]:
        """Maps of pictures (N, H, W, 3)."""
        return self.fpn(self.body(x))


class ProposalHead(nnx.Module):
    """For each cell and anchor, whether a face is there and how its box differs."""

    def __init__(self) -> None:
        count = len(ANCHOR_RATIOS)
        self.conv = Conv(CHANNELS, CHANNELS, 3, bias=True)
        self.cls_logits = Conv(CHANNELS, count, 1, bias=True)
        self.bbox_pred = Conv(CHANNELS, 4 * count, 1, bias=True)

    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Logits (N, H, W, 3) and differences (N, H, W, 12)."""
        x = self.conv(x, "relu")
        return self.cls_logits(x), self.bbox_pred(x)


class BoxHead(nnx.Module):
    """Two dense layers on a piece of a feature map."""

    def __init__(self) -> None:
        self.fc6 = Linear(CHANNELS * SIDE**2, HIDDEN)
        self.fc7 = Linear(HIDDEN, HIDDEN)

    def __call__(self, x: jax.Array) -> jax.Array:
        """(B, 12544), channels first, to (B, 1024)."""
        return self.fc7(self.fc6(x, "relu"), "relu")


class PoseLayers(nnx.Module):
    """Six degrees of freedom for no face and for a face."""

    def __init__(self) -> None:
        self.hidden = Linear(HIDDEN, 256, own="../0", norm="../1")
        self.out = Linear(256, 12, own="../3")

    def __call__(self, x: jax.Array) -> jax.Array:
        """(B, 1024) to (B, 12)."""
        return self.out(self.hidden(x, "relu"))


class Heads(nnx.Module):
    """Score and pose of boxes."""

    def __init__(self) -> None:
        self.box_head = BoxHead()
        self.class_head = BoxHead()
        self.box_predictor = nnx.Dict(dof_pred=PoseLayers())
        self.class_predictor = nnx.Dict(cls_score=Linear(HIDDEN, 2))

    def __call__(
        self, maps: Sequence[jax.Array], boxes: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Poses (B, 12) and logits (B, 2) at boxes (B, 4) in one image's maps."""
        pieces = roi_align(maps, boxes, STRIDES[: len(maps)])
        flat = pieces.transpose(0, 3, 1, 2).reshape(len(boxes), -1)
        poses = self.box_predictor["dof_pred"](self.box_head(flat))
        return poses, self.class_predictor["cls_score"](self.class_head(flat))


class Img2Pose(nnx.Module):
    """Pictures (N, H, W, 3), ImageNet-normalised RGB, H and W multiples of 32."""

    def __init__(self) -> None:
        self.backbone = Backbone()
        self.rpn = nnx.Dict(head=ProposalHead())
        self.roi_heads = Heads()

    def __call__(
        self, x: jax.Array, boxes: jax.Array | None = None
    ) -> dict[str, jax.Array]:
        """What is found on the way, channels first, and at ``boxes`` (N, B, 4), if any.

        ``fpn_0`` ... ``fpn_3``, ``fpn_pool`` are every 16th channel of the pyramid,
        ``rpn_obj_k`` (N, 3, h, w) and ``rpn_delta_k`` (N, 12, h, w) the proposal head's
        logits and differences, ``dof`` (N, B, 12) and ``cls`` (N, B, 2) the boxes' raw
        poses and logits for no face and for a face.
        """
        maps = self.backbone(x)
        proposed = [self.rpn["head"](found) for found in maps]
        names = (*range(len(maps) - 1), "pool")
        shown = [found[..., ::SHOWN] for found in maps]
        outputs = {
            **{f"fpn_{k}": y for k, y in zip(names, shown, strict=True)},
            **{f"rpn_obj_{k}": logits for k, (logits, _) in enumerate(proposed)},
            **{f"rpn_delta_{k}": deltas for k, (_, deltas) in enumerate(proposed)},
        }
        outputs = {key: y.transpose(0, 3, 1, 2) for key, y in outputs.items()}
        if boxes is not None:
            outputs["dof"], outputs["cls"] = self._judged(maps, boxes)
        return outputs

    def detect(self, x: jax.Array, sizes: jax.Array) -> dict[str, jax.Array]:
        """Faces among the proposals of pictures whose own parts are ``sizes`` (N, 2).

        ``sizes`` are heights and widths without the padding. ``boxes`` (N, 1000, 4) in
        pixels, ``dof`` (N, 1000, 6), still normalised, and ``score`` (N, 1000): 0 where
        there is no more proposal.
        """
        maps = self.backbone(x)
        proposed = [self.rpn["head"](found) for found in maps]
        boxes, is_box = jax.vmap(proposals)(proposed, sizes)
        poses, logits = self._judged(maps, boxes)
        score = jax.nn.softmax(logits)[..., 1] * is_box
        return {"boxes": boxes, "dof": poses[..., 6:], "score": score}

    def _judged(
        self, maps: Sequence[jax.Array], boxes: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        return jax.lax.map(lambda of: self.roi_heads(*of), (list(maps[:-1]), boxes))


def anchors(height: int, width: int, level: int) -> np.ndarray:
    """Boxes (H W 3, 4) of a map's cells, row by row, before they are moved."""
    ratios = np.sqrt(np.array(ANCHOR_RATIOS))
    half = ANCHOR_SIDES[level] * np.stack([1 / ratios, ratios], -1) / 2
    corners = np.round(np.concatenate([-half, half], -1))
    down, across = np.mgrid[:height, :width] * STRIDES[level]
    centres = np.stack([across, down, across, down], -1)
    return (centres[:, :, None] + corners).reshape(-1, 4).astype(np.float32)


def moved(boxes: jax.Array, deltas: jax.Array) -> jax.Array:
    """Boxes (B, 4) shifted by shares of their sides and stretched by exponents."""
    sides = boxes[:, 2:] - boxes[:, :2]
    centres = boxes[:, :2] + sides / 2 + deltas[:, :2] * sides
    half = sides * jnp.exp(jnp.minimum(deltas[:, 2:], LARGEST_STRETCH)) / 2
    return jnp.concatenate([centres - half, centres + half], -1)


def proposals(
    proposed: Sequence[tuple[jax.Array, jax.Array]], size: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Best boxes (1000, 4) of one picture, and which of them are boxes (1000,).

    ``proposed`` are logits (H, W, 3) and differences (H, W, 12) of each map, ``size``
    the picture's own height and width.
    """
    boxes, scores, levels = [], [], []
    for level, (logits, deltas) in enumerate(proposed):
        height, width, count = logits.shape
        best, places = jax.lax.top_k(logits.ravel(), min(BEFORE, logits.size))
        start = jnp.asarray(anchors(height, width, level))[places]
        boxes.append(moved(start, deltas.reshape(-1, 4)[places]))
        scores.append(best)
        levels.append(jnp.full(len(best), level))
    limits = jnp.stack([size[1], size[0], size[1], size[0]])
    together = jnp.clip(jnp.concatenate(boxes), 0, limits)
    sides = together[:, 2:] - together[:, :2]
    large = (sides >= SMALLEST).all(-1)
    candidates = jnp.where(large, jnp.concatenate(scores), -jnp.inf)
    groups = jnp.concatenate(levels)
    kept, number = nms(together, candidates, OVERLAP, AFTER, groups)
    return together[kept], jnp.arange(AFTER) < number
