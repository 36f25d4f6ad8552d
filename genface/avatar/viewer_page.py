"""A face on one web page that needs nothing else: played, turned, and made by hand."""

import base64
import html
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from genface import files
from genface.avatar import contact
from genface.avatar.activation import (
    ADDS_TO,
    FADES_UNDER,
    LIDS_FOLLOW_UNTIL,
    SHUT,
)
from genface.avatar.animation import Motion
from genface.avatar.figure import INSIDE, Figure, figure_of
from genface.avatar.rig import Rig
from genface.avatar.subdivision import refine
from genface.facs.units import UNITS, au_number

PICTURE_SIZE = (512, 1024)  # of the painted skin
REFINED = ("skin", "hair")  # groups drawn as smooth surfaces
HEAD_OVER_FACE = 2.1  # height of the view over that of the face
FULL = 16384  # a share of 1 in the matrix that smooths
LIP_MIDDLES = (13, 14)  # inner edges of upper and lower lip in MediaPipe's mesh
# What lips leave of the light on what is behind them.
DIM = {"teeth_upper": 1.1, "teeth_lower": 0.95, "mouth": 0.8, "tongue": 0.75}
ANGLES = (
    ("gaze up", "eyes: down, up", "gaze", 0),
    ("gaze side", "eyes: subject's left, right", "gaze", 1),
    ("pitch", "head: down, up", "pose", 0),
    ("yaw", "head: subject's left, right", "pose", 2),
    ("roll", "head: tilt to the subject's left, right", "pose", 1),
)


def write_page(
    path: Path | str,
    rig: Rig | None = None,
    motion: Motion | None = None,
    title: str = "Face",
) -> None:
    """Write one HTML file that shows a rig and plays a motion, offline.

    It turns with the mouse, plays and scrubs the motion at several speeds, and has a
    slider for each AU, for gaze and head: what is moved by hand stays until "Back to
    the clip". Without a motion it is for making faces. Needs WebGL 2; AUs are kept to
    1/65535, shapes to 1/32767 of their largest movement.
    """
    rig = Rig.default() if rig is None else rig
    facts, arrays = _rig(rig)
    figure = figure_of(rig, PICTURE_SIZE)
    for more, found in (_figure(rig, figure), _clip(rig, motion)):
        facts |= more
        arrays |= found
    table, binary = _packed(arrays)
    facts |= {"arrays": table, "binary": base64.b64encode(binary).decode("ascii")}
    notes = "".join(
        f"<li>{html.escape(note)}</li>" for note in (motion.notes if motion else ())
    )
    text = _asset("page.html")
    pieces = {
        "title": html.escape(title),
        "style": _asset("page.css").rstrip(),
        "notes": f"<ul>{notes}</ul>" if notes else "",
        "script": _asset("viewer.js").rstrip(),
        # No tag can end or begin within the data, whatever names are in it.
        "data": json.dumps(facts, allow_nan=False).replace("<", "\\u003c"),
    }
    parts = text.split("{{")
    page = parts[0] + "".join(
        pieces[name] + rest for name, rest in (p.split("}}", 1) for p in parts[1:])
    )
    files.write_text(path, page)


def _asset(name: str) -> str:
    folder = resources.files("genface.avatar") / "viewer"
    return (folder / name).read_text(encoding="utf-8")


