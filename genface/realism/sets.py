"""The two sides of a comparison as lists of AU sequences."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genface.behavior import autocorrelation_time
from genface.errors import InputError, ShapeError

AU_COLUMN = re.compile(r"AU\d\d(_[LR])?")


@dataclass(frozen=True, eq=False)
class Side:
    """One side: sequences (T, A) with NaN where missing, and what is known of them."""

    sequences: list[np.ndarray]
    columns: tuple[str, ...]
    fps: float | None
    au_scale: str | None


def read_side(given: Any, name: str) -> Side:
    """A side from an array (T, A), a table with AU columns of one face, or a list.

    Tables bring their columns, ``fps`` and ``au_scale`` along (``attrs``); the tables
    of one side must agree on them.
    """
    items = list(given) if isinstance(given, list | tuple) else [given]
    if not items:
        raise InputError(f"the {name} side is empty; give at least one sequence.")
    parts = [_read_one(item, name) for item in items]
    for what in ("columns", "fps", "au_scale"):
        if len({getattr(part, what) for part in parts}) > 1:
            raise InputError(f"the {name} tables differ in {what}; make them agree.")
    return Side([part.sequences[0] for part in parts], *_known(parts[0]))


def _known(side: Side) -> tuple[tuple[str, ...], float | None, str | None]:
    return side.columns, side.fps, side.au_scale


def _read_one(item: Any, name: str) -> Side:
    if not hasattr(item, "columns"):
        values = np.asarray(item, np.float64)
        if values.ndim != 2 or not values.size:
            raise ShapeError(f"{name}: expected (T, A) AUs, got shape {values.shape}.")
        columns = tuple(f"column {i}" for i in range(values.shape[1]))
        return Side([values], columns, None, None)
    if "face_id" in item.columns and item["face_id"].nunique() > 1:
        raise InputError(f"{name}: the table holds several faces; choose one first.")
    aus = tuple(c for c in item.columns if AU_COLUMN.fullmatch(str(c)))
    if not aus or not len(item):
        raise InputError(f"{name}: the table has no AU columns, or no rows.")
    fps = item.attrs.get("fps")
    values = item[list(aus)].to_numpy(np.float64)
    scale = item.attrs.get("au_scale")
    return Side([values], aus, float(fps) if fps else None, scale)


def align(
    real: Side, synthetic: Side, fps: float | None
) -> tuple[Side, Side, float | None, list[str]]:
    """Both sides on the columns that can be compared, and notes on the others.

    Different scales or frame rates are an :class:`InputError`: resample or convert
    first. Columns of one side alone, never measured, or constant on the real side are
    left out by name.
    """
    for what in ("fps", "au_scale"):
        a, b = getattr(real, what), getattr(synthetic, what)
        same = a == b if what == "au_scale" else _close(a, b)
        if a is not None and b is not None and not same:
            raise InputError(f"{what} is {a} on the real side and {b} on the other.")
    common = [c for c in real.columns if c in synthetic.columns]
    one_sided = sorted(set(real.columns) ^ set(synthetic.columns))
    real, synthetic = _pick(real, common), _pick(synthetic, common)
    a, b = np.concatenate(real.sequences), np.concatenate(synthetic.sequences)
    empty = ~np.isfinite(a).any(0) | ~np.isfinite(b).any(0)
    spread = np.array([np.ptp(x[np.isfinite(x)]) if e else 0.0
                       for x, e in zip(a.T, ~empty, strict=True)])  # fmt: skip
    constant = ~empty & (spread < 1e-9)
    keep = [c for c, out in zip(common, empty | constant, strict=True) if not out]
    if not keep:
        raise InputError("no AU varies on the real side and is measured on both.")
    notes = []
    for label, names in (
        ("on one side only", one_sided),
        ("never measured", [c for c, out in zip(common, empty, strict=True) if out]),
        (
            "constant in the real data",
            [c for c, out in zip(common, constant, strict=True) if out],
        ),
    ):
        if names:
            notes.append(f"Left out, {label}: {', '.join(names)}.")
    known = fps or real.fps or synthetic.fps
    return _pick(real, keep), _pick(synthetic, keep), known, notes


def _close(a: float | None, b: float | None) -> bool:
    return a is None or b is None or abs(a - b) <= 1e-3 * a


def _pick(side: Side, columns: Sequence[str]) -> Side:
    where = [side.columns.index(c) for c in columns]
    picked = [sequence[:, where] for sequence in side.sequences]
    return Side(picked, tuple(columns), side.fps, side.au_scale)


def block_length(sequences: list[np.ndarray]) -> int:
    """Five integrated autocorrelation times (the median AU's), in frames."""
    lengths = [len(s) for s in sequences]
    time = autocorrelation_time(np.concatenate(sequences), lengths)
    return int(np.ceil(5 * time))


def cut(sequences: list[np.ndarray], length: int) -> list[np.ndarray]:
    """Consecutive blocks of at least ``length`` frames; shorter sequences stay.

    If that leaves the only sequence whole, it is halved: a rough floor beats none.
    """
    if len(sequences) == 1 and 4 <= len(sequences[0]) < 2 * length:
        return np.array_split(sequences[0], 2)
    blocks: list[np.ndarray] = []
    for sequence in sequences:
        blocks += np.array_split(sequence, max(1, len(sequence) // length))
    return blocks
