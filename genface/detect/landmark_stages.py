"""68 landmarks of cropped faces, by networks that tell them in shares of the crop."""

from collections.abc import Callable

import jax
import numpy as np

from genface.detect.assemble import axis_major
from genface.detect.face_crops import cut
from genface.detect.stages import FaceBatch
from genface.nets.pictures import normalised
from genface.nets.ported import Ported
from genface.table.columns import LANDMARKS

N_POINTS = 68
LARGE = 224  # pixels, of a side of what MobileNet sees


class Landmarks:
    """A landmark network on pictures that ``view`` makes of the faces.

    Leaves ``crop_landmarks`` (N, 68, 2), in shares of the crop, and ``landmarks``, the
    same in pixels of the frame, for which the crop's box counts in whole pixels.
    """

    columns: tuple[str, ...] = LANDMARKS
    needs: tuple[str, ...] = ("crops", "crop_boxes")
    gives: tuple[str, ...] = ("crop_landmarks", "landmarks")

    def __init__(
        self, network: Ported, view: Callable[[FaceBatch], jax.Array | np.ndarray]
    ) -> None:
        self._network, self._view = network, view

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """All x, then all y (N, 136), in pixels of the frame."""
        shares = self._network(self._view(faces))["landmarks"]
        shares = shares.reshape(-1, N_POINTS, 2)
        low, high = np.split(np.asarray(faces.found["crop_boxes"]), 2, axis=1)
        points = low[:, None] + (high - low)[:, None] * shares.astype(np.float64)
        faces.found["crop_landmarks"], faces.found["landmarks"] = shares, points
        return axis_major(points)


def crops(faces: FaceBatch) -> jax.Array | np.ndarray:
    """The crops as they are, for MobileFaceNet and PFLD."""
    return faces.found["crops"]


def large_crops(faces: FaceBatch) -> jax.Array:
    """Crops of the same boxes twice the size, normalised, for MobileNet.

    Cut anew from the frame, so that the other stages keep the crops they know.
    """
    return normalised(cut(faces, LARGE)[0])
