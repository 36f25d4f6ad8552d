"""Tensors out of files of ``torch.save``, without torch and without running anything.

Two formats: since torch 1.6 a zip archive (``*/data.pkl`` and one file of bytes per
storage), before that pickles one after another and then the bytes. See
``torch/serialization.py``.
"""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from genface.errors import WeightError
from genface.weights.excerpt import excerpt
from genface.weights.pickle_data import Builder, Name, keyed, read_pickle

MOST_BYTES = 4 << 30
MOST_NESTED = 50
MOST_AXES = 32
MOST_REPEATS = 8  # tensors in all, by the file's size: some share their numbers
LEGACY_MAGIC, LEGACY_PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_BFLOAT16 = "bfloat16"
_TYPES = {
    "torch.FloatStorage": "<f4",
    "torch.DoubleStorage": "<f8",
    "torch.HalfStorage": "<f2",
    "torch.BFloat16Storage": _BFLOAT16,
    "torch.LongStorage": "<i8",
    "torch.IntStorage": "<i4",
    "torch.ShortStorage": "<i2",
    "torch.CharStorage": "<i1",
    "torch.ByteStorage": "<u1",
    "torch.BoolStorage": "?",
}


@dataclass
class _Storage:
    """Numbers that tensors are views of; in old files they come after the views."""

    dtype: str
    count: int
    values: np.ndarray | None = None

    @property
    def size(self) -> int:
        return self.count * (
            2 if self.dtype == _BFLOAT16 else np.dtype(self.dtype).itemsize
        )

    def fill(self, content: bytes) -> None:
        if len(content) != self.size:
            raise WeightError("a storage of another length than the file says.")
        if self.dtype == _BFLOAT16:
            high = np.frombuffer(content, "<u2").astype(np.uint32) << 16
            self.values = high.view(np.float32)
        else:
            self.values = np.frombuffer(content, self.dtype)


@dataclass(frozen=True)
class _View:
    storage: _Storage
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> np.ndarray:
        values = self.storage.values
        if values is None:
            raise WeightError("a tensor whose numbers are not in the file.")
        steps = [stride * values.itemsize for stride in self.strides]
        view = np.lib.stride_tricks.as_strided(
            values[self.start :], self.shape, steps, writeable=False
        )
        return view.copy()


def read_torch(path: Path) -> Any:
    """What a file of ``torch.save`` holds: plain data, and tensors as arrays.

    A :class:`WeightError` if it is damaged, larger than 4 GB, or holds anything that
    would have to be called to be read.
    """
    if not path.is_file():
        raise WeightError(f"{path}: no such file.")
    if path.stat().st_size > MOST_BYTES:
        raise WeightError(f"{path}: larger than {MOST_BYTES >> 30} GB; not read.")
    try:
        if zipfile.is_zipfile(path):
            return _read_zip(path, MOST_REPEATS * path.stat().st_size)
        with path.open("rb") as stream:
            if stream.read(2) == b"PK":
                raise zipfile.BadZipFile("a zip without its end")
            stream.seek(0)
            return _read_legacy(stream, MOST_REPEATS * path.stat().st_size)
    except WeightError as error:
        raise WeightError(f"{path}: {error}") from None
    except (
        zipfile.BadZipFile,
        EOFError,
        OSError,
        RuntimeError,  # NotImplementedError too; encrypted, for example
        ValueError,
    ) as error:
        told = excerpt(str(error))
        raise WeightError(f"{path}: not a whole file ({told}).") from None
    except (MemoryError, OverflowError):
        raise WeightError(
            f"{path}: a damaged file (it tells of more than fits the memory)."
        ) from None


def state_dict(content: Any) -> dict[str, np.ndarray]:
    """Arrays by name, where a file has a dict of them or one under a usual key."""
    for key in ("state_dict", "net", "model", None):
        found = content.get(key) if key and isinstance(content, Mapping) else content
        if isinstance(found, Mapping) and any(
            isinstance(value, np.ndarray) for value in found.values()
        ):
            return {k: v for k, v in found.items() if isinstance(v, np.ndarray)}
    raise WeightError("the file holds no dict of tensors.")


