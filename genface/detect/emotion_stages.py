"""Emotions from a crop of the face, by ResMaskNet."""

import numpy as np
from scipy.special import softmax

from genface.detect.face_crops import cut
from genface.detect.stages import FaceBatch
from genface.nets.ported import Ported
from genface.table.columns import V1_EMOTIONS

SIZE = 224  # pixels, of a side
EXPAND = 1.1  # less of the surroundings than the other networks see


class ResMaskEmotions:
    """Probabilities of seven emotions, from a crop of its own."""

    columns: tuple[str, ...] = V1_EMOTIONS
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()

    def __init__(self, network: Ported) -> None:
        self._network = network

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """Probabilities (N, 7) that sum to 1."""
        logits = self._network(cut(faces, SIZE, EXPAND)[0])["logits"]
        return softmax(logits.astype(np.float64), axis=1)
