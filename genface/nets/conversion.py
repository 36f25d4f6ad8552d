"""Torch state dicts to ported networks: every key accounted for, nothing guessed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from posixpath import normpath

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from flax import nnx

from genface.errors import WeightError
from genface.nets.modules import Layer
from genface.weights.excerpt import excerpt

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
    state_dict: Mapping[str, npt.ArrayLike],
    unused: Sequence[str] = (),
    renames: Sequence[tuple[str, str]] = (),
) -> None:
    """Fill a network with torch's arrays and prepare it for use.

    ``unused`` are patterns of keys that the forward pass does not need, ``renames``
    pairs of a pattern at the start of a key and what replaces it. Missing, unknown and
    misshapen keys, and those of NaN, of infinities as float32, or of no real numbers,
    are one :class:`WeightError` that lists them all.
    """
    if not isinstance(state_dict, Mapping):
        kind = type(state_dict).__name__
        raise WeightError(f"expected a state dict, arrays by torch's keys; got {kind}.")
    texts = {key: value for key, value in state_dict.items() if isinstance(key, str)}
    given = {_renamed(key, renames): value for key, value in texts.items()}
    wanted = key_table(model)
    ignored = re.compile("|".join((*ALWAYS_UNUSED, *unused)))
    faults: dict[str, list[str]] = {
        "missing": [key for key in wanted if key not in given],
        "unknown": [
            *(excerpt(key) for key in state_dict if not isinstance(key, str)),
            *(
                excerpt(k)
                for k in given
                if k not in wanted and not ignored.fullmatch(k)
            ),
        ],
    }
    for key, (_, shape) in wanted.items():
        if key in given and (fault := _fault(given[key], shape)):
            what, more = fault
            faults.setdefault(what, []).append(f"{key}{more}")
    told = "; ".join(
        f"{what}: {', '.join(keys)}" for what, keys in faults.items() if keys
    )
    if told:
        raise WeightError(f"the state dict does not fit: {told}.")
    for place, layer in _layers(model):
        keys = dict(zip(layer.shapes(), _keys(place, layer), strict=True))
        layer.load({own: np.asarray(given[key]) for own, (key, _) in keys.items()})
    prepare(model)


def _fault(value: npt.ArrayLike, shape: tuple[int, ...]) -> tuple[str, str] | None:
    """What is wrong with an array of a state dict, and what to say after its key."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):  # torch's, where it lies elsewhere
        return "no array of numpy", ""
    if array.shape != shape:
        return "misshapen", f" {array.shape} instead of {shape}"
    if not any(jnp.issubdtype(array.dtype, kind) for kind in (np.floating, np.integer)):
        return "no real numbers", f" {array.dtype}"
    with np.errstate(over="ignore"):
        finite = np.isfinite(array.astype(np.float32, copy=False)).all()
    return None if finite else ("not finite", "")


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
