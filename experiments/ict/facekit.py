"""Reading of ICT-FaceKit Light: neutral face, identity modes, expression shapes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genface.files import read_npz

FACE_VERTICES = 9409  # the face area comes first
EYEBALLS = slice(21451, 24591)


@dataclass(frozen=True)
class ICT:
    """A face set in centimetres, x right in the image, y up, z toward the viewer.

    ``_L`` in a shape's name is the subject's left (x > 0).
    """

    neutral: np.ndarray  # (26719, 3) float64
    identity: np.ndarray  # (100, 26719, 3) float32, deltas per standard deviation
    expressions: dict[str, np.ndarray]  # name -> (26719, 3) float64 delta at weight 1
    quads: np.ndarray  # (26384, 4), -1 in the last place of a triangle
    landmarks68: np.ndarray  # (68,) vertex of each dlib landmark

    @property
    def triangles(self) -> np.ndarray:
        """(18461, 3) triangles of the face area, without sockets, eyes and teeth."""
        whole = self.quads[:, 3] >= 0
        halves = [self.quads[:, [0, 1, 2]], self.quads[whole][:, [0, 2, 3]]]
        triangles = np.concatenate(halves)
        return triangles[(triangles < FACE_VERTICES).all(1)]

    def shape(self, name: str) -> np.ndarray:
        """Delta (26719, 3) of a shape; one that has sides may be named without."""
        if name in self.expressions:
            return self.expressions[name]
        return self.expressions[f"{name}_L"] + self.expressions[f"{name}_R"]


def load_ict(path: Path | str) -> ICT:
    """Read the set from its npz, as `experiments/01_rig/run.py` describes it."""
    arrays = read_npz(path)
    names = [str(name) for name in arrays["expression_names"]]
    deltas = arrays["expression_deltas"].astype(np.float64)
    return ICT(
        neutral=arrays["neutral"].astype(np.float64),
        identity=arrays["identity_deltas"].astype(np.float32),
        expressions=dict(zip(names, deltas, strict=True)),
        quads=arrays["quads"],
        landmarks68=arrays["landmarks68"],
    )
