"""Named shapes that add up: the linear half of a rig."""

from dataclasses import dataclass

import numpy as np

from genface.errors import ShapeError


@dataclass(frozen=True)
class Morphs:
    """Displacements of every vertex at weight 1, in cm.

    ``names`` (S,) such as ``AU12_L``; ``deltas`` (S, V, 3) float32.
    """

    names: tuple[str, ...]
    deltas: np.ndarray

    def __post_init__(self) -> None:
        if self.deltas.ndim != 3 or len(self.deltas) != len(self.names):
            raise ShapeError(
                f"morphs: {len(self.names)} names need deltas (S, V, 3), "
                f"got {self.deltas.shape}."
            )

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, name: str) -> np.ndarray:
        """Delta (V, 3) of the shape of that name."""
        return self.deltas[self.names.index(name)]
