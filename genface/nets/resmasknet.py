"""ResMaskNet: seven emotions from a picture of a face.

Pham et al. 2020, doi 10.1109/ICPR48806.2021.9411919. A ResNet-34 whose stages are
weighed by masks, each from a small U-Net (Ronneberger et al. 2015, arXiv 1505.04597).
"""

import jax
import jax.numpy as jnp
from flax import nnx

from genface.nets.modules import Linear, Upsampling, max_pool
from genface.nets.resnet import WIDTHS, BasicBlock, ResNet

N_EMOTIONS = 7  # anger, disgust, fear, happiness, sadness, surprise, neutral
DEEPEST = 1024  # channels at the bottom of each mask's U


class Mask(nnx.Module):
    """(N, H, W, C) to weights of the same shape that sum to 1 over the channels.

    ``conv1`` and on go down the U, doubling the channels, and up again, the last one
    to the channels of the input.
    """

    def __init__(self, channels: int) -> None:
        sizes = [channels]
        while sizes[-1] < DEEPEST:
            sizes.append(2 * sizes[-1])
        self.depth = len(sizes) - 1
        path = sizes + sizes[-2::-1]
        for k, (before, after) in enumerate(zip(path, path[1:], strict=False), 1):
            setattr(self, f"conv{k}", BasicBlock(before, after, 1))
            if self.depth < k < 2 * self.depth:
                setattr(
                    self, f"up_pool{k}", Upsampling(before, after, own="0", norm="1")
                )

    def __call__(self, x: jax.Array) -> jax.Array:
        """Down the U and up again."""
        maps: list[jax.Array] = []
        for k in range(1, self.depth + 1):
            x = getattr(self, f"conv{k}")(max_pool(x, 2, 2) if maps else x)
            maps.append(x)
        maps.pop()
        for k in range(self.depth + 1, 2 * self.depth):
            up = getattr(self, f"up_pool{k}")(x, "relu")
            x = getattr(self, f"conv{k}")(jnp.concatenate([up, maps.pop()], -1))
        return jax.nn.softmax(getattr(self, f"conv{2 * self.depth}")(x), -1)


class ResMaskNet(ResNet):
    """(N, 224, 224, 3), RGB in 0-1, to logits of emotions."""

    def __init__(self) -> None:
        super().__init__(34)
        for k, width in enumerate(WIDTHS, 1):
            setattr(self, f"mask{k}", Mask(width))
        self.fc = Linear(WIDTHS[-1], N_EMOTIONS, own="1")

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:  # type: ignore[override]
        """``logits`` (N, 7)."""
        x = self.stem(x)
        for k in range(1, len(WIDTHS) + 1):
            x = self.stage(k, x)
            x = x * (1 + getattr(self, f"mask{k}")(x))
        return {"logits": self.fc(x.mean((1, 2)))}
