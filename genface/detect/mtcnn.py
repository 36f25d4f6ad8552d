"""Faces in a picture by MTCNN: boxes, five points each, and scores.

Zhang et al. 2016, arXiv 1604.02878, by the rules of the package ``mtcnn`` 1.0.0 (MIT):
a network of 12 pixels looks everywhere in a pyramid of the picture, a second and a
third look at what is left in 24 and 48 pixels.
"""

from collections.abc import Sequence
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from genface import nets
from genface.detect.faces import FIVE_POINTS, MIN_FACE, Faces
from genface.errors import InputError
from genface.geometry import Pixels
from genface.geometry.box_crops import GREY, corner_crops
from genface.geometry.frames import Size, padded_size
from genface.geometry.nms import unrivalled
from genface.geometry.pyramid import Level, drawn, pyramid

SHRINK = 0.709  # from one size of the picture to the next
CELL, STRIDE = 12, 2  # pixels that the first network sees, and from one to the next
PROPOSED, REFINED = 0.6, 0.7  # least scores of the first two networks
OVERLAPS = (0.5, 0.7)  # of proposals of one size, and from then on
SIDES = {"refined": 24, "finished": 48}  # of what the later networks see
FEWEST = 4  # boxes of a batch


class MTCNN:
    """The three networks with their weights.

    ``min_face``: side in pixels of the smallest faces looked for.
    """

    name = "mtcnn"
    keypoints = FIVE_POINTS

    def __init__(
        self,
        offline: bool | None = None,
        commercial: bool | None = None,
        min_face: float = MIN_FACE,
    ) -> None:
        if not min_face >= CELL:
            raise InputError(
                f"min_face is {min_face}; MTCNN sees faces from {CELL} pixels on."
            )
        self.min_face = float(min_face)
        self._network = nets.load_ported(
            self.name, offline=offline, commercial=commercial
        )

    def find(self, pixels: Pixels, threshold: float = 0.5) -> Faces:
        """Faces of a picture whose score is above ``threshold``."""
        boxes = self._refined(pixels, self._proposed(pixels))
        found = self._looked(pixels, "finished", boxes)
        scores = found["o_prob"][:, 1]
        width, height = _sides(boxes)
        x, y = found["o_pts"].reshape(-1, 2, 5).swapaxes(0, 1)
        x = boxes[:, :1] - 1 + x * width[:, None]
        y = boxes[:, 1:2] - 1 + y * height[:, None]
        boxes = _corrected(boxes, found["o_reg"])
        chosen = _best(boxes, scores, threshold, OVERLAPS[1], of_smaller=True)
        return Faces(boxes, np.stack([x, y], -1), scores).only(chosen)

    def find_all(
        self, pictures: Sequence[Pixels], threshold: float = 0.5
    ) -> list[Faces]:
        """The same of several pictures, one after another: no batch is quicker."""
        return [self.find(pixels, threshold) for pixels in pictures]

    def _proposed(self, pixels: Pixels) -> np.ndarray:
        """Square boxes (B, 4) by the first network."""
        size = (pixels.height, pixels.width)
        scales = _scales(padded_size(size), self.min_face)
        n_levels = len(_scales(size, self.min_face))
        if not n_levels:
            return np.zeros((0, 4))
        plan = pyramid(size, scales, n_levels)
        canvas = _normalised(drawn(pixels, plan)[None])
        found = self._network.run("proposed", canvas, _seen(plan.canvas, plan.levels))
        face, reg = np.asarray(found["face"][0]), np.asarray(found["reg"][0])
        boxes, scores, groups = [], [], []
        for k, level in enumerate(plan.levels):
            cells = tuple(map(_cells, level.corner, level.size))
            y, x = np.nonzero(face[cells] > PROPOSED)
            corners = STRIDE * np.stack([x, y, x, y], 1) + [1, 1, CELL, CELL]
            boxes.append((corners + reg[cells][y, x] * (CELL - 1)) / scales[k])
            scores.append(face[cells][y, x])
            groups.append(np.full(len(y), k))
        together, odds = np.concatenate(boxes), np.concatenate(scores)
        kept = _best(together, odds, PROPOSED, OVERLAPS[0], np.concatenate(groups))
        together, odds = together[kept], odds[kept]
        return _squared(together[_best(together, odds, PROPOSED, OVERLAPS[1])])

    def _refined(self, pixels: Pixels, boxes: np.ndarray) -> np.ndarray:
        """Those of the square boxes (B, 4) that the second network takes for faces."""
        found = self._looked(pixels, "refined", boxes)
        boxes = _corrected(boxes, found["r_reg"])
        return _squared(
            boxes[_best(boxes, found["r_prob"][:, 1], REFINED, OVERLAPS[1])]
        )

    def _looked(
        self, pixels: Pixels, method: str, boxes: np.ndarray
    ) -> dict[str, np.ndarray]:
        """What a network says of each box."""
        padded = np.zeros((_room(len(boxes)), 4))
        padded[: len(boxes)] = boxes
        pieces = _normalised(corner_crops(pixels, padded, SIDES[method]))
        found = self._network.run(method, pieces)
        return {key: np.asarray(x)[: len(boxes)] for key, x in found.items()}


