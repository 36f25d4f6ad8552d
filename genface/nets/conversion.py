"""Torch state dicts to ported networks: every key accounted for, nothing guessed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from posixpath import normpath

import jax.numpy as jnp
import numpy as np
from flax import nnx

from genface.errors import WeightError
from genface.nets.modules import Layer

# Counters of training steps are in most files and in no forward pass.
ALWAYS_UNUSED = (r"(.*\.)?num_batches_tracked",)


def key_table(model: nnx.Module) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Torch key -> place of the layer that takes it, and the shape it must have."""
    return {
        key: (place, shape)
        for place, layer in _layers(model)
        for key, shape in _keys(place, layer)
    }


def load_torch(
    model: nnx.Module,
    state_dict: Mapping[str, np.ndarray],
    unused: Sequence[str] = (),
    renames: Sequence[tuple[str, str]] = (),
) -> None:
    """Fill a network with torch's arrays and prepare it for use.

    ``unused`` are patterns of keys that the forward pass does not need, ``renames``
    pairs of a pattern at the start of a key and what replaces it. Missing, unknown and
    misshapen keys are one :class:`WeightError` that lists them all.
    """
    given = {_renamed(key, renames): array for key, array in state_dict.items()}
    wanted = key_table(model)
    ignored = re.compile("|".join((*ALWAYS_UNUSED, *unused)))
    missing = [key for key in wanted if key not in given]
    unknown = [k for k in given if k not in wanted and not ignored.fullmatch(k)]
    misshapen = [
        f"{key} {tuple(given[key].shape)} instead of {shape}"
        for key, (_, shape) in wanted.items()
        if key in given and tuple(given[key].shape) != shape
    ]
    listed = {"missing": missing, "unknown": unknown, "misshapen": misshapen}
    faults = [f"{what}: {', '.join(keys)}" for what, keys in listed.items() if keys]
    if faults:
        raise WeightError(f"the state dict does not fit: {'; '.join(faults)}.")
    for place, layer in _layers(model):
        keys = dict(zip(layer.shapes(), _keys(place, layer), strict=True))
        layer.load({own: np.asarray(given[key]) for own, (key, _) in keys.items()})
    prepare(model)


def prepare(model: nnx.Module) -> None:
    """Let every layer derive what its forward pass needs, once it has its arrays."""
    for _, layer in _layers(model):
        layer.prepare()


def arrays_of(model: nnx.Module) -> dict[str, np.ndarray]:
    """Arrays by path, as they are kept in a file; nothing that is derived from them."""
    return {
        f"{place}/{name}": np.asarray(value[...])
        for place, layer in _layers(model)
        for name, value in vars(layer).items()
        if isinstance(value, nnx.Param) and name != "tiles"
    }


def load_arrays(model: nnx.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Fill a network from :func:`arrays_of`; a :class:`WeightError` if they differ."""
    wanted = {key: array.shape for key, array in arrays_of(model).items()}
    given = {key: tuple(array.shape) for key, array in arrays.items()}
    if wanted != given:
        wrong = sorted(set(wanted.items()) ^ set(given.items()))
        names = ", ".join(dict.fromkeys(name for name, _ in wrong))
        raise WeightError(f"the arrays do not fit the network: {names}.")
    for place, layer in _layers(model):
        for name, value in vars(layer).items():
            if isinstance(value, nnx.Param) and name != "tiles":
                value[...] = jnp.asarray(arrays[f"{place}/{name}"])
    prepare(model)


def _layers(model: nnx.Module) -> Iterator[tuple[str, Layer]]:
    for path, module in nnx.iter_modules(model):
        if isinstance(module, Layer):
            yield "/".join(map(str, path)), module


def _keys(place: str, layer: Layer) -> Iterator[tuple[str, tuple[int, ...]]]:
    for own, shape in layer.shapes().items():
        yield normpath(f"{place}/{own}").replace("/", "."), shape


def _renamed(key: str, renames: Sequence[tuple[str, str]]) -> str:
    for pattern, replacement in renames:
        key = re.sub(f"^{pattern}", replacement, key)
    return key
