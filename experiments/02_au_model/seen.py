"""What the mesh network shows of each shape: a linear basis, learnt from renders.

The network returns between a tenth and all of the rig's motion, depending on the
region. Renders of single shapes on many people say how much: mesh deltas are regressed
on shape weights (ridge), and what is left over is kept, as the noise that real meshes
have. Basis plus noise is a training set of any size that needs no further rendering.

A folder is one that `python -m experiments.synthetic_faces` and then its `.meshes`
wrote. Deltas are (956,): x, y of the 478 points seen from the front, against the same
person's frame 0, in outer-eye distances.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.synthetic_faces.dataset import beside, shards
from genface.files import read_json, read_npz
from genface.geometry.mesh_points import N_MESH, OUTER_EYE_CORNERS
from genface.geometry.pose import mesh_to_head_axes, similarity

PRESENT = 0.5
ROWS = ("mesh", "presence", "person", "frame", "shapes", "aus", "pose")
# With much ridge, what is left over keeps some of the motion, as noise that looks like
# expressions: good to train on. With little, the shapes have their full size (the best
# prediction of people left out): good to scale by. Per frame: 20 and 2 of 280 people.
TRAINING_RIDGE, SCALING_RIDGE = 0.009, 0.0009


@dataclass(frozen=True)
class Renders:
    """Meshes of a folder of synthetic faces as the network reports them."""

    shape_names: tuple[str, ...]
    mesh: np.ndarray  # (n, 478, 3) head axes: y up, z toward the viewer
    presence: np.ndarray  # (n,)
    person: np.ndarray  # (n,)
    frame: np.ndarray  # (n,) 0 = neutral
    shapes: np.ndarray  # (n, S) weights of the shapes
    aus: np.ndarray  # (n, A, 2) subject's right, left
    pose: np.ndarray  # (n, 3) Pitch, Roll, Yaw, rad

    @classmethod
    def read(cls, folder: Path) -> "Renders":
        """Frames that the network takes for a face, of people whose neutral it does."""
        facts = read_json(folder / "facts.json")
        wanted = ("person", "frame", "shapes", "aus", "pose")
        kept = []
        for part in shards(folder):
            arrays = read_npz(part)
            meshes = read_npz(beside(part, "meshes"))
            kept.append({name: arrays[name] for name in wanted} | meshes)
        whole = {n: np.concatenate([arrays[n] for arrays in kept]) for n in kept[0]}
        good = whole["presence"] > PRESENT
        rested = whole["person"][good & (whole["frame"] == 0)]
        good &= np.isin(whole["person"], rested)
        whole = {name: array[good] for name, array in whole.items()}
        whole["mesh"] = mesh_to_head_axes(whole["mesh"])
        return cls(tuple(facts["shape_names"]), **whole)

    @property
    def rest_rows(self) -> np.ndarray:
        """For each row (n,), the row of the same person's neutral frame."""
        rows = np.flatnonzero(self.frame == 0)
        order = np.argsort(self.person[rows])
        at = np.searchsorted(self.person[rows][order], self.person)
        return rows[order][at]

    def people(self, count: int) -> "Renders":
        """The first so many people."""
        chosen = np.isin(self.person, np.unique(self.person)[:count])
        rows = {f: getattr(self, f)[chosen] for f in ROWS}
        return Renders(self.shape_names, **rows)

    @property
    def moving(self) -> np.ndarray:
        return self.frame > 0


def average_face(renders: Renders, start: np.ndarray, still: np.ndarray) -> np.ndarray:
    """Mean neutral face (478, 3) as the network reports it, in outer-eye distances.

    Two rounds of aligning all neutral faces to their mean, from ``start`` (478, 3).
    The result is its own mirror image only as far as the people are.
    """
    neutral = renders.mesh[~renders.moving]
    average = start
    for _ in range(2):
        average = similarity(average, neutral, still).undo(neutral).mean(0)
        right, left = (average[corner] for corner in OUTER_EYE_CORNERS)
        middle = still @ average / still.sum()
        average = (average - middle) / np.linalg.norm(right - left)
    return average


@dataclass(frozen=True)
class SeenBasis:
    """Shape weights to mesh deltas, and what they leave over."""

    shapes: np.ndarray  # (S, 956) delta of each shape at weight 1
    left_over: np.ndarray  # (n, 956)


def seen_basis(weights: np.ndarray, deltas: np.ndarray, ridge: float) -> SeenBasis:
    """Ridge of deltas (n, 956) on shape weights (n, S), through the origin."""
    gram = weights.T @ weights + len(weights) * ridge * np.eye(weights.shape[1])
    shapes = np.linalg.solve(gram, weights.T @ deltas)
    return SeenBasis(shapes, deltas - weights @ shapes)


def mirrored(shapes: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Deltas (n, 956) of the same faces in a looking glass; ``mirror`` (478,)."""
    points = shapes.reshape(len(shapes), N_MESH, 2)[:, mirror] * [-1, 1]
    return points.reshape(len(shapes), -1)
