"""A face as a GLB: mesh, morph targets by name, and their animation."""

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import genface
from genface import files
from genface.avatar import gltf_document as gltf
from genface.avatar.animation import Motion
from genface.avatar.figure import Figure, figure_of
from genface.avatar.gltf import GAMMA
from genface.avatar.rig import Rig
from genface.avatar.surface import corner_sum, face_normals
from genface.avatar.tracks import Tracks, tracks_of

CENTIMETRE = 0.01  # glTF counts in metres; the root node scales
VERTICES, INDICES = 34962, 34963  # targets of buffer views
CLAMPED, REPEATED, LINEAR = 33071, 10497, 9729
LEAST = 5e-7  # cm, movement of a vertex that is not written
LEAST_TURN = 1e-3  # the same of a normal


def write_glb(
    path: Path | str,
    rig: Rig | None = None,
    motion: Motion | None = None,
    normals: bool = True,
    max_targets: int | None = None,
    body: bool = True,
) -> tuple[str, ...]:
    """Write a rig, and a motion if there is one, as one GLB; return notes.

    Without a motion all morph targets of the rig are in the file, with one those that
    it uses; their sum is the rig's vertices to 1e-5 cm (:func:`~genface.avatar.tracks.
    tracks_of`, also for ``max_targets``). Eyes and head turn as nodes. ``normals``
    gives the targets their own normals: shading follows the face, files are larger.
    The mesh ``face`` has the rig's vertices in their order but for those of the eyes;
    hair and ears follow. ``body`` adds neck and shoulders.
    """
    rig = Rig.default() if rig is None else rig
    if motion is None:
        tracks = Tracks(
            rig.morphs.names,
            rig.morphs.deltas,
            np.zeros((0, len(rig.morphs))),
            None,
            None,
        )
    else:
        tracks = tracks_of(rig, motion, max_targets)
    document = _Document(figure_of(rig, body=body), rig, tracks, normals)
    if motion is not None:
        document.animate(motion.times, tracks)
    with files.atomic(path) as temporary:
        temporary.write_bytes(document.packed())
    return tracks.notes


