"""Where the eyes look, from a crop of the face, by L2CS."""

import jax.numpy as jnp
import numpy as np

from genface.detect.stages import FaceBatch
from genface.geometry import gaze_angle
from genface.nets.l2cs import angle
from genface.nets.pictures import normalised, resized
from genface.nets.ported import Ported
from genface.table.columns import GAZE

SIZE = 224  # pixels, of a side


class L2CSGaze:
    """Gaze against the line from the eyes to the camera, not against the head.

    The network's own signs are ours: +pitch up, +yaw to the image's left, which is the
    subject's right (its drawing routine moves the arrow's tip by minus the sine of
    either; the angles are Gaze360's, Kellnhofer et al. 2019, x pointing left, y up).
    """

    columns: tuple[str, ...] = GAZE
    needs: tuple[str, ...] = ("crops",)
    gives: tuple[str, ...] = ()

    def __init__(self, network: Ported) -> None:
        self._network = network

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """Pitch, yaw and the angle between gaze and camera (N, 3), in radians."""
        found = self._network(normalised(resized(faces.found["crops"], SIZE)))
        logits = np.stack([found["pitch_logits"], found["yaw_logits"]], axis=1)
        angles = np.asarray(angle(jnp.asarray(logits)), np.float64)
        return np.column_stack([angles, gaze_angle(angles)])
