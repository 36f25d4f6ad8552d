"""Networks ported from torch, by name: built, filled and called in batches."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from genface.compilation import keep_compiled
from genface.errors import ShapeError, WeightError
from genface.nets import conversion

SIZES = (1, 2, 4, 8, 16)  # items computed at once: few sizes, few compilations


@dataclass(frozen=True)
class Port:
    """Where a network is defined and which of torch's keys it leaves aside.

    ``network`` is ``module:Class`` in this room, ``options`` its arguments; see
    :func:`genface.nets.conversion.load_torch` for ``unused`` and ``renames``.
    """

    network: str
    options: Mapping[str, object] | None = None
    unused: Sequence[str] = ()
    renames: Sequence[tuple[str, str]] = ()

    def build(self) -> nnx.Module:
        """The network with zeros for weights."""
        module, name = self.network.split(":")
        made = getattr(import_module(f"genface.nets.{module}"), name)
        return made(**self.options or {})


PORTS: dict[str, Port] = {
    "arcface_iresnet50": Port("arcface:ArcFace"),
    "convnextv2_tiny_feats": Port(
        "convnextv2:Thinned",
        unused=(
            r"log_var_.*",
            r"(proj|afg|fgg|sc|lmk|pose|blendshape|unified|emotion|gaze\w*)\..*",
        ),
        renames=((r"backbone\.", ""),),
    ),
    "face_multitask_v25_likely": Port(
        "face_multitask:FaceMultitask",
        {"eye_gaze": False, "au_emotion": True},
        unused=(r"log_var_.*",),  # of its training's losses
    ),
    "face_multitask_v28": Port(
        "face_multitask:FaceMultitask",
        {"eye_gaze": True, "au_emotion": False},
        unused=(r"log_var_.*",),
    ),
    "facenet": Port("facenet:FaceNet", unused=(r"logits\..*",)),
    "l2cs": Port("l2cs:L2CS", unused=(r"fc_finetune\..*",)),
    "mobilefacenet": Port("mobilefacenet:MobileFaceNet"),
    "mobilenet_gdconv": Port(
        "mobilenet_gdconv:MobileNetGDConv",
        unused=(r"pretrain_net\..*",),  # the same arrays as base_net, and a classifier
        renames=((r"module\.", ""),),
    ),
    "mp_blendshapes": Port("mp_blendshapes:Blendshapes"),
    "pfld": Port("pfld:PFLD", unused=(r"bn8\..*",)),
    "pose_mlp_v2": Port("pose_mlp:PoseMLP"),
    "resmasknet": Port(
        "resmasknet:ResMaskNet",
        # The shortcuts of its blocks, listed a second time.
        unused=(r"mask\d\.downsample\d\..*",),
    ),
}


class Ported:
    """A network with its weights, called on batches of preprocessed pictures."""

    def __init__(self, name: str, model: nnx.Module) -> None:
        self.name = name
        graph, self._weights = nnx.split(model)
        keep_compiled()
        # jit would sort the names of a dict.
        self._forward = jax.jit(
            lambda weights, x: OrderedDict(nnx.merge(graph, weights)(x))
        )

    def __repr__(self) -> str:
        return f"Ported({self.name!r})"

    def __call__(self, batch: np.ndarray | jax.Array) -> dict[str, np.ndarray]:
        """Outputs by name, each with N first, of a batch (N, ...), float32.

        Any N: it is padded to one of a few sizes.
        """
        batch = jnp.asarray(batch, jnp.float32)
        if batch.ndim < 2 or len(batch) == 0:
            raise ShapeError(f"{self.name}: expected a batch, got shape {batch.shape}.")
        parts = []
        for start in range(0, len(batch), SIZES[-1]):
            part = batch[start : start + SIZES[-1]]
            size = next(size for size in SIZES if size >= len(part))
            padding = [(0, size - len(part))] + [(0, 0)] * (part.ndim - 1)
            found = self._forward(self._weights, jnp.pad(part, padding))
            parts.append({k: np.asarray(v)[: len(part)] for k, v in found.items()})
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    @property
    def n_compilations(self) -> int:
        """Programs compiled so far: one for each size of batch and picture."""
        return self._forward._cache_size()


def from_torch(name: str, state_dict: Mapping[str, np.ndarray]) -> Ported:
    """The network ``name`` with weights under torch's keys.

    A :class:`WeightError` lists every key that is missing, unknown or misshapen.
    """
    port = _port(name)
    model = port.build()
    conversion.load_torch(model, state_dict, port.unused, port.renames)
    return Ported(name, model)


def _port(name: str) -> Port:
    if name not in PORTS:
        raise WeightError(
            f"no ported network is called {name!r}; there are {', '.join(PORTS)}."
        )
    return PORTS[name]
