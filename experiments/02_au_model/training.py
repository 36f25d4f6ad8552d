"""Training faces without end: sampled AUs through the seen basis, plus what it left.

Deltas are (956,) as in `seen.py`. Labels have sides; which AUs go together is the
business of `experiments.synthetic_faces.sampling`, the same that the renders show.
"""

from dataclasses import dataclass

import numpy as np
from seen import SeenBasis, mirrored

from experiments.ict import ICT, Registration
from experiments.synthetic_faces.sampling import (
    au_weights,
    lip_gaps,
    sample_aus,
    with_open_lips,
)
from genface.facs import AU_NAMES
from genface.geometry.mesh_points import N_FACE

SAMPLES, FRAMES = 20_000, 21
# Left-over rows are drawn this much larger than they are: real faces differ more.
NOISE = 1.5
# The jaw must not move the frame: points below the upper lip do not align the face.
STILL_FROM = -1.5  # cm


@dataclass(frozen=True)
class Rig:
    """What the fit needs of the rig: its heights, its mirror, its lips."""

    average: np.ndarray  # (478, 3) neutral in outer-eye distances
    height: np.ndarray  # (478,) cm, the same on both sides
    rises: np.ndarray  # (S, 478) cm by which each shape raises a point
    mirror: np.ndarray  # (478,)
    unit: float  # cm of an outer-eye distance
    shape_names: tuple[str, ...]

    @classmethod
    def of(cls, ict: ICT, mesh: Registration) -> "Rig":
        neutral = mesh.points(ict.neutral)
        rises = [mesh.deltas(shape)[:, 1] for shape in ict.expressions.values()]
        return cls(
            average=neutral / mesh.outer_eye_distance,
            height=(neutral[:, 1] + neutral[mesh.mirror, 1]) / 2,
            rises=np.stack(rises),
            mirror=mesh.mirror,
            unit=mesh.outer_eye_distance,
            shape_names=tuple(ict.expressions),
        )

    @property
    def skin(self) -> np.ndarray:
        return np.arange(len(self.height)) < N_FACE

    @property
    def still(self) -> np.ndarray:
        return ((self.height > STILL_FROM) & self.skin).astype(np.float64)

    def sides_swapped(self) -> np.ndarray:
        """For each shape, the one on the other side (S,)."""
        names = self.shape_names
        other = {"_L": "_R", "_R": "_L"}
        swapped = [name[:-2] + other.get(name[-2:], name[-2:]) for name in names]
        return np.array([names.index(name) for name in swapped])


def symmetric(basis: SeenBasis, rig: Rig) -> SeenBasis:
    """The basis and its left-over rows as people and their mirror images show them."""
    flipped = mirrored(basis.shapes, rig.mirror)[rig.sides_swapped()]
    left_over = [basis.left_over, mirrored(basis.left_over, rig.mirror)]
    return SeenBasis((basis.shapes + flipped) / 2, np.concatenate(left_over))


@dataclass(frozen=True)
class Samples:
    own: np.ndarray  # (n, 956) deltas from the person's own neutral
    absolute: np.ndarray  # (n, 956) from the average face
    aus: np.ndarray  # (n, A, 2) the subject's right and left


def sample(rig: Rig, basis: SeenBasis, builds: np.ndarray, n: int, rng) -> Samples:
    """``builds`` (m, 956): neutral faces of people, less the average face."""
    aus, weights = zip(
        *(_person(rig, rng) for _ in range(-(-n // (FRAMES - 1)))), strict=True
    )
    labels, shapes = np.concatenate(aus)[:n], np.concatenate(weights)[:n]
    noise = NOISE * basis.left_over[rng.integers(0, len(basis.left_over), n)]
    own = (shapes @ basis.shapes + noise).astype(np.float32)
    first, second = builds[rng.integers(0, len(builds), (2, n))]
    build = ((first + second) / np.sqrt(2)).astype(np.float32)
    return Samples(own, own + build, labels)


def unit_patterns(rig: Rig, basis: SeenBasis, sides=(1.0, 1.0)) -> np.ndarray:
    """Deltas (A, 956) of one AU each at full activation on the right and left."""
    aus = np.eye(len(AU_NAMES))[..., None] * np.asarray(sides)
    return au_weights(aus, rig.shape_names) @ basis.shapes


def _person(rig: Rig, rng) -> tuple[np.ndarray, np.ndarray]:
    """AUs (F, A, 2) and shape weights (F, S) of a person's frames but the neutral."""
    ahead = np.zeros((FRAMES, 2))
    drawn = sample_aus(FRAMES, rig.shape_names, ahead, rng)
    gaps = lip_gaps(rig.height + drawn.weights @ rig.rises)
    aus = with_open_lips(drawn.aus, gaps, gaps[0])
    return aus[1:], drawn.weights[1:]
