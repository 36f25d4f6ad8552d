"""Synthetic people with what was seen of them: meshes, textures, features, AUs.

A folder is one of `python -m experiments.synthetic_faces`, with looks by `looks.py`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from seen import PRESENT
from testing import against_rest

from experiments.synthetic_faces.dataset import beside, shards
from genface.files import read_npz
from genface.nets.au_model import load_au_model

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
        for part in shards(folder):
            with np.load(part) as arrays:
                facts = {key: arrays[key] for key in KEYS}
            whole = facts | read_npz(beside(part, "looks"))
            rows = np.ones(len(whole["person"]), bool)
            if people is not None:
                rows = np.isin(whole["person"], people)
            kept.append({name: array[rows] for name, array in whole.items()})
        return cls(**{n: np.concatenate([p[n] for p in kept]) for n in kept[0]})

    @property
    def moving(self) -> np.ndarray:
        """Rows (m,) of frames that are not at rest.

        The network takes them for a face, and the same person's at rest as well.
        """
        present = self.presence > PRESENT
        rested = np.isin(self.person, self.person[present & (self.frame == 0)])
        return np.flatnonzero(present & rested & (self.frame > 0))

    @property
    def rest(self) -> np.ndarray:
        """Row (m,) of the same person at rest, for each that moves."""
        rows = np.flatnonzero(self.frame == 0)
        return rows[np.searchsorted(self.person[rows], self.person[self.moving])]

    def geometry(self) -> np.ndarray:
        """AUs (m, A) that the mesh alone shows, by the shipped model."""
        model = load_au_model()
        return against_rest(model, self.mesh[self.moving], self.mesh[self.rest])[0]

    @property
    def labels(self) -> np.ndarray:
        """AUs (m, A) of both sides together, in the frames that move."""
        return np.clip(self.aus, 0, 1).mean(-1)[self.moving]

    @property
    def owner(self) -> np.ndarray:
        """Whose the frames that move are, (m,)."""
        return self.person[self.moving]


def camera_features(folder: Path) -> np.ndarray:
    """Features (n, F) of everybody's frames once more, through poor cameras."""
    files = [beside(part, "cameras") for part in shards(folder)]
    return np.concatenate([read_npz(path)["features"] for path in files])
