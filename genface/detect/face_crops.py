"""Faces cut out of their pictures, stretched to squares: what the modular preset sees.

The boxes are a fifth longer and wider than the finder's; py-feat's first detector
(Cheong et al. 2023) tells them as the face's.
"""

import jax
import jax.numpy as jnp
import numpy as np

from genface.detect.stages import FaceBatch
from genface.geometry.box_crops import EXPAND, stretched_crops
from genface.table.columns import FACEBOX

SIZE = 112  # pixels, of a side


def cut(
    faces: FaceBatch, size: int = SIZE, expand: float = EXPAND
) -> tuple[jax.Array, np.ndarray]:
    """Pieces (N, size, size, 3) in 0-1, and their boxes (N, 4) in whole pixels.

    Black outside of the picture; sampled as
    :func:`genface.geometry.box_crops.stretched_crops` tells.
    """
    # One at a time: however many faces a picture has, the program is the same.
    parts = [
        stretched_crops(pixels, box[None], size, expand)
        for pixels, box in zip(faces.pixels, faces.boxes, strict=True)
    ]
    pieces, boxes = zip(*parts, strict=True)
    return jnp.concatenate(pieces) / 255, np.concatenate(boxes)


class FaceCrops:
    """The stage that cuts; its columns are the pieces' boxes and the finder's score."""

    columns: tuple[str, ...] = FACEBOX
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ("crops", "crop_boxes")

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """x, y, width and height in whole pixels, and the score (N, 5)."""
        crops, boxes = cut(faces)
        faces.found["crops"], faces.found["crop_boxes"] = crops, boxes
        return np.column_stack(
            [boxes[:, :2], boxes[:, 2:] - boxes[:, :2], faces.scores]
        )
