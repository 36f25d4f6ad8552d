"""Synthetic faces with known Action Units, from ICT-FaceKit alone.

Which AUs go together follows FACS: smiles raise cheeks, brows are raised as a whole,
lips press, tighten and pout when they are shut and not while they are open.
"""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from experiments.ict import ICT, Registration
from genface.avatar import contact
from genface.facs import ARKIT_FROM_AU, AU_NAMES, au_number

NUMBERS = tuple(map(au_number, AU_NAMES))
LIPS = ((82, 87), (13, 14), (312, 317))  # three columns of the inner lips
# Lips are apart from here on, and wide open so much further, in cm of the rig.
LIPS_APART, LIPS_OPEN = 0.12, 0.8
# (shape, how often, up to): motion that is nobody's AU but that the model will meet.
NUISANCE = (
    ("mouthPucker", 0.25, 0.6),
    ("mouthFunnel", 0.2, 0.5),
    ("mouthShrugUpper", 0.15, 0.4),
    ("jawForward", 0.1, 0.4),
    ("jawLeft", 0.1, 0.3),
    ("jawRight", 0.1, 0.3),
    ("mouthLeft", 0.1, 0.25),
    ("mouthRight", 0.1, 0.25),
)


@dataclass(frozen=True)
class Kit:
    """ICT-FaceKit on the 478 mesh points, in cm, y up, z toward the viewer."""

    neutral: np.ndarray  # (478, 3)
    identity: np.ndarray  # (100, 478, 3)
    names: tuple[str, ...]  # of the shapes, sided
    shapes: np.ndarray  # (S, 478, 3)
    eye_distance: float  # outer corners, cm

    @classmethod
    def of(cls, ict: ICT, mesh: Registration) -> "Kit":
        neutral = mesh.points(ict.neutral)
        shapes = np.stack([mesh.deltas(shape) for shape in ict.expressions.values()])
        return cls(
            neutral=neutral,
            identity=mesh.deltas(ict.identity.astype(np.float64)),
            names=tuple(ict.expressions),
            shapes=shapes,
            eye_distance=mesh.outer_eye_distance,
        )

    def columns(self, shape: str) -> list[tuple[int, str]]:
        """Index and side of a shape, or of its two sides."""
        if shape in self.names:
            return [(self.names.index(shape), "")]
        return [(self.names.index(f"{shape}_{side}"), side) for side in "LR"]

    def unit_aus(self) -> np.ndarray:
        """The neutral face with one AU each at full activation, (A, 478, 3)."""
        aus = np.eye(len(NUMBERS))
        weights = _au_shapes(self, {"": aus, "L": aus, "R": aus})
        return touching(self.neutral + np.tensordot(weights, self.shapes, 1))

    def smooth_noise(self, size: float, length: float, n: int, rng) -> np.ndarray:
        """Noise (n, 478, 3) that neighbours share, in cm.

        ``size`` is its standard deviation in outer-eye distances, ``length`` in cm the
        reach of its Gaussian kernel.
        """
        apart = ((self.neutral[:, None] - self.neutral[None]) ** 2).sum(-1)
        values, vectors = np.linalg.eigh(np.exp(-apart / (2 * length**2)))
        factor = vectors[:, -80:] * np.sqrt(np.clip(values[-80:], 0, None))
        drawn = rng.standard_normal((n, 3, factor.shape[1])) @ factor.T
        return size * self.eye_distance * drawn.transpose(0, 2, 1)


@dataclass(frozen=True)
class Faces:
    """Faces with expressions, the same people at rest, and the AUs put in."""

    points: np.ndarray  # (n, 478, 3) cm
    rest: np.ndarray  # (n, 478, 3) cm
    aus: np.ndarray  # (n, A)


