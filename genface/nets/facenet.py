"""FaceNet: who a face belongs to, as an embedding by an Inception-ResNet v1.

Schroff et al. 2015, arXiv 1503.03832; Szegedy et al. 2016, arXiv 1602.07261.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx

from genface.nets.modules import Conv, Linear, max_pool

EPSILON = 1e-3
EMBEDDING = 512
Window = int | tuple[int, int]
Chains = Sequence[Sequence[tuple[int, Window]]]  # (outputs, window) of convolutions


class Basic(nnx.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        window: Window = 1,
        stride: int = 1,
        padding: int | None = None,
    ) -> None:
        self.conv = Conv(
            inputs, outputs, window, stride, padding, norm="../bn", epsilon=EPSILON
        )

    def __call__(self, x: jax.Array) -> jax.Array:
        """Convolve and activate."""
        return self.conv(x, "relu")


class Branches(nnx.Module):
    """Chains of convolutions on one input, side by side.

    With ``reduce`` the last convolution of each
    takes every second place and none beyond the edge. In torch's names a chain of one
    has no index.
    """

    def __init__(
        self,
        inputs: int,
        chains: Chains,
        reduce: bool = False,
    ) -> None:
        self.count = len(chains)
        for k, chain in enumerate(chains):
            links, size = [], inputs
            for index, (outputs, window) in enumerate(chain):
                last = reduce and index == len(chain) - 1
                stride, padding = (2, 0) if last else (1, None)
                links.append(Basic(size, outputs, window, stride, padding))
                size = outputs
            branch = links[0] if len(links) == 1 else nnx.List(links)
            setattr(self, f"branch{k}", branch)

    def maps(self, x: jax.Array) -> list[jax.Array]:
        """What each chain makes of (N, H, W, C)."""
        found = []
        for k in range(self.count):
            branch, y = getattr(self, f"branch{k}"), x
            for link in [branch] if isinstance(branch, Basic) else branch:
                y = link(y)
            found.append(y)
        return found


class Residual(Branches):
    """Branches, joined, scaled and added to their input."""

    def __init__(
        self,
        channels: int,
        chains: Chains,
        scale: float,
        activation: str | None = "relu",
    ) -> None:
        super().__init__(channels, chains)
        joined = sum(chain[-1][0] for chain in chains)
        self.conv2d = Conv(joined, channels, 1, bias=True)
        self.scale, self.activation = scale, activation

    def __call__(self, x: jax.Array) -> jax.Array:
        """Block of (N, H, W, C)."""
        joined = jnp.concatenate(self.maps(x), -1)
        y = x + self.scale * self.conv2d(joined)
        return jax.nn.relu(y) if self.activation else y


class Reduction(Branches):
    """Branches beside a maximum, all at half the resolution."""

    def __init__(self, inputs: int, chains: Chains) -> None:
        super().__init__(inputs, chains, reduce=True)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Block of (N, H, W, C)."""
        return jnp.concatenate([*self.maps(x), max_pool(x, 3, 2)], -1)


class FaceNet(nnx.Module):
    """(N, 112 or more, the same, 3), RGB, to embeddings of length 1."""

    def __init__(self) -> None:
        self.conv2d_1a = Basic(3, 32, 3, 2, 0)
        self.conv2d_2a = Basic(32, 32, 3, 1, 0)
        self.conv2d_2b = Basic(32, 64, 3)
        self.conv2d_3b = Basic(64, 80)
        self.conv2d_4a = Basic(80, 192, 3, 1, 0)
        self.conv2d_4b = Basic(192, 256, 3, 2, 0)
        block35: Chains = [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (32, 3), (32, 3)]]
        self.repeat_1 = nnx.List([Residual(256, block35, 0.17) for _ in range(5)])
        self.mixed_6a = Reduction(256, [[(384, 3)], [(192, 1), (192, 3), (256, 3)]])
        block17: Chains = [[(128, 1)], [(128, 1), (128, (1, 7)), (128, (7, 1))]]
        self.repeat_2 = nnx.List([Residual(896, block17, 0.10) for _ in range(10)])
        self.mixed_7a = Reduction(
            896,
            [
                [(256, 1), (384, 3)],
                [(256, 1), (256, 3)],
                [(256, 1), (256, 3), (256, 3)],
            ],
        )
        block8: Chains = [[(192, 1)], [(192, 1), (192, (1, 3)), (192, (3, 1))]]
        self.repeat_3 = nnx.List([Residual(1792, block8, 0.20) for _ in range(5)])
        self.block8 = Residual(1792, block8, 1.0, activation=None)
        self.last_linear = Linear(
            1792, EMBEDDING, bias=False, norm="../last_bn", epsilon=EPSILON
        )

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``emb`` (N, 512)."""
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(x)))
        x = self.conv2d_3b(max_pool(x, 3, 2))
        x = self.conv2d_4b(self.conv2d_4a(x))
        for block in self.repeat_1:
            x = block(x)
        x = self.mixed_6a(x)
        for block in self.repeat_2:
            x = block(x)
        x = self.mixed_7a(x)
        for block in self.repeat_3:
            x = block(x)
        embedding = self.last_linear(self.block8(x).mean((1, 2)))
        length = jnp.linalg.norm(embedding, axis=-1, keepdims=True)
        return {"emb": embedding / jnp.maximum(length, 1e-12)}