def _read_zip(path: Path, most: int) -> Any:
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: info for info in archive.infolist()}
        pickles = [name for name in members if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise WeightError("a zip archive, but not one of torch.save.")
        folder = pickles[0].removesuffix("data.pkl")
        if any(info.compress_type != zipfile.ZIP_STORED for info in members.values()):
            raise WeightError("a compressed archive, which torch.save never writes.")
        # Members may lie over each other, and one megabyte be read a thousand times.
        if sum(info.file_size for info in members.values()) > path.stat().st_size:
            raise WeightError("an archive that holds more than its own size; not read.")
        order = members.get(f"{folder}byteorder")
        if order and archive.read(order) != b"little":
            raise WeightError("numbers with the high byte first; not read.")

        def content(key: str, storage: _Storage) -> None:
            info = members.get(f"{folder}data/{key}")
            if info is None or info.file_size != storage.size:
                raise WeightError(
                    f"the storage {excerpt(key)} is not in the file as it says."
                )
            storage.fill(archive.read(info))

        storages: dict[str, _Storage] = {}
        return _Unfolding(most)(
            _read(io.BytesIO(archive.read(pickles[0])), storages, content)
        )


def _read_legacy(stream: IO[bytes], most: int) -> Any:
    def plain() -> Any:
        return read_pickle(stream, {}, _no_storage)

    if plain() != LEGACY_MAGIC or plain() != LEGACY_PROTOCOL:
        raise WeightError("not a file of torch.save.")
    facts = plain()
    if not isinstance(facts, dict) or facts.get("little_endian") is not True:
        raise WeightError("numbers with the high byte first; not read.")
    storages: dict[str, _Storage] = {}
    found = _read(stream, storages, None)
    keys = plain()
    if (
        not isinstance(keys, list)
        or not all(isinstance(key, str) for key in keys)
        or set(keys) != set(storages)
    ):
        raise WeightError("the storages are not those that the tensors are views of.")
    for key in keys:
        count = int.from_bytes(stream.read(8), "little", signed=True)
        if count != storages[key].count:
            raise WeightError(
                f"the storage {excerpt(key)} is not as long as the file says."
            )
        storages[key].fill(stream.read(storages[key].size))
    return _Unfolding(most)(found)


def _no_storage(_: Any) -> Any:
    raise WeightError("a storage where none belongs.")


def _read(
    stream: IO[bytes],
    storages: dict[str, _Storage],
    content: Callable[[str, _Storage], None] | None,
) -> Any:
    """The main pickle, tensors as views of ``storages``, which it fills."""

    def storage_of(identity: Any) -> _Storage:
        kind, type_name, key, _, count = identity[:5]
        known = isinstance(type_name, Name) and type_name.text in _TYPES
        if kind != "storage" or not known or any(identity[5:]):
            told = excerpt(type_name.text if isinstance(type_name, Name) else type_name)
            raise WeightError(f"a storage of the kind {told}; not read.")
        if not isinstance(key, str) or not isinstance(count, int) or count < 0:
            raise WeightError("a storage without a name or length.")
        if key not in storages:
            storages[key] = _Storage(_TYPES[type_name.text], count)
            if content:
                content(key, storages[key])
        return storages[key]

    return read_pickle(stream, BUILDERS, storage_of)


def _tensor(storage: Any, start: Any, shape: Any, strides: Any, *_: Any) -> _View:
    if not isinstance(storage, _Storage) or len(shape) != len(strides):
        raise WeightError("a tensor that is no view of a storage.")
    if len(shape) > MOST_AXES:
        raise WeightError(f"a tensor of more than {MOST_AXES} axes; not read.")
    numbers = (start, *shape, *strides)
    if not all(isinstance(n, int) and n >= 0 for n in numbers):
        raise WeightError("a tensor of negative or broken sizes.")
    total = int(np.prod(shape, dtype=object))
    reach = sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    # A view may not repeat numbers either: a few bytes could fill the memory so.
    if total and (start + reach >= storage.count or total > storage.count):
        raise WeightError("a tensor that reaches beyond its storage.")
    return _View(storage, 0 if not total else start, tuple(shape), tuple(strides))


def _ordered(pairs: Any = ()) -> dict[Any, Any]:
    return keyed(pairs.items() if isinstance(pairs, dict) else pairs)


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


BUILDERS: Mapping[str, Builder] = {
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch.Size": tuple,
    "collections.OrderedDict": _ordered,
}


class _Unfolding:
    """Views as arrays, wherever they are; what occurs twice is unfolded once."""

    def __init__(self, most: int) -> None:
        self._known: dict[int, Any] = {}
        self._open: set[int] = set()
        self._left = most  # bytes

    def __call__(self, found: Any) -> Any:
        if not isinstance(found, (_View, dict, list, tuple)):
            return found
        place = id(found)
        if place in self._open or len(self._open) > MOST_NESTED:
            raise WeightError(f"data nested deeper than {MOST_NESTED}; not read.")
        if place not in self._known:
            self._open.add(place)
            self._known[place] = self._unfolded(found)
            self._open.remove(place)
        return self._known[place]

    def _unfolded(self, found: Any) -> Any:
        if isinstance(found, _View):
            array = found.array()
            self._left -= array.nbytes
            if self._left < 0:
                raise WeightError(
                    f"tensors of more than {MOST_REPEATS} times the file; not read."
                )
            return array
        if isinstance(found, dict):
            return {key: self(value) for key, value in found.items()}
        return type(found)(self(value) for value in found)
