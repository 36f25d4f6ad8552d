"""Whose face it is, as an embedding, from the crop of the face."""

from collections.abc import Callable

import jax
import numpy as np

from genface.detect.stages import FaceBatch
from genface.nets.ported import Ported
from genface.table.columns import IDENTITY


class Identity:
    """An embedding network; ``scaled`` takes crops in 0-1 to the range it knows."""

    columns: tuple[str, ...] = IDENTITY
    needs: tuple[str, ...] = ("crops",)
    gives: tuple[str, ...] = ()

    def __init__(
        self,
        network: Ported,
        scaled: Callable[[np.ndarray | jax.Array], np.ndarray | jax.Array],
    ) -> None:
        self._network, self._scaled = network, scaled

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """Embeddings (N, 512), of whatever length the network gives them."""
        return self._network(self._scaled(faces.found["crops"]))["emb"]


def arcface_range(crops: np.ndarray | jax.Array) -> np.ndarray | jax.Array:
    """Colours from -1 to 1."""
    return crops * 2 - 1


def facenet_range(crops: np.ndarray | jax.Array) -> np.ndarray | jax.Array:
    """Colours as they are, though the network was trained on others (py-feat's way)."""
    return crops
