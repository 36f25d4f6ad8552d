"""Tables of faces in, a folder with the chosen behaviour model out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import genface
from genface.behavior import (
    BehaviorModel,
    Selection,
    scale_top,
    seed004,
    select,
    usable_columns,
)
from genface.behavior.storage import check_replaceable
from genface.errors import InputError
from genface.pipelines import outputs
from genface.pipelines.au_tracks import (
    common_columns,
    notes_of,
    on_scale,
    read_tracks,
    same_behavior,
)
from genface.pipelines.emotion_coding import GUIDE, codec_of
from genface.pipelines.faces import face_choice
from genface.pipelines.progress import Progress

Tables = Sequence[pd.DataFrame | Path | str] | pd.DataFrame | Path | str

RESTARTS = 2  # the chosen model is then improved to convergence


@dataclass(frozen=True)
class FitResult:
    """The model, its folder, and one line per thing to know."""

    model: BehaviorModel = field(repr=False)
    path: Path
    lines: tuple[str, ...]


def fit_behavior(
    tables: Tables,
    out: Path | str,
    *,
    family: str | None = None,
    families: Sequence[str] = ("logistic",),
    states: Iterable[int] = range(2, 9),
    seed: int = 0,
    restarts: int | None = None,
    by: str = "clip",
    recipe: str | None = None,
    features: str = "aus",
    emotion_table: Path | str | None = None,
    face: str | int = "longest",
    force: bool = False,
    progress: Progress | None = None,
) -> FitResult:
    """Fit HMMs to the AUs of one face per input, choose one, save it in ``out``.

    Each face is a sequence from its first to its last sighting; frames without it
    are missing. AUs that were never measured are left out, and said so. ``family`` is
    short for one of ``families``, ``restarts`` 2 if left out; ``by`` is that of
    :func:`genface.behavior.select`. ``recipe="seed004"`` follows that notebook instead
    (:func:`genface.behavior.seed004`, 20 restarts; ``families`` and ``by`` then say
    nothing).

    ``features="emotions"`` fits them to the strengths of emotions that the AUs show
    (:class:`genface.behavior.EmotionCodec`): of the Investigator's Guide, or of
    ``emotion_table``, a shipped table's name or a TOML file. The model keeps the way
    back, so that its samples are AUs again.
    """
    table = _table_of(features, emotion_table)
    if recipe not in (None, "seed004"):
        raise InputError(f"recipe is seed004 or left out; got {recipe!r}.")
    families = [family] if family else list(families)
    if restarts is None:
        restarts = 20 if recipe else RESTARTS
    out, states = Path(out), tuple(states)
    outputs.check_folder(out)
    given = [tables] if isinstance(tables, pd.DataFrame | Path | str) else list(tables)
    settings = {
        "families": list(families),
        "states": list(states),
        "seed": seed,
        "restarts": restarts,
        "by": by,
        "recipe": recipe,
        "face": face_choice(face),
        "features": features,
        "emotion_table": table and Path(table).name,
    }
    digests = outputs.source_digests(given, "table")
    if table and Path(table).suffix == ".toml":
        digests |= outputs.source_digests([table], "emotion table")
    this = outputs.job("fit", digests, **settings)
    if outputs.up_to_date(out, this, force):
        model = BehaviorModel.load(out)
        return FitResult(model, out, (f"fit: {out} is up to date ({_chosen(model)})",))

    check_replaceable(out)
    tracks, notes = common_columns(read_tracks(given, face))
    if twice := same_behavior(tracks):
        raise InputError(
            f"{twice}; leave one of them out, lest the model be judged by what it "
            "was fitted to."
        )
    notes += notes_of(tracks)
    X = np.concatenate([track.values for track in tracks])
    usable, empty = usable_columns(X, tracks[0].columns)
    columns = [c for c, use in zip(tracks[0].columns, usable, strict=True) if use]
    unseen = [c for c in tracks[0].columns if c not in columns]
    X, clipped = on_scale(X[:, usable], tracks[0].au_scale, "AUs")
    notes += [*empty, *clipped, *_constant(X, columns), *_holes(X, columns)]
    lengths = [len(track.values) for track in tracks]
    top, codec, rows = scale_top(tracks[0].au_scale), None, X
    if table:
        parts = np.split(X, np.cumsum(lengths)[:-1])
        codec, parts, told = codec_of(parts, columns, tracks[0].au_scale, table)
        X, top, notes = np.concatenate(parts), 1.0, [*notes, *told]
        rows, columns = codec.encode(X), list(codec.emotions)
    choice: dict[str, Any] = dict(columns=columns, states=states, restarts=restarts)
    choice |= dict(seed=seed, top=top, progress=progress)
    if recipe:
        selection = seed004(rows, **choice)
    else:
        selection = select(rows, lengths, families=families, by=by, **choice)
    model = BehaviorModel.from_selection(
        selection,
        X,
        lengths,
        fps=tracks[0].fps,
        au_scale=tracks[0].au_scale,
        notes=notes,
        facts={
            "genface_version": genface.__version__,
            "settings": settings,
            "sources": digests,
            "faces": [{"source": t.name, "face_id": t.face_id} for t in tracks],
            "frames": len(X),
            "unseen_aus": unseen,
        },
        codec=codec,
    )
    outputs.begin(out, this)
    model.save(out)
    outputs.record(out, this)
    lines = [f"fit: {note}" for note in notes]
    lines += [_stops(selection), f"fit: {len(X)} frames, {_chosen(model)}"]
    return FitResult(model, out, tuple(lines))


def _table_of(features: str, table: Path | str | None) -> Path | str | None:
    """The table of emotions to fit to, None for AUs."""
    if features not in ("aus", "emotions"):
        raise InputError(f"features are aus or emotions; got {features!r}.")
    if features == "emotions":
        return table or GUIDE
    if table is not None:
        raise InputError("an emotion table is for --features emotions; add it.")
    return None


def _holes(X: np.ndarray, columns: Sequence[str]) -> list[str]:
    """Which frames are summed out, in whole or in part, and for want of what."""
    seen = np.isfinite(X)
    empty, partly = ~seen.any(1), seen.any(1) & ~seen.all(1)
    notes = []
    if empty.any():
        notes.append(
            f"{empty.sum()} of {len(X)} frames have no value and are summed out"
        )
    if partly.any():
        short = [
            f"{name} ({count})"
            for name, count in zip(columns, (~seen[partly]).sum(0), strict=True)
            if count
        ]
        notes.append(
            f"{partly.sum()} of {len(X)} frames lack a value of {', '.join(short)} and "
            "are summed out"
        )
    return notes


def _constant(X: np.ndarray, columns: Sequence[str]) -> list[str]:
    """A note on the AUs that never change: they tell no state from another."""
    still = np.nanmax(X, axis=0) == np.nanmin(X, axis=0)
    names = [c for c, s in zip(columns, still, strict=True) if s]
    return [f"never changes: {', '.join(names)}"] if names else []


def _stops(selection: Selection) -> str:
    stops = [run["stop"] for run in selection.runs]
    counts = ", ".join(f"{stops.count(s)} {s}" for s in sorted(set(stops)))
    return f"fit: {len(stops)} runs ({counts}); {selection.rule}"


def _chosen(model: BehaviorModel) -> str:
    row = next((r for r in model.selection if r["chosen"]), None)
    score = ""
    if row and row["held_out"] is not None:
        error = row["standard_error"]  # none with a single split
        about = "" if error is None else f" +- {error:.2f}"
        score = f", held out {row['held_out']:.2f}{about} nats per frame"
    return f"{model.family} HMM with {model.n_states} states{score}"
