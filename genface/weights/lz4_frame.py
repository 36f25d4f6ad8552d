"""Unpack an LZ4 frame: lz4/doc/lz4_Frame_format.md and lz4_Block_format.md.

Checksums are passed over: files are checked by their sha256.
"""

import struct

from genface.errors import WeightError

MAGIC = b"\x04\x22\x4d\x18"
MOST_BYTES = 256 << 20  # unpacked
_HAS_SIZE, _HAS_DICTIONARY, _BLOCK_CHECKSUM = 8, 1, 16
_STORED = 1 << 31  # of a block's length: its bytes are not compressed
_LONG = 15  # a length of four bits that goes on in the next byte
_SHORTEST_COPY = 4


def read_lz4(content: bytes) -> bytes:
    """The bytes in one frame; a :class:`WeightError` if it is damaged or too large."""
    if content[:4] != MAGIC:
        raise WeightError("not an LZ4 frame.")
    try:
        return bytes(_frame(content))
    except (IndexError, struct.error):
        raise WeightError("an LZ4 frame that ends too early; pull it again.") from None


def _frame(content: bytes) -> bytearray:
    flags = content[4]
    place = 7 + (8 if flags & _HAS_SIZE else 0) + (4 if flags & _HAS_DICTIONARY else 0)
    unpacked = bytearray()
    while True:
        (length,) = struct.unpack_from("<I", content, place)
        if not length:
            return unpacked
        size, place = length & ~_STORED, place + 4
        block = content[place : place + size]
        if len(block) < size:
            raise IndexError
        if length & _STORED:
            _checked(len(unpacked) + size)
            unpacked += block
        else:
            _unpack(block, unpacked)
        place += size + (4 if flags & _BLOCK_CHECKSUM else 0)


def _checked(size: int) -> None:
    if size > MOST_BYTES:
        raise WeightError("an LZ4 frame of more than 256 MB; not read.")


def _unpack(block: bytes, unpacked: bytearray) -> None:
    """Append a block: literal bytes and copies of earlier ones in turn."""
    place = 0
    while True:
        token, place = block[place], place + 1
        count, place = _length(block, place, token >> 4)
        if place + count > len(block):
            raise IndexError
        _checked(len(unpacked) + count)
        unpacked += block[place : place + count]
        place += count
        if place == len(block):  # the last sequence has no copy
            return
        back = block[place] | block[place + 1] << 8
        count, place = _length(block, place + 2, token & 15)
        count += _SHORTEST_COPY
        _checked(len(unpacked) + count)
        start = len(unpacked) - back
        if not back or start < 0:
            raise WeightError("an LZ4 frame that copies from before its start.")
        piece = unpacked[start : start + count]
        repeats = -(-count // len(piece))  # a copy may reach into what it makes
        unpacked += (piece * repeats)[:count]


def _length(block: bytes, place: int, count: int) -> tuple[int, int]:
    if count == _LONG:
        more = 255
        while more == 255:
            more, place = block[place], place + 1
            count += more
    return count, place