class _Document:
    """The JSON and the binary chunk, as they grow."""

    def __init__(self, figure: Figure, rig: Rig, tracks: Tracks, normals: bool) -> None:
        self._binary = bytearray()
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        # Rows and values of all sparse accessors lie together: fewer views.
        self._rows, self._values = bytearray(), bytearray()
        self._with_normals = normals
        self._channels: list[tuple[int, str, np.ndarray]] = []
        self._materials: list[dict] = []
        self._images: dict[str, int] = {}
        self._figure = figure
        pivot = np.asarray(rig.head_pivot, np.float64)
        face = self._head_mesh(figure, tracks)
        self.meshes = [face]
        self.nodes: list[dict] = [
            {"name": "genface", "scale": [CENTIMETRE] * 3, "children": [1]},
            {"name": "head", "translation": _numbers(pivot), "children": [2]},
            {"name": "face", "mesh": 0, "translation": _numbers(-pivot)},
        ]
        self._weighted: dict[int, list[int]] = {2: list(range(len(tracks.names)))}
        for eye in figure.eyes:
            mesh, kept = self._eye_mesh(eye, rig, tracks)
            self._weighted[len(self.nodes)] = kept
            self.nodes[1]["children"].append(len(self.nodes))
            self.nodes.append(
                {
                    "name": eye.name,
                    "mesh": len(self.meshes),
                    "translation": _numbers(eye.centre - pivot),
                }
            )
            self.meshes.append(mesh)
        if figure.body is not None:
            self.nodes[0]["children"].append(len(self.nodes))
            self.nodes.append({"name": "body", "mesh": len(self.meshes)})
            self.meshes.append(self._body_mesh(figure.body))

    def _head_mesh(self, figure: Figure, tracks: Tracks) -> dict:
        triangles = np.concatenate(list(figure.groups.values()))
        shading = _Shading(figure.points, triangles)
        attributes = self._attributes(figure.points, shading.normals(figure.points))
        if figure.uv is not None:
            attributes["TEXCOORD_0"] = self._vertices(figure.uv.astype(np.float32))
        if figure.colours is not None:
            attributes["COLOR_0"] = self._colours(figure.colours)
        targets = [
            self._target(figure.moved(delta), shading, figure.points)
            for delta in tracks.deltas
        ]
        primitives = []
        for name, triangles in figure.groups.items():
            own = dict(attributes)
            if figure.materials[name].picture is None:
                own.pop("TEXCOORD_0", None)
            primitive = {
                "attributes": own,
                "indices": self._indices(triangles),
                "material": self._material(name),
            }
            primitives.append(primitive | ({"targets": targets} if targets else {}))
        return {"name": "face", "primitives": primitives, **_named(tracks.names)}

    def _eye_mesh(self, eye, rig: Rig, tracks: Tracks) -> tuple[dict, list[int]]:
        """An eyeball about its centre, and the targets that move it."""
        points = (rig.neutral[eye.rows] - eye.centre).astype(np.float32)
        shading = _Shading(points, eye.triangles)
        moved = tracks.deltas[:, eye.rows]
        kept = [k for k, delta in enumerate(moved) if np.abs(delta).max() > LEAST]
        attributes = self._attributes(points, shading.normals(points))
        if rig.colours is None:
            attributes["TEXCOORD_0"] = self._vertices(eye.uv.astype(np.float32))
        else:
            attributes["COLOR_0"] = self._colours(rig.colours[eye.rows])
        primitive: dict[str, Any] = {
            "attributes": attributes,
            "indices": self._indices(eye.triangles),
            "material": self._material("eye", "eye"),
        }
        if kept:
            primitive["targets"] = [
                self._target(moved[k], shading, points) for k in kept
            ]
        names = [tracks.names[k] for k in kept]
        return {"name": eye.name, "primitives": [primitive], **_named(names)}, kept

    def _body_mesh(self, body) -> dict:
        shading = _Shading(body.points, body.triangles)
        attributes = self._attributes(body.points, shading.normals(body.points))
        attributes["TEXCOORD_0"] = self._vertices(body.uv.astype(np.float32))
        primitive = {
            "attributes": attributes,
            "indices": self._indices(body.triangles),
            "material": self._material("body", "skin"),
        }
        return {"name": "body", "primitives": [primitive]}

    def animate(self, times: np.ndarray, tracks: Tracks) -> None:
        """Weights and turns as the channels of one animation."""
        for node, kept in self._weighted.items():
            if kept and tracks.weights.any():
                weights = tracks.weights[:, kept].astype(np.float32)
                self._channels.append((node, "weights", weights.reshape(-1, 1)))
        turns = {"head": tracks.head, "eye_R": tracks.eyes, "eye_L": tracks.eyes}
        for index, name in enumerate(node["name"] for node in self.nodes):
            turn = turns.get(name)
            if turn is not None:
                self._channels.append((index, "rotation", turn.astype(np.float32)))
        if self._channels:
            self._times = self._plain(
                np.asarray(times, np.float32)[:, None], bounds=True
            )

    def packed(self) -> bytes:
        """The whole file."""
        document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": f"genface {genface.__version__}"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": self.nodes,
            "meshes": self.meshes,
            "materials": self._materials,
        }
        if self._images:
            document |= self._pictures()
        if self._channels:
            document["animations"] = [self._animation()]
        self._close_sparse()
        document["accessors"] = self._accessors
        document["bufferViews"] = self._views
        document["buffers"] = [{"byteLength": len(self._binary)}]
        text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        chunks = [(gltf.JSON_CHUNK, text), (gltf.BINARY_CHUNK, bytes(self._binary))]
        body = b"".join(struct.pack("<I", len(d)) + kind + d for kind, d in chunks)
        head = gltf.MAGIC + struct.pack("<II", gltf.VERSION, 12 + len(body))
        return head + body

    def _animation(self) -> dict:
        samplers: list[dict] = []
        channels: list[dict] = []
        for node, path, values in self._channels:
            channels.append(
                {"sampler": len(samplers), "target": {"node": node, "path": path}}
            )
            samplers.append({"input": self._times, "output": self._plain(values)})
        return {"name": "clip", "samplers": samplers, "channels": channels}

    def _pictures(self) -> dict:
        images = []
        for name in self._images:
            view = self._view(self._figure.pictures[name])
            images.append({"name": name, "mimeType": "image/jpeg", "bufferView": view})
        sampler = {"magFilter": LINEAR, "wrapS": CLAMPED, "wrapT": CLAMPED}
        textures = [{"sampler": 0, "source": k} for k in range(len(images))]
        return {"images": images, "samplers": [sampler], "textures": textures}

    def _material(self, name: str, picture: str | None = None) -> int:
        """Number of a material, made once for each group."""
        for index, made in enumerate(self._materials):
            if made["name"] == name:
                return index
        known = self._figure.materials.get(name)
        colour = known.colour if known else (1.0, 1.0, 1.0)
        colour = (1.0, 1.0, 1.0) if self._figure.colours is not None else colour
        surface: dict[str, Any] = {
            "baseColorFactor": [*colour, 1.0],
            "metallicFactor": 0.0,
            "roughnessFactor": known.roughness if known else ROUGHNESS[name],
        }
        picture = known.picture if known else picture
        if picture is not None and picture in self._figure.pictures:
            index = self._images.setdefault(picture, len(self._images))
            surface["baseColorTexture"] = {"index": index}
        self._materials.append(
            {
                "name": name,
                "pbrMetallicRoughness": surface,
                "doubleSided": name != "eye",
            }
        )
        return len(self._materials) - 1

    def _attributes(self, points: np.ndarray, normals: np.ndarray) -> dict[str, int]:
        return {
            "POSITION": self._vertices(points.astype(np.float32), bounds=True),
            "NORMAL": self._vertices(normals.astype(np.float32)),
        }

    def _target(
        self, moved: np.ndarray, shading: "_Shading", points: np.ndarray
    ) -> dict[str, int]:
        target = {"POSITION": self._sparse(moved.astype(np.float32), LEAST, True)}
        if self._with_normals:
            turned = shading.normals(points + moved) - shading.normals(points)
            turned = turned.astype(np.float32)
            target["NORMAL"] = self._sparse(turned, LEAST_TURN, False)
        return target

    def _vertices(self, values: np.ndarray, **how: bool) -> int:
        return self._plain(values, target=VERTICES, **how)

    def _colours(self, colours: np.ndarray) -> int:
        """Colours of vertices, linear in glTF where the rig has them as shown."""
        linear = 255 * np.clip(colours, 0, 1) ** GAMMA
        opaque = np.full((len(linear), 1), 255)
        every = np.rint(np.hstack([linear, opaque])).astype(np.uint8)
        return self._vertices(every, normalized=True)

    def _indices(self, triangles: np.ndarray) -> int:
        kind = np.uint16 if triangles.max() < 65535 else np.uint32
        return self._plain(triangles.astype(kind).reshape(-1, 1), target=INDICES)

    def _plain(
        self,
        values: np.ndarray,
        bounds: bool = False,
        normalized: bool = False,
        target: int | None = None,
    ) -> int:
        """Number of an accessor with a view of its own."""
        view = self._view(np.ascontiguousarray(values).tobytes(), target)
        accessor = {"bufferView": view, **_described(values, bounds)}
        if normalized:
            accessor["normalized"] = True
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def _sparse(self, values: np.ndarray, least: float, bounds: bool) -> int:
        """Number of an accessor of zeros but for the rows that move."""
        rows = np.flatnonzero(np.abs(values).max(axis=1) > least)
        rows = rows if len(rows) else np.array([0])
        kind = np.dtype(np.uint16 if len(values) < 65536 else np.uint32)
        kept = np.zeros_like(values)
        kept[rows] = values[rows]
        self._rows += bytes(-len(self._rows) % kind.itemsize)
        self._accessors.append(
            {
                **_described(kept, bounds),
                "sparse": {
                    "count": len(rows),
                    "indices": {
                        "bufferView": "rows",
                        "byteOffset": len(self._rows),
                        "componentType": _component(kind),
                    },
                    "values": {"bufferView": "values", "byteOffset": len(self._values)},
                },
            }
        )
        self._rows += rows.astype(kind).tobytes()
        self._values += kept[rows].tobytes()
        return len(self._accessors) - 1

    def _close_sparse(self) -> None:
        """Give the sparse accessors' rows and values their views."""
        if not self._rows:
            return
        views = {
            "rows": self._view(bytes(self._rows)),
            "values": self._view(bytes(self._values)),
        }
        for accessor in self._accessors:
            for part in accessor.get("sparse", {}).values():
                if isinstance(part, dict):
                    part["bufferView"] = views[part["bufferView"]]

    def _view(self, data: bytes, target: int | None = None) -> int:
        self._binary += bytes(-len(self._binary) % 4)
        view: dict[str, int] = {
            "buffer": 0,
            "byteOffset": len(self._binary),
            "byteLength": len(data),
        }
        if target is not None:
            view["target"] = target
        self._binary += data
        self._binary += bytes(-len(self._binary) % 4)
        self._views.append(view)
        return len(self._views) - 1


