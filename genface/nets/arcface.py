"""ArcFace: who a face belongs to, as an embedding by an improved ResNet-50.

Deng et al. 2019, arXiv 1801.07698, and Duta et al. 2020, arXiv 2004.04989; the batch
norms after convolutions are folded in the file itself.
"""

import jax
from flax import nnx

from genface.nets.modules import Conv, Linear, Norm, PReLU

WIDTHS = (64, 128, 256, 512)
DEPTHS = (3, 4, 14, 3)
EMBEDDING = 512


class Block(nnx.Module):
    """A norm, two 3x3 convolutions and a shortcut; nothing after the sum."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        self.bn1 = Norm(inputs)
        self.conv1 = Conv(inputs, width, 3, bias=True)
        self.prelu = PReLU(width)
        self.conv2 = Conv(width, width, 3, stride, bias=True)
        self.downsample = (
            Conv(inputs, width, 1, stride, bias=True) if stride > 1 else None
        )

    def __call__(self, x: jax.Array) -> jax.Array:
        """Block of (N, H, W, C)."""
        y = self.conv2(self.prelu(self.conv1(self.bn1(x))))
        return y + (self.downsample(x) if self.downsample else x)


class ArcFace(nnx.Module):
    """(N, 112, 112, 3), RGB in -1 to 1, to embeddings."""

    def __init__(self) -> None:
        self.conv1 = Conv(3, WIDTHS[0], 3, bias=True)
        self.prelu = PReLU(WIDTHS[0])
        inputs = WIDTHS[0]
        for k, (width, count) in enumerate(zip(WIDTHS, DEPTHS, strict=True)):
            blocks = []
            for index in range(count):
                blocks.append(Block(inputs, width, 1 if index else 2))
                inputs = width
            setattr(self, f"layer{k + 1}", nnx.List(blocks))
        self.bn2 = Norm(inputs)
        self.fc = Linear(7 * 7 * inputs, EMBEDDING, norm="../features")

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``emb`` (N, 512), of any length."""
        x = self.prelu(self.conv1(x))
        for k in range(len(WIDTHS)):
            for block in getattr(self, f"layer{k + 1}"):
                x = block(x)
        flat = self.bn2(x).transpose(0, 3, 1, 2).reshape(len(x), -1)
        return {"emb": self.fc(flat)}
