"""Synthetic people with what was seen of them: meshes, textures, features, AUs.

A folder is one of `python -m experiments.synthetic_faces`, with looks by `looks.py`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genface.files import read_npz
from genface.nets.au_model import Neutral, load_au_model

KEYS = ("person", "frame", "aus", "pose")


@dataclass(frozen=True)
class Faces:
    """Frames in order of people; frame 0 of each is at rest."""

    person: np.ndarray  # (n,)
    frame: np.ndarray  # (n,)
    aus: np.ndarray  # (n, A, 2) the subject's right, left
    pose: np.ndarray  # (n, 3)
    mesh: np.ndarray  # (n, 478, 3) as the Detector reports it
    presence: np.ndarray  # (n,)
    texture: np.ndarray  # (n, 112, 96) uint8
    features: np.ndarray  # (n, F) float16

    @classmethod
    def read(cls, folder: Path, people: range | None = None) -> "Faces":
        """Everybody, or only these people."""
        kept = []
        for path in sorted(folder.glob("looks_*.npz")):
            part = path.with_name(path.name.replace("looks_", "part_"))
            with np.load(part) as arrays:
                facts = {key: arrays[key] for key in KEYS}
            whole = facts | read_npz(path)
            rows = np.ones(len(whole["person"]), bool)
            if people is not None:
                rows = np.isin(whole["person"], people)
            kept.append({name: array[rows] for name, array in whole.items()})
        return cls(**{n: np.concatenate([p[n] for p in kept]) for n in kept[0]})

    @property
    def moving(self) -> np.ndarray:
        """Rows (m,) of frames that are not at rest."""
        return np.flatnonzero(self.frame > 0)

    @property
    def rest(self) -> np.ndarray:
        """Row (m,) of the same person at rest, for each that moves."""
        rows = np.flatnonzero(self.frame == 0)
        return rows[np.searchsorted(self.person[rows], self.person[self.moving])]

    def geometry(self) -> np.ndarray:
        """AUs (m, A) that the mesh alone shows, by the shipped model."""
        model = load_au_model()
        neutral = model.shapes(self.mesh[self.frame == 0])
        people = self.person[self.frame == 0]
        found = np.empty((len(self.moving), self.aus.shape[1]))
        for own, person in zip(neutral, people, strict=True):
            rows = self.person[self.moving] == person
            meshes = self.mesh[self.moving][rows]
            found[rows] = model.aus(meshes, Neutral(own), all_aus=True)
        return found

    @property
    def labels(self) -> np.ndarray:
        """AUs (m, A) of both sides together, in the frames that move."""
        return np.clip(self.aus, 0, 1).mean(-1)[self.moving]

    @property
    def owner(self) -> np.ndarray:
        """Whose the frames that move are, (m,)."""
        return self.person[self.moving]


def agreement(found: np.ndarray, true: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Correlations (2, A): pooled, and after each person's mean was taken off."""
    return np.stack(
        [
            correlation(found, true),
            correlation(centred(found, person), centred(true, person)),
        ]
    )


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson r of each column; 0 where one does not vary."""
    a, b = a - a.mean(0), b - b.mean(0)
    size = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    return (a * b).sum(0) / np.where(size > 0, size, np.inf)


def centred(values: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Values (m, A) less each person's mean."""
    _, index = np.unique(person, return_inverse=True)
    sums = np.zeros((index.max() + 1, values.shape[1]))
    np.add.at(sums, index, values)
    return values - (sums / np.bincount(index)[:, None])[index]
