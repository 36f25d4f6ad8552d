"""From face tables to the AU sequences of single faces, one value per frame."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from operator import attrgetter
from pathlib import Path

import numpy as np
import pandas as pd

from genface.behavior import scale_top
from genface.errors import InputError
from genface.fex import Fex
from genface.pipelines.faces import (
    au_scale,
    au_table,
    chosen_faces,
    face_choice,
    faces_left_out,
    fex_of,
    frame_rate,
    inputs_of,
    no_such_face,
    times_of,
)
from genface.realism.sets import cure

UNEVEN = 0.02  # share of uneven steps from which they are noted
LEAP = 10.0  # a step of so many frames is noted in any case


@dataclass(frozen=True, eq=False)
class Track:
    """AUs of one face from its first to its last sighting, NaN where it is not seen.

    ``values`` (T, A), ``times`` (T,) in seconds. ``time_locked`` says what ties samples
    to the clock of a real clip, ``notes`` what was assumed, ``recording`` is the sha256
    of the file that was detected, if it is told.
    """

    values: np.ndarray
    times: np.ndarray
    columns: tuple[str, ...]
    fps: float
    au_scale: str
    face_id: int
    name: str
    notes: tuple[str, ...] = ()
    time_locked: str | None = None
    recording: str | None = None

    def table(self) -> pd.DataFrame:
        """The track as a table with its facts, for :func:`genface.realism.compare`."""
        frame = pd.DataFrame(self.values, columns=list(self.columns))
        frame.attrs = {"fps": self.fps, "au_scale": self.au_scale}
        frame.attrs["name"] = f"{self.name}, face {self.face_id}"
        if self.time_locked:
            frame.attrs["time_locked"] = self.time_locked
        return frame


def read_tracks(
    tables: Sequence[pd.DataFrame | Path | str] | pd.DataFrame | Path | str,
    face: str | int = "longest",
) -> list[Track]:
    """The asked-for faces of every input of every table.

    ``face``: "longest" (one per input), "all", or a ``face_id``. An input without it
    is left out with a note; :class:`InputError` if all are.
    """
    if isinstance(tables, pd.DataFrame | Path | str):
        tables = [tables]
    tracks: list[Track] = []
    missing: list[str] = []
    for table in tables:
        found, without = _tracks_of(table, face_choice(face))
        tracks += found
        missing += without
    if not tracks:
        raise InputError(
            f"{'; '.join(missing)}." if missing else "no table was named; give one."
        )
    notes = [f"left out: {line}" for line in missing]
    tracks[0] = replace(tracks[0], notes=(*notes, *tracks[0].notes))
    return tracks


def _short(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def common_columns(tracks: Sequence[Track]) -> tuple[list[Track], list[str]]:
    """Tracks cut to the columns they share, and a note on the others.

    Different AU scales or frame rates are an :class:`InputError`.
    """
    for what in ("au_scale", "fps"):
        low, high = (end(tracks, key=attrgetter(what)) for end in (min, max))
        least, most = getattr(low, what), getattr(high, what)
        if least != most and (what == "au_scale" or most - least > 1e-3 * most):
            told = f"{low.name}: {_short(least)}, {high.name}: {_short(most)}"
            raise InputError(
                f"the tables differ in {what} ({told}); {cure(least, most)}."
            )
    first = tracks[0].columns
    shared = [c for c in first if all(c in track.columns for track in tracks)]
    if not shared:
        raise InputError("the tables have no AU column in common.")
    missing = sorted({c for track in tracks for c in track.columns} - set(shared))
    notes = [f"left out, not in every table: {', '.join(missing)}"] if missing else []
    return [columns_of(track, shared) for track in tracks], notes


def notes_of(tracks: Sequence[Track]) -> list[str]:
    """Notes of all tracks; what is noted of several is said once."""
    found: dict[str, list[str]] = {}
    for track in tracks:
        for note in track.notes:
            found.setdefault(note.removeprefix(f"{track.name}: "), []).append(note)
    return [
        notes[0] if len(notes) == 1 else f"{len(notes)} of {len(tracks)} faces: {note}"
        for note, notes in found.items()
    ]


def same_behavior(tracks: Sequence[Track]) -> str | None:
    """Which track repeats an earlier one, in its values or its recording, if any."""
    for first, other in combinations(tracks, 2):
        if np.array_equal(first.values, other.values, True):
            return f"{other.name} holds the same values as {first.name}"
        if _same_moments(first, other):
            return f"{other.name} is of the same recording and seconds as {first.name}"
    return None


def _same_moments(first: Track, other: Track) -> bool:
    """Whether they are the same face of the same file, in times that overlap."""
    if first.recording is None or first.recording != other.recording:
        return False
    begin, end = (
        max(first.times[0], other.times[0]),
        min(first.times[-1], other.times[-1]),
    )
    return first.face_id == other.face_id and bool(begin <= end)


def columns_of(track: Track, columns: Sequence[str]) -> Track:
    """The track with these columns, in this order; NaN for one it does not have."""
    frame = pd.DataFrame(track.values, columns=list(track.columns))
    values = frame.reindex(columns=list(columns)).to_numpy(np.float64)
    return replace(track, values=values, columns=tuple(columns))


def on_scale(
    values: np.ndarray, au_scale: str, name: str
) -> tuple[np.ndarray, list[str]]:
    """Values clipped to their scale, and a note if that changed any."""
    top = scale_top(au_scale)
    outside = int(((values < 0) | (values > top)).sum())
    note = f"{name}: {outside} values outside 0-{top:g} were clipped"
    return np.clip(values, 0.0, top), [note] if outside else []


def _tracks_of(
    table: pd.DataFrame | Path | str, face: str
) -> tuple[list[Track], list[str]]:
    """Tracks of a table, and one line per input that has no such face."""
    found: list[Track] = []
    missing: list[str] = []
    for name, fex in inputs_of(*fex_of(table)):
        if not len(au_table(fex).columns):
            raise InputError(f"{name}: no AU column (AU01, AU12, ...) in it.")
        faces = chosen_faces(fex, face)
        if not faces:
            missing.append(no_such_face(name, fex, face))
        for face_id, rows in faces.items():
            if au_table(rows).isna().all(axis=None):
                missing.append(f"{name}: face {face_id} has no AU value in any frame")
            else:
                found.append(_track(rows, face_id, name, faces_left_out(fex, face)))
    return found, missing


def _track(rows: Fex, face_id: int, name: str, choice: list[str]) -> Track:
    aus = au_table(rows)
    seen = np.flatnonzero(aus.notna().any(axis=1))
    span = rows.iloc[seen[0] : seen[-1] + 1]
    fps, rate_notes = frame_rate(span)
    scale, scale_notes = au_scale(rows)
    times = times_of(span)
    notes = [*choice, *rate_notes, *scale_notes, *_uneven(times, fps)]
    return Track(
        au_table(span).to_numpy(),
        times,
        tuple(aus.columns),
        fps,
        scale,
        face_id,
        name,
        tuple(f"{name}: {note}" for note in notes),
        rows.attrs.get("time_locked"),
        _recording(span),
    )


def _recording(rows: Fex) -> str | None:
    """The digest of the file that these rows of one input were detected in."""
    digests = rows.attrs.get("source_sha256") or {}
    return digests.get(rows["input"].iloc[0]) if "input" in rows.columns else None


def _uneven(times: np.ndarray, fps: float) -> list[str]:
    """A note if the frames are not as even in time as sequences of them are taken."""
    steps = np.diff(times) * fps
    if not len(steps):
        return []
    share = (np.abs(steps - 1) > 0.25).mean()
    if share <= UNEVEN and steps.max() < LEAP:
        return []
    return [
        f"{share:.0%} of its steps in time are uneven (up to {steps.max() / fps:.2g} "
        f"s); taken as {fps:.4g} frames a second throughout"
    ]