def _scales(size: Size, min_face: float) -> tuple[float, ...]:
    """By what the picture's sides are multiplied, from large to small."""
    # The number comes from the original, whatever the smallest face.
    number = round(-(np.log(min(size) / CELL) / np.log(SHRINK) + 1))
    scales = CELL / min_face * SHRINK ** np.arange(number)
    return tuple(s for s in scales.tolist() if int(min(size) * s) >= CELL)


@lru_cache
def _seen(canvas: Size, levels: tuple[Level, ...]) -> jax.Array:
    """Where a window of 3 pixels lies within one level, for the first layer."""
    seen = np.zeros((1, canvas[0] - 2, canvas[1] - 2), bool)
    for (top, left), _, (height, width) in levels:
        seen[:, top : top + max(height - 2, 0), left : left + max(width - 2, 0)] = True
    return jnp.asarray(seen)


def _cells(corner: int, side: int) -> slice:
    """Cells of the first network for a level that starts at ``corner``."""
    first = corner // STRIDE
    return slice(first, first + max(-(-(side - CELL + 1) // STRIDE), 0))


@jax.jit
def _normalised(x: jax.Array) -> jax.Array:
    return (x - GREY) / 128


def _room(count: int) -> int:
    return max(1 << max(count - 1, 0).bit_length(), FEWEST)


def _best(
    boxes: np.ndarray,
    scores: np.ndarray,
    above: float,
    overlap: float,
    groups: np.ndarray | None = None,
    of_smaller: bool = False,
) -> np.ndarray:
    """Places of the boxes that score more than ``above`` and have no rival."""
    (chosen,) = np.nonzero(scores > above)
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
    room = _room(len(chosen))
    padded, left = np.zeros((room, 4), np.float32), np.full(room, -np.inf, np.float32)
    kinds = np.zeros(room, np.int32)
    padded[: len(chosen)], left[: len(chosen)] = boxes[chosen], scores[chosen]
    if groups is not None:
        kinds[: len(chosen)] = groups[chosen]
    kept = unrivalled(padded, left, overlap, kinds, of_smaller=of_smaller)
    return chosen[np.asarray(kept)[: len(chosen)]]


def _sides(boxes: np.ndarray) -> np.ndarray:
    """Width and height (2, B), both end pixels counted."""
    return (boxes[:, 2:] - boxes[:, :2] + 1).T


def _corrected(boxes: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Corners moved by shares of the sides."""
    return boxes + shares * np.tile(_sides(boxes).T, 2)


def _squared(boxes: np.ndarray) -> np.ndarray:
    """Squares about the same centres with the longer side."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(1, initial=0, keepdims=True) / 2
    return np.concatenate([centres - half, centres + half], axis=1)
