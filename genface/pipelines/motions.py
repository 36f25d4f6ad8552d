"""From face tables to what the avatar does, on the scale of its rig."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genface.avatar.animation import Motion, calibrate_presence, retime, smoothed
from genface.behavior import scale_top
from genface.errors import InputError
from genface.facs import UNITS
from genface.fex import Fex
from genface.files import sha256
from genface.pipelines.faces import (
    au_scale,
    au_table,
    chosen_faces,
    face_choice,
    faces_left_out,
    fex_of,
    frame_rate,
    no_such_face,
    one_input,
    times_of,
)
from genface.table.columns import time_columns
from genface.video import probe
from genface.video.writer import exact_rate

POSE = ["Pitch", "Roll", "Yaw"]
GAZE = ["gaze_pitch", "gaze_yaw"]
FEWEST = 10  # frames in which a person's own range can be told
FASTEST = 240.0  # frames a second that cameras of faces take
INSTEAD = "give the frames a second of what was filmed by --table-fps"

Table = pd.DataFrame | Path | str


@dataclass(frozen=True, eq=False)
class Cast:
    """Who is in an animation: the followed face, and maybe a synthetic one.

    ``fex`` is the whole table of the first; ``rows`` and ``motions`` are of each face.
    ``notes`` say in one line each what was assumed or changed.
    """

    fex: Fex
    rows: tuple[Fex, ...]
    motions: tuple[Motion, ...]
    rate: Fraction
    notes: tuple[str, ...]


def cast_of(
    table: Table,
    synthetic: Table | None = None,
    source: Path | str | None = None,
    *,
    fps: Fraction | float | None = None,
    face: str | int = "longest",
    input_name: str | None = None,
    table_fps: float | None = None,
    calibrate: bool = True,
    smooth: float = 0.0,
    known: Collection[str] | None = None,
) -> Cast:
    """Motions of one face of ``table`` and of ``synthetic``, which lasts as long.

    They have ``fps`` frames a second, as many as the ``source``, or as many as the
    table. ``table_fps`` is the rate of the table's frame numbers, or of its rows, in
    place of what its times say. The other arguments are those of :func:`motion_of`.
    """
    name, fex = fex_of(table)
    fex = one_input(name, fex, input_name)
    if table_fps is not None:
        fex = _at_rate(fex, table_fps)
    asked = _asked_rate(source, fps)
    if asked is not None and not fex.attrs.get("fps"):
        fex.attrs["fps"] = float(asked)  # frame numbers count at this rate
    rows = face_rows(fex, face, name)
    rate, notes = (asked, []) if asked is not None else _own_rate(rows)
    notes += faces_left_out(fex, face)
    notes += _other_source(rows, source)
    how: dict[str, Any] = {"calibrate": calibrate, "smooth": smooth, "known": known}
    motion = motion_of(rows, rate, name=name, **how)
    if synthetic is None:
        return Cast(fex, (rows,), (motion,), rate, (*notes, *motion.notes))
    other, follows = fex_of(synthetic)
    samples, follows = follows, face_rows(follows, name=other)
    lasts = float(len(motion) / rate)
    second = motion_of(follows, rate, name=other, **how, reference=rows, duration=lasts)
    notes += [f"real: {note}" for note in motion.notes]
    notes += [
        f"synthetic: {note}" for note in (*faces_left_out(samples), *second.notes)
    ]
    return Cast(fex, (rows, follows), (motion, second), rate, tuple(notes))


def _asked_rate(source, fps) -> Fraction | None:
    """Frames a second as asked, else the source's; None where the table decides."""
    if fps is not None:
        return exact_rate(fps)
    return None if source is None else probe(source).fps


def _own_rate(rows: Fex) -> tuple[Fraction, list[str]]:
    rate, notes = frame_rate(rows)
    doubt = f"its times give {rate:.4g} frames a second: if that cannot be, {INSTEAD}"
    if rate > FASTEST:
        notes.append(doubt)
    try:
        return exact_rate(rate), notes
    except InputError:
        raise InputError(f"{doubt}.") from None


def _at_rate(fex: Fex, table_fps: float) -> Fex:
    """The table without its times, so that its frames count at another rate."""
    times = [name for name in time_columns(fex.columns) if name != "frame"]
    timeless = fex.drop(columns=times)
    timeless.attrs = {**fex.attrs, "fps": float(exact_rate(table_fps))}
    timeless.attrs.pop("sampling_freq", None)
    return timeless


def _other_source(rows: Fex, source) -> list[str]:
    """A note if the clip to be shown is not the one that the table was made from."""
    if source is None or "input" not in rows.columns:
        return []
    made_from = rows["input"].iloc[0]
    digest = (rows.attrs.get("source_sha256") or {}).get(made_from)
    if digest is None or digest == sha256(source):
        return []
    return [f"{source} is not {made_from}, which the table was made from"]


def face_rows(fex: Fex, face: str | int = "longest", name: str = "the table") -> Fex:
    """One row per frame of one face, NaN where it was not seen.

    ``face`` is ``longest`` or a ``face_id``; a face that is not there, or a table of
    several inputs, is an :class:`InputError` that calls the table by its ``name``.
    """
    if face_choice(face) == "all":
        raise InputError(
            "face 'all': an avatar follows one face; give 'longest' or a face_id."
        )
    found = chosen_faces(one_input(name, fex), face)
    if not found:
        raise InputError(f"{no_such_face(name, fex, face)}.")
    return next(iter(found.values()))


