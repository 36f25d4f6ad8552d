"""Hand-built tflite files for tests: a small FlatBuffers and FlexBuffers writer."""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

CODES = {
    **{"ADD": 0, "CONCATENATION": 2, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 4},
    **{"DEPTH_TO_SPACE": 5, "DEQUANTIZE": 6, "LOGISTIC": 14, "MAX_POOL_2D": 17},
    **{"MUL": 18, "RELU": 19, "RESHAPE": 22, "RESIZE_BILINEAR": 23, "PAD": 34},
    **{"STRIDED_SLICE": 45, "PRELU": 54, "DENSIFY": 124},
}
TYPES = {"float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int64": 4}


class Writer:
    """FlatBuffers, parents before children. A field is (code, number) or a reference:
    a dict (table), a list of dicts (vector of tables), an array or a string."""

    def __init__(self, root: dict[int, Any], mark: bytes = b"TFL3") -> None:
        self.bytes = bytearray(4) + mark
        struct.pack_into("<I", self.bytes, 0, self.table(root))

    def align(self, size: int) -> None:
        self.bytes += bytes(-len(self.bytes) % size)

    def table(self, fields: dict[int, Any]) -> int:
        slots = max(fields, default=-1) + 1
        self.align(8)
        vtable = len(self.bytes)
        self.bytes += bytes(4 + 2 * slots)
        self.align(8)
        table = len(self.bytes)
        struct.pack_into("<H", self.bytes, vtable, 4 + 2 * slots)
        self.bytes += struct.pack("<i", table - vtable)
        references = []
        for slot, value in fields.items():
            code, number = value if isinstance(value, tuple) else ("I", 0)
            self.align(struct.calcsize(code))
            where = len(self.bytes)
            struct.pack_into("<H", self.bytes, vtable + 4 + 2 * slot, where - table)
            self.bytes += struct.pack(f"<{code}", number)
            if not isinstance(value, tuple):
                references.append((where, value))
        struct.pack_into("<H", self.bytes, vtable + 2, len(self.bytes) - table)
        for where, value in references:
            target = self.reference(value)
            struct.pack_into("<I", self.bytes, where, target - where)
        return table

    def reference(self, value: Any) -> int:
        if isinstance(value, dict):
            return self.table(value)
        self.align(16)
        self.bytes += bytes(12)  # so that a vector's numbers are aligned
        start = len(self.bytes)
        if isinstance(value, list):
            self.bytes += struct.pack("<I", len(value)) + bytes(4 * len(value))
            for index, fields in enumerate(value):
                slot = start + 4 + 4 * index
                struct.pack_into("<I", self.bytes, slot, self.table(fields) - slot)
            return start
        raw = value.encode() if isinstance(value, str) else value.tobytes()
        count = len(raw) if isinstance(value, str) else value.size
        self.bytes += struct.pack("<I", count) + raw + b"\0"
        return start


@dataclass
class Model:
    """A model under construction; ``add`` methods give tensor numbers."""

    tensors: list[dict] = field(default_factory=list)
    buffers: list[dict] = field(default_factory=lambda: [{}])
    operators: list[dict] = field(default_factory=list)
    codes: list[dict] = field(default_factory=list)

    def tensor(self, shape, name="t", dtype="float32", sparsity=None) -> int:
        fields = {
            0: np.array(shape, np.int32),
            1: ("b", TYPES[dtype]),
            2: ("I", 0),
            3: f"{name}{len(self.tensors)}",
        }
        if sparsity:
            fields[6] = sparsity
        self.tensors.append(fields)
        return len(self.tensors) - 1

    def constant(self, value, shape=None, sparsity=None) -> int:
        value = np.asarray(value)
        number = self.tensor(
            value.shape if shape is None else shape, "c", value.dtype.name, sparsity
        )
        self.tensors[number][2] = ("I", len(self.buffers))
        self.buffers.append({0: np.frombuffer(value.tobytes(), np.uint8)})
        return number

    def operator(self, name, inputs, shape, options=None, custom=None) -> int:
        """Append an operator with one output of ``shape``; its number."""
        output = self.tensor(shape, "y")
        if name in CODES:
            code = {0: ("b", min(CODES[name], 127)), 3: ("i", CODES[name])}
        else:
            code = {0: ("b", 32), 1: name, 3: ("i", 32)}
        self.codes.append(code)
        fields = {
            0: ("I", len(self.codes) - 1),
            1: np.array(inputs, np.int32),
            2: np.array([output], np.int32),
        }
        if options is not None:
            fields[4] = options
        if custom is not None:
            fields[5] = np.frombuffer(custom, np.uint8)
        self.operators.append(fields)
        return output

    def content(self, inputs, outputs) -> bytes:
        graph = {
            0: self.tensors,
            1: np.array(inputs, np.int32),
            2: np.array(outputs, np.int32),
            3: self.operators,
        }
        return bytes(
            Writer({0: ("I", 3), 1: self.codes, 2: [graph], 4: self.buffers}).bytes
        )


def flex_map(options: dict[str, Any]) -> bytes:
    """A FlexBuffers map of integers, floats and lists of integers, 4 bytes wide."""
    out = bytearray()
    keys, vectors = {}, {}
    for name in sorted(options):
        keys[name] = len(out)
        out += name.encode() + b"\0"
    out += bytes(-len(out) % 4)
    for name, value in options.items():
        if isinstance(value, list):
            out += struct.pack("<I", len(value))
            vectors[name] = len(out)
            out += struct.pack(f"<{len(value)}i", *value)
    out += struct.pack("<I", len(keys))
    key_vector = len(out)
    for name in sorted(keys):
        out += struct.pack("<I", len(out) - keys[name])
    out += struct.pack("<I", len(out) - key_vector)
    out += struct.pack("<II", 4, len(keys))
    start = len(out)
    types = bytearray()
    for name in sorted(keys):
        value = options[name]
        if isinstance(value, list):
            out += struct.pack("<I", len(out) - vectors[name])
            types.append(11 << 2 | 2)
        else:
            out += struct.pack("<f" if isinstance(value, float) else "<i", value)
            types.append((3 if isinstance(value, float) else 1) << 2 | 2)
    out += types + bytes(-len(types) % 4)
    out += struct.pack("<I", len(out) - start)
    return bytes(out) + bytes([9 << 2 | 2, 4])
