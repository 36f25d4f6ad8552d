"""From meshes to the columns of the face table, for all rows at once."""

from collections.abc import Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import pandas as pd

from genface.detect.sources import Source
from genface.detect.tracking import Face
from genface.facs import emotion_columns
from genface.geometry import (
    euler_from_rotation,
    eye_angles,
    gaze_angle,
    mesh_to_head_axes,
    pinhole_position,
    similarity,
)
from genface.geometry.mesh_points import LANDMARKS_68, N_FACE, N_MESH, STILL
from genface.nets.au_appearance import load_appearance
from genface.nets.au_model import AUModel
from genface.table import order_columns
from genface.table.columns import (
    AUS,
    EMOTIONS,
    FACEBOX,
    GAZE,
    LANDMARKS,
    MESH,
    POSE,
    group_of,
)

# Groups of which there are many columns: half the memory, and short numbers in CSV.
_LONG = ("landmarks", "mesh", "identity", "blendshapes")


class Numbered(Protocol):
    """A face with a number of its own in its clip or picture."""

    @property
    def face_id(self) -> int:
        """From 0 on."""


AnyFace = TypeVar("AnyFace", bound=Numbered)


class Measured(NamedTuple):
    """A face and its values (C,); ``face_id`` counts from 0 in a clip or picture."""

    face_id: int
    values: np.ndarray


class Sighting(NamedTuple, Generic[AnyFace]):
    """One row to be: a face in a frame, or a frame in which there is none."""

    source: Source
    frame: int
    time: float
    height: int
    width: int
    face: AnyFace | None


def face_table(
    sightings: Sequence[Sighting[Face]],
    neutral: np.ndarray,
    au_model: AUModel,
    all_aus: bool = False,
) -> pd.DataFrame:
    """One row for each sighting, in the table's columns; NaN where no face is.

    ``neutral`` (478, 3): the mesh, in centimetres, from which head pose and gaze are
    measured. In clips, Action Units are relative to the person's own baseline; a single
    frame has none. Those that ``au_model`` cannot see are NaN unless ``all_aus``.
    """
    meshes = np.full((len(sightings), N_MESH, 3), np.nan, np.float32)
    for row, sighting in enumerate(sightings):
        if sighting.face is not None:
            meshes[row] = sighting.face.mesh.points
    boxes = _boxes(meshes, sightings)
    aus = _aus(meshes, sightings, au_model, all_aus)
    meta = _meta(sightings)
    pose, gaze = _directions(meshes, meta, neutral)
    parts: dict[Sequence[str], np.ndarray] = {
        FACEBOX: boxes,
        LANDMARKS: axis_major(meshes[:, LANDMARKS_68, :2]),
        POSE: pose,
        AUS: aus,
        EMOTIONS: emotion_columns(aus, AUS, au_model.unseen),
        GAZE: gaze,
        MESH: axis_major(in_widths(meshes, boxes[:, 2].astype(np.float32))),
    }
    tables = [pd.DataFrame(value, columns=list(key)) for key, value in parts.items()]
    table = pd.concat([*tables, meta], axis=1)
    return table[order_columns(table.columns)]


def value_table(
    sightings: Sequence[Sighting[Measured]], names: Sequence[str]
) -> pd.DataFrame:
    """The same of faces that come with their values of the columns ``names``."""
    values = np.full((len(sightings), len(names)), np.nan)
    for row, sighting in enumerate(sightings):
        if sighting.face is not None:
            values[row] = sighting.face.values
    known = pd.Index(names)
    long = np.array([group_of(name) in _LONG for name in names], bool)
    tables = [
        pd.DataFrame(values[:, ~long], columns=known[~long]),
        pd.DataFrame(values[:, long].astype(np.float32), columns=known[long]),
    ]
    table = pd.concat([*tables, _meta(sightings)], axis=1)
    return table[order_columns(table.columns)]


def axis_major(points: np.ndarray) -> np.ndarray:
    """Points (T, V, D) as rows x_0, x_1, ... y_0, y_1, ..."""
    return points.swapaxes(1, 2).reshape(len(points), -1)


