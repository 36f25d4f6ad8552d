"""Fitted models out of skops files as plain records: nothing in them is imported.

A zip archive of ``schema.json``, a tree of nodes of a few types, and of the arrays it
refers to. skops itself would rebuild the objects; here an object is its class's name
and its attributes. Format: skops.readthedocs.io, persistence.
"""

import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genface.errors import WeightError
from genface.weights.excerpt import excerpt

MOST_BYTES = 2 << 30  # unpacked, in all
MOST_SCHEMA_BYTES = 32 << 20
MOST_NODES = 5_000_000
MOST_NESTED = 100


@dataclass(frozen=True)
class Record:
    """An object that was not made: its class and what it would have held."""

    type: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class TypeName:
    """A class that the file names; it is not imported."""

    name: str


def read_skops(path: Path) -> Any:
    """What a skops file holds: plain data, arrays, and :class:`Record` for objects.

    A :class:`WeightError` if it is damaged, too large, or has nodes of other types:
    those for functions, methods and reductions are not read.
    """
    if not path.is_file():
        raise WeightError(f"{path}: no such file.")
    try:
        with zipfile.ZipFile(path) as archive:
            return _Tree(archive).read()
    except WeightError as error:
        raise WeightError(f"{path}: {error}") from None
    except (
        zipfile.BadZipFile,
        EOFError,
        NotImplementedError,
        OSError,
        zlib.error,
    ) as error:
        told = excerpt(str(error))
        raise WeightError(f"{path}: not a whole skops file ({told}).") from None
    except (
        LookupError,
        TypeError,
        AttributeError,
        ValueError,
        OverflowError,
        RuntimeError,  # RecursionError too; encrypted, for example
    ) as error:
        told = f"{type(error).__name__}: {excerpt(str(error))}"
        raise WeightError(f"{path}: a damaged skops file ({told}).") from None


class _Tree:
    """An archive and the nodes that were read from it.

    A node may be named again, by itself or inside of another. It counts each time, with
    all that is in it: whoever prints or copies what was read meets it as often.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members = {info.filename: info for info in archive.infolist()}
        self._known: dict[int, tuple[Any, int, int]] = {}
        self._nodes, self._left = 0, MOST_BYTES
        if sum(info.file_size for info in self._members.values()) > MOST_BYTES:
            raise WeightError(f"more than {MOST_BYTES >> 30} GB unpacked; not read.")

    def read(self) -> Any:
        schema = self._members.get("schema.json")
        if schema is None or schema.file_size > MOST_SCHEMA_BYTES:
            raise WeightError("no schema.json of a reasonable size in it.")
        return self._value(json.loads(self._archive.read(schema)), 0)

    def _value(self, node: Mapping[str, Any], depth: int) -> Any:
        nodes, left = self._nodes, self._left
        self._count(1, 0)
        if depth > MOST_NESTED:
            raise WeightError("a schema nested too deep; not read.")
        loader = node["__loader__"]
        if loader == "CachedNode":
            found, nodes, size = self._known[node["__id__"]]
            self._count(nodes, size)
            return found
        if loader not in _READERS:
            raise WeightError(
                f"a node of the type {excerpt(loader)} ({excerpt(_class(node))}); "
                "only data is read."
            )
        found = getattr(self, _READERS[loader])(node, depth + 1)
        if "__id__" in node:
            known = (found, self._nodes - nodes, left - self._left)
            self._known[node["__id__"]] = known
        return found

    def _count(self, nodes: int, size: int) -> None:
        self._nodes, self._left = self._nodes + nodes, self._left - size
        if self._nodes > MOST_NODES:
            raise WeightError("a schema that is too long; not read.")
        if self._left < 0:
            raise WeightError(f"more than {MOST_BYTES >> 30} GB to read; not read.")

    def _content(self, node: Mapping[str, Any]) -> bytes:
        info = self._members.get(node["file"])
        if info is None:
            raise WeightError(f"the file {excerpt(node['file'])!r} is not in it.")
        self._count(0, info.file_size)
        return self._archive.read(info)

    def _json(self, node: Mapping[str, Any], depth: int) -> Any:
        self._count(0, len(node["content"]))
        return json.loads(node["content"])

    def _bytes(self, node: Mapping[str, Any], depth: int) -> bytes:
        return self._content(node)

    def _type(self, node: Mapping[str, Any], depth: int) -> TypeName:
        return TypeName(_class(node))

    def _list(self, node: Mapping[str, Any], depth: int) -> list[Any]:
        return [self._value(item, depth) for item in node["content"]]

    def _dict(self, node: Mapping[str, Any], depth: int) -> dict[Any, Any]:
        """Keys are text in JSON; what they were is told beside them."""
        kinds = self._value(node["key_types"], depth)
        found = {}
        for (key, item), kind in zip(node["content"].items(), kinds, strict=True):
            cast = _KEYS.get(kind.name if isinstance(kind, TypeName) else "")
            if cast is None:
                told = excerpt(kind.name if isinstance(kind, TypeName) else kind)
                raise WeightError(f"a dict with keys of the type {told}; not read.")
            found[cast(key)] = self._value(item, depth)
        return found

    def _array(self, node: Mapping[str, Any], depth: int) -> Any:
        if node["type"] != "numpy":
            raise WeightError("an array of objects; only numbers are read.")
        array = _npy(self._content(node))
        return array if array.ndim else array[()]

    def _record(self, node: Mapping[str, Any], depth: int) -> Record:
        inside = node.get("content")
        attributes = {} if inside is None else self._value(inside, depth)
        return Record(_class(node), attributes)


def _npy(content: bytes) -> np.ndarray:
    """The array of a .npy file, of numbers, and as long as the file says."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise WeightError(f"an array in version {version} of the format; not read.")
    reader = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, fortran, dtype = reader(stream)
    data = stream.read()
    if dtype.hasobject or dtype.itemsize * math.prod(shape) != len(data):
        raise WeightError("an array that is not of numbers, or not all there.")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _class(node: Mapping[str, Any]) -> str:
    module, name = node["__module__"], node["__class__"]
    if not isinstance(module, str) or not isinstance(name, str):
        raise TypeError("a class whose name is no text")
    return f"{module}.{name}" if module != "builtins" else name


_KEYS = {"str": str, "int": int, "float": float, "numpy.int64": int}
_READERS = {
    "JsonNode": "_json",
    "BytesNode": "_bytes",
    "BytearrayNode": "_bytes",
    "TypeNode": "_type",
    "ListNode": "_list",
    "TupleNode": "_list",
    "SetNode": "_list",
    "DictNode": "_dict",
    "NdArrayNode": "_array",
    "ObjectNode": "_record",
}
