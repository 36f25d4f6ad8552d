"""Pictures in and faces out of img2pose: resizing, poses in the picture, duplicates."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from genface.errors import ShapeError
from genface.geometry.box_pose import euler_of, head_boxes, pose_in_picture
from genface.geometry.nms import nms
from genface.nets.layers import interpolation, resize
from genface.nets.pictures import normalised

# Of the poses trained on: rotation vector, translation; released with the network.
POSE_MEAN = (-0.0238, 0.0275, -0.0144, 0.0664, 0.2380, 3.4813)
POSE_STD = (0.2353, 0.5395, 0.1767, 0.1320, 0.1358, 0.3663)
MIN_SIDE, MAX_SIDE = 400, 1400  # pixels, as released
MULTIPLE = 32  # pixels that a padded side is a multiple of
LOWEST_SCORE = 0.05  # of a proposal that is looked at
OVERLAPS = (0.5, 0.3)  # of two faces: among all, then among those that are left


@dataclass(frozen=True)
class Faces:
    """Faces of one picture, best first.

    ``boxes`` (B, 4) x1, y1, x2, y2 in whole pixels, ``poses`` (B, 6) rotation vector
    and translation in camera axes (x right, y down), ``angles`` (B, 3) about x, y and z
    in radians, ``scores`` (B,).
    """

    boxes: np.ndarray
    poses: np.ndarray
    angles: np.ndarray
    scores: np.ndarray


def resized_size(
    height: int, width: int, min_side: int = MIN_SIDE, max_side: int = MAX_SIDE
) -> tuple[int, int]:
    """Height and width with the shorter side ``min_side``, unless too long then."""
    scale = min(min_side / min(height, width), max_side / max(height, width))
    return int(height * scale + 1e-6), int(width * scale + 1e-6)


def prepared(
    frames: jax.Array, size: tuple[int, int], resized: tuple[int, int]
) -> jax.Array:
    """Pictures of one ``size`` as the network takes them, ``resized``.

    ``frames`` (N, H, W, 3) in 0-255 hold them in their upper left parts. Normalised,
    resized bilinearly and padded with zeros below and to the right.
    """
    if np.ndim(frames) != 4 or np.shape(frames)[-1] != 3:
        raise ShapeError(f"expected pictures (N, H, W, 3), got {np.shape(frames)}.")
    ways = []
    for axis, (own, new) in enumerate(zip(size, resized, strict=True)):
        way = np.zeros((-(-new // MULTIPLE) * MULTIPLE, frames.shape[1 + axis]))
        way[:new, :own] = interpolation(own, new, align=False, half_pixel=True)
        ways.append(way.astype(np.float32))
    return _prepared(frames, *ways)


@jax.jit
def _prepared(frames: jax.Array, rows: jax.Array, columns: jax.Array) -> jax.Array:
    return resize(normalised(frames / 255), rows, columns)


def faces(
    found: dict[str, np.ndarray],
    resized: tuple[int, int],
    height: int,
    width: int,
    points: np.ndarray,
    threshold: float = 0.5,
    mean: Sequence[float] = POSE_MEAN,
    std: Sequence[float] = POSE_STD,
) -> Faces:
    """Faces of one picture from ``found``, what the network's ``detect`` gives for it.

    ``resized`` is the picture's size in the network, ``height`` and ``width`` its own;
    ``points`` (68, 3) the 3-D face that is projected for the boxes; ``mean`` and
    ``std`` (6,) those of the poses trained on.
    """
    seen = np.flatnonzero(found["score"] > LOWEST_SCORE)
    back = np.array([width / resized[1], height / resized[0]] * 2)
    local = np.asarray(found["dof"][seen], np.float64) * np.array(std) + mean
    poses = pose_in_picture(local, found["boxes"][seen] * back, height, width)
    boxes, scores = head_boxes(poses, points, height, width), found["score"][seen]
    kept = np.arange(len(seen))
    for overlap in OVERLAPS:
        kept = kept[_best(boxes[kept], scores[kept], overlap)]
    kept = kept[scores[kept] > threshold]
    return Faces(boxes[kept], poses[kept], euler_of(poses[kept, :3]), scores[kept])


def _best(boxes: np.ndarray, scores: np.ndarray, overlap: float) -> np.ndarray:
    """Suppression of any number of boxes, padded to few sizes."""
    count = len(boxes)
    size = max(1 << max(count - 1, 0).bit_length(), 64)
    padded = np.zeros((size, 4), np.float32)
    padded[:count] = boxes
    left = np.full(size, -np.inf, np.float32)
    left[:count] = scores
    indices, number = nms(jnp.asarray(padded), jnp.asarray(left), overlap, size)
    return np.asarray(indices)[: int(number)]
