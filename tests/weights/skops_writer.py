"""Skops files, written without skops."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from genface.weights.skops_file import Record


def node(loader, name, **parts):
    module, _, name = name.rpartition(".")
    kind = {"__class__": name, "__module__": module or "builtins"}
    return kind | {"__loader__": loader} | parts


def text(value):
    return node("JsonNode", "str", content=json.dumps(value), is_json=True)


def mapping(content, kind="str"):
    keys = [node("TypeNode", kind)] * len(content)
    keys = node("ListNode", "list", content=keys)
    return node("DictNode", "dict", content=content, key_types=keys)


def array(file):
    return node("NdArrayNode", "numpy.ndarray", type="numpy", file=file)


def npy(values):
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def write_skops(path: Path, content):
    """A skops file of records, dicts with texts for keys, arrays, bytes and JSON."""
    members = {}

    def as_node(value):
        if isinstance(value, Record):
            module, _, _ = value.type.rpartition(".")
            name = value.type if module else f"made.{value.type}"
            return node("ObjectNode", name, content=as_node(dict(value.attributes)))
        if isinstance(value, dict):
            return mapping({key: as_node(part) for key, part in value.items()})
        if isinstance(value, (np.ndarray, bytes)):
            is_array = isinstance(value, np.ndarray)
            file = f"{len(members)}.{'npy' if is_array else 'bin'}"
            members[file] = npy(value) if is_array else value
            return array(file) if is_array else bytearray_of(file)
        return text(value)

    schema = json.dumps(as_node(content))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", schema)
        for name, numbers in members.items():
            archive.writestr(name, numbers)
    return path


def bytearray_of(file):
    return node("BytearrayNode", "bytearray", file=file)
