"""Arrays out of files of ``joblib.dump``, without joblib and without running anything.

A pickle in which each array is an object that tells shape and type, with the numbers
themselves right after the opcode that gives it this state: joblib/numpy_pickle.py.
"""

import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from genface.errors import WeightError
from genface.weights.excerpt import excerpt
from genface.weights.lz4_frame import MAGIC, MOST_BYTES, read_lz4
from genface.weights.pickle_data import Builder, Name, read_pickle

_TYPES = ("f4", "f8", "f2", "i8", "i4", "i2", "i1", "u1")
_LITTLE = ("<", "|", "=")


def read_joblib(path: Path) -> Any:
    """What a file holds, plain data and arrays; packed by LZ4 or not at all.

    A :class:`WeightError` if it is damaged or holds anything else.
    """
    try:
        content = path.read_bytes()
        return arrays_of(read_lz4(content) if content[:4] == MAGIC else content)
    except OSError as error:
        raise WeightError(f"{path}: cannot be read ({error.strerror}).") from None
    except WeightError as error:
        raise WeightError(f"{path}: {error}") from None


def arrays_of(content: bytes) -> Any:
    """The same of the bytes of a file that is not packed."""
    stream = io.BytesIO(content)
    builders: dict[str, Builder] = {
        "joblib.numpy_pickle.NumpyArrayWrapper": lambda: _Wrapper(stream),
        "numpy.dtype": _NumberType,
    }
    return read_pickle(stream, builders, _no_reference)


def _no_reference(_: Any) -> Any:
    raise WeightError("a reference to something outside of the file; not read.")


class _NumberType:
    """A numpy dtype of plain numbers; its byte order comes as its state."""

    def __init__(self, text: Any, *_: Any) -> None:
        if not isinstance(text, str) or text not in _TYPES:
            raise WeightError(
                f"an array of the type {excerpt(text)}; only numbers are read."
            )
        self.dtype = np.dtype(text).newbyteorder("<")

    def with_state(self, state: Any) -> "_NumberType":
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in _LITTLE:
            raise WeightError("numbers with the high byte first; not read.")
        return self


class _Wrapper:
    """An array to be; its numbers are next in the stream when its state comes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def with_state(self, state: Any) -> np.ndarray:
        if not isinstance(state, Mapping):
            raise WeightError("an array without shape and type.")
        kind, shape = state.get("dtype"), state.get("shape")
        order, subclass = state.get("order"), state.get("subclass")
        if not isinstance(kind, _NumberType) or subclass != Name("numpy.ndarray"):
            raise WeightError("an array that is not of plain numbers; not read.")
        if not isinstance(shape, tuple) or order not in ("C", "F") or len(shape) > 32:
            raise WeightError("an array without a shape or order.")
        if not all(isinstance(n, int) and n >= 0 for n in shape):
            raise WeightError("an array of a negative or broken shape.")
        if state.get("numpy_array_alignment_bytes") is not None:
            self._stream.read(int.from_bytes(self._stream.read(1)))  # padding
        size = math.prod(shape) * kind.dtype.itemsize
        numbers = self._stream.read(min(size, MOST_BYTES))
        if len(numbers) != size:
            raise WeightError("an array that ends too early; pull the file again.")
        return np.frombuffer(numbers, kind.dtype).reshape(shape, order=order)