def _rig(rig: Rig) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What moves the vertices: shapes, and how AUs drive them."""
    names = rig.au_names
    index = {name: k for k, name in enumerate(names)}
    scales, rows, values = [], [], []
    for delta in rig.morphs.deltas:
        moved = np.flatnonzero(np.abs(delta).max(axis=1) > 1e-5)
        scale = max(float(np.abs(delta).max()), 1e-9) / 32767
        scales.append(scale)
        rows.append(moved)
        values.append(np.rint(delta[moved] / scale).astype(np.int16))
    arrays = {
        "neutral": rig.neutral,
        "rows": _indices(np.concatenate(rows)),
        "values": np.concatenate(values),
        "ends": np.cumsum([0, *map(len, rows)]).astype(np.uint32),
        "scales": np.array(scales, np.float32),
    }
    if rig.drive is not None:
        arrays["drive"] = rig.drive.astype(np.float32)
    facts = {
        "aus": names,
        "labels": [UNITS[au_number(name)].name for name in names],
        "targets": len(rig.morphs),
        "fades": _pairs(FADES_UNDER, index),
        "adds": _pairs(ADDS_TO, index),
        "shut": [index[name] for name in SHUT if name in index],
        "mixtures": [[index[a], index[b]] for a, b in rig.drivers.mixtures],
        "lidsFollow": LIDS_FOLLOW_UNTIL,
        "edges": [_edge(edges) for edges in rig.edges],
        "pivot": _numbers(rig.head_pivot),
        "angles": [
            {"name": name, "label": label, "of": of, "column": column}
            for name, label, of, column in ANGLES
        ],
    }
    return facts, arrays


def _pairs(
    names: Iterable[tuple[str, str]], index: Mapping[str, int]
) -> list[list[int]]:
    """Numbers of the pairs of AUs of which the rig has both."""
    return [[index[a], index[b]] for a, b in names if a in index and b in index]


def _edge(edges: contact.Edges) -> dict[str, Any]:
    """Two edges that must not cross, and the vertices that go with their points."""

    def followers(matrix: np.ndarray) -> list[list[float]]:
        points, vertices = np.nonzero(matrix)
        shares = matrix[points, vertices].astype(float)
        return [points.tolist(), vertices.tolist(), shares.round(6).tolist()]

    return {
        "upper": np.asarray(edges.upper).tolist(),
        "lower": np.asarray(edges.lower).tolist(),
        "above": followers(np.asarray(edges.above)),
        "below": followers(np.asarray(edges.below)),
        "yields": float(np.ravel(edges.yields)[0]),
    }


def _figure(rig: Rig, figure: Figure) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What is drawn: the refined head, then the eyes, then the body."""
    smooth, linear, groups = _smoothed(figure)
    arrays = {
        "points": figure.points,
        "source": _indices(figure.source),
        "follow": figure.follow,
        "smoothEnds": smooth.indptr.astype(np.uint32),
        "smoothColumns": _indices(smooth.indices),
        "smoothWeights": _shares(smooth),
    }
    count = smooth.shape[0]
    uv = [np.zeros((count, 2)) if figure.uv is None else linear @ figure.uv]
    tint = None if figure.colours is None else [linear @ figure.colours]
    drawn = []
    for name, triangles in groups.items():
        material = figure.materials[name]
        drawn.append(
            {
                "name": name,
                "picture": material.picture,
                "colour": [1.0] * 3 if tint else _shown(material.colour),
                "wet": False,
                "dim": DIM.get(name, 1.0),
                "inside": name in INSIDE,
                "faces": triangles,
            }
        )
    eye_picture = None if tint else "eye"
    for number, eye in enumerate(figure.eyes):
        arrays[f"eye{number}"] = _indices(eye.rows)
        uv.append(eye.uv)
        if tint is not None and rig.colours is not None:
            tint.append(rig.colours[eye.rows])
        drawn.append(
            {
                "name": eye.name,
                "picture": eye_picture,
                "colour": [1.0] * 3,
                "wet": True,
                "eye": number,
                "dim": 1.0,
                "faces": eye.triangles + count,
            }
        )
        count += len(eye.rows)
    if figure.body is not None:
        arrays |= {"bodyPoints": figure.body.points, "bodyFollow": figure.body.follow}
        uv.append(figure.body.uv)
        drawn.append(
            {
                "name": "body",
                "picture": "skin",
                "colour": [1.0] * 3,
                "wet": False,
                "dim": 0.9,
                "faces": figure.body.triangles + count,
            }
        )
        count += len(figure.body.points)
    ends = np.cumsum([0, *(group["faces"].size for group in drawn)])
    for group, first in zip(drawn, ends, strict=False):
        group |= {"first": int(first), "count": int(group["faces"].size)}
    arrays["triangles"] = _indices(
        np.concatenate([group.pop("faces").ravel() for group in drawn])
    )
    arrays["uv"] = np.concatenate(uv).astype(np.float32)
    if tint is not None:
        arrays["tint"] = np.concatenate(tint).astype(np.float32)
    arrays["shared"] = _indices(_shared(rig, figure, smooth))
    facts = {
        "groups": drawn,
        "lips": None if figure.uv is None else LIP_MIDDLES,
        "eyes": [{"centre": _numbers(eye.centre)} for eye in figure.eyes],
        "pictures": {
            name: "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
            for name, jpeg in figure.pictures.items()
        },
        "view": _view(rig),
    }
    return facts, arrays


