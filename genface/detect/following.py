"""Boxes that go along with the points last measured in them, and when to look anew.

Networks that measure a face do not say whether there is one. A face counts as lost
where its points or its picture no longer go on from the last frame: the points leave
the box's square or jump within it, grow or shrink at once, the picture in the square
becomes another, the box leaves the picture, or two boxes come to lie on one face.
Then the finder runs again. A face that turns away slowly can be followed on until the
next regular run of the finder.
"""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from genface.detect.faces import Faces
from genface.detect.stages import FaceBatch
from genface.geometry import Pixels, iou

SAME = 0.5  # overlap of boxes from which on two faces are one

# A face is lost where, from one frame to the next,
OUTSIDE = 0.2  # more than this share of its points is outside the square
JUMP = 0.2  # they move by more than this part of the square's side (root mean square)
SWELL = 1.4  # they spread by more than this factor, or shrink so
LIKE = 0.5  # its picture correlates by less than this with the one before

EXPAND = 1.2  # side of the square by the box's longer one
CELLS = 16  # along each side of the small picture that is compared


class Looks:
    """A small grey picture of each face, to tell whether it is still the same view.

    ``source`` names what of ``FaceBatch.found`` has the faces' pictures.
    """

    columns = ()
    gives = ("looks",)

    def __init__(self, source: str) -> None:
        self.needs = (source,)

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """No columns (N, 0); leaves (N, 256) numbers of mean 0 and length 1."""
        pictures = jnp.asarray(faces.found[self.needs[0]]).mean(-1)
        count, size = len(pictures), pictures.shape[1] // CELLS
        cells = pictures.reshape(count, CELLS, size, CELLS, size).mean((2, 4))
        flat = np.asarray(cells, np.float64).reshape(count, -1)
        flat -= flat.mean(1, keepdims=True)
        length = np.linalg.norm(flat, axis=1, keepdims=True)
        faces.found["looks"] = flat / np.maximum(length, 1e-12)
        return np.empty((count, 0))


@dataclass(frozen=True)
class Placed:
    """A face in its box (4,), not yet measured.

    ``score`` is the finder's, and so is ``pose`` (6,), if it tells one and has placed
    the box. ``first`` is the face as it was when the finder saw it.
    """

    box: np.ndarray
    score: float
    pose: np.ndarray | None = None
    first: "Followed | None" = None

    def measured(self, points: np.ndarray, looks: np.ndarray) -> "Followed":
        """With points (P, 2) in the picture, and what it looks like (256,)."""
        return Followed(self.box, self.score, points, looks, self.first)


@dataclass(frozen=True)
class Followed:
    """A face measured in its box; ``first`` as the finder saw it, if before."""

    box: np.ndarray
    score: float
    points: np.ndarray
    looks: np.ndarray
    first: "Followed | None" = None

    def moved(self) -> Placed:
        """The face in the next frame: the finder's box, gone along with the points."""
        first = self.first or self
        was, now = first.points.mean(0), self.points.mean(0)
        scale = _spread(self.points) / max(_spread(first.points), 1e-6)
        box = (first.box - np.tile(was, 2)) * scale + np.tile(now, 2)
        return Placed(box, self.score, first=first)

    def lost(self, after: "Followed", pixels: Pixels) -> bool:
        """Whether the face ``after`` a frame does not go on from this one."""
        low, high = after.box[:2], after.box[2:]
        middle, side = (low + high) / 2, EXPAND * (high - low).max()
        within = (middle >= 0).all() and (middle < [pixels.width, pixels.height]).all()
        outside = (np.abs(after.points - middle) > side / 2).any(1).mean()
        moved = np.sqrt(((after.points - self.points) ** 2).sum(1).mean())
        spreads = sorted((_spread(after.points), _spread(self.points)))
        steady = moved <= JUMP * side and spreads[1] <= SWELL * spreads[0]
        alike = after.looks @ self.looks >= LIKE
        return not (within and outside <= OUTSIDE and steady and alike)


def places(faces: Faces) -> list[Placed]:
    """What a finder found."""
    poses = [None] * len(faces.boxes) if faces.poses is None else faces.poses
    found = zip(faces.boxes.astype(np.float64), faces.scores, poses, strict=True)
    return [Placed(*face) for face in found]


def piled_up(boxes: np.ndarray) -> bool:
    """Whether any two of the boxes (B, 4) lie on one face."""
    return any(
        iou(box, other) > SAME
        for place, box in enumerate(boxes)
        for other in boxes[:place]
    )


def _spread(points: np.ndarray) -> float:
    """Root mean square distance of points (P, 2) from their middle."""
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(1).mean()))
