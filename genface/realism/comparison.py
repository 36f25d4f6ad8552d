"""Compare real with synthetic AU sequences: every measure, floor, interval and p."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genface.errors import FitError, InputError
from genface.realism.baselines import BASELINES
from genface.realism.card import Card, Row
from genface.realism.catalogue import catalogue
from genface.realism.challenge import challenge
from genface.realism.measure import (
    Clips,
    Context,
    Decoder,
    Measure,
    Reading,
    context_of,
)
from genface.realism.resampling import (
    MIN_CLIPS,
    Plan,
    Resampled,
    interval,
    joint_p,
    own_p,
    plan_of,
    resample,
)
from genface.realism.sets import (
    Side,
    align,
    block_length,
    cut,
    memory,
    read_side,
    same_values,
)
from genface.realism.verdict import judge


def compare(
    real: Any,
    synthetic: Any,
    fps: float | None = None,
    unit: str = "clip",
    seed: int = 0,
    *,
    model: Decoder | None = None,
    speaker: Any = None,
    resamples: int = 200,
    baselines: bool = True,
) -> Card:
    """Measure how far synthetic AU sequences are from real ones.

    Each side is one or several arrays (T, A), or tables with AU columns of one face;
    a list of lists on the synthetic side are the samples of one real clip each.
    ``unit="clip"`` takes them as they come; a single real one, or ``unit="block"``,
    is cut into blocks of five integrated autocorrelation times, on both sides alike.
    ``model`` adds measures of the visits to its states, ``speaker`` (a table per real
    clip: the face that it answers) challenge metrics. ``baselines`` reads every
    measure for simple ways to make behaviour, too.

    Nothing here compares frame with frame, unless the synthetic tables are
    ``time_locked`` (``attrs``): free samples are not locked to the clip in time.
    """
    if unit not in ("clip", "block"):
        raise InputError(f"unit {unit!r}: expected 'clip' or 'block'.")
    if resamples < 20:
        raise InputError(f"resamples={resamples}: 20 or more are needed.")
    left, right = read_side(real, "real"), read_side(synthetic, "synthetic")
    left, right, fps, notes = align(left, right, fps)
    length = None
    if unit == "block" or len(left.clips) == 1:
        unit, length = "block", block_length(left.clips)
    items = _Items(_cut(left.clips, length), _cut(right.clips, length))
    decoder = _decoder(model, left.columns)
    context = context_of(items.real, left.columns, fps, seed, decoder)
    clips = min(len(left.clips), len(right.clips))
    tested = unit == "clip" and clips >= MIN_CLIPS
    plan = plan_of(len(items.real), len(items.synthetic), resamples, tested, seed)
    measures = catalogue(fps, decoder is not None)
    prepared = _prepare(measures, [*items.real, *items.synthetic], context)
    found = [resample(m, prepared[m.prepare], plan) for m in measures]
    simple, excuses = (
        _baselines(left.clips, items, measures, context, length, seed)
        if (baselines)
        else ({}, [])
    )
    effective = _effective(left.clips), _effective(right.clips)
    rows = _rows(measures, found, simple, items, effective, left.columns)
    answers = None if speaker is None else read_side(speaker, "speaker")
    metrics, said = challenge(left, right, answers, fps)
    notes += _limits(items, length, clips, tested, plan, fps, left.clips)
    notes += _about_states(model, decoder) + _without_value(rows) + excuses + said
    notes.append(_locking(right))
    same = any(note.startswith("The same values") for note in same_values(left, right))
    return Card(
        rows,
        metrics,
        judge(rows, tested, same),
        tuple(notes),
        left.columns,
        fps,
        unit,
        len(left.clips),
        len(right.clips),
        len(items.real),
        len(items.synthetic),
        sum(map(len, left.clips)),
        sum(map(len, right.clips)),
        *effective,
        length,
        resamples,
        seed,
    )


@dataclass(frozen=True, eq=False)
class _Items:
    """What is resampled: clips, or blocks of clips."""

    real: Clips
    synthetic: Clips


@dataclass(frozen=True, eq=False)
class _Padded:
    """A decoder of these columns: those that it knows beyond them are missing."""

    model: Decoder
    columns: tuple[str, ...]

    @property
    def n_states(self) -> int:
        return self.model.n_states

    def states(self, X: np.ndarray) -> np.ndarray:
        whole = np.full((len(X), len(self.model.columns)), np.nan)
        for place, name in enumerate(self.model.columns):
            if name in self.columns:
                whole[:, place] = X[:, self.columns.index(name)]
        return self.model.states(whole)


def _cut(clips: Clips, length: int | None) -> Clips:
    return clips if length is None else cut(clips, length)


def _decoder(model: Decoder | None, columns: Sequence[str]) -> Decoder | None:
    """The model on those columns that it shares; None if it shares under half."""
    if model is None:
        return None
    shared = tuple(c for c in columns if c in model.columns)
    return _Padded(model, shared) if 2 * len(shared) >= len(model.columns) else None


def _about_states(model: Decoder | None, decoder: Decoder | None) -> list[str]:
    if decoder is not None:
        return []
    if model is None:
        return ["No visits to states: no model was given that decodes both sides."]
    return ["States were not decoded: the tables lack half of the model's columns."]


def _without_value(rows: Sequence[Row]) -> list[str]:
    names = [row.label for row in rows if row.value is None]
    if not names:
        return []
    return [
        f"Not computed: {', '.join(names)}. What they need is not there: AU events, an "
        "AU of the eyes (45 or 43), two AUs, or enough frames or clips."
    ]


def _effective(clips: Clips) -> float:
    return float(sum(map(len, clips)) / memory(clips))


def _prepare(
    measures: Sequence[Measure], clips: Clips, context: Context
) -> dict[Callable, Any]:
    """Tables of all measures; those that share one have it made once."""
    made: dict[Callable, Any] = {}
    for measure in measures:
        if measure.prepare not in made:
            made[measure.prepare] = measure.prepare(clips, context)
    return made


def _baselines(
    real: Clips,
    items: _Items,
    measures: Sequence[Measure],
    context: Context,
    length: int | None,
    seed: int,
) -> tuple[dict[str, dict[str, Reading]], list[str]]:
    """Readings of each baseline by measure, and a note on those that failed."""
    found: dict[str, dict[str, Reading]] = {}
    notes = []
    n = len(items.synthetic) if length is None else len(real)
    for name, make in BASELINES.items():
        try:
            clips = _cut(make(real, n, seed), length)
        except (FitError, InputError) as error:
            notes.append(f"No baseline {name}: {error}")
            continue
        table = _prepare(measures, [*items.real, *clips], context)
        a = np.arange(len(items.real))
        b = len(a) + np.arange(len(clips))
        found[name] = {m.key: m.value(table[m.prepare], a, b) for m in measures}
    return found, notes


def _rows(
    measures: Sequence[Measure],
    found: Sequence[Resampled],
    simple: dict[str, dict[str, Reading]],
    items: _Items,
    effective: tuple[float, float],
    columns: tuple[str, ...],
) -> tuple[Row, ...]:
    counts = len(items.real), len(items.synthetic)
    in_clips = float(counts[0]), float(counts[1])
    rows = []
    for measure, one, p in zip(measures, found, joint_p(found), strict=True):
        reach = _percentile(one.floor_distances, 95)
        others = {name: table[measure.key] for name, table in simple.items()}
        reading = one.reading
        per_au = reading.per_au
        independent = in_clips if measure.items == "clips" else effective
        rows.append(
            Row(
                measure.key,
                measure.label,
                measure.unit,
                measure.family,
                measure.meaning,
                measure.source,
                _number(reading.value),
                float(reading.parts.get("null", measure.target)),
                interval(one, 1.0 if measure.unit in ("AUC", "share") else None),
                _mean(one.floors),
                _range(one.floors),
                _ratio(one.distance, reach),
                p,
                own_p(one),
                _number(reading.real),
                _number(reading.synthetic),
                *counts,
                *independent,
                {} if per_au is None else _named(zip(columns, per_au, strict=True)),
                _named(reading.parts.items()),
                {name: _number(x.value) for name, x in others.items()},
                {n: _ratio(measure.distance(x), reach) for n, x in others.items()},
            )
        )
    return tuple(rows)


def _named(pairs: Any) -> dict[str, float | None]:
    return {name: _number(value) for name, value in pairs}


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _mean(values: np.ndarray) -> float | None:
    told = values[np.isfinite(values)]
    return float(told.mean()) if len(told) else None


def _percentile(values: np.ndarray, q: float) -> float | None:
    told = values[np.isfinite(values)]
    return float(np.percentile(told, q)) if len(told) else None


def _range(values: np.ndarray) -> tuple[float, float] | None:
    low, high = _percentile(values, 5), _percentile(values, 95)
    return None if low is None or high is None else (low, high)


def _ratio(distance: float, reach: float | None) -> float | None:
    """The distance over that of real halves; None without both, or if those have 0."""
    if reach is None or not np.isfinite(distance) or reach <= 1e-12:
        return None
    return float(distance / reach)


def _locking(right: Side) -> str:
    if right.locked:
        return "The synthetic tables are time-locked to the real clips, frame by frame."
    return (
        "Free samples are not locked to the clip in time: values are compared as "
        "distributions and rhythms, never frame by frame. ISC between real and "
        "synthetic clips would be 0 but for chance; that within each set is compared."
    )


def _limits(
    items: _Items,
    length: int | None,
    clips: int,
    tested: bool,
    plan: Plan,
    fps: float | None,
    real: Clips,
) -> list[str]:
    """What a reader must know before believing a number."""
    notes = []
    if length is not None:
        seconds = f" ({length / fps:.1f} s)" if fps else ""
        notes.append(
            f"The real data are cut into {len(items.real)} blocks and the synthetic "
            f"ones into {len(items.synthetic)}; they should be at least {length} frames"
            f"{seconds} long, five integrated autocorrelation times of the median AU."
        )
        if len(real) == 1 and len(items.real[0]) < length:
            notes.append(
                "The clip is shorter than two such blocks, so its two halves stand in: "
                "the floor is one rough number, and being near it proves little."
            )
    what = "clips" if length is None else "blocks"
    if plan.halves:
        n = len(plan.halves)
        notes.append(
            f"The floor is the same measure between two halves of the real {what}, "
            f"over {'one way' if n == 1 else f'{n} ways'} to halve them. Halves are "
            "smaller than the whole, so it is a little too generous."
        )
        if len(items.real) < 8:
            notes.append(
                f"Halves of {len(items.real) // 2} {what} are too few for floors of "
                "the Frechet distances, whose bias is read off the clips."
            )
    else:
        notes.append(f"There is no floor: one of the {what} cannot be halved.")
    if plan.bootstraps:
        few = min(len(items.real), len(items.synthetic))
        rough = f" With {few} a side they are rough." if few < MIN_CLIPS else ""
        notes.append(
            f"Intervals hold 95 %: {len(plan.bootstraps)} times both sides' {what} "
            f"were drawn with repeats.{rough}"
        )
    if tested:
        notes.append(
            f"p values permute whole clips, {len(plan.permutations)} times, and hold "
            "for all measures together (max-T)."
        )
    else:
        notes.append(
            f"No p values: {clips} clip(s) on the smaller side. Frames and blocks of "
            f"one clip are no independent items; {MIN_CLIPS} clips a side are needed."
        )
    return notes
