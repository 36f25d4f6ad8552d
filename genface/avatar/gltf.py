"""The shape of a face with named morph targets, out of a binary glTF (GLB) file."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from genface.avatar.gltf_document import DAMAGE, LIMIT, Document, whole
from genface.errors import InputError

TRIANGLES = 4  # primitive mode
GAMMA = 2.2  # colours are linear in the file, as shown in ours


@dataclass(frozen=True)
class Shape:
    """All triangles of a GLB in one mesh, in the file's units and axes (y up).

    ``parts`` names ranges of ``triangles`` (M, 3) by mesh, or by material where a mesh
    has several; ``colours`` (V, 3) are in 0-1, None where the file has none. ``deltas``
    (S, V, 3) are the morph targets ``names``; one that several meshes have is one.
    """

    positions: np.ndarray
    triangles: np.ndarray
    parts: Mapping[str, slice]
    colours: np.ndarray | None
    names: tuple[str, ...]
    deltas: np.ndarray


def read_glb(path: Path | str) -> Shape:
    """Shape and named morph targets of a model, its nodes' transforms applied.

    Skinned meshes are read in the pose they are stored in. Vertices have the colour
    that material, picture and their own give them together. Raises :class:`InputError`
    for a file that is no GLB, is damaged, needs another file or an extension that packs
    meshes (Draco, meshopt), or in which no mesh names its morph targets.
    """
    document = Document(path)
    try:
        pieces = list(_pieces(document))
        return _joined(document, pieces)
    except DAMAGE as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{path}: damaged: a reference or value in it is wrong ({error})."
        ) from None


@dataclass(frozen=True)
class _Piece:
    """Triangles of one material; pieces with the same ``key`` share their vertices."""

    key: tuple
    name: str
    positions: np.ndarray
    triangles: np.ndarray
    targets: dict[str, np.ndarray]
    colours: np.ndarray | None


def _joined(document: Document, pieces: list[_Piece]) -> Shape:
    path = document.path
    if not pieces:
        raise InputError(f"{path}: has no triangles.")
    names = tuple(dict.fromkeys(name for piece in pieces for name in piece.targets))
    if not names:
        raise InputError(
            f"{path}: no mesh has named morph targets (extras.targetNames); export "
            "shape keys with their names."
        )
    alone = {piece.key: piece for piece in reversed(pieces)}
    starts, count = {}, 0
    for piece in pieces:
        if piece.key not in starts:
            starts[piece.key] = count
            count += len(piece.positions)
    if len(names) * count * 3 > LIMIT:
        raise InputError(f"{path}: too large to be read as a face.")
    positions = np.empty((count, 3), np.float32)
    deltas = np.zeros((len(names), count, 3), np.float32)
    for key, piece in alone.items():
        rows = slice(starts[key], starts[key] + len(piece.positions))
        positions[rows] = piece.positions
        for name, moved in piece.targets.items():
            deltas[names.index(name), rows] = moved
    colours = np.ones((count, 3), np.float32)
    parts: dict[str, slice] = {}
    triangles, first = [], 0
    for piece in pieces:
        faces = piece.triangles + starts[piece.key]
        if piece.colours is not None:
            used = np.unique(piece.triangles)
            colours[used + starts[piece.key]] = piece.colours[used]
        parts[_unused(piece.name, parts)] = slice(first, first + len(faces))
        triangles.append(faces)
        first += len(faces)
    coloured = any(piece.colours is not None for piece in pieces)
    return Shape(
        positions=positions,
        triangles=np.concatenate(triangles).astype(np.int32),
        parts=parts,
        colours=colours if coloured else None,
        names=names,
        deltas=deltas,
    )


def _nodes(document: Document) -> Iterator[tuple[int, dict, np.ndarray]]:
    """Nodes of the scene that have a mesh, and their world transforms (4, 4)."""
    nodes = document.items(document.facts, "nodes")
    scenes = document.items(document.facts, "scenes")
    if scenes:
        scene = scenes[whole(document.facts.get("scene", 0))]
        roots = document.items(scene, "nodes")
    else:
        children = {c for node in nodes for c in document.items(node, "children")}
        roots = [k for k in range(len(nodes)) if k not in children]
    waiting = [(root, np.eye(4)) for root in reversed(roots)]
    seen: set[int] = set()
    while waiting:
        index, above = waiting.pop()
        if whole(index) in seen:
            raise InputError(f"{document.path}: damaged: its nodes go in a circle.")
        seen.add(index)
        node = nodes[index]
        world = above @ _local(node)
        if "mesh" in node:
            # The transform of a skinned mesh's own node does not count (3.7.3.2).
            yield index, node, np.eye(4) if "skin" in node else world
        below = document.items(node, "children")
        waiting += [(child, world) for child in reversed(below)]


def _pieces(document: Document) -> Iterator[_Piece]:
    for index, node, world in _nodes(document):
        mesh = document.items(document.facts, "meshes")[whole(node["mesh"])]
        linear, shift = world[:3, :3], world[:3, 3]
        for primitive in document.items(mesh, "primitives"):
            if primitive.get("mode", TRIANGLES) != TRIANGLES:
                continue  # points and lines are not drawn
            positions = document.array(primitive["attributes"]["POSITION"], 3)
            faces = _triangles(document, primitive, len(positions))
            targets = {
                name: (moved @ linear.T).astype(np.float32)
                for name, moved in _targets(document, mesh, primitive, len(positions))
            }
            moves = [target.get("POSITION") for target in primitive.get("targets", ())]
            yield _Piece(
                key=(index, primitive["attributes"]["POSITION"], *moves),
                name=_name(document, node, mesh, primitive),
                positions=(positions @ linear.T + shift).astype(np.float32),
                # A mirror turns triangles inside out.
                triangles=faces[:, ::-1] if np.linalg.det(linear) < 0 else faces,
                targets=targets,
                colours=_colours(document, primitive, len(positions)),
            )


def _triangles(document: Document, primitive: dict, count: int) -> np.ndarray:
    if "indices" in primitive:
        corners = document.array(primitive["indices"], 1).astype(np.int64).ravel()
    else:
        corners = np.arange(count)
    if corners.size and corners.max() >= count:
        raise InputError(f"{document.path}: damaged: a triangle has no vertex.")
    if len(corners) % 3:
        raise InputError(f"{document.path}: damaged: a triangle lacks a corner.")
    return corners.reshape(-1, 3)


def _targets(
    document: Document, mesh: dict, primitive: dict, count: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Named morph targets of a primitive as displacements (V, 3)."""
    targets = primitive.get("targets", ())
    for name, target in zip(_target_names(mesh, primitive), targets, strict=False):
        if "POSITION" in target:
            moved = document.array(target["POSITION"], 3)
            if len(moved) != count:
                raise InputError(
                    f"{document.path}: damaged: morph target {name!r} has "
                    f"{len(moved)} vertices, its mesh {count}."
                )
            yield name, moved


