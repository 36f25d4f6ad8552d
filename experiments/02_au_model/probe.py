"""A linear reading of the mesh network's own features, region by region.

Differences of the features from the same person's at rest, ridge regression to AUs. An
AU reads only the part of the face where its muscle moves the skin, so that brows do not
follow the mouth. Trained on the pictures as rendered and through poor cameras.
"""

import numpy as np
from faces import Faces
from looks import COUNTS, PLACES

from genface.facs import AU_NAMES
from genface.nets.au_model import load_au_model

# Outer-eye distances, of the frontal average face: from and to which height, and how
# far aside, AUs are read.
UPPER, LOWER = (-0.15, 9.0, 9.0), (-9.0, 0.1, 9.0)
REGIONS = {
    **dict.fromkeys(("AU01", "AU02", "AU05", "AU07", "AU43"), UPPER),
    "AU04": (-0.05, 9.0, 9.0),
    "AU09": (-0.45, 0.45, 0.4),
    "AU06": (-0.5, 0.35, 9.0),
}
RIDGE = 3.0


def read_places(name: str) -> np.ndarray:
    """Which of PLACES of the finest grid an AU is read from (P,)."""
    low, high, aside = REGIONS.get(name, LOWER)
    x, y = load_au_model().average[list(PLACES[: COUNTS["grid_48"]]), :2].T
    return (y >= low) & (y <= high) & (np.abs(x) <= aside)


def differences(faces: Faces, features: np.ndarray) -> np.ndarray:
    """Features (m, P * 32) of frames that move less those at rest; the finest grid."""
    fine = features[:, : COUNTS["grid_48"] * 32].astype(np.float32)
    return fine[faces.moving] - fine[faces.rest]


def fit(deltas: np.ndarray, labels: np.ndarray, ridge: float = RIDGE) -> np.ndarray:
    """Weights (P * 32, A): an AU per difference; 0 outside of its region."""
    weights = np.zeros((deltas.shape[1], labels.shape[1]), np.float32)
    scale = deltas.std(0) + 1e-6
    solved: dict[bytes, np.ndarray] = {}
    for k, name in enumerate(AU_NAMES):
        inside = np.repeat(read_places(name), 32)
        if inside.tobytes() not in solved:
            x = deltas[:, inside] / scale[inside]
            count = x.shape[1]
            gram = x.T @ x / count + ridge * np.eye(count, dtype=np.float32)
            found = np.linalg.solve(gram, x.T @ labels / count)
            solved[inside.tobytes()] = found / scale[inside][:, None]
        weights[inside, k] = solved[inside.tobytes()][:, k]
    return weights
