"""A behaviour model in, a table of synthetic behaviour out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import genface
from genface import files
from genface.behavior import BehaviorModel
from genface.errors import InputError
from genface.facs import AU_NAMES, EMOTIONS, emotion_columns
from genface.pipelines import outputs
from genface.pipelines.au_tracks import Track, columns_of, on_scale, read_tracks
from genface.pipelines.fit_behavior import table_digests
from genface.table import read_table, write_table


@dataclass(frozen=True)
class SampleResult:
    """The synthetic table, its path, and one line per thing to know."""

    table: pd.DataFrame
    path: Path
    lines: tuple[str, ...]


def sample_behavior(
    model: BehaviorModel | Path | str,
    out: Path | str,
    *,
    seconds: float,
    seed: int = 0,
    continue_from: pd.DataFrame | Path | str | None = None,
    face: str | int = "longest",
    n: int = 1,
    force: bool = False,
) -> SampleResult:
    """Draw ``n`` stretches of ``seconds`` and write them as one table.

    With ``continue_from`` each goes on from the end of that table's ``face``. Time
    starts at 0 in each; several are told apart by ``face_id``.
    """
    out = Path(out)
    if not seconds > 0 or n < 1:
        raise InputError(f"expected seconds > 0 and n >= 1, got {seconds} and {n}.")
    if isinstance(model, BehaviorModel):
        source, chosen = {}, model
    else:
        chosen = BehaviorModel.load(model)
        source = {"model": files.sha256(Path(model) / "arrays.npz")}
    if continue_from is not None:
        source |= table_digests([continue_from])
    settings = {"seconds": seconds, "seed": seed, "n": n, "face": face}
    this = outputs.job("sample", source, **settings)
    known = not isinstance(model, BehaviorModel)
    if known and outputs.up_to_date(out, this, force):
        line = f"sample: {out} is up to date"
        return SampleResult(read_table(out), out, (line,))
    if not known and out.exists() and not force:
        raise InputError(f"{out} exists; name another output or add --force.")

    history: np.ndarray | None = None
    notes: list[str] = []
    if continue_from is not None:
        track = read_tracks(continue_from, face)[-1]
        history, notes = _history(chosen, track)
    n_frames = max(1, round(seconds * chosen.fps))
    # Seeds of several samples must not overlap with those of the next --seed.
    seeds = (
        [seed] if n == 1 else np.random.SeedSequence(seed).generate_state(n).tolist()
    )
    parts = [_table(chosen, chosen.sample(n_frames, s, history), i)
             for i, s in enumerate(seeds)]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    table.attrs = {
        "au_scale": chosen.au_scale,
        "fps": chosen.fps,
        "unseen_aus": [name for name in AU_NAMES if name not in chosen.columns],
        "synthetic": True,
        "model": {"family": chosen.family, "n_states": chosen.n_states, **source},
        "settings": {**settings, "continued": history is not None},
        "genface_version": genface.__version__,
    }
    write_table(table, out)
    if known:
        outputs.record(out, this)
    how = "a continuation" if history is not None else "from the start law"
    lines = [f"sample: {note}" for note in notes]
    lines.append(
        f"sample: {n} x {n_frames} frames ({n_frames / chosen.fps:.1f} s), {how}"
    )
    return SampleResult(table, out, tuple(lines))


def _history(model: BehaviorModel, track: Track) -> tuple[np.ndarray, list[str]]:
    """AUs of a track as the model takes them; another scale or rate is refused."""
    if track.au_scale != model.au_scale:
        raise InputError(
            f"{track.name} is on the scale {track.au_scale}, the model on "
            f"{model.au_scale}; convert it first."
        )
    if abs(track.fps - model.fps) > 0.01 * model.fps:
        raise InputError(
            f"{track.name} has {track.fps:.4g} frames a second, the model "
            f"{model.fps:.4g}; resample it first."
        )
    values = columns_of(track, model.columns).values
    clipped, notes = on_scale(values, model.au_scale, track.name)
    return clipped, [*track.notes, *notes]


def _table(model: BehaviorModel, aus: np.ndarray, face_id: int) -> pd.DataFrame:
    sides = [name for name in model.columns if name not in AU_NAMES]
    names = [*AU_NAMES, *sides]
    values = pd.DataFrame(aus, columns=list(model.columns)).reindex(columns=names)
    both = values[list(AU_NAMES)].to_numpy() / model.top
    unseen = [name for name in AU_NAMES if name not in model.columns]
    emotions = pd.DataFrame(
        emotion_columns(both, AU_NAMES, unseen), columns=list(EMOTIONS)
    )
    frames = np.arange(len(aus))
    meta = {"frame": frames, "time": frames / model.fps, "face_id": face_id}
    return pd.concat([values, emotions, pd.DataFrame(meta)], axis=1)
