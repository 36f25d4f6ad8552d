"""Universal Binary JSON, in which XGBoost keeps its models: ubjson.org, draft 12."""

import struct
from typing import Any

import numpy as np

from genface.errors import WeightError

MOST_NESTED = 50
MOST_ITEMS = 20_000_000
_NUMBERS = {"i": "b", "U": "B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
_CONSTANTS = {"Z": None, "T": True, "F": False}


def read_ubjson(content: bytes) -> Any:
    """The value of a file; arrays of one type of number as numpy arrays.

    A :class:`WeightError` if it is damaged, or claims more than is in it.
    """
    reader = _Reader(content)
    try:
        return reader.value(reader.marker(), 0)
    except (struct.error, IndexError, UnicodeDecodeError):
        raise WeightError("a damaged UBJSON file; pull it again.") from None


class _Reader:
    """A position in a file."""

    def __init__(self, content: bytes) -> None:
        self._content, self._place, self._items = content, 0, 0

    def marker(self) -> str:
        while (byte := self._content[self._place]) == ord("N"):  # no operation
            self._place += 1
        self._place += 1
        return chr(byte)

    def value(self, kind: str, depth: int) -> Any:
        self._items += 1
        if depth > MOST_NESTED or self._items > MOST_ITEMS:
            raise WeightError("a UBJSON file nested too deep or too long; not read.")
        if kind in _NUMBERS:
            return self._number(kind)
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind == "S":
            return self._text()
        if kind == "[":
            return self._array(depth + 1)
        if kind == "{":
            return self._object(depth + 1)
        raise WeightError(f"a UBJSON file with the marker {kind!r}; not read.")

    def _number(self, kind: str) -> Any:
        code = _NUMBERS[kind]
        (number,) = struct.unpack_from(code, self._content, self._place)
        self._place += struct.calcsize(code)
        return number

    def _length(self) -> int:
        kind = self.marker()
        length = self._number(kind) if kind in "iUIlL" else -1
        if not 0 <= length <= len(self._content):
            raise WeightError("a UBJSON file with a length that it does not have.")
        return length

    def _bytes(self, count: int) -> bytes:
        part = self._content[self._place : self._place + count]
        if len(part) != count:
            raise WeightError("a UBJSON file that ends too early; pull it again.")
        self._place += count
        return part

    def _text(self) -> str:
        return self._bytes(self._length()).decode("utf-8")

    def _header(self) -> tuple[str | None, int | None]:
        """Type and number of a container's items, where they are said in advance."""
        kind = count = None
        if self._next_is("$"):
            kind = self.marker()
            if self._content[self._place] != ord("#"):
                raise WeightError("a UBJSON file with a type but no count.")
        if self._next_is("#"):
            count = self._length()
        return kind, count

    def _next_is(self, character: str) -> bool:
        found = self._content[self._place] == ord(character)
        self._place += found
        return found

    def _array(self, depth: int) -> Any:
        kind, count = self._header()
        if kind in _NUMBERS and kind is not None and count is not None:
            dtype = np.dtype(_NUMBERS[kind])
            values = np.frombuffer(self._bytes(count * dtype.itemsize), dtype)
            return values.astype(dtype.newbyteorder("="))
        items: list[Any] = []
        while not self._ends("]", count, len(items)):
            items.append(self.value(kind or self.marker(), depth))
        return items

    def _object(self, depth: int) -> dict[str, Any]:
        kind, count = self._header()
        found: dict[str, Any] = {}
        done = 0
        while not self._ends("}", count, done):
            key = self._text()
            found[key] = self.value(kind or self.marker(), depth)
            done += 1
        return found

    def _ends(self, closing: str, count: int | None, done: int) -> bool:
        return self._next_is(closing) if count is None else done == count