def in_widths(meshes: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Meshes (T, V, 3) in pixels, their z in the face boxes' widths (T,)."""
    units = np.stack([np.ones_like(widths)] * 2 + [widths], axis=-1)
    return meshes / units[:, None]


def _boxes(meshes: np.ndarray, sightings: Sequence[Sighting[Face]]) -> np.ndarray:
    """Face boxes (T, 5): x, y, width, height, score."""
    low, high = meshes[:, :N_FACE, :2].min(1), meshes[:, :N_FACE, :2].max(1)
    scores = [s.face.mesh.presence if s.face else np.nan for s in sightings]
    return np.column_stack([low, high - low, scores]).astype(np.float64)


def _aus(
    meshes: np.ndarray,
    sightings: Sequence[Sighting[Face]],
    model: AUModel,
    all_aus: bool,
) -> np.ndarray:
    """Action Units (T, A), each person of a clip against their own baseline."""
    people: dict[tuple[int, int], list[int]] = {}
    for row, sighting in enumerate(sightings):
        if sighting.face is not None:
            person = (id(sighting.source), sighting.face.face_id)
            people.setdefault(person, []).append(row)
    aus = np.full((len(meshes), len(AUS)), np.nan)
    for rows in people.values():
        in_clip = sightings[rows[0]].source.kind == "video" and len(rows) > 1
        baseline = model.neutral(meshes[rows]) if in_clip else None
        aus[rows] = model.aus(meshes[rows], baseline, all_aus)
        skin = _skin([sightings[row] for row in rows])
        if in_clip and all_aus and skin is not None:
            quiet = model.quiet_rows(meshes[rows])
            aus[rows] = load_appearance().replaced(aus[rows], skin, quiet)
    return aus


def _skin(sightings: Sequence[Sighting]) -> np.ndarray | None:
    """Readings (T, S) of the skin of one person, where the network gives them."""
    faces = [sighting.face for sighting in sightings]
    readings = [face.mesh.skin for face in faces if face is not None]
    known = [reading for reading in readings if reading is not None]
    return np.stack(known) if len(known) == len(sightings) else None


def _directions(
    meshes: np.ndarray, meta: pd.DataFrame, neutral: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Head pose (T, 6) and gaze (T, 3)."""
    turned = mesh_to_head_axes(meshes)
    still = list(STILL)  # the jaw's motion would read as a nod
    fit = similarity(neutral[still], turned[:, still])
    height, width = (meta[name].to_numpy() for name in ("FrameHeight", "FrameWidth"))
    pose = np.hstack(
        [euler_from_rotation(fit.rotation), pinhole_position(fit, height, width)]
    )
    eyes = eye_angles(turned, fit, neutral)
    return pose, np.column_stack([eyes, gaze_angle(eyes)])


def _meta(sightings: Sequence[Sighting]) -> pd.DataFrame:
    """Columns that say which frame, file and face a row belongs to."""
    times = np.array([sighting.time for sighting in sightings], np.float64)
    meta = pd.DataFrame(
        {
            "FrameHeight": [sighting.height for sighting in sightings],
            "FrameWidth": [sighting.width for sighting in sightings],
            "input": [sighting.source.name for sighting in sightings],
            "frame": [sighting.frame for sighting in sightings],
            "time": times,
            "face_id": [s.face.face_id if s.face else None for s in sightings],
            "status": ["ok" if s.face else "no_face" for s in sightings],
        }
    )
    if np.isfinite(times).any():
        meta["approx_time"] = [_approximately(time) for time in times]
    if meta["face_id"].isna().any():  # else whole numbers
        meta["face_id"] = meta["face_id"].astype(np.float64)
    return meta


def _approximately(seconds: float) -> str | None:
    """``MM:SS``, whole seconds cut off, as py-feat writes it."""
    if not np.isfinite(seconds):
        return None
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes:02d}:{rest:02d}"
