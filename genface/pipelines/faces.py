"""What any job reads from a face table: whose face, which AUs, scale, time and rate."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from genface.errors import InputError
from genface.fex import Fex, read_table
from genface.pipelines.outputs import path_of
from genface.table import au_strengths, recognise
from genface.table.rate import row_rate

ASSUMED_FPS = 30.0

ABOVE_ONE = 1.2
"""Estimates of 0-1 overshoot by less, in almost all frames; FACS levels do not."""

NAMED = 6
"""Faces that a note names, at most."""

FOREIGN = ("openface", "libreface", "mediapipe", "mpdetector")
"""Dialects whose names, signs or scales are not genface's."""


def face_choice(face: str | int) -> str:
    """Whose face, as a word: ``longest``, ``all``, or the digits of a ``face_id``."""
    word = str(face)
    if word in ("longest", "all"):
        return word
    if not word.isdecimal():
        raise InputError(f"face {face!r}: expected longest, all or a face_id.")
    return str(int(word))


def fex_of(table: pd.DataFrame | Path | str) -> tuple[str, Fex]:
    """What to call a table, and the table, read if it is a path.

    Tables of OpenFace, LibreFace, MediaPipe and py-feat's MPDetector are put into
    genface's terms; those of py-feat keep their signs, and ``pose_sign`` says so.
    """
    if isinstance(table, pd.DataFrame):
        name, fex = "table", Fex(table)
    else:
        path = path_of(table, "table", "a path or a table")
        name, fex = str(table), _read(path)
    if not len(fex):
        raise InputError(f"{name}: the table has no rows.")
    dialect = fex.attrs.setdefault("dialect", recognise(fex.columns))
    return name, fex.to_feat() if dialect in FOREIGN else fex


def _read(path: Path | str) -> Fex:
    with warnings.catch_warnings():
        # AUs have no sign; who draws a pose says that its is unknown.
        warnings.filterwarnings("ignore", message="the signs of Pitch")
        return read_table(path)


def one_input(name: str, fex: Fex, chosen: str | None = None) -> Fex:
    """The rows of one input: the only one, or the one called ``chosen``."""
    if "input" not in fex.columns or (chosen is None and fex["input"].nunique() < 2):
        return fex
    there = [str(source) for source in fex["input"].dropna().unique()]
    if chosen is None:
        raise InputError(
            f"{name} holds {len(there)} inputs ({', '.join(there)}); take a table of "
            "one, or name one with --input (input_name in Python)."
        )
    found = [s for s in there if chosen in (s, Path(s).name)]
    if len(found) != 1:
        raise InputError(f"{name}: no input {chosen} in it; it has {', '.join(there)}.")
    return fex[fex["input"] == found[0]]


def inputs_of(name: str, fex: Fex) -> Iterator[tuple[str, Fex]]:
    """The rows of each input, and what to call them."""
    if "input" not in fex.columns or fex["input"].nunique() < 2:
        yield name, fex
        return
    for source, rows in fex.groupby("input", sort=False):
        yield f"{name} ({source})", Fex(rows)


def chosen_faces(fex: Fex, face: str | int = "longest") -> dict[int, Fex]:
    """Faces of one input by ``face_id``, a row per frame, NaN where it was not seen.

    Empty if nobody, or not the asked-for face, is there. A table that does not tell
    faces apart is taken to hold one, number 0.
    """
    word = face_choice(face)
    if "face_id" not in fex.columns or "frame" not in fex.columns:
        return {0: fex}
    there = sorted(int(i) for i in fex["face_id"].dropna().unique())
    if word == "longest":
        there = [fex.longest_face()] if there else []
    elif word != "all":
        there = [i for i in there if i == int(word)]
    return {i: fex.complete(i) for i in there}


def faces_left_out(fex: Fex, face: str | int = "longest") -> list[str]:
    """A note if the longest face of one input was taken and others are there."""
    if face_choice(face) != "longest" or not {"face_id", "frame"} <= set(fex.columns):
        return []
    there = sorted(int(i) for i in fex["face_id"].dropna().unique())
    if len(there) < 2:
        return []
    taken = fex.longest_face()
    others = [str(i) for i in there if i != taken]
    more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
    return [
        f"of {len(there)} faces the longest, {taken}, is taken; left out: "
        f"{', '.join(others[:NAMED])}{more}"
    ]


def no_such_face(name: str, fex: Fex, face: str | int) -> str:
    """Why :func:`chosen_faces` gave nothing."""
    there = sorted(int(i) for i in fex["face_id"].dropna().unique())
    if not there:
        return f"{name}: no face was found in it"
    return f"{name}: no face {face_choice(face)} in it; it has {there}"


def au_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Strengths of the AUs, under the AUs' names (OpenFace's ``AU12_r``: ``AU12``)."""
    columns = au_strengths(rows.columns)
    table = pd.DataFrame(rows)[list(columns.values())]
    read = table.apply(pd.to_numeric, errors="coerce")
    wrong = read.isna() & table.notna()
    if wrong.any(axis=None):
        names = ", ".join(table.columns[wrong.any()])
        raise InputError(
            f"{names}: values that are no numbers; leave out what is not known."
        )
    return read.set_axis(list(columns), axis=1).astype(np.float64)


def au_scale(rows: pd.DataFrame) -> tuple[str, list[str]]:
    """Scale of the AUs, with a note if the table does not tell it."""
    recorded = rows.attrs.get("au_scale")
    if recorded is not None:
        return recorded, []
    columns = au_strengths(rows.columns).values()
    if any(column.endswith("_r") for column in columns):
        return "facs", ["no AU scale is told, facs assumed"]
    values = au_table(rows).replace([np.inf, -np.inf], np.nan)
    peaks = values.max(axis=1).dropna()
    if not len(peaks) or peaks.quantile(0.99) <= ABOVE_ONE:
        return "presence", ["no AU scale is told, presence assumed"]
    return "facs", [
        f"no AU scale is told; values reach {peaks.max():.3g}, so facs (0-5) is "
        "assumed, a fifth of which is drawn or scored; if that is wrong, put au_scale "
        "into the table's .meta.json (attrs in Python)"
    ]


def times_of(rows: pd.DataFrame) -> np.ndarray:
    """Seconds of each row; where the table has no times, by its frame numbers."""
    if "time" in rows.columns and rows["time"].notna().all():
        return rows["time"].to_numpy(np.float64)
    frames = rows["frame"] if "frame" in rows.columns else np.arange(len(rows))
    return np.asarray(frames, np.float64) / _source_rate(rows)[0]


def frame_rate(rows: pd.DataFrame) -> tuple[float, list[str]]:
    """Rows a second, with a note if the rate of the source had to be assumed."""
    rate = row_rate(rows)
    if rate is not None:
        return rate, []
    return row_rate(rows, ASSUMED_FPS) or ASSUMED_FPS, _source_rate(rows)[1]


def _source_rate(rows: pd.DataFrame) -> tuple[float, list[str]]:
    """Frames a second of the source, as recorded or assumed."""
    recorded = float(rows.attrs.get("fps") or 0)
    if recorded:
        return recorded, []
    return ASSUMED_FPS, [f"no frame rate is told, {ASSUMED_FPS:g} a second assumed"]
