"""From synthetic faces to the arrays of an AUModel: ridge in two regions, then scales.

Shapes are (956,): x, y of the 478 points seen from the front, in outer-eye distances.
"""

from dataclasses import dataclass

import numpy as np
from sampler import LIPS, Kit, sample_faces

from genface.facs import AU_NAMES
from genface.geometry.mesh_points import N_FACE, N_MESH
from genface.nets.au_model import frontal

SAMPLES, CHUNK = 20_000, 4_000
RIDGE = 3e-3
# Smooth noise on every training face, in outer-eye distances. It is larger than the
# noise of a mesh: it also stands for all that a network does not show of the motion.
NOISE, NOISE_LENGTH = 0.03, 2.5
# What a mesh's own noise is taken to be: AUs are scaled with regard to this.
MESH_NOISE = 0.0126
# An outer-eye distance is about 9 cm here; regions overlap about the lids, in cm.
UPPER_FROM, LOWER_TO = 1.0, 3.2
UPPER_AUS = ("AU01", "AU02", "AU04", "AU05", "AU07", "AU43")
# The jaw must not move the frame: points below the upper lip do not align the face.
STILL_FROM = -1.5
# AU25 is the lip gap itself; this much more than the neutral's reads 1, in cm.
FULL_LIP_GAP = 1.6
# Share of a closing lid's path that the mesh network is taken to show; an estimate from
# renders of the rig that are not part of this experiment.
LIDS_SHOWN = 0.67
# Faces at rest may read this much (standard deviation); it limits the scales. Against
# the average face people differ more, and two deviations are taken off as well.
QUIET, QUIET_SINGLE, SLACK = 0.1, 0.15, 2.0
# Beyond this stretch of a ridge's answer, 1 no longer means full activation.
GRADED_UP_TO = 4.0


@dataclass(frozen=True)
class Frame:
    """The average face and how faces are aligned to it, in outer-eye distances."""

    average: np.ndarray  # (478, 3)
    still: np.ndarray  # (478,)
    unit: float  # cm

    @classmethod
    def of(cls, kit: Kit) -> "Frame":
        height = kit.neutral[:, 1]
        still = (height > STILL_FROM) & (np.arange(N_MESH) < N_FACE)
        average = (kit.neutral - kit.neutral[still].mean(0)) / kit.eye_distance
        return cls(average, still.astype(np.float64), kit.eye_distance)

    def shapes(self, points: np.ndarray) -> np.ndarray:
        """Flat shapes (n, 956) of points (n, 478, 3) in cm."""
        return frontal(points, self.average, self.still).reshape(len(points), -1)


@dataclass(frozen=True)
class Ridge:
    weights: np.ndarray  # (956, A)
    offset: np.ndarray  # (A,) answer at a delta of 0


def training_set(kit: Kit, frame: Frame, rng, n: int = SAMPLES):
    """Deltas from each person's own neutral, and from the average face, and the AUs."""
    own, absolute, aus = [], [], []
    rest_shape = frame.average[:, :2].ravel()
    for _ in range(n // CHUNK):
        faces = sample_faces(kit, CHUNK, rng)
        points = faces.points + _size_and_shear(kit, CHUNK, rng)
        noisy = points + kit.smooth_noise(NOISE, NOISE_LENGTH, CHUNK, rng)
        own.append(frame.shapes(noisy) - frame.shapes(faces.rest))
        # Against the average, a face's build is noise too: other people's, and more
        # of the smooth kind, as the network's faces are not the rig's.
        modes = 0.8 * rng.standard_normal((CHUNK, len(kit.identity)))
        build = np.tensordot(modes, kit.identity, 1)
        absolute.append(frame.shapes(noisy + build) - rest_shape)
        aus.append(faces.aus)
    return [np.concatenate(part).astype(np.float32) for part in (own, absolute, aus)]


def fit(kit: Kit, frame: Frame, deltas: np.ndarray, aus: np.ndarray) -> Ridge:
    """Ridge per region; AU25 is measured, not fitted."""
    height = kit.neutral[:, 1]
    skin = np.arange(N_MESH) < N_FACE
    weights = np.zeros((2 * N_MESH, len(AU_NAMES)))
    offset = np.zeros(len(AU_NAMES))
    upper = upper_aus()
    for points, columns in (
        (skin & (height > UPPER_FROM), upper),
        (skin & (height <= LOWER_TO), ~upper),
    ):
        rows = np.repeat(points, 2)
        part, at_zero = _ridge(deltas[:, rows], aus[:, columns])
        weights[np.ix_(rows, columns)] = part
        offset[columns] = at_zero
    column = AU_NAMES.index("AU25")
    weights[:, column], offset[column] = 0.0, 0.0
    for above, below in LIPS:
        share = frame.unit / FULL_LIP_GAP / len(LIPS)
        weights[2 * above + 1, column] = share
        weights[2 * below + 1, column] = -share
    return Ridge(weights, offset)


def upper_aus() -> np.ndarray:
    return np.isin(AU_NAMES, UPPER_AUS)


def upper_points(kit: Kit) -> np.ndarray:
    """1 in the upper face, 0 in the lower, between them across the overlap."""
    height = kit.neutral[:, 1]
    return np.clip((height - UPPER_FROM) / (LOWER_TO - UPPER_FROM), 0, 1)


@dataclass(frozen=True)
class Scales:
    """How far an answer is stretched; all (A,)."""

    full: np.ndarray  # so that one AU at full activation, on the rig, reads 1
    quiet: np.ndarray  # so that neutral frames stay quiet
    used: np.ndarray
    slack: np.ndarray  # what faces at rest may read, for readings against the average


def scales(kit: Kit, frame: Frame, ridge: Ridge, rng, single: bool = False) -> Scales:
    """Stretch the shrunk answers of a ridge, as far as its noise allows."""
    rest = frame.average[:, :2].ravel()
    answers = ((frame.shapes(kit.unit_aus()) - rest) @ ridge.weights).diagonal().copy()
    answers[AU_NAMES.index("AU43")] *= LIDS_SHOWN
    quiet_faces = kit.neutral + kit.smooth_noise(MESH_NOISE, NOISE_LENGTH, 2000, rng)
    if single:
        modes = 0.8 * rng.standard_normal((2000, len(kit.identity)))
        quiet_faces = quiet_faces + np.tensordot(modes, kit.identity, 1)
    spread = ((frame.shapes(quiet_faces) - rest) @ ridge.weights).std(0)
    full = 1 / answers
    quiet = (QUIET_SINGLE if single else QUIET) / spread
    used = np.minimum(full, quiet)
    used[AU_NAMES.index("AU25")] = 1.0
    return Scales(full, quiet, used, SLACK * spread * used)


def _size_and_shear(kit: Kit, n: int, rng) -> np.ndarray:
    """What a wrong camera or depth does to a whole face, (n, 478, 3) in cm."""
    matrices = 0.02 * rng.standard_normal((n, 3, 3))
    return (kit.neutral - kit.neutral.mean(0)) @ matrices


def _ridge(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = x.astype(np.float64), y.astype(np.float64)
    x_mean, y_mean = x.mean(0), y.mean(0)
    centred = x - x_mean
    gram = centred.T @ centred / len(x) + RIDGE * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, centred.T @ (y - y_mean) / len(x))
    return weights, y_mean - x_mean @ weights