def sample_faces(kit: Kit, n: int, rng: np.random.Generator) -> Faces:
    """Random people (64 of them) with random expressions, without noise."""
    aus = sample_aus(n, rng)
    weights = shape_weights(kit, aus, rng) * np.exp(0.2 * rng.standard_normal((n, 1)))
    modes = 0.8 * rng.standard_normal((64, len(kit.identity)))
    people = touching(kit.neutral + np.tensordot(modes, kit.identity, 1))
    rest = people[rng.integers(0, len(people), n)]
    points = rest + np.tensordot(weights, kit.shapes, 1)
    gap = (points[:, 13, 1] - points[:, 14, 1] - LIPS_APART) / LIPS_OPEN
    column = AU_NAMES.index
    aus[:, column("AU25")] = np.clip(gap, 0, 1)
    for pressed in ("AU24", "AU28"):
        aus[gap > 0.5, column(pressed)] = 0
    return Faces(touching(points), rest, aus)


def sample_aus(n: int, rng: np.random.Generator) -> np.ndarray:
    """Activations (n, A) in 0-1."""

    def some(share):
        return rng.random(n) < share

    def amount(low=0.0, high=1.0):
        return rng.uniform(low, high, n)

    au = {number: some(0.2) * amount(0.05) for number in NUMBERS}

    smile = some(0.4) * amount(0.1)
    au[12] = smile
    au[6] = np.where(some(0.75), smile * amount(0.5, 1.1), some(0.1) * amount())
    au[7] = np.where(some(0.4), au[6] * amount(0.5, 1.2), au[7])
    raised = some(0.4) * amount(0.1)
    au[1] = raised * np.where(some(0.8), 1, amount())
    au[2] = raised * np.where(some(0.75), amount(0.6, 1.2), 0)
    wide = some(0.3) & (raised > 0.3)
    au[5] = np.where(wide, raised * amount(0.1), some(0.1) * amount())
    au[4] = au[4] * some(0.5)
    shut = some(0.15)
    au[43] = shut * amount(0.2)
    au[5] = np.where(shut, 0, au[5])
    au[10] = np.where(some(0.3), smile * amount(0.2, 0.8), au[10] * some(0.6))
    au[11] = np.where(some(0.5), au[10] * amount(0.3), au[11] * some(0.5))
    au[9] = au[9] * some(0.5)

    apart = some(0.55)
    au[25] = apart * amount(0.1)
    au[26] = np.where(apart & some(0.6), au[25] * amount(0.3, 1.3), 0)
    when_shut = {14: 0.3, 15: 0.25, 17: 0.35, 23: 0.35, 24: 0.35, 28: 0.15}
    for number, share in when_shut.items():
        rarely = some(0.15) * (number not in (24, 28))
        au[number] = np.where(apart, au[number] * rarely, some(share) * amount(0.1))
    au[15] = au[15] * (au[12] < 0.3)
    au[23] = au[23] * (au[12] < 0.5)
    return np.clip(np.stack([au[number] for number in NUMBERS], 1), 0, 1)


def shape_weights(kit: Kit, aus: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Weights (n, S) of the shapes: the AUs, unequal on the two sides, and nuisance."""
    n = len(aus)
    tilt = np.exp(0.15 * rng.standard_normal(aus.shape))
    sides = {
        "": aus,
        "L": aus * np.clip(tilt, 0.6, 1.4),
        "R": aus * np.clip(2 - tilt, 0.6, 1.4),
    }
    weights = _au_shapes(kit, sides)
    down = (rng.random(n) < 0.35) * rng.uniform(0, 0.7, n)
    up = (down == 0) * (rng.random(n) < 0.2) * rng.uniform(0, 0.5, n)
    for shape, drawn in (("eyeLookDown", down), ("eyeLookUp", up)):
        for column, _ in kit.columns(shape):
            weights[:, column] += drawn
    for shape, share, high in NUISANCE:
        drawn = (rng.random(n) < share) * rng.uniform(0, high, n)
        for column, _ in kit.columns(shape):
            weights[:, column] += drawn
    return weights


def touching(points: np.ndarray) -> np.ndarray:
    """The same faces with lips and lids that touch instead of crossing."""
    return np.asarray(contact.part(jnp.asarray(points, jnp.float32)), np.float64)


def _au_shapes(kit: Kit, sides: dict[str, np.ndarray]) -> np.ndarray:
    weights = np.zeros((len(sides[""]), len(kit.names)))
    for k, number in enumerate(NUMBERS):
        for shape, weight in ARKIT_FROM_AU[number].items():
            for column, side in kit.columns(shape):
                weights[:, column] += weight * sides[side][:, k]
    return weights
