"""Head poses told within a box of the picture, in the whole picture, and their boxes.

A pose (6,) is a rotation vector and a translation that take a 3-D face to camera axes
(x right, y down, z away). A network that sees only what is in a box tells it as if the
box were the picture. Albiero et al. 2021 (img2pose, arXiv 2012.07791), section 3.3 and
appendix; the camera's focal length is width plus height.
"""

import numpy as np
from scipy.spatial.transform import Rotation

MARGIN = 1.1  # of the box about the projected face, by its side
FOREHEAD = 0.3  # what the 68 points leave out, by the face's height
UPSIDE_DOWN, SIDEWAYS = 2.5, 1.0  # rotation about z from which on, radians


def pose_in_picture(
    poses: np.ndarray, boxes: np.ndarray, height: int, width: int
) -> np.ndarray:
    """Poses (B, 6) told within boxes (B, 4), x1, y1, x2, y2, in the whole picture.

    Moving the principal point shears the rotation; the nearest thing to a rotation
    vector is read off its skew part and its trace, as the original does.
    """
    poses, boxes = np.asarray(poses, np.float64), np.asarray(boxes, np.float64)
    focal = height + width
    shift = np.tile(np.eye(3), (len(boxes), 1, 1))
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    shift[:, :2, 2] = (middle - [width // 2, height // 2]) / focal
    position = poses[:, 3:].copy()
    position[:, 2] *= focal / (boxes[:, 2:] - boxes[:, :2]).sum(1)
    rotation = shift @ Rotation.from_rotvec(poses[:, :3]).as_matrix()
    moved = np.einsum("bij,bj->bi", shift, position)
    return np.concatenate([_rotation_vectors(rotation), moved], axis=1)


def head_boxes(
    poses: np.ndarray, points: np.ndarray, height: int, width: int
) -> np.ndarray:
    """Boxes (B, 4) in whole pixels about the face ``points`` (V, 3) at poses (B, 6).

    A margin goes all around and a forehead to the side that the rotation about z puts
    it; what lies outside of the picture is cut off.
    """
    flat = projected(poses, points, height, width)
    low, high = flat.min(1), flat.max(1)
    sides = high - low
    middle = (low + high) / 2
    half = sides * MARGIN / 2
    boxes = np.concatenate([middle - half, middle + half], axis=1)
    boxes += _forehead(np.asarray(poses)[:, 2], sides)
    return np.clip(np.trunc(boxes), 0, [width, height, width, height]).astype(np.int64)


def projected(
    poses: np.ndarray, points: np.ndarray, height: int, width: int
) -> np.ndarray:
    """Where a face's ``points`` (V, 3) at poses (B, 6) are in the picture (B, V, 2)."""
    poses = np.asarray(poses, np.float64)
    rotation = Rotation.from_rotvec(poses[:, :3]).as_matrix()
    seen = points @ rotation.transpose(0, 2, 1) + poses[:, None, 3:]
    flat = seen[..., :2] / seen[..., 2:] * (height + width)
    return flat + [width // 2, height // 2]


def euler_of(rotation_vectors: np.ndarray) -> np.ndarray:
    """Angles (..., 3) about the fixed axes x, then y, then z, of vectors (..., 3)."""
    return Rotation.from_rotvec(rotation_vectors).as_euler("xyz")


def _rotation_vectors(matrices: np.ndarray) -> np.ndarray:
    skew = np.stack(
        [
            matrices[:, 2, 1] - matrices[:, 1, 2],
            matrices[:, 0, 2] - matrices[:, 2, 0],
            matrices[:, 1, 0] - matrices[:, 0, 1],
        ],
        axis=1,
    )
    trace = np.trace(matrices, axis1=1, axis2=2)
    angle = np.arccos(np.clip((trace - 1) / 2, -1, 1))
    return skew / (2 * np.sinc(angle / np.pi)[:, None])


def _forehead(about_z: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """What to add to each coordinate of boxes (B, 4)."""
    across, down = (FOREHEAD * sides).T
    overturned = np.abs(about_z) > UPSIDE_DOWN
    to_right = (about_z > SIDEWAYS) & ~overturned
    to_left = (about_z < -SIDEWAYS) & ~overturned
    upright = ~(overturned | to_right | to_left)
    parts = (-across * to_left, -down * upright, across * to_right, down * overturned)
    return np.stack(parts, axis=1)
