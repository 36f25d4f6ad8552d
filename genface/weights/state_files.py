"""Arrays out of a file of weights, whichever of the known formats it is in."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from genface.errors import WeightError
from genface.weights.excerpt import excerpt
from genface.weights.torch_file import read_torch, state_dict


@dataclass(frozen=True)
class State:
    """Arrays by torch's keys, and the texts beside them, where the format has any."""

    arrays: Mapping[str, np.ndarray]
    texts: Mapping[str, str] = field(default_factory=dict)


def read_state(path: Path) -> State:
    """Arrays of a safetensors file or of one of ``torch.save``; nothing is executed."""
    if not path.is_file():
        raise WeightError(f"{path}: no such file.")
    if zipfile.is_zipfile(path) or not _is_safetensors(path):
        try:
            return State(state_dict(read_torch(path)))
        except WeightError as error:
            told = str(error)
            where = "" if told.startswith(str(path)) else f"{path}: "
            raise WeightError(f"{where}{told}") from None
    return read_safetensors(path)


def read_safetensors(path: Path) -> State:
    """Arrays and texts of a safetensors file; a WeightError if it is damaged."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as content:
            arrays = {key: content.get_tensor(key) for key in content.keys()}  # noqa: SIM118
            return State(arrays, dict(content.metadata() or {}))
    except (
        SafetensorError,
        AttributeError,  # a type that numpy does not have
        OSError,
        TypeError,
        ValueError,
    ) as error:
        reason = excerpt(str(error))
        raise WeightError(f"{path}: not a whole safetensors file ({reason}).") from None


def _is_safetensors(path: Path) -> bool:
    """Whether it starts with a length and then JSON."""
    with path.open("rb") as stream:
        return stream.read(9)[8:] == b"{"
