"""The container of binary glTF (GLB), and the arrays in it, checked before use.

glTF 2.0 specification, sections 3.6 (binary data) and 4 (GLB). Everything is read from
the one file: references to other files or addresses are never followed.
"""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from genface.errors import InputError

MAGIC, VERSION = b"glTF", 2
JSON_CHUNK, BINARY_CHUNK = b"JSON", b"BIN\0"
COMPONENTS: dict[int, np.dtype] = {
    5120: np.dtype("<i1"),
    5121: np.dtype("<u1"),
    5122: np.dtype("<i2"),
    5123: np.dtype("<u2"),
    5125: np.dtype("<u4"),
    5126: np.dtype("<f4"),
}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
# Extensions that may be required and yet leave the shape readable.
HARMLESS = ("KHR_mesh_quantization", "KHR_materials_", "KHR_texture_", "KHR_lights_",
            "EXT_texture_", "VRM", "VRMC_")  # fmt: skip
LIMIT = 50_000_000  # numbers that an array of a model may have


class Document:
    """One GLB file: its JSON, and its arrays on demand.

    Whatever is wrong with it is an :class:`InputError` or, where a reference leads
    nowhere, one of :data:`DAMAGE`.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        try:
            data = self.path.read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"{path}: cannot be read ({reason}).") from None
        self.facts, self.binary = chunks(data, path)
        required = self.items(self.facts, "extensionsRequired")
        packed = [x for x in required if not str(x).startswith(HARMLESS)]
        if packed:
            raise InputError(
                f"{path}: needs {', '.join(map(str, packed))}, which is not supported; "
                "export the model without compression."
            )

    def array(self, index: Any, width: int | None) -> np.ndarray:
        """Numbers (count, width) of an accessor, normalised ones as floats."""
        accessor = self.items(self.facts, "accessors")[whole(index)]
        count, kind = whole(accessor["count"]), WIDTHS[accessor["type"]]
        if width is not None and kind != width:
            raise InputError(
                f"{self.path}: damaged: an accessor is {accessor['type']}."
            )
        if count * kind > LIMIT:
            raise InputError(f"{self.path}: an array of {count} is too large.")
        dtype = COMPONENTS[accessor["componentType"]]
        if "bufferView" in accessor:
            offset = whole(accessor.get("byteOffset", 0))
            values = self.view(accessor["bufferView"], offset, count, kind, dtype)
        else:
            values = np.zeros((count, kind), dtype)
        if "sparse" in accessor:
            values = self._sparse(accessor["sparse"], values)
        if dtype.kind == "f":
            if not np.isfinite(values).all():
                raise InputError(f"{self.path}: damaged: not all numbers are finite.")
            return values
        if accessor.get("normalized"):
            return np.maximum(values / np.float32(np.iinfo(dtype).max), -1.0)
        return values

    def _sparse(self, sparse: dict, values: np.ndarray) -> np.ndarray:
        count = whole(sparse["count"])
        where, what = sparse["indices"], sparse["values"]
        if count > len(values):
            raise InputError(f"{self.path}: damaged: more changes than values.")
        rows = self.view(
            where["bufferView"],
            whole(where.get("byteOffset", 0)),
            count,
            1,
            COMPONENTS[where["componentType"]],
        ).ravel()
        changed = self.view(
            what["bufferView"],
            whole(what.get("byteOffset", 0)),
            count,
            values.shape[1],
            values.dtype,
        )
        values = values.copy()
        values[rows] = changed
        return values

    def view(
        self, index: Any, offset: int, count: int, width: int, dtype: np.dtype
    ) -> np.ndarray:
        """Numbers (count, width) that start ``offset`` bytes into a buffer view."""
        view = self.items(self.facts, "bufferViews")[whole(index)]
        buffers = self.items(self.facts, "buffers")
        if whole(view["buffer"]) != 0 or "uri" in buffers[0]:
            raise InputError(
                f"{self.path}: keeps its data outside of the file, which is not "
                "followed; save the model as one .glb."
            )
        item = width * dtype.itemsize
        step = whole(view.get("byteStride", item))
        start = whole(view.get("byteOffset", 0))
        length = whole(view["byteLength"])
        if step < item or start + length > len(self.binary):
            raise InputError(f"{self.path}: damaged: a view is outside of the data.")
        if count and offset + step * (count - 1) + item > length:
            raise InputError(f"{self.path}: damaged: an array is longer than its view.")
        return np.ndarray(
            (count, width),
            dtype,
            self.binary,
            start + offset if count else 0,
            (step, dtype.itemsize),
        )

    def items(self, owner: dict, key: str) -> list:
        """A list in the JSON, empty where there is none."""
        value = owner.get(key, [])
        if not isinstance(value, list):
            raise InputError(f"{self.path}: damaged: {key} is not a list.")
        return value


def chunks(data: bytes, path: Path | str = "the file") -> tuple[dict, bytes]:
    """The JSON object and the binary chunk (empty where none) of a GLB."""
    if len(data) < 20 or data[:4] != MAGIC:
        raise InputError(f"{path}: not a GLB file; save the model as binary glTF.")
    version, length = struct.unpack_from("<II", data, 4)
    if version != VERSION:
        raise InputError(f"{path}: glTF {version}; only version 2 can be read.")
    if length > len(data):
        raise InputError(f"{path}: cut off: {len(data)} of {length} bytes are there.")
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= length:
        (size,) = struct.unpack_from("<I", data, at)
        kind = data[at + 4 : at + 8]
        if at + 8 + size > length:
            raise InputError(f"{path}: damaged: a chunk is longer than the file.")
        found.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size
    try:
        document = json.loads(found.get(JSON_CHUNK, b"").decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise InputError(f"{path}: damaged: its JSON cannot be read.") from None
    if not isinstance(document, dict):
        raise InputError(f"{path}: damaged: its JSON is not an object.")
    return document, found.get(BINARY_CHUNK, b"")


#: What a reference that leads nowhere raises.
DAMAGE = (KeyError, IndexError, TypeError, AttributeError, ValueError)


def whole(value: Any) -> int:
    """A count or index; anything but a whole number from 0 is wrong."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} where a whole number should be")
    return value
