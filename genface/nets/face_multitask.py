"""py-feat's face_multitask: everything about a face from one picture of it.

A ConvNeXt V2 with heads for action units, a mesh, head pose, blendshapes, emotions and
gaze. The units are related as in ME-GraphAU (Luo et al. 2022, arXiv 2205.01782),
without its edge features.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from genface.nets.convnextv2 import WIDTHS, ConvNeXtV2
from genface.nets.eye_gaze import EyeEncoder, EyeGaze, PooledGaze
from genface.nets.layers import gelu
from genface.nets.modules import Conv, LayerNorm, Linear, Parallel, Verbatim

AUS, EMOTIONS, BLENDSHAPES, VERTICES = 20, 7, 52, 478
WIDTH = 512  # of the features that the heads look at
MESH_WIDTH = 256
NEIGHBOURS = 4


class Dense(nnx.Module):
    """Linear layers with GELU between them; in torch, the sequence ``own`` of both."""

    def __init__(self, *sizes: int, own: str = ".") -> None:
        pairs = enumerate(zip(sizes, sizes[1:], strict=False))
        self.steps = nnx.List(
            [Linear(*pair, own=f"../../{own}/{2 * k}") for k, pair in pairs]
        )

    def __call__(self, x: jax.Array) -> jax.Array:
        """The last axis."""
        *first, last = self.steps
        for step in first:
            x = gelu(step(x))
        return last(x)


class UnitGraph(nnx.Module):
    """Each action unit's vector together with those most like it."""

    def __init__(self) -> None:
        self.W = Linear(WIDTH, WIDTH, bias=False)
        self.W_self = Linear(WIDTH, WIDTH, bias=False)

    def __call__(self, v: jax.Array) -> jax.Array:
        """(N, A, D) to the same."""
        direction = _unit(v)
        likeness = jnp.einsum("nid,njd->nij", direction, direction, precision="highest")
        _, nearest = jax.lax.top_k(likeness, NEIGHBOURS + 1)
        linked = jax.nn.one_hot(nearest, AUS).sum(2) * (1 - np.eye(AUS, dtype="f4"))
        share = linked / linked.sum(-1, keepdims=True)
        gathered = jnp.einsum("nij,njd->nid", share, self.W(v), precision="highest")
        return jax.nn.relu(self.W_self(v) + gathered)


class Prototypes(Verbatim):
    """How far each unit's vector points where the unit's prototype does."""

    s: nnx.Param

    def __init__(self) -> None:
        super().__init__(s=(AUS, WIDTH))

    def __call__(self, h: jax.Array) -> jax.Array:
        """(N, A, D) to a probability (N, A)."""
        wanted = _unit(jax.nn.relu(self.s[...]))
        return jnp.clip((_unit(jax.nn.relu(h)) * wanted).sum(-1), 0, 1)


class Joined(nnx.Module):
    """Features and the mesh's x and y side by side, each normalised."""

    def __init__(self, width: int) -> None:
        self.proj_lmk = Linear(2 * VERTICES, MESH_WIDTH)
        self.norm_bb = LayerNorm(width)
        self.norm_lmk = LayerNorm(MESH_WIDTH)

    def __call__(self, pooled: jax.Array, mesh: jax.Array) -> jax.Array:
        """(N, C) and (N, V, 3) to (N, C + 256)."""
        flat = mesh[..., :2].reshape(len(mesh), -1)
        shape = self.norm_lmk(self.proj_lmk(flat))
        return jnp.concatenate([self.norm_bb(pooled), shape], -1)


class BlendshapeHead(Joined):
    """Coefficients from features and mesh."""

    def __init__(self) -> None:
        super().__init__(WIDTH)
        self.mlp = Dense(WIDTH + MESH_WIDTH, 512, BLENDSHAPES)

    def __call__(self, pooled: jax.Array, mesh: jax.Array) -> jax.Array:
        """(N, C) and (N, V, 3) to (N, 52) in 0-1."""
        return jax.nn.sigmoid(self.mlp(super().__call__(pooled, mesh)))


class EmotionHead(nnx.Module):
    """Emotions, and valence and arousal, of one vector."""

    def __init__(self, width: int) -> None:
        self.cls_head = Linear(width, EMOTIONS)
        self.va_head = Linear(width, 2)

    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """(N, C) to logits (N, 7), and to (N, 2) in -1 to 1."""
        return self.cls_head(x), jnp.tanh(self.va_head(x))


class FaceMultitask(nnx.Module):
    """(N, 224, 224, 3), ImageNet-normalised RGB, to all that is said of a face.

    ``eye_gaze`` looks at each eye by itself (v2.8), else gaze comes from the whole
    picture; with ``au_emotion`` the emotions also see the action units (v2.5).
    """

    def __init__(self, eye_gaze: bool, au_emotion: bool) -> None:
        features, joined = WIDTHS[-1], WIDTHS[-1] + MESH_WIDTH
        self.backbone = ConvNeXtV2()
        self.proj = Conv(features, WIDTH, 1)
        self.afg = Parallel(AUS, WIDTH, WIDTH, own="heads/{}/0", norm="heads/{}/1")
        self.fgg = UnitGraph()
        self.sc = Prototypes()
        self.lmk = Dense(WIDTH, 1024, 1024, 3 * VERTICES, own="mlp")
        self.pose = Dense(WIDTH, 256, 256, 6, own="mlp")
        self.blendshape = BlendshapeHead()
        self.unified = Joined(features)
        self.emotion = EmotionHead(joined + (AUS if au_emotion else 0))
        if eye_gaze:
            self.gaze_eye_enc = EyeEncoder(WIDTHS[-2])
            self.gaze: nnx.Module = EyeGaze(joined)
        else:
            self.gaze = PooledGaze(joined)
        self.eye_gaze, self.au_emotion = eye_gaze, au_emotion

    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        """Named as in py-feat, N first.

        ``p_au`` (N, 20) probabilities, ``mesh`` (N, 478, 3) in sides of the picture,
        ``pose`` (N, 6) pitch (down is positive), yaw, roll in radians and translation,
        ``blendshapes`` (N, 52) in 0-1, ``emotion_logits`` (N, 7), ``va`` (N, 2) valence
        and arousal in -1 to 1, ``gaze`` (N, 2) yaw and pitch in radians, with eyes
        ``gaze_logits`` (N, 2, 180), ``h`` (N, 20, 512) vectors of the units.
        """
        middle, deep = self.backbone(x)
        seen = self.proj(deep)
        pooled = seen.mean((1, 2))
        h = self.fgg(self.afg(seen, "relu").mean((1, 2)))
        p_au = self.sc(h)
        mesh = self.lmk(pooled).reshape(-1, VERTICES, 3)
        pose = self.pose(pooled)
        joined = self.unified(deep.mean((1, 2)), mesh)
        felt = jnp.concatenate([joined, p_au], -1) if self.au_emotion else joined
        emotions, affect = self.emotion(felt)
        if self.eye_gaze:
            eyes = self.gaze_eye_enc(middle, mesh)
            gaze = self.gaze(joined, eyes, pose)
        else:
            gaze = self.gaze(joined)
        return {
            "p_au": p_au,
            "mesh": mesh,
            "pose": pose,
            "blendshapes": self.blendshape(pooled, mesh),
            "emotion_logits": emotions,
            "va": affect,
            **gaze,
            "h": h,
        }


def _unit(x: jax.Array) -> jax.Array:
    """Directions along the last axis; zero stays zero."""
    return x / jnp.maximum(jnp.linalg.norm(x, axis=-1, keepdims=True), 1e-12)