def _name(document: Document, node: dict, mesh: dict, primitive: dict) -> str:
    """Of the mesh; where it has several materials, of the material."""
    name = mesh.get("name") or node.get("name") or "mesh"
    if len(mesh["primitives"]) > 1 and "material" in primitive:
        materials = document.items(document.facts, "materials")
        name = materials[whole(primitive["material"])].get("name") or name
    return str(name)


def _colours(document: Document, primitive: dict, count: int) -> np.ndarray | None:
    """Colours (V, 3) as shown; None where the file gives none."""
    colours, given = np.ones((count, 3), np.float32), False
    attributes = primitive["attributes"]
    if "material" in primitive:
        materials = document.items(document.facts, "materials")
        material = materials[whole(primitive["material"])]
        base = material.get("pbrMetallicRoughness", {})
        if "baseColorFactor" in base:
            colours *= np.asarray(base["baseColorFactor"], np.float32)[:3]
            given = True
        if "baseColorTexture" in base and "TEXCOORD_0" in attributes:
            picture = _picture(document, base["baseColorTexture"])
            if picture is not None:
                places = document.array(attributes["TEXCOORD_0"], 2) % 1.0
                height, width = picture.shape[:2]
                x = (places[:, 0] * width).astype(int).clip(0, width - 1)
                y = (places[:, 1] * height).astype(int).clip(0, height - 1)
                colours *= (picture[y, x] / np.float32(255)) ** GAMMA
                given = True
    if "COLOR_0" in attributes:
        own = document.array(attributes["COLOR_0"], None)
        if len(own) != count or own.shape[1] < 3:
            raise InputError(f"{document.path}: damaged: a vertex has no colour.")
        colours *= own[:, :3]
        given = True
    return np.clip(colours, 0, 1) ** np.float32(1 / GAMMA) if given else None


def _picture(document: Document, reference: dict) -> np.ndarray | None:
    """Picture (H, W, 3) uint8 that is in the file; None where it cannot be read."""
    textures = document.items(document.facts, "textures")
    images = document.items(document.facts, "images")
    texture = textures[whole(reference["index"])]
    if "source" not in texture or "bufferView" not in images[whole(texture["source"])]:
        return None
    index = images[texture["source"]]["bufferView"]
    length = document.items(document.facts, "bufferViews")[whole(index)]["byteLength"]
    data = document.view(index, 0, whole(length), 1, np.dtype("u1")).tobytes()
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > LIMIT:
                return None
            return np.asarray(picture.convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError):
        return None


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
