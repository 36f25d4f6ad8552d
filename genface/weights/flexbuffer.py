"""FlexBuffers maps of numbers, as custom operators of tflite files hold their options.

Format: flatbuffers.dev/flatbuffers/internals, "FlexBuffers". Only what such options
use: a map from names to numbers, booleans, strings and vectors of numbers.
"""

import struct
from typing import Any

from genface.errors import WeightError

_INT, _UINT, _FLOAT, _KEY, _STRING = 1, 2, 3, 4, 5
_INDIRECT = {6: _INT, 7: _UINT, 8: _FLOAT}
_MAP, _VECTOR, _BOOL = 9, 10, 26
_TYPED = {11: _INT, 12: _UINT, 13: _FLOAT, 36: _BOOL}
_CODES = {
    _INT: {1: "b", 2: "h", 4: "i", 8: "q"},
    _UINT: {1: "B", 2: "H", 4: "I", 8: "Q"},
    _FLOAT: {2: "e", 4: "f", 8: "d"},
}


def read_map(buffer: bytes) -> dict[str, Any]:
    """The map at the root of ``buffer``; anything else is a WeightError."""
    if len(buffer) < 3 or buffer[-2] >> 2 != _MAP:
        raise WeightError("custom options: expected a FlexBuffers map.")
    width = buffer[-1]
    reader = _Reader(buffer)
    start = len(buffer) - 2 - width
    return reader.map(start - reader.uint(start, width), 1 << (buffer[-2] & 3))


class _Reader:
    def __init__(self, buffer: bytes) -> None:
        self.buffer = buffer

    def number(self, kind: int, position: int, width: int) -> int | float:
        code = _CODES[kind].get(width)
        if code is None or position < 0 or position + width > len(self.buffer):
            raise WeightError("custom options: damaged FlexBuffers map.")
        return struct.unpack_from(f"<{code}", self.buffer, position)[0]

    def uint(self, position: int, width: int) -> int:
        return int(self.number(_UINT, position, width))

    def value(self, position: int, parent_width: int, packed: int) -> Any:
        """The value whose slot is at ``position``, of a type packed with its width."""
        kind, width = packed >> 2, 1 << (packed & 3)
        if kind == _BOOL:
            return bool(self.uint(position, parent_width))
        if kind in _CODES:
            return self.number(kind, position, parent_width)
        target = position - self.uint(position, parent_width)
        if kind in _INDIRECT:
            return self.number(_INDIRECT[kind], target, width)
        if kind == _KEY:
            return self.key(target)
        if kind == _STRING:
            size = self.uint(target - width, width)
            return self.buffer[target : target + size].decode("utf-8", "replace")
        if kind in _TYPED or kind == _VECTOR:
            return self.vector(target, width, kind)
        raise WeightError(f"custom options: FlexBuffers type {kind} is not read.")

    def key(self, position: int) -> str:
        end = self.buffer.find(b"\0", position) if position >= 0 else -1
        if end < 0:
            raise WeightError("custom options: damaged FlexBuffers map.")
        return self.buffer[position:end].decode("utf-8", "replace")

    def size(self, position: int, width: int) -> int:
        """Length of a vector that lies wholly in the buffer."""
        size = self.uint(position - width, width)
        if position + size * width > len(self.buffer):
            raise WeightError("custom options: damaged FlexBuffers map.")
        return size

    def vector(self, position: int, width: int, kind: int) -> list[Any]:
        """A list of numbers; one of anything else is not needed and refused."""
        places = [position + i * width for i in range(self.size(position, width))]
        if kind == _VECTOR:
            types = position + len(places) * width
            kinds = [self.uint(types + index, 1) >> 2 for index in range(len(places))]
        else:
            kinds = [_TYPED[kind]] * len(places)
        if not {_BOOL, *_CODES}.issuperset(kinds):
            raise WeightError("custom options: a FlexBuffers vector of no numbers.")
        return [
            self.value(place, width, item << 2)
            for place, item in zip(places, kinds, strict=True)
        ]

    def map(self, position: int, width: int) -> dict[str, Any]:
        keys = position - 3 * width
        keys -= self.uint(keys, width)
        keys_width = self.uint(position - 2 * width, width)
        size = self.size(position, width)
        names = [keys + index * keys_width for index in range(size)]
        types = position + size * width
        return {
            self.key(name - self.uint(name, keys_width)): self.value(
                position + index * width, width, self.uint(types + index, 1)
            )
            for index, name in enumerate(names)
        }
