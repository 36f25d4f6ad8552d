"""From face tables to the AU sequences of single faces, one value per frame."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from genface.behavior import scale_top
from genface.errors import InputError
from genface.fex import Fex
from genface.table import read_table

AU = re.compile(r"AU\d\d(_[LR])?")
ASSUMED_FPS = 30.0


@dataclass(frozen=True, eq=False)
class Track:
    """AUs of one face from its first to its last sighting, NaN where it is not seen.

    ``values`` (T, A), ``times`` (T,) in seconds. ``notes`` say what was assumed.
    """

    values: np.ndarray
    times: np.ndarray
    columns: tuple[str, ...]
    fps: float
    au_scale: str
    face_id: int
    name: str
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """The track as a table with its facts, for :func:`genface.realism.compare`."""
        frame = pd.DataFrame(self.values, columns=list(self.columns))
        frame.attrs = {"fps": self.fps, "au_scale": self.au_scale}
        return frame


def read_tracks(
    tables: Sequence[pd.DataFrame | Path | str] | pd.DataFrame | Path | str,
    face: str | int = "longest",
) -> list[Track]:
    """The asked-for faces of every input of every table.

    ``face``: "longest" (one per input), "all", or a ``face_id``.
    """
    if isinstance(tables, pd.DataFrame | Path | str):
        tables = [tables]
    tracks = [t for table in tables for t in _tracks_of(table, face)]
    if not tracks:
        raise InputError("no table was named; give at least one.")
    return tracks


def common_columns(tracks: Sequence[Track]) -> tuple[list[Track], list[str]]:
    """Tracks cut to the columns they share, and a note on the others.

    Different AU scales or frame rates are an :class:`InputError`.
    """
    for what in ("au_scale", "fps"):
        values = {getattr(track, what) for track in tracks}
        low, high = min(values), max(values)
        if low != high and (what == "au_scale" or high - low > 1e-3 * high):
            raise InputError(
                f"the tables differ in {what} ({low}, {high}); convert or resample "
                "them first."
            )
    first = tracks[0].columns
    shared = [c for c in first if all(c in track.columns for track in tracks)]
    if not shared:
        raise InputError("the tables have no AU column in common.")
    missing = sorted({c for track in tracks for c in track.columns} - set(shared))
    notes = [f"left out, not in every table: {', '.join(missing)}"] if missing else []
    return [columns_of(track, shared) for track in tracks], notes


def columns_of(track: Track, columns: Sequence[str]) -> Track:
    """The track with these columns, in this order; NaN for one it does not have."""
    frame = pd.DataFrame(track.values, columns=list(track.columns))
    values = frame.reindex(columns=list(columns)).to_numpy(np.float64)
    return Track(values, track.times, tuple(columns), *_facts(track))


def on_scale(
    values: np.ndarray, au_scale: str, name: str
) -> tuple[np.ndarray, list[str]]:
    """Values clipped to their scale, and a note if that changed any."""
    top = scale_top(au_scale)
    outside = int(((values < 0) | (values > top)).sum())
    note = f"{name}: {outside} values outside 0-{top:g} were clipped"
    return np.clip(values, 0.0, top), [note] if outside else []


def _facts(track: Track) -> tuple[float, str, int, str, tuple[str, ...]]:
    return track.fps, track.au_scale, track.face_id, track.name, track.notes


def _tracks_of(table: pd.DataFrame | Path | str, face: str | int) -> list[Track]:
    frame = table if isinstance(table, pd.DataFrame) else read_table(table)
    name = "table" if isinstance(table, pd.DataFrame) else str(table)
    if not len(frame):
        raise InputError(f"{name}: the table has no rows.")
    if "input" not in frame.columns or frame["input"].nunique() < 2:
        parts = [(name, frame)]
    else:
        parts = [
            (f"{name} ({i})", rows) for i, rows in frame.groupby("input", sort=False)
        ]
    found = []
    for label, rows in parts:
        fex = Fex(rows)
        fex.attrs = dict(frame.attrs)
        found += [_track(one, face_id, label) for face_id, one in _faces(fex, face)]
    return found


def _faces(fex: Fex, face: str | int) -> list[tuple[int, Fex]]:
    if "face_id" not in fex.columns or "frame" not in fex.columns:
        return [(0, fex)]
    if face == "all":
        seen = fex.loc[fex["face_id"].notna(), "face_id"].unique()
        ids = sorted(int(i) for i in seen)
    elif face == "longest":
        ids = [fex.longest_face()]
    elif str(face).isdigit():
        ids = [int(face)]
    else:
        raise InputError(f"face {face!r}: expected longest, all or a face_id.")
    if not ids:
        raise InputError("no face was found in this table.")
    return [(i, fex.complete(i)) for i in ids]


def _track(rows: Fex, face_id: int, name: str) -> Track:
    columns = tuple(str(c) for c in rows.columns if AU.fullmatch(str(c)))
    if not columns:
        raise InputError(f"{name}: no AU column (AU01, AU12, ...) in it.")
    values = rows[list(columns)].to_numpy(np.float64)
    seen = np.flatnonzero(np.isfinite(values).any(1))
    if not len(seen):
        raise InputError(f"{name}: face {face_id} has no AU value in any frame.")
    span = slice(seen[0], seen[-1] + 1)
    notes = []
    fps = _rate(rows.iloc[span])  # a clip's rate may change once the face has gone
    if fps is None:
        fps = ASSUMED_FPS
        notes.append(f"{name}: tells no frame rate, {fps:g} a second assumed")
    scale = rows.attrs.get("au_scale")
    if scale is None:
        scale = "presence" if np.nanmax(values) <= 1 else "facs"
        notes.append(f"{name}: tells no AU scale, {scale} assumed")
    times = np.arange(len(rows)) / fps
    if "time" in rows.columns and rows["time"].notna().all():
        times = rows["time"].to_numpy(np.float64)
    return Track(
        values[span], times[span], columns, fps, scale, face_id, name, tuple(notes)
    )


def _rate(rows: pd.DataFrame) -> float | None:
    """Rows a second: from their times, else the recorded rate."""
    recorded = rows.attrs.get("fps")
    if "time" in rows.columns and rows["time"].notna().sum() > 1:
        times = rows["time"].dropna().to_numpy(np.float64)
        step = float(np.median(np.diff(times)))
        if step > 0:
            rate = 1 / step
            if recorded and abs(rate - float(recorded)) < 0.02 * rate:
                return float(recorded)
            return rate
    return float(recorded) if recorded else None