def _view(rig: Rig) -> dict[str, Any]:
    """Middle and height of what is seen first: the head of which the face moves."""
    moved = np.abs(rig.morphs.deltas).max(axis=(0, 2))
    face = rig.neutral[moved > 0.05 * moved.max()]
    low, high = face.min(axis=0), face.max(axis=0)
    middle, height = (low + high) / 2, float(high[1] - low[1])
    return {"middle": _numbers(middle), "height": HEAD_OVER_FACE * height}


def _smoothed(figure: Figure):
    """Matrices from the figure's points to smooth and to plain ones, finer groups."""
    coarse = [figure.groups[name] for name in REFINED if name in figure.groups]
    if figure.uv is None or not coarse:
        same = sparse.eye_array(len(figure.points), format="csr")
        return same, same, dict(figure.groups)
    fine = refine(np.concatenate(coarse), len(figure.points), np.zeros((0, 2), int), 1)
    groups = dict(figure.groups)
    start = 0
    for name in REFINED:
        count = 4 * len(figure.groups[name])
        groups[name] = fine.triangles[start : start + count]
        start += count
    return fine.smooth, fine.linear, groups


def _shares(matrix: sparse.csr_array) -> np.ndarray:
    """Entries as whole numbers of which each row adds up to FULL."""
    shares = np.rint(matrix.data * FULL).astype(int)
    for start, stop in zip(matrix.indptr, matrix.indptr[1:], strict=False):
        row = shares[start:stop]
        row[row.argmax()] += FULL - row.sum()
    return shares.astype(np.int16)


def _shared(rig: Rig, figure: Figure, smooth: sparse.csr_array) -> np.ndarray:
    """For each drawn vertex, the first one at its place: they share their normal."""
    places = [smooth @ figure.points.astype(np.float64)]
    places += [rig.neutral[eye.rows].astype(np.float64) for eye in figure.eyes]
    if figure.body is not None:
        places.append(figure.body.points.astype(np.float64))
    every = np.concatenate(places).round(4)
    _, first, place = np.unique(every, axis=0, return_index=True, return_inverse=True)
    return first[place.ravel()]


def _clip(
    rig: Rig, motion: Motion | None
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """AUs of both sides, pose and gaze of every frame."""
    if motion is None:
        return {"frames": 0, "fps": 30.0}, {}
    rig.morph_weights(motion.aus[:1], None, motion.au_names)  # tells unknown AUs
    sides = np.zeros((len(motion), len(rig.au_names), 2))
    for name in sorted(motion.au_names, key=len):  # one-sided columns take precedence
        column = rig.au_names.index(name[:4])
        side = {"_L": 0, "_R": 1}.get(name[4:], slice(None))
        values = motion.aus[:, motion.au_names.index(name)].clip(0, 1)
        sides[:, column, side] = values.reshape(-1, *([1] * (name == name[:4])))
    arrays: dict[str, np.ndarray] = {
        "clip": np.rint(sides.reshape(len(motion), -1) * 65535).astype(np.uint16),
        "away": motion.away.astype(np.uint8),
    }
    for name, angles in (("pose", motion.pose), ("gaze", motion.gaze)):
        if angles is not None:
            arrays[name] = angles.astype(np.float32)
    return {"frames": len(motion), "fps": float(motion.fps)}, arrays


def _packed(arrays: dict[str, np.ndarray]) -> tuple[dict[str, list], bytes]:
    """Where each array is, and all of them together."""
    table: dict[str, list] = {}
    binary = bytearray()
    for name, array in arrays.items():
        binary += bytes(-len(binary) % 4)
        kind = f"{array.dtype.kind}{array.dtype.itemsize}"
        table[name] = [kind, len(binary), int(array.size)]
        binary += array.astype(array.dtype.newbyteorder("<")).tobytes()
    return table, bytes(binary)


def _indices(values: np.ndarray) -> np.ndarray:
    small = not len(values) or values.max() < 65536
    return values.astype(np.uint16 if small else np.uint32)


def _numbers(values: Sequence[float] | np.ndarray) -> list[float]:
    return [float(value) for value in values]


def _shown(linear: Sequence[float]) -> list[float]:
    return [float(value) ** (1 / 2.2) for value in linear]
