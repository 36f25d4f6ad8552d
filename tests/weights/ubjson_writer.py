"""Universal Binary JSON of plain data."""

import struct


def as_ubjson(value) -> bytes:
    if isinstance(value, bool) or value is None:
        return {True: b"T", False: b"F", None: b"Z"}[value]
    if isinstance(value, int):
        return b"L" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"D" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"S" + _text(value)
    if isinstance(value, dict):
        items = (_text(key) + as_ubjson(part) for key, part in value.items())
        return b"{" + b"".join(items) + b"}"
    return b"[" + b"".join(map(as_ubjson, value)) + b"]"


def _text(text: str) -> bytes:
    content = text.encode()
    return as_ubjson(len(content)) + content
