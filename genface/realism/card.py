"""The report card: every distance beside what it is between two real halves."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from genface.errors import InputError
from genface.realism.floors import MIN_CLIPS, floor, halves, permutation_p
from genface.realism.measures import (
    Measure,
    Reading,
    Sequences,
    measures,
    state_measures,
)
from genface.realism.sets import Side, align, block_length, cut, read_side

SCHEMA = "genface.card/1"


class Decoder(Protocol):
    """A model that names states: :class:`genface.behavior.BehaviorModel` is one."""

    @property
    def columns(self) -> Sequence[str]:
        """AU names of the columns that it decodes."""
        ...

    @property
    def n_states(self) -> int:
        """Number of states."""
        ...

    def states(self, X: np.ndarray) -> np.ndarray:
        """States (T,) of AUs (T, A)."""
        ...


@dataclass(frozen=True)
class Row:
    """One measure. ``value`` 0 means equal; None where it could not be computed.

    ``floor`` is its mean over splits of the real data in two halves, ``floor_high``
    the largest of them. ``real`` and ``synthetic`` say where each side stands (mean
    over AUs), ``per_au`` how far each AU is. ``p`` is only there for 6 clips a side
    or more.
    """

    key: str
    label: str
    unit: str
    meaning: str
    value: float | None
    floor: float | None
    floor_high: float | None
    real: float | None
    synthetic: float | None
    p: float | None
    per_au: dict[str, float | None]

    @property
    def times_floor(self) -> float | None:
        """The distance as a multiple of its floor; None without either."""
        if self.value is None or not self.floor:
            return None
        return self.value / self.floor

    @property
    def within_floor(self) -> bool | None:
        """Whether some two real halves are as far from each other; None if unknown."""
        if self.value is None or self.floor_high is None:
            return None
        return self.value <= self.floor_high


@dataclass(frozen=True)
class Card:
    """Real against synthetic: rows of measures, and notes on what limits them."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    columns: tuple[str, ...]
    fps: float | None
    unit: str
    n_real: int
    n_synthetic: int
    frames_real: int
    frames_synthetic: int
    block_frames: int | None
    n_blocks: int
    seed: int

    def row(self, key: str) -> Row:
        """The row of one measure."""
        found = {row.key: row for row in self.rows}
        if key not in found:
            raise InputError(f"no measure {key!r} on this card; it has {list(found)}.")
        return found[key]

    def to_dict(self) -> dict:
        """The card as plain values; no NaN."""
        return {"schema": SCHEMA, **asdict(self)}

    def to_json(self) -> str:
        """The card as JSON."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)


@dataclass(frozen=True, eq=False)
class _Units:
    """The items that are compared and split: clips, or blocks of clips."""

    real: Sequences
    synthetic: Sequences


def compare(
    real: Any,
    synthetic: Any,
    fps: float | None = None,
    unit: str = "clip",
    seed: int = 0,
    model: Decoder | None = None,
) -> Card:
    """Measure how far synthetic AU sequences are from real ones.

    Each side is one or several arrays (T, A), or tables with AU columns of one face.
    ``unit="clip"`` takes them as they come; a single real one, or ``unit="block"``,
    is cut into blocks of five integrated autocorrelation times, on both sides alike.
    ``model`` adds measures of the visits to its states. Free samples are not locked to
    the clip in time, so nothing here compares frame with frame.
    """
    if unit not in ("clip", "block"):
        raise InputError(f"unit {unit!r}: expected 'clip' or 'block'.")
    left, right = read_side(real, "real"), read_side(synthetic, "synthetic")
    paths = _decode(left, right, model)
    left, right, fps, notes = align(left, right, fps)
    clips = min(len(left.sequences), len(right.sequences))
    length = None
    if unit == "block" or len(left.sequences) == 1:
        unit, length = "block", block_length(left.sequences)
    aus = _Units(_cut(left.sequences, length), _cut(right.sequences, length))
    short = len(left.sequences) == 1 and 0 < len(aus.real[0]) < (length or 0)
    rng = np.random.default_rng(seed)
    splits = halves(len(aus.real), rng)
    threshold = 0.5 * np.nanpercentile(np.concatenate(left.sequences), 95, axis=0)
    jobs = [(measure, aus) for measure in measures(fps, threshold)]
    if paths and model:
        states = _Units(_cut(paths.real, length), _cut(paths.synthetic, length))
        jobs += [(measure, states) for measure in state_measures(model.n_states)]
    tested = unit == "clip" and clips >= MIN_CLIPS
    rows = tuple(
        _row(measure, units, left.columns, splits, rng if tested else None)
        for measure, units in jobs
    )
    notes += _limits(len(aus.real), length, clips, unit, len(splits), fps, short)
    if model and not paths:
        notes.append("States were not decoded: the tables lack columns of the model.")
    return Card(
        rows,
        tuple(notes),
        left.columns,
        fps,
        unit,
        len(left.sequences),
        len(right.sequences),
        sum(len(s) for s in left.sequences),
        sum(len(s) for s in right.sequences),
        length,
        len(aus.real),
        seed,
    )


def _cut(sequences: Sequences, length: int | None) -> Sequences:
    return sequences if length is None else cut(sequences, length)


def _decode(left: Side, right: Side, model: Decoder | None) -> _Units | None:
    """Paths of both sides, decoded whole; None if a column of the model is missing."""
    if model is None:
        return None
    decoded = []
    for side in (left, right):
        if not set(model.columns) <= set(side.columns):
            return None
        where = [side.columns.index(name) for name in model.columns]
        decoded.append([model.states(s[:, where]) for s in side.sequences])
    return _Units(*decoded)


def _row(
    measure: Measure,
    units: _Units,
    columns: tuple[str, ...],
    splits: list[tuple[list, list]],
    rng: np.random.Generator | None,
) -> Row:
    found: Reading = measure.read(units.real, units.synthetic)
    floors = floor(measure.read, units.real, splits)
    per_au = (
        {} if found.per_au is None else dict(zip(columns, found.per_au, strict=True))
    )
    p = None
    if rng is not None and np.isfinite(found.value):
        p = permutation_p(measure.read, units.real, units.synthetic, rng)
    return Row(
        measure.key,
        measure.label,
        measure.unit,
        measure.meaning,
        _number(found.value),
        _number(floors.mean()) if len(floors) else None,
        _number(floors.max()) if len(floors) else None,
        _number(found.real),
        _number(found.synthetic),
        p,
        {name: _number(value) for name, value in per_au.items()},
    )


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _limits(
    n_blocks: int,
    length: int | None,
    clips: int,
    unit: str,
    n_splits: int,
    fps: float | None,
    short: bool,
) -> list[str]:
    """What a reader must know before believing a number."""
    notes = []
    if unit == "block":
        seconds = f" ({length / fps:.1f} s)" if length and fps else ""
        notes.append(
            f"The real data are cut into {n_blocks} blocks; they should be at least "
            f"{length} frames{seconds} long, five integrated autocorrelation times of "
            "the median AU."
        )
    if short:
        notes.append(
            "The clip is shorter than two such blocks, so its two halves stand in: the "
            "floor is one rough number, and being near it proves little."
        )
    if n_splits:
        ways = "one way" if n_splits == 1 else f"{n_splits} ways"
        notes.append(
            f"The floor is the same measure between two halves of the real data, over "
            f"{ways} to halve them. Halves are smaller than the whole, so it is a "
            "little too generous."
        )
    else:
        notes.append("There is no floor: one block cannot be split in two halves.")
    if unit == "block" or clips < MIN_CLIPS:
        notes.append(
            f"No p values: {clips} clip(s) on the smaller side. Frames and blocks of "
            f"one clip are no independent items; {MIN_CLIPS} clips a side are needed."
        )
    else:
        notes.append("p values permute whole clips, 199 times, one measure at a time.")
    notes.append(
        "Free samples are not locked to the clip in time: values are compared as "
        "distributions and rhythms, never frame by frame."
    )
    return notes
