"""A table of faces in, how much each of them shows each emotion out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import genface
from genface.behavior import EmotionCodec
from genface.errors import InputError
from genface.facs.plots import draw_coverage, draw_emotions, draw_frames
from genface.fex import Fex
from genface.files import atomic
from genface.pipelines import outputs
from genface.pipelines.au_tracks import on_scale
from genface.pipelines.emotion_coding import (
    CALIBRATED,
    GUIDE,
    chosen_prototypes,
    coverage_lines,
    range_of,
)
from genface.pipelines.faces import (
    au_scale,
    au_table,
    chosen_faces,
    face_choice,
    faces_left_out,
    fex_of,
    inputs_of,
    no_such_face,
    times_of,
)
from genface.table import read_table, write_table

KEPT = ("input", "frame", "time", "approx_time", "face_id", "status")
INTENSITY = "Intensity"
FLAT = (
    "no AU leaves its rest in these frames, so that no emotion shows; give more frames "
    "of each person, or --no-calibrate"
)
SHOWN = 0.05  # strength from which an emotion counts as shown


@dataclass(frozen=True)
class EmotionsResult:
    """The table of scores, the files, and one line per thing to know."""

    table: pd.DataFrame = field(repr=False)
    paths: tuple[Path, ...]
    lines: tuple[str, ...]


def score_emotions(
    table: pd.DataFrame | Path | str,
    out: Path | str,
    *,
    emotion_table: Path | str = GUIDE,
    variants: bool = False,
    calibrate: bool | None = None,
    face: str | int = "longest",
    force: bool = False,
) -> EmotionsResult:
    """Score the emotions of every face and frame by prototypes of AUs.

    ``out`` is a .csv or .parquet file, or a folder, which gets the figures as well: the
    coverage of the prototypes, the course of the emotions' strengths in each input's
    ``face``, and for each the frame where it leads the others most. Rows are those of
    the table, with calibrated scores (:meth:`genface.facs.EmotionSpace.score`) and the
    Intensity of the expression, whose product is the strength; an emotion without its
    AUs is NaN.

    ``emotion_table`` is a shipped one's name or a TOML file; ``variants`` count as its
    prototypes too. ``calibrate`` takes each person's own range of each AU first; left
    out, it does so where AUs are presence.
    """
    out = Path(out)
    single = out.suffix in (".csv", ".parquet")
    if not single:
        outputs.check_folder(out, "a folder, or a file in .csv or .parquet")
    digests = outputs.source_digests([table], "table")
    if Path(emotion_table).suffix == ".toml":
        digests |= outputs.source_digests([emotion_table], "emotion table")
    settings = {"emotion_table": Path(emotion_table).name, "variants": variants}
    settings |= {"calibrate": calibrate, "face": face_choice(face)}
    this = outputs.job("emotions", digests, **settings)
    written = out if single else out / "emotions.csv"
    outputs.keep([table], written)
    if outputs.up_to_date(out, this, force):
        paths = [written, *(() if single else sorted(out.glob("*.png")))]
        line = f"emotions: {out} is up to date"
        return EmotionsResult(read_table(written), tuple(paths), (line,))

    name, fex = fex_of(table)
    codec, notes = _codec(name, fex, emotion_table, variants)
    calibrate = codec.au_scale == "presence" if calibrate is None else calibrate
    notes += [CALIBRATED] if calibrate else []
    scored = _scored(fex, codec, calibrate)
    if calibrate and not (scored[INTENSITY] > 0).any():
        notes.append(FLAT)
    scored.attrs["emotion_table"] = Path(emotion_table).name
    figures: dict[str, Any] = {}
    if not single:
        figures = dict(_figures(name, scored, codec, face))
        for source, part in inputs_of(name, fex):
            notes += [f"figures: {source}: {n}" for n in faces_left_out(part, face)]
    outputs.begin(out, this)
    write_table(scored, written)
    paths = [written]
    for title, figure in figures.items():
        outputs.begin(out, this)  # so far
        paths.append(out / f"{title}.png")
        with atomic(paths[-1]) as temporary:
            figure.savefig(temporary, dpi=150, metadata={"Software": None})
    outputs.record(out, this)
    notes += [*coverage_lines(codec.space), _summary(scored, codec)]
    lines = tuple(f"emotions: {note}" for note in notes)
    return EmotionsResult(scored, tuple(paths), lines)


def _codec(
    name: str, fex: Fex, emotion_table: Path | str, variants: bool
) -> tuple[EmotionCodec, list[str]]:
    """The codec of the AUs that the table has a value of, and notes on them."""
    aus = au_table(fex)
    if not len(aus.columns):
        raise InputError(f"{name}: no AU column (AU01, AU12, ...) in it.")
    measured = [column for column in aus.columns if aus[column].notna().any()]
    if not measured:
        raise InputError(f"{name}: no AU has a value in any frame (was a face found?).")
    scale, notes = au_scale(fex)
    _, clipped = on_scale(aus[measured].to_numpy(), scale, name)
    table = chosen_prototypes(emotion_table)
    if clash := sorted({*KEPT, INTENSITY} & set(table.prototypes)):
        raise InputError(
            f"{emotion_table}: {', '.join(clash)} is another column of the scores; "
            "give the emotion another name."
        )
    codec = EmotionCodec.of(table, measured, scale, variants=variants)
    return codec, [*notes, *clipped]


def _scored(fex: Fex, codec: EmotionCodec, calibrate: bool) -> pd.DataFrame:
    """Rows of the table with their scores, NaN where an AU is."""
    frame = pd.DataFrame(fex).reset_index(drop=True)
    aus = au_table(frame).reindex(columns=list(codec.au_names)).to_numpy(np.float64)
    shown = np.full_like(aus, np.nan)
    people = [name for name in ("input", "face_id") if name in frame.columns]
    groups: Any = [np.arange(len(frame))]
    if people:
        groups = frame.groupby(people, dropna=False, sort=False).indices.values()
    for rows in groups:
        own = codec
        if calibrate:
            own = replace(codec, calibration=range_of(aus[rows], codec.au_scale))
        shown[rows] = own.intensities(aus[rows])
    table = frame[[name for name in KEPT if name in frame.columns]].copy()
    table[list(codec.space.emotions)] = codec.space.score(shown)
    table[INTENSITY] = codec.space.intensity(shown)
    kept = ("fps", "synthetic")
    table.attrs = {name: fex.attrs[name] for name in kept if name in fex.attrs}
    table.attrs |= {
        "calibrated": calibrate,
        "au_scale": codec.au_scale,
        "genface_version": genface.__version__,
    }
    return table


def _figures(
    name: str, scored: pd.DataFrame, codec: EmotionCodec, face: str | int
) -> Iterator[tuple[str, Any]]:
    yield "coverage", draw_coverage(codec.space)
    fex = Fex(scored)
    fex.attrs = dict(scored.attrs)
    parts = list(inputs_of(name, fex))
    for number, (source, part) in enumerate(parts):
        faces = chosen_faces(part, face)
        if not faces and len(parts) == 1:
            raise InputError(f"{no_such_face(source, part, face)}.")
        for face_id, rows in faces.items():
            which = f"_{number}" if len(parts) > 1 else ""
            which += f"_face{face_id}" if len(faces) > 1 else ""
            yield from _of_face(rows, codec, which)


def _of_face(rows: Fex, codec: EmotionCodec, which: str) -> Iterator[tuple[str, Any]]:
    """Courses of one face's emotions, and a frame that stands for each of them."""
    names, times = list(codec.space.emotions), times_of(rows)
    strengths = _strengths(rows, names)
    if len(rows) > 1:
        yield f"trajectories{which}", draw_emotions(times, strengths, names)
    frames, titles = [], []
    for e, (frame, leads) in enumerate(_peaks(strengths)):
        if strengths[frame, e] > SHOWN:
            what = "leads most at" if leads else "never leads; top at"
            frames.append(frame)
            titles.append(f"{names[e]}\n{what} {times[frame]:.2f} s")
    if frames:
        yield f"peaks{which}", draw_frames(strengths[frames], names, titles)


