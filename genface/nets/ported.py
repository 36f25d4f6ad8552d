"""Networks ported from torch, by name: built, filled and called in batches."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from genface.compilation import keep_compiled, wide_options
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
    "faceboxes": Port("faceboxes:FaceBoxes"),
    "facenet": Port("facenet:FaceNet", unused=(r"logits\..*",)),
    "img2pose": Port("img2pose:Img2Pose"),
    "l2cs": Port("l2cs:L2CS", unused=(r"fc_finetune\..*",)),
    "mobilefacenet": Port("mobilefacenet:MobileFaceNet"),
    "mobilenet_gdconv": Port(
        "mobilenet_gdconv:MobileNetGDConv",
        unused=(r"pretrain_net\..*",),  # the same arrays as base_net, and a classifier
        renames=((r"module\.", ""),),
    ),
    "mp_blendshapes": Port("mp_blendshapes:Blendshapes"),
    "mtcnn": Port("mtcnn:MTCNN"),
    "mtcnn_onet": Port("mtcnn:ONet"),
    "mtcnn_pnet": Port("mtcnn:PNet"),
    "mtcnn_rnet": Port("mtcnn:RNet"),
    "pfld": Port("pfld:PFLD", unused=(r"bn8\..*",)),
    "pose_mlp_v2": Port("pose_mlp:PoseMLP"),
    "resmasknet": Port(
        "resmasknet:ResMaskNet",
        # The shortcuts of its blocks, listed a second time.
        unused=(r"mask\d\.downsample\d\..*",),
    ),
    "retinaface_r34": Port("retinaface:RetinaFace"),
}


class Ported:
    """A network with its weights, called on batches of preprocessed pictures."""

    def __init__(self, name: str, model: nnx.Module) -> None:
        self.name = name
        self._graph, state = nnx.split(model)
        # Flat: taking a nested state apart at each call costs milliseconds.
        self._weights, self._tree = jax.tree.flatten(state)
        self._programs: dict[str, Callable] = {}
        keep_compiled()

    def __repr__(self) -> str:
        return f"Ported({self.name!r})"

    def __call__(
        self, batch: np.ndarray | jax.Array, *others: np.ndarray | jax.Array
    ) -> dict[str, np.ndarray]:
        """Outputs by name, each with N first, of a batch (N, ...), float32.

        Any N: it is padded to one of a few sizes. ``others`` are what the network takes
        besides, each with N first.
        """
        return self.call("__call__", batch, *others)

    def call(
        self, method: str, *inputs: np.ndarray | jax.Array
    ) -> dict[str, np.ndarray]:
        """The same of another method of the network."""
        arrays = [jnp.asarray(x, jnp.float32) for x in inputs]
        count = len(arrays[0]) if arrays[0].ndim else 0
        if arrays[0].ndim < 2 or not count or any(len(x) != count for x in arrays):
            shapes = ", ".join(str(x.shape) for x in arrays)
            raise ShapeError(f"{self.name}: expected a batch, got shape {shapes}.")
        parts = []
        for start in range(0, count, SIZES[-1]):
            part = [x[start : start + SIZES[-1]] for x in arrays]
            found = self.run(method, *map(_padded, part))
            parts.append({k: np.asarray(v)[: len(part[0])] for k, v in found.items()})
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    def run(self, method: str, *inputs: np.ndarray | jax.Array) -> dict[str, jax.Array]:
        """Outputs of a method, left on the device; inputs as they come, not padded."""
        return self._program(method)(self._weights, *inputs)

    def _program(self, method: str) -> Callable:
        if method not in self._programs:

            def run(
                weights: list[jax.Array], *inputs: jax.Array
            ) -> dict[str, jax.Array]:
                state = jax.tree.unflatten(self._tree, weights)
                found = getattr(nnx.merge(self._graph, state), method)(*inputs)
                return OrderedDict(found)  # a plain one would come back sorted

            self._programs[method] = jax.jit(run, compiler_options=wide_options())
        return self._programs[method]

    @property
    def n_compilations(self) -> int:
        """Programs compiled so far: one for each size of batch and picture."""
        programs: Iterable[Any] = self._programs.values()
        return sum(program._cache_size() for program in programs)


def _padded(part: jax.Array) -> jax.Array:
    size = next(size for size in SIZES if size >= len(part))
    if size == len(part):
        return part
    return jnp.pad(part, [(0, size - len(part))] + [(0, 0)] * (part.ndim - 1))


def from_torch(name: str, state_dict: Mapping[str, np.ndarray]) -> Ported:
    """The network ``name`` with weights under torch's keys.

    A :class:`WeightError` lists every key that is missing, unknown, misshapen, or of
    other than finite real numbers.
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
