"""Binary glTF (GLB): its container, and the shape of a face with named morph targets.

glTF 2.0 specification, sections 3 (concepts) and 4 (GLB). Everything is read from the
one file: references to other files or addresses are never followed.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
TRIANGLES = 4  # primitive mode
# Extensions that may be required and yet leave the shape readable.
HARMLESS = ("KHR_mesh_quantization", "KHR_materials_", "KHR_texture_", "KHR_lights_",
            "EXT_texture_", "VRM", "VRMC_")  # fmt: skip
GAMMA = 2.2  # colours are linear in the file, as shown in ours
LIMIT = 100_000_000  # numbers that an array of a model may have


@dataclass(frozen=True)
class Shape:
    """All triangles of a GLB in one mesh, in the file's units and axes (y up).

    ``parts`` names ranges of ``triangles`` (M, 3) by mesh and material; ``colours``
    (V, 3) are in 0-1, None where the file has none. ``deltas`` (S, V, 3) are the morph
    targets ``names``; one that several meshes have is one.
    """

    positions: np.ndarray
    triangles: np.ndarray
    parts: Mapping[str, slice]
    colours: np.ndarray | None
    names: tuple[str, ...]
    deltas: np.ndarray


def read_glb(path: Path | str) -> Shape:
    """Shape and named morph targets of a model, its nodes' transforms applied.

    Skinned meshes are read in the pose they are stored in. Raises :class:`InputError`
    for a file that is no GLB, is damaged, needs another file or an extension that packs
    meshes (Draco, meshopt), or in which no mesh names its morph targets.
    """
    return _Reader(path).shape()


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


class _Reader:
    """One file; damage of any kind becomes an :class:`InputError`."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        try:
            data = self.path.read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise InputError(f"{path}: cannot be read ({reason}).") from None
        self.document, self.binary = chunks(data, path)
        required = self._list(self.document, "extensionsRequired")
        packed = [x for x in required if not str(x).startswith(HARMLESS)]
        if packed:
            raise InputError(
                f"{path}: needs {', '.join(map(str, packed))}, which is not supported; "
                "export the model without compression."
            )

    def shape(self) -> Shape:
        try:
            return self._shape()
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"{self.path}: damaged: a reference or value in it is wrong ({error})."
            ) from None

    def _shape(self) -> Shape:
        pieces = [
            piece
            for node, world in self._nodes()
            for piece in self._pieces(node, world)
        ]
        if not pieces:
            raise InputError(f"{self.path}: has no triangles.")
        names = tuple(dict.fromkeys(name for piece in pieces for name in piece.targets))
        if not names:
            raise InputError(
                f"{self.path}: no mesh has named morph targets (extras.targetNames); "
                "export shape keys with their names."
            )
        sizes = [len(piece.positions) for piece in pieces]
        if len(names) * sum(sizes) * 3 > LIMIT:
            raise InputError(f"{self.path}: too large to be read as a face.")
        starts = np.cumsum([0, *sizes])
        deltas = np.zeros((len(names), starts[-1], 3), np.float32)
        for piece, start, stop in zip(pieces, starts, starts[1:], strict=False):
            for name, moved in piece.targets.items():
                deltas[names.index(name), start:stop] = moved
        counts = np.cumsum([0, *(len(piece.triangles) for piece in pieces)])
        parts: dict[str, slice] = {}
        for piece, start, stop in zip(pieces, counts, counts[1:], strict=False):
            parts[_unused(piece.name, parts)] = slice(int(start), int(stop))
        coloured = any(piece.coloured for piece in pieces)
        colours = np.concatenate([piece.colours for piece in pieces])
        return Shape(
            positions=np.concatenate([piece.positions for piece in pieces]),
            triangles=np.concatenate(
                [p.triangles + s for p, s in zip(pieces, starts, strict=False)]
            ).astype(np.int32),
            parts=parts,
            colours=colours if coloured else None,
            names=names,
            deltas=deltas,
        )

    def _nodes(self) -> Iterator[tuple[dict, np.ndarray]]:
        """Nodes of the scene that have a mesh, and their world transforms (4, 4)."""
        nodes = self._list(self.document, "nodes")
        scenes = self._list(self.document, "scenes")
        if scenes:
            roots = self._list(scenes[_index(self.document.get("scene", 0))], "nodes")
        else:
            children = {c for node in nodes for c in self._list(node, "children")}
            roots = [k for k in range(len(nodes)) if k not in children]
        waiting = [(root, np.eye(4)) for root in reversed(roots)]
        seen: set[int] = set()
        while waiting:
            index, above = waiting.pop()
            if _index(index) in seen:
                raise InputError(f"{self.path}: damaged: its nodes go in a circle.")
            seen.add(index)
            node = nodes[index]
            world = above @ _local(node)
            if "mesh" in node:
                # The transform of a skinned mesh's own node does not count (3.7.3.2).
                yield node, np.eye(4) if "skin" in node else world
            below = self._list(node, "children")
            waiting += [(child, world) for child in reversed(below)]

    def _pieces(self, node: dict, world: np.ndarray) -> Iterator["_Piece"]:
        mesh = self._list(self.document, "meshes")[_index(node["mesh"])]
        for primitive in self._list(mesh, "primitives"):
            if primitive.get("mode", TRIANGLES) != TRIANGLES:
                continue  # points and lines are not drawn
            attributes = primitive["attributes"]
            positions = self._accessor(attributes["POSITION"], 3)
            if "indices" in primitive:
                corners = self._accessor(primitive["indices"], 1)
                if corners.size and corners.max() >= len(positions):
                    raise InputError(f"{self.path}: damaged: a triangle has no vertex.")
            else:
                corners = np.arange(len(positions))
            triangles = corners.astype(np.int64).ravel()
            if len(triangles) % 3:
                raise InputError(f"{self.path}: damaged: a triangle lacks a corner.")
            names = _target_names(mesh, primitive)
            targets = {}
            for name, target in zip(names, primitive.get("targets", ()), strict=False):
                if "POSITION" in target:
                    moved = self._accessor(target["POSITION"], 3)
                    if moved.shape != positions.shape:
                        raise InputError(
                            f"{self.path}: damaged: morph target {name!r} has "
                            f"{len(moved)} vertices, its mesh {len(positions)}."
                        )
                    targets[name] = (moved @ world[:3, :3].T).astype(np.float32)
            place = positions @ world[:3, :3].T + world[:3, 3]
            colours, coloured = self._colours(primitive, len(positions))
            faces = triangles.reshape(-1, 3)
            if np.linalg.det(world[:3, :3]) < 0:
                faces = faces[:, ::-1]  # a mirror turns them inside out
            yield _Piece(
                name=self._name(node, mesh, primitive),
                positions=place.astype(np.float32),
                triangles=faces,
                targets=targets,
                colours=colours,
                coloured=coloured,
            )

    def _name(self, node: dict, mesh: dict, primitive: dict) -> str:
        """Of the mesh; where it has several materials, of the material."""
        name = mesh.get("name") or node.get("name") or "mesh"
        if len(mesh["primitives"]) > 1 and "material" in primitive:
            materials = self._list(self.document, "materials")
            name = materials[_index(primitive["material"])].get("name") or name
        return str(name)

    def _colours(self, primitive: dict, count: int) -> tuple[np.ndarray, bool]:
        """Colours (V, 3) and whether the file gives any."""
        colours, given = np.ones((count, 3), np.float32), False
        if "material" in primitive:
            materials = self._list(self.document, "materials")
            base = materials[_index(primitive["material"])].get("pbrMetallicRoughness")
            if base and "baseColorFactor" in base:
                colours *= np.asarray(base["baseColorFactor"], np.float32)[:3]
                given = True
        if "COLOR_0" in primitive["attributes"]:
            own = self._accessor(primitive["attributes"]["COLOR_0"], None)
            if own.shape[0] != count:
                raise InputError(f"{self.path}: damaged: a vertex has no colour.")
            colours *= own[:, :3]
            given = True
        return np.clip(colours, 0, 1) ** np.float32(1 / GAMMA), given

    def _accessor(self, index: Any, width: int | None) -> np.ndarray:
        """Numbers (count, width) of an accessor, normalised ones as floats."""
        accessor = self._list(self.document, "accessors")[_index(index)]
        count, kind = _index(accessor["count"]), WIDTHS[accessor["type"]]
        if width is not None and kind != width:
            raise InputError(
                f"{self.path}: damaged: an accessor is {accessor['type']}."
            )
        if count * kind > LIMIT:
            raise InputError(f"{self.path}: an array of {count} is too large.")
        dtype = COMPONENTS[accessor["componentType"]]
        if "bufferView" in accessor:
            offset = _index(accessor.get("byteOffset", 0))
            values = self._view(accessor["bufferView"], offset, count, kind, dtype)
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
        count = _index(sparse["count"])
        where, what = sparse["indices"], sparse["values"]
        if count > len(values):
            raise InputError(f"{self.path}: damaged: more changes than values.")
        rows = self._view(
            where["bufferView"],
            _index(where.get("byteOffset", 0)),
            count,
            1,
            COMPONENTS[where["componentType"]],
        ).ravel()
        changed = self._view(
            what["bufferView"],
            _index(what.get("byteOffset", 0)),
            count,
            values.shape[1],
            values.dtype,
        )
        values = values.copy()
        values[rows] = changed
        return values

    def _view(
        self, index: Any, offset: int, count: int, width: int, dtype: np.dtype
    ) -> np.ndarray:
        view = self._list(self.document, "bufferViews")[_index(index)]
        buffers = self._list(self.document, "buffers")
        if _index(view["buffer"]) != 0 or "uri" in buffers[0]:
            raise InputError(
                f"{self.path}: keeps its data outside of the file, which is not "
                "followed; save the model as one .glb."
            )
        item = width * dtype.itemsize
        step = _index(view.get("byteStride", item))
        start = _index(view.get("byteOffset", 0))
        length = _index(view["byteLength"])
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

    def _list(self, owner: dict, key: str) -> list:
        value = owner.get(key, [])
        if not isinstance(value, list):
            raise InputError(f"{self.path}: damaged: {key} is not a list.")
        return value


@dataclass(frozen=True)
class _Piece:
    name: str
    positions: np.ndarray
    triangles: np.ndarray
    targets: dict[str, np.ndarray]
    colours: np.ndarray
    coloured: bool


def _index(value: Any) -> int:
    """A count or index; anything but a whole number from 0 is wrong."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} where a whole number should be")
    return value


def _target_names(mesh: dict, primitive: dict) -> list[str]:
    """Names by convention in the mesh's extras; VRM 0 has them in the primitive's."""
    for owner in (mesh, primitive):
        names = (owner.get("extras") or {}).get("targetNames")
        if isinstance(names, list):
            return [str(name) for name in names]
    return []


def _unused(name: str, taken: Mapping[str, slice]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def _local(node: dict) -> np.ndarray:
    """Transform (4, 4) of a node, from its matrix or its three parts."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = np.array(node.get("rotation", (0, 0, 0, 1)), np.float64)
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    local = np.eye(4)
    local[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), np.float64)
    local[:3, 3] = np.array(node.get("translation", (0, 0, 0)), np.float64)
    return local