class _Shading:
    """Smooth normals; points in one place share one, seams do not show."""

    def __init__(self, points: np.ndarray, triangles: np.ndarray) -> None:
        _, self._shared = np.unique(points, axis=0, return_inverse=True)
        self._shared = self._shared.ravel()
        self._triangles = triangles
        self._sum = corner_sum(self._shared[triangles], self._shared.max() + 1)

    def normals(self, points: np.ndarray) -> np.ndarray:
        """Unit normals (P, 3); where there is no triangle, toward the viewer."""
        total = self._sum @ face_normals(points, self._triangles)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        flat = length[:, 0] < 1e-12
        total[flat], length[flat] = (0.0, 0.0, 1.0), 1.0
        return (total / length)[self._shared]


ROUGHNESS = {"eye": 0.12, "body": 0.75}


def _described(values: np.ndarray, bounds: bool) -> dict[str, Any]:
    width = values.shape[1]
    accessor: dict[str, Any] = {
        "componentType": _component(values.dtype),
        "count": len(values),
        "type": {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}[width],
    }
    if bounds:
        accessor["min"] = _numbers(values.min(axis=0))
        accessor["max"] = _numbers(values.max(axis=0))
    return accessor


def _component(dtype: np.dtype) -> int:
    little = np.dtype(dtype).newbyteorder("<")
    return next(code for code, known in gltf.COMPONENTS.items() if known == little)


def _numbers(values: np.ndarray) -> list[float]:
    return [float(value) for value in values]


def _named(names: Sequence[str]) -> Mapping[str, Any]:
    if not names:
        return {}
    return {"weights": [0.0] * len(names), "extras": {"targetNames": list(names)}}
