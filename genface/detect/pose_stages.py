"""Where the head is and how it is turned, from 68 landmarks or from img2pose.

Both tell rotations in camera axes (x right, y down, z away), and positions in units of
another face and another camera; here they become the table's: head axes, centimetres
of the canonical face, focal length ``max(width, height)``.
"""

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from genface.detect.stages import FaceBatch
from genface.geometry import Similarity, euler_from_rotation, pinhole_position
from genface.nets.ported import Ported
from genface.table.columns import POSE

EYE_CORNERS = (36, 45)  # of the 68 landmarks: the outer ones
RIGID = slice(27, 48)  # nose and eyes; the jaw is drawn elsewhere by each network
TO_HEAD = np.array([1.0, -1.0, -1.0])  # camera axes to head axes, and back

# The face that img2pose poses, by the canonical one: centimetres in its unit, and the
# canonical origin in its axes (a fit of their 51 points inside of the jaw).
UNIT = 10.5
ORIGIN = (0.0, -0.05, 0.53)


class LandmarkPose:
    """Rotation by the network ``pose_mlp_v2``; the position is where that fits.

    ``mean`` and ``spread`` (6,) undo the standardisation of its outputs, Euler angles
    and a translation. The latter is in sizes of a box that is not known, so that the
    position is had from the landmarks: ``points`` (68, 3), the canonical face in
    centimetres and head axes, turned and scaled onto them.
    """

    columns: tuple[str, ...] = POSE
    needs: tuple[str, ...] = ("landmarks",)
    gives: tuple[str, ...] = ()

    def __init__(
        self,
        network: Ported,
        mean: Sequence[float],
        spread: Sequence[float],
        points: np.ndarray,
    ) -> None:
        self._network = network
        self._mean, self._spread = np.array(mean), np.array(spread)
        self._points = np.asarray(points, np.float64)[RIGID]

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """Pitch, Roll and Yaw in radians, X, Y and Z in centimetres (N, 6)."""
        landmarks = np.asarray(faces.found["landmarks"], np.float64)
        standardised = self._network(pose_inputs(landmarks))["out"]
        angles = (standardised * self._spread + self._mean)[:, :3]
        turns = head_rotations(Rotation.from_euler("xyz", angles))
        position = pinhole_position(self._fit(turns, landmarks), *frame_sizes(faces))
        return np.hstack([euler_from_rotation(turns), position])

    def _fit(self, turns: np.ndarray, landmarks: np.ndarray) -> Similarity:
        """Scale and shift of the turned points onto the landmarks (N, 68, 2)."""
        own = (self._points @ turns.swapaxes(1, 2))[..., :2]
        seen = landmarks[:, RIGID] * TO_HEAD[:2]
        scale = _spread(seen) / _spread(own)
        shift = seen.mean(1) - scale[:, None] * own.mean(1)
        return Similarity(scale, turns, np.pad(shift, [(0, 0), (0, 1)]))


class FinderPose:
    """The pose that img2pose told when it found the face.

    NaN for faces that come without: followed from an earlier frame, or found by another
    network.
    """

    columns: tuple[str, ...] = POSE
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """Pitch, Roll and Yaw in radians, X, Y and Z in centimetres (N, 6)."""
        if faces.poses is None:
            return np.full((len(faces), len(POSE)), np.nan)
        poses = np.asarray(faces.poses, np.float64)
        rotations = Rotation.from_rotvec(poses[:, :3])
        place = UNIT * (rotations.apply(ORIGIN) + poses[:, 3:])
        height, width = frame_sizes(faces)
        place[:, 2] *= np.maximum(height, width) / (height + width)
        return np.hstack([euler_from_rotation(head_rotations(rotations)), place])


def pose_inputs(landmarks: np.ndarray) -> np.ndarray:
    """Landmarks (N, 68, 2) in pixels as the network takes them (N, 136)."""
    centred = landmarks - landmarks.mean(1, keepdims=True)
    right, left = (landmarks[:, corner] for corner in EYE_CORNERS)
    distance = np.maximum(np.linalg.norm(right - left, axis=1), 1e-6)
    return (centred / distance[:, None, None]).swapaxes(1, 2).reshape(len(centred), -1)


def head_rotations(rotations: Rotation) -> np.ndarray:
    """Matrices (N, 3, 3) in head axes (y up, z toward the camera)."""
    return TO_HEAD[:, None] * rotations.as_matrix() * TO_HEAD


def frame_sizes(faces: FaceBatch) -> tuple[np.ndarray, np.ndarray]:
    """Heights and widths (N,) of the frames."""
    sizes = np.array([(pixels.height, pixels.width) for pixels in faces.pixels])
    return sizes[:, 0], sizes[:, 1]


def _spread(points: np.ndarray) -> np.ndarray:
    """Root mean square distance (N,) of points (N, V, 2) from their middle."""
    return np.sqrt(points.var(1).sum(1))