def _peaks(strengths: np.ndarray) -> list[tuple[int, bool]]:
    """For each emotion the frame where it leads the others most, and True.

    One that never leads, where it is shown at all, has the frame of its own highest
    strength, and False.
    """
    known = np.nan_to_num(strengths)
    peaks = []
    for e, own in enumerate(known.T):
        others = np.delete(known, e, axis=1).max(axis=1, initial=0.0)
        lead = np.where(own > SHOWN, own - others, 0.0)
        leads = bool(lead.max() > 0)
        peaks.append((int((lead if leads else own).argmax()), leads))
    return peaks


def _strengths(rows: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Scores times intensity (T, E): the scores of a still face say little."""
    frame = pd.DataFrame(rows)
    return frame[list(names)].to_numpy(float) * frame[[INTENSITY]].to_numpy(float)


def _summary(scored: pd.DataFrame, codec: EmotionCodec) -> str:
    """How many frames were scored, and which emotion leads in how many of them."""
    strengths = _strengths(scored, codec.emotions)
    known = strengths[np.isfinite(strengths).all(1)]
    best = known.argmax(1)[known.max(1, initial=0.0) > SHOWN]
    counts = np.bincount(best, minlength=len(codec.emotions))
    order = np.argsort(-counts, kind="stable")
    led = [f"{codec.emotions[e]} {counts[e]}" for e in order if counts[e]]
    text = f"{len(known)} of {len(scored)} rows scored"
    return text + (f"; the strongest is {', '.join(led)}" if led else "")
