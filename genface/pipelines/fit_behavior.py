"""Tables of faces in, a folder with the chosen behaviour model out."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

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
from genface.errors import InputError
from genface.pipelines import outputs
from genface.pipelines.au_tracks import common_columns, on_scale, read_tracks
from genface.pipelines.progress import Progress

Tables = Sequence[pd.DataFrame | Path | str] | pd.DataFrame | Path | str

RESTARTS = 2  # the chosen model is then improved to convergence


@dataclass(frozen=True)
class FitResult:
    """The model, its folder, and one line per thing to know."""

    model: BehaviorModel
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
    """
    if recipe not in (None, "seed004"):
        raise InputError(f"recipe is seed004 or left out; got {recipe!r}.")
    families = [family] if family else list(families)
    if restarts is None:
        restarts = 20 if recipe else RESTARTS
    out, states = Path(out), tuple(states)
    given = [tables] if isinstance(tables, pd.DataFrame | Path | str) else list(tables)
    settings = {
        "families": list(families),
        "states": list(states),
        "seed": seed,
        "restarts": restarts,
        "by": by,
        "recipe": recipe,
        "face": face,
    }
    digests = table_digests(given)
    this = outputs.job("fit", digests, **settings)
    if outputs.up_to_date(out, this, force):
        model = BehaviorModel.load(out)
        return FitResult(model, out, (f"fit: {out} is up to date ({_chosen(model)})",))

    tracks, notes = common_columns(read_tracks(given, face))
    notes += [note for track in tracks for note in track.notes]
    X = np.concatenate([track.values for track in tracks])
    usable, empty = usable_columns(X, tracks[0].columns)
    columns = [c for c, use in zip(tracks[0].columns, usable, strict=True) if use]
    X, clipped = on_scale(X[:, usable], tracks[0].au_scale, "AUs")
    notes += [*empty, *clipped, *_constant(X, columns), *_holes(X)]
    lengths = [len(track.values) for track in tracks]
    top = scale_top(tracks[0].au_scale)
    if recipe:
        selection = seed004(
            X,
            columns=columns,
            states=states,
            restarts=restarts,
            seed=seed,
            top=top,
            progress=progress,
        )
    else:
        selection = select(
            X,
            lengths,
            columns=columns,
            families=families,
            states=states,
            restarts=restarts,
            by=by,
            seed=seed,
            top=top,
            progress=progress,
        )
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
            "unseen_aus": [c for c in tracks[0].columns if c not in columns],
        },
    )
    model.save(out)
    outputs.record(out, this)
    lines = [f"fit: {note}" for note in notes]
    lines += [_stops(selection), f"fit: {len(X)} frames, {_chosen(model)}"]
    return FitResult(model, out, tuple(lines))


def table_digests(tables: Sequence[pd.DataFrame | Path | str]) -> dict[str, str]:
    """What identifies each table: the digest of its file, or of its values."""
    digests = {}
    for index, table in enumerate(tables):
        if isinstance(table, pd.DataFrame):
            rows = pd.util.hash_pandas_object(pd.DataFrame(table), index=False)
            digests[f"table {index}"] = hashlib.sha256(
                rows.to_numpy().tobytes()
            ).hexdigest()
        elif Path(table).is_file():
            digests |= outputs.source_digests([Path(table)])
        else:
            raise InputError(f"{table}: no such file.")
    return digests


def _holes(X: np.ndarray) -> list[str]:
    missing = int((~np.isfinite(X).all(1)).sum())
    if not missing:
        return []
    return [f"{missing} of {len(X)} frames lack a value; what is missing is summed out"]


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
        score = (
            f", held out {row['held_out']:.2f} +- {row['standard_error']:.2f} "
            "nats per frame"
        )
    return f"{model.family} HMM with {model.n_states} states{score}"
