"""Head pose from the 68 landmarks of a face: three dense layers.

Distilled from img2pose by py-feat: its ``pose_mlp_v2``.
"""

import jax
from flax import nnx

from genface.nets.layers import gelu
from genface.nets.modules import LayerNorm, Linear

WIDTHS = (136, 512, 256, 128)
STEP = 4  # torch's sequence: linear, norm, activation, dropout


class PoseMLP(nnx.Module):
    """(N, 136) landmarks to standardised rotations x, y, z and translations.

    First all x, then all y, each less its mean, in distances of the outer eye corners.
    """

    def __init__(self) -> None:
        pairs = list(zip(WIDTHS, WIDTHS[1:], strict=False))
        self.dense = nnx.List(
            [
                Linear(inputs, outputs, own=f"../../net/{STEP * k}")
                for k, (inputs, outputs) in enumerate(pairs)
            ]
        )
        self.norms = nnx.List(
            [
                LayerNorm(outputs, own=f"../../net/{STEP * k + 1}")
                for k, (_, outputs) in enumerate(pairs)
            ]
        )
        self.last = Linear(WIDTHS[-1], 6, own=f"../net/{STEP * len(pairs)}")

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``out`` (N, 6), to be multiplied and shifted by the file's own numbers."""
        for dense, norm in zip(self.dense, self.norms, strict=True):
            x = gelu(norm(dense(x)))
        return {"out": self.last(x)}
