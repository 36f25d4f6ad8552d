"""FlatBuffers tables, read in place with every access checked against the buffer.

Format: flatbuffers.dev/internals. A table starts with the signed distance back to its
vtable, which holds the table's offset of each field, 0 for one left out.
"""

import struct
from typing import Any

import numpy as np

from genface.errors import WeightError


class Table:
    """One table of a buffer; fields by their slot number in the schema.

    Whatever points outside of the buffer is a WeightError.
    """

    def __init__(self, buffer: bytes, position: int) -> None:
        self._buffer = buffer
        self._position = position
        self._vtable = position - self._unpack("i", position)
        self._vtable_size = self._unpack("H", self._vtable)

    @classmethod
    def root(cls, buffer: bytes) -> "Table":
        """The outermost table."""
        return cls(buffer, _unpack(buffer, "I", 0))

    def scalar(self, slot: int, code: str, default: Any = 0) -> Any:
        """A number, by its ``struct`` code."""
        where = self._field(slot)
        return default if where is None else self._unpack(code, where)

    def table(self, slot: int) -> "Table | None":
        """A table, or None where the field is left out."""
        where = self._target(slot)
        return None if where is None else Table(self._buffer, where)

    def tables(self, slot: int) -> "list[Table]":
        """A vector of tables; empty where the field is left out."""
        start, count = self._vector(slot, 4)
        offsets = np.frombuffer(self._buffer, "<u4", count, start).tolist()
        return [
            Table(self._buffer, start + 4 * index + offset)
            for index, offset in enumerate(offsets)
        ]

    def array(self, slot: int, dtype: Any) -> np.ndarray:
        """A vector of numbers, as a read-only view; empty where it is left out."""
        kind = np.dtype(dtype).newbyteorder("<")
        start, count = self._vector(slot, kind.itemsize)
        return np.frombuffer(self._buffer, kind, count, start)

    def text(self, slot: int) -> str:
        """A string; empty where the field is left out."""
        return self.array(slot, np.uint8).tobytes().decode("utf-8", "replace")

    def _field(self, slot: int) -> int | None:
        entry = 4 + 2 * slot
        if entry + 2 > self._vtable_size:
            return None
        offset = self._unpack("H", self._vtable + entry)
        return self._position + offset if offset else None

    def _target(self, slot: int) -> int | None:
        where = self._field(slot)
        return None if where is None else where + self._unpack("I", where)

    def _vector(self, slot: int, itemsize: int) -> tuple[int, int]:
        """(first byte, number of items) of a vector; (0, 0) where it is left out."""
        where = self._target(slot)
        if where is None:
            return 0, 0
        count = self._unpack("I", where)
        if where + 4 + count * itemsize > len(self._buffer):
            raise WeightError(_DAMAGED)
        return where + 4, count

    def _unpack(self, code: str, position: int) -> Any:
        return _unpack(self._buffer, code, position)


_DAMAGED = "the file points outside of itself: truncated, or not what it should be."


def _unpack(buffer: bytes, code: str, position: int) -> Any:
    if position < 0 or position + struct.calcsize(f"<{code}") > len(buffer):
        raise WeightError(_DAMAGED)
    return struct.unpack_from(f"<{code}", buffer, position)[0]
