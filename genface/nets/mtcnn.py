"""MTCNN: faces and five points by a cascade of three small networks.

Zhang et al. 2016, arXiv 1604.02878. Pictures are RGB, (x - 127.5) / 128 of 0-255.
"""

import jax
import jax.numpy as jnp
from flax import nnx

from genface.nets.modules import Conv, Linear, PReLU, max_pool

REFINED, FINAL = 24, 48  # sides of the pictures that the second and third network see
NEVER = -1e9  # below any activation: never the largest


class PNet(nnx.Module):
    """A picture (N, H, W, 3) to a grid of proposals, every 2 pixels, 12 wide."""

    def __init__(self) -> None:
        self.conv1, self.prelu1 = _valid(3, 10), PReLU(10)
        self.conv2, self.prelu2 = _valid(10, 16), PReLU(16)
        self.conv3, self.prelu3 = _valid(16, 32), PReLU(32)
        self.conv4_1 = Conv(32, 2, 1, bias=True)
        self.conv4_2 = Conv(32, 4, 1, bias=True)

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``p_reg`` (N, 4, H', W') and ``p_prob`` (N, 2, H', W'), no face and face."""
        reg, prob = self.judged(self.prelu1(self.conv1(x)))
        return {
            "p_reg": reg.transpose(0, 3, 1, 2),
            "p_prob": prob.transpose(0, 3, 1, 2),
        }

    def judged(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """From the first layer's output to corrections and odds, channels last."""
        x = max_pool(x, 2, 2, ceil=True)
        x = self.prelu3(self.conv3(self.prelu2(self.conv2(x))))
        return self.conv4_2(x), jax.nn.softmax(self.conv4_1(x), -1)


class RNet(nnx.Module):
    """Proposals (N, 24, 24, 3) judged and corrected."""

    def __init__(self) -> None:
        self.conv1, self.prelu1 = _valid(3, 28), PReLU(28)
        self.conv2, self.prelu2 = _valid(28, 48), PReLU(48)
        self.conv3, self.prelu3 = _valid(48, 64, 2), PReLU(64)
        self.dense4, self.prelu4 = Linear(576, 128), PReLU(128)
        self.dense5_1 = Linear(128, 2)
        self.dense5_2 = Linear(128, 4)

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``r_reg`` (N, 4) and ``r_prob`` (N, 2)."""
        x = max_pool(self.prelu1(self.conv1(x)), 3, 2, ceil=True)
        x = max_pool(self.prelu2(self.conv2(x)), 3, 2, ceil=True)
        x = self.prelu4(self.dense4(_columns(self.prelu3(self.conv3(x)))))
        return {
            "r_reg": self.dense5_2(x),
            "r_prob": jax.nn.softmax(self.dense5_1(x), -1),
        }


class ONet(nnx.Module):
    """Refined proposals (N, 48, 48, 3) judged and corrected, with five points."""

    def __init__(self) -> None:
        self.conv1, self.prelu1 = _valid(3, 32), PReLU(32)
        self.conv2, self.prelu2 = _valid(32, 64), PReLU(64)
        self.conv3, self.prelu3 = _valid(64, 64), PReLU(64)
        self.conv4, self.prelu4 = _valid(64, 128, 2), PReLU(128)
        self.dense5, self.prelu5 = Linear(1152, 256), PReLU(256)
        self.dense6_1 = Linear(256, 2)
        self.dense6_2 = Linear(256, 4)
        self.dense6_3 = Linear(256, 10)

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """``o_reg`` (N, 4), ``o_pts`` (N, 10), all x and then all y, ``o_prob``."""
        x = max_pool(self.prelu1(self.conv1(x)), 3, 2, ceil=True)
        x = max_pool(self.prelu2(self.conv2(x)), 3, 2, ceil=True)
        x = max_pool(self.prelu3(self.conv3(x)), 2, 2, ceil=True)
        x = self.prelu5(self.dense5(_columns(self.prelu4(self.conv4(x)))))
        return {
            "o_reg": self.dense6_2(x),
            "o_pts": self.dense6_3(x),
            "o_prob": jax.nn.softmax(self.dense6_1(x), -1),
        }


class MTCNN(nnx.Module):
    """All three, one after another on pictures of the sizes that each can see."""

    def __init__(self) -> None:
        self.pnet, self.rnet, self.onet = PNet(), RNet(), ONet()

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """What P-Net says of any picture, R-Net of 24 x 24, O-Net of 48 x 48."""
        found = self.pnet(x)
        if x.shape[1:3] == (REFINED, REFINED):
            found |= self.rnet(x)
        if x.shape[1:3] == (FINAL, FINAL):
            found |= self.onet(x)
        return found

    def proposed(self, x: jax.Array, seen: jax.Array) -> dict[str, jax.Array]:
        """What P-Net says of canvases (N, H, W, 3) that hold pictures side by side.

        ``seen`` (N, H - 2, W - 2) is true where the first layer's window lies within
        one picture. ``reg`` (N, H', W', 4) and ``face`` (N, H', W') are those of each
        picture alone in the cells whose corner, every 2 pixels, is in it and whose 12
        pixels are, but for one, which a picture of odd size lacks.
        """
        first = self.pnet.prelu1(self.pnet.conv1(x))
        reg, prob = self.pnet.judged(jnp.where(seen[..., None], first, NEVER))
        return {"reg": reg, "face": prob[..., 1]}

    def refined(self, x: jax.Array) -> dict[str, jax.Array]:
        """What R-Net says of pieces (N, 24, 24, 3)."""
        return self.rnet(x)

    def finished(self, x: jax.Array) -> dict[str, jax.Array]:
        """What O-Net says of pieces (N, 48, 48, 3)."""
        return self.onet(x)


def _valid(inputs: int, outputs: int, window: int = 3) -> Conv:
    return Conv(inputs, outputs, window, padding=0, bias=True)


def _columns(x: jax.Array) -> jax.Array:
    """Flatten (N, H, W, C) column by column, as the dense layers were trained."""
    return x.swapaxes(1, 2).reshape(len(x), -1)
