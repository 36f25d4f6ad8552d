"""L2CS: gaze as two distributions over angles, from a picture of a face.

Abdelrahman et al. 2022, arXiv 2203.03339. A ResNet-50 and two linear heads of 90 bins
of 4 degrees.
"""

import jax
import jax.numpy as jnp
import numpy as np

from genface.nets.modules import Linear
from genface.nets.resnet import ResNet

N_BINS = 90
BIN = 4.0  # degrees; the first bin's is -180


class L2CS(ResNet):
    """(N, 224, 224, 3), ImageNet-normalised RGB, to logits of yaw and of pitch."""

    def __init__(self) -> None:
        super().__init__(50)
        self.fc_yaw_gaze = Linear(2048, N_BINS)
        self.fc_pitch_gaze = Linear(2048, N_BINS)

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:  # type: ignore[override]
        """``yaw_logits`` and ``pitch_logits`` (N, 90)."""
        pooled = super().__call__(x)[-1].mean((1, 2))
        return {
            "yaw_logits": self.fc_yaw_gaze(pooled),
            "pitch_logits": self.fc_pitch_gaze(pooled),
        }


def angle(logits: jax.Array) -> jax.Array:
    """Expected angle (...) in radians of logits (..., 90)."""
    degrees = BIN * np.arange(N_BINS, dtype=np.float32) - 180
    return jnp.radians((jax.nn.softmax(logits) * degrees).sum(-1))