def motion_of(
    rows: Fex,
    fps: Fraction | float,
    *,
    name: str = "the table",
    calibrate: bool = True,
    reference: Fex | None = None,
    smooth: float = 0.0,
    duration: float | None = None,
    known: Collection[str] | None = None,
) -> Motion:
    """Motion of one face's rows at a constant rate, as intensities in [0, 1].

    ``facs`` (0-5) is divided by 5; ``presence`` is calibrated per person, and a note
    says so: from ``reference``, real rows of that person, where it is given. Values
    beyond the scale count as its end. AUs that are not ``known`` to the rig (without
    it: to FACS) are left out with a note. Errors call the table by its ``name``.
    """
    if not 0 <= smooth < math.inf:
        raise InputError(f"smooth {smooth}: expected seconds, 0 or more.")
    aus, notes = _intensities(rows, calibrate, reference, known, name)
    pose, pose_notes = _pose(rows)
    gaze, gaze_notes = _gaze(rows, pose)
    notes += pose_notes + gaze_notes
    motion = retime(
        _rising(times_of(rows)),
        aus.to_numpy(),
        list(aus.columns),
        fps,
        pose,
        gaze,
        duration,
    )
    motion = replace(motion, notes=(*notes, *motion.notes))
    return smoothed(motion, smooth)


def _rising(times: np.ndarray) -> np.ndarray:
    """Times (T,) of a table as they are, if an animation can go by them."""
    back = np.flatnonzero(np.diff(times) <= 0)
    if len(back):
        raise InputError(
            f"time must rise from frame to frame, but {times[back[0] + 1]:.6g} s "
            f"follow on {times[back[0]]:.6g} s; if times are wrong, {INSTEAD}."
        )
    return times


def _intensities(
    rows: Fex,
    calibrate: bool,
    reference: Fex | None,
    known: Collection[str] | None,
    name: str,
) -> tuple[pd.DataFrame, list[str]]:
    """AUs that can be shown, as the rig wants them, and notes on what was done."""
    table = au_table(rows)
    if known is None:
        known = {name for name in table.columns if int(name[2:4]) in UNITS}
    aus = table[[name for name in table.columns if {name, name[:4]} & set(known)]]
    left_out = [name for name in table.columns if name not in aus.columns]
    if not len(aus.columns):
        but = f", only {', '.join(left_out)}" if left_out else ""
        raise InputError(f"{name}: no AU column (AU01, AU12, ...) to animate{but}.")
    scale, notes = au_scale(rows)
    if left_out:
        notes.append(f"{', '.join(left_out)}: not in the rig, left out")
    aus, outside = _on_scale(aus, scale)
    notes += outside
    if scale != "presence" or not calibrate:
        return aus / scale_top(scale), notes
    own = reference is None or au_scale(reference)[0] != "presence"
    whose = rows if own or reference is None else reference
    if len(whose) < FEWEST:
        notes.append(
            f"AUs are presence (0-1), not intensity: drawn raw, {len(whose)} frames "
            "do not tell this person's range"
        )
        return aus, notes
    fixed = au_table(whose).reindex(columns=aus.columns).clip(0, 1)
    whom = "this person" if own else "the real person's range"
    notes.append(
        f"AUs are presence (0-1), not intensity: calibrated for {whom}, 5th percentile "
        "to 0, 95th kept (--no-calibrate draws them raw)"
    )
    drawn = calibrate_presence(aus.to_numpy(), fixed.to_numpy())
    return pd.DataFrame(drawn, columns=aus.columns), notes


def _on_scale(aus: pd.DataFrame, scale: str) -> tuple[pd.DataFrame, list[str]]:
    """Values clipped to their scale, and a note on those that were not on it."""
    top = scale_top(scale)
    outside = (aus < 0) | (aus > top)
    if not outside.any(axis=None):
        return aus, []
    where = aus.columns[outside.any()]
    low, high = aus[where].min().min(), aus[where].max().max()
    note = (
        f"{int(outside.sum().sum())} values outside {scale} (0-{top:g}), from "
        f"{low:.3g} to {high:.3g}, count as its ends: {', '.join(where)}"
    )
    return aus.clip(0.0, top), [note]


def _pose(rows: Fex) -> tuple[np.ndarray | None, list[str]]:
    """Rotation of the head in genface's terms, and a note where that is not sure."""
    pose = _group(rows, POSE)
    if pose is None or rows.attrs.get("pose_sign") != "unknown":
        return pose, []
    if rows.attrs.get("pose_unit") != "radians":
        return None, ["the pose of py-feat 0.x is in terms of its own, left out"]
    return pose, [
        "nobody told which version of py-feat wrote the table, so its head may nod the "
        "wrong way (genface convert --pyfeat-version settles it)"
    ]


def _group(rows: Fex, names: list[str]) -> np.ndarray | None:
    if not set(names) <= set(rows.columns):
        return None
    return rows[names].to_numpy(np.float64)


def _gaze(rows: Fex, pose: np.ndarray | None) -> tuple[np.ndarray | None, list[str]]:
    """Gaze in the head, to small angles, where the table has it before the camera.

    None, with a note, where its values cannot be radians.
    """
    gaze = _group(rows, GAZE)
    if gaze is None:
        return None, []
    most = np.fmax.reduce(np.abs(gaze), axis=None, initial=0.0)
    if most > np.pi:
        return None, [
            f"gaze of up to {most:.3g} cannot be radians, left out (divide degrees by "
            "57.3)"
        ]
    if pose is None or rows.attrs.get("gaze_frame") == "head":
        return gaze, []
    return gaze - pose[:, [0, 2]], []
