"""A behaviour model in, a table of synthetic behaviour out."""

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

import genface
from genface.behavior import BehaviorModel, steer
from genface.errors import InputError
from genface.facs import AU_NAMES, EMOTIONS, PersonCalibration, emotion_columns
from genface.pipelines import outputs
from genface.pipelines.au_tracks import Track, columns_of, on_scale, read_tracks
from genface.pipelines.emotion_coding import range_of
from genface.pipelines.faces import face_choice
from genface.realism.sets import cure
from genface.table import read_table, write_table

MOST_FRAMES = 2_000_000
"""Of a table: a few GB and some minutes while it is made."""


@dataclass(frozen=True)
class SampleResult:
    """The synthetic table, its path, and one line per thing to know."""

    table: pd.DataFrame = field(repr=False)
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
    toward: str | None = None,
    strength: float | None = None,
    vary: bool = False,
    force: bool = False,
) -> SampleResult:
    """Draw ``n`` stretches of ``seconds`` and write them as one table.

    With ``continue_from`` each goes on from the end of that table's ``face``. Time
    starts at 0 in each; several are told apart by ``face_id``. They lean ``toward`` an
    emotion by its ``strength``, 1 if left out (:func:`genface.behavior.steer`).
    ``vary`` gives each stretch of a model of emotions expressions of its own, drawn
    inside the prototypes' cones, and not the typical ones.
    """
    out = Path(out)
    if not 0 < seconds < math.inf or n < 1 or seed < 0:
        raise InputError(
            f"expected seconds > 0, n >= 1 and seed >= 0, got {seconds}, {n}, {seed}."
        )
    chosen = model if isinstance(model, BehaviorModel) else BehaviorModel.load(model)
    source = outputs.source_digests([model], "model")
    if continue_from is not None:
        source |= outputs.source_digests([continue_from], "history")
    settings = {"seconds": seconds, "seed": seed, "n": n, "face": face_choice(face)}
    strength = _strength(chosen, toward, strength, vary)
    settings |= {"toward": toward, "strength": strength, "vary": vary}
    _check_length(seconds, n, chosen.fps)
    outputs.keep([continue_from], out)
    this = outputs.job("sample", source, **settings)
    if outputs.up_to_date(out, this, force):
        line = f"sample: {out} is up to date"
        return SampleResult(read_table(out), out, (line,))

    history: np.ndarray | None = None
    notes: list[str] = []
    if continue_from is not None:
        track = read_tracks(continue_from, face)[-1]
        history, notes = _history(chosen, track)
        chosen = _in_range(chosen, history)
    n_frames = max(1, round(seconds * chosen.fps))
    # Seeds of several samples must not overlap with those of the next --seed.
    seeds = (
        [seed] if n == 1 else np.random.SeedSequence(seed).generate_state(n).tolist()
    )
    parts = []
    for i, own_seed in enumerate(seeds):
        expressive = chosen.varied(own_seed) if vary else chosen
        leaning = steer(expressive, toward, strength) if toward else expressive
        parts.append(_table(chosen, leaning.sample(n_frames, own_seed, history), i))
    table = pd.concat(parts, ignore_index=True)
    table.attrs = {
        "au_scale": chosen.au_scale,
        "fps": chosen.fps,
        "unseen_aus": _unseen(chosen),
        "synthetic": True,
        "model": {"family": chosen.family, "n_states": chosen.n_states, **source},
        "settings": {**settings, "continued": history is not None},
        "genface_version": genface.__version__,
    }
    outputs.begin(out, this)
    write_table(table, out)
    outputs.record(out, this)
    how = "a continuation" if history is not None else "from the start law"
    if toward is not None:
        how += f", toward {toward} with strength {strength:g}"
    lines = [f"sample: {note}" for note in notes]
    lines.append(
        f"sample: {n} x {n_frames} frames ({n_frames / chosen.fps:.1f} s), {how}"
    )
    return SampleResult(table, out, tuple(lines))


def _check_length(seconds: float, n: int, fps: float) -> None:
    """Refuse more frames than memory and some minutes are enough for."""
    if (frames := seconds * fps * n) > MOST_FRAMES:
        raise InputError(
            f"{n} x {seconds:g} s at {fps:.4g} a second are {frames:.3g} frames; "
            f"expected {MOST_FRAMES:,} or fewer ({MOST_FRAMES / fps / n:.6g} s)."
        )


def _history(model: BehaviorModel, track: Track) -> tuple[np.ndarray, list[str]]:
    """AUs of a track as the model takes them; another scale or rate is refused.

    A single frame goes with any rate.
    """
    scale, rate = model.au_scale, model.fps
    if track.au_scale != scale:
        raise InputError(
            f"{track.name} is on the scale {track.au_scale}, the model on {scale}; "
            f"{cure(track.au_scale, scale, scale)}."
        )
    if len(track.values) > 1 and abs(track.fps - rate) > 0.01 * rate:
        raise InputError(
            f"{track.name} has {track.fps:.4g} frames a second, the model {rate:.4g}; "
            f"{cure(track.fps, rate, rate)}."
        )
    values = columns_of(track, model.columns).values
    clipped, notes = on_scale(values, model.au_scale, track.name)
    return clipped, [*track.notes, *notes]


def _strength(
    model: BehaviorModel, toward: str | None, strength: float | None, vary: bool
) -> float:
    """The strength to use, 0 for none; what the model cannot do is refused."""
    if vary and model.codec is None:
        raise InputError(
            "this is a model of AUs, whose expressions are its own; --vary is for "
            "models of emotions (genface fit --features emotions)."
        )
    if toward is None:
        if strength is not None:
            raise InputError("a strength needs an emotion; name it with --toward.")
        return 0.0
    return steer(model, toward, 1.0 if strength is None else strength).strength


def _in_range(model: BehaviorModel, history: np.ndarray) -> BehaviorModel:
    """The model for the person of ``history``, if it knows AUs from a person's rest."""
    if model.codec is None or model.codec.calibration is None:
        return model
    own, known = range_of(history, model.au_scale), model.codec.calibration
    arrays = {  # of AUs that the history lacks, what the model knows
        name: np.where(np.isnan(array), getattr(known, name), array)
        for name, array in vars(own).items()
    }
    calibration = PersonCalibration(**arrays)
    return replace(model, codec=replace(model.codec, calibration=calibration))


def _unseen(model: BehaviorModel) -> list[str]:
    """AUs that the model has neither as a whole nor on both sides."""
    known = set(model.columns)
    both = {name for name in AU_NAMES if {f"{name}_L", f"{name}_R"} <= known}
    return [name for name in AU_NAMES if name not in known | both]


def _table(model: BehaviorModel, aus: np.ndarray, face_id: int) -> pd.DataFrame:
    sides = [name for name in model.columns if name not in AU_NAMES]
    values = pd.DataFrame(aus, columns=list(model.columns))
    values = values.reindex(columns=[*AU_NAMES, *sides])
    unseen = _unseen(model)
    for name in set(AU_NAMES) - set(model.columns) - set(unseen):
        values[name] = (values[f"{name}_L"] + values[f"{name}_R"]) / 2
    both = values[list(AU_NAMES)].to_numpy() / model.top
    emotions = pd.DataFrame(
        emotion_columns(both, AU_NAMES, unseen), columns=list(EMOTIONS)
    )
    frames = np.arange(len(aus))
    meta = {"frame": frames, "time": frames / model.fps, "face_id": face_id}
    return pd.concat([values, emotions, pd.DataFrame(meta)], axis=1)
