"""Two faces at the same time: their series on one time base, without gaps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from genface.errors import InputError, warn
from genface.stats.isc_courses import resample
from genface.table import au_strengths
from genface.table.rate import SECONDS, row_rate

MAX_GAP = 0.5
"""Seconds between samples that are joined by a line."""

SEEN = 0.5
"""A column needs values in this part of the moments in which its face is seen."""

MOMENTS = 30
"""Fewer say nothing about two series of which each moment is like the last."""


@dataclass(frozen=True)
class Dyad:
    """Series of two faces, ``a`` and ``b`` (T, A), at ``rate`` moments a second.

    They begin at ``start`` seconds of the tables' clock. ``notes`` say what was left
    out, bridged or assumed.
    """

    a: np.ndarray = field(repr=False)
    b: np.ndarray = field(repr=False)
    columns: tuple[str, ...]
    rate: float
    start: float = 0.0
    name: str = "A and B"
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.a) / self.rate


def pair_faces(
    a: pd.DataFrame,
    b: pd.DataFrame,
    columns: Sequence[str] | None = None,
    rate: float | None = None,
    max_gap: float = MAX_GAP,
    names: tuple[str, str] = ("A", "B"),
) -> Dyad:
    """Put two tables of one face each on one base of ``rate`` moments a second.

    Both need seconds on the same clock (``time``, or ``frame`` with the fact ``fps``).
    ``columns`` are the AUs that both have, if left out; ``rate`` that of the slower
    table. Samples up to ``max_gap`` seconds apart are joined by a line; of what is then
    left the longest stretch without a gap is taken. Columns that are missing on a side,
    constant in the stretch, or seen less than half of the time are left out. Notes of
    the result name all that, and a warning says when both sides are the same.
    """
    labels = dict(zip("ab", names, strict=True))
    sides = {"a": _timed(a, names[0]), "b": _timed(b, names[1])}
    own = {side: _own_rate(table, labels[side]) for side, table in sides.items()}
    shared, notes = _shared_columns(sides, labels, columns)
    base = min(own.values()) if rate is None else rate
    if max(own.values()) > 1.001 * min(own.values()):
        told = " and ".join(f"{labels[side]} {own[side]:.4g}" for side in "ab")
        notes.append(f"rows a second: {told}; both are put on {base:.4g}")
    scales = [table.attrs.get("au_scale") for table in (a, b)]
    if None not in scales and scales[0] != scales[1]:
        notes.append(
            f"scales of AUs differ ({names[0]} {scales[0]}, {names[1]} {scales[1]}); "
            "all measures compare the course, not the level"
        )
    grids: dict[str, pd.DataFrame] = {}
    for side, table in sides.items():
        dense = table[shared].dropna(axis=1, how="all")
        grids[side] = resample(dense, base, max_gap)
        joined = resample(dense, base, 1.5 / own[side])
        count = int((grids[side].notna() & joined.isna()).any(axis=1).sum())
        if count:
            notes.append(
                f"{labels[side]}: {count} moments in gaps of up to {max_gap:g} s are "
                "bridged by lines"
            )
    return _stretch(grids, labels, base, shared, notes)


def _stretch(
    grids: dict[str, pd.DataFrame],
    labels: dict[str, str],
    rate: float,
    wanted: list[str],
    notes: list[str],
) -> Dyad:
    """The longest stretch in which both faces have all columns that are worth it."""
    grids = {
        side: table.set_axis(np.rint(table.index.to_numpy() * rate).astype(int))
        for side, table in grids.items()
    }
    moments = grids["a"].index.intersection(grids["b"].index)
    names = " and ".join(labels.values())
    if len(moments) < MOMENTS:
        raise InputError(
            f"{names} share {len(moments)} moments ({len(moments) / rate:.3g} s), and "
            f"{MOMENTS} at least are needed; are both on the same clock?"
        )
    a, b = (grids[side].reindex(index=moments, columns=wanted) for side in "ab")
    both = [(labels["a"], a), (labels["b"], b)]
    columns = _without(wanted, _rare, "missing in over half of the time", both, notes)
    whole = (a[columns].notna() & b[columns].notna()).all(axis=1).to_numpy()
    start, end = _longest_run(whole)
    if end - start < MOMENTS:
        raise InputError(
            f"{names}: the longest stretch without a gap has {end - start} moments "
            f"({(end - start) / rate:.3g} s), and {MOMENTS} at least are needed; leave "
            "out columns with gaps, or raise max_gap."
        )
    if end - start < len(moments):
        notes.append(
            f"gaps: of {len(moments) / rate:.4g} s that both share only "
            f"{moments[start] / rate:.4g} to {moments[end - 1] / rate:.4g} s is "
            "without one, and taken"
        )
    both = [(label, table.iloc[start:end]) for label, table in both]
    columns = _without(columns, _still, "never changes", both, notes)
    a, b = (table[columns] for _, table in both)
    return _dyad(a, b, rate, moments[start] / rate, names, notes)


def _dyad(
    a: pd.DataFrame,
    b: pd.DataFrame,
    rate: float,
    start: float,
    name: str,
    notes: list[str],
) -> Dyad:
    same = [c for c in a.columns if np.array_equal(a[c], b[c])]
    if same:
        where = "every column" if len(same) == a.shape[1] else ", ".join(same)
        notes.append(
            f"{name} are identical in {where}; the same face or file twice is no "
            "synchrony"
        )
        warn(f"{notes[-1]}.")
    columns = tuple(map(str, a.columns))
    values = (a.to_numpy(np.float64), b.to_numpy(np.float64))
    return Dyad(*values, columns, rate, float(start), name, tuple(notes))


def _timed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with seconds as its index, in their order; one row per moment."""
    seconds = _seconds(table, name)
    known = np.isfinite(seconds)
    frame = pd.DataFrame(table)[known].set_axis(seconds[known], axis=0).sort_index()
    if len(frame) < 2:
        raise InputError(f"{name}: {len(frame)} rows with a time; two faces need more.")
    twice = frame.index.duplicated()
    if twice.any():
        raise InputError(
            f"{name}: {int(twice.sum())} moments come twice (such as "
            f"{frame.index[twice][0]:g} s); choose one face of one clip, as "
            "fex.face(0)."
        )
    frame.attrs = dict(table.attrs)
    return frame


def _seconds(table: pd.DataFrame, name: str) -> np.ndarray:
    for column, unit in SECONDS.items():
        if column in table.columns and table[column].notna().any():
            return table[column].to_numpy(np.float64) * unit
    if "frame" in table.columns and table.attrs.get("fps"):
        return table["frame"].to_numpy(np.float64) / float(table.attrs["fps"])
    raise InputError(
        f"{name}: no column time, and no frame with attrs['fps'] to tell seconds by."
    )


def _own_rate(table: pd.DataFrame, name: str) -> float:
    rate = row_rate(table)
    if rate is None:
        raise InputError(f"{name}: cannot tell its rows per second.")
    return rate


def _shared_columns(
    sides: dict[str, pd.DataFrame],
    labels: dict[str, str],
    columns: Sequence[str] | None,
) -> tuple[list[str], list[str]]:
    """Columns to compare, renamed to AUs where they are; and notes on those left."""
    notes: list[str] = []
    if columns is not None:
        for side, table in sides.items():
            missing = [name for name in columns if name not in table.columns]
            if missing:
                raise InputError(f"{labels[side]} has no column {', '.join(missing)}.")
        shared = list(dict.fromkeys(columns))
    else:
        found = {side: au_strengths(table.columns) for side, table in sides.items()}
        for side, names in found.items():
            back = {column: au for au, column in names.items()}
            sides[side] = sides[side][list(back)].rename(columns=back)
        shared = [name for name in found["a"] if name in found["b"]]
        lone = sorted(set(found["a"]) ^ set(found["b"]))
        if lone:
            notes.append(f"left out, on one side only: {', '.join(lone)}")
    if not shared:
        raise InputError(
            f"{' and '.join(labels.values())} have no AU in common; name columns."
        )
    for side, table in sides.items():
        words = [c for c in shared if not pd.api.types.is_numeric_dtype(table[c])]
        if words:
            raise InputError(f"{labels[side]}: {', '.join(words)} holds no numbers.")
    return shared, notes


def _without(
    columns: list[str],
    poor: Callable[[pd.DataFrame, str], bool],
    why: str,
    both: list[tuple[str, pd.DataFrame]],
    notes: list[str],
) -> list[str]:
    """Columns that are not ``poor`` on either side, and notes on the others."""
    out: dict[str, list[str]] = {}
    for name in columns:
        where = [label for label, table in both if poor(table, name)]
        out.setdefault(" and ".join(where), []).append(name)
    left = out.pop("", [])
    notes += [f"left out, {why} in {w}: {', '.join(names)}" for w, names in out.items()]
    if not left:
        raise InputError(f"nothing is left to compare: {'; '.join(notes)}.")
    return left


def _rare(table: pd.DataFrame, name: str) -> bool:
    """Whether few of the moments with any value have one in this column."""
    rows = int(table.notna().any(axis=1).sum())
    return not rows or table[name].notna().sum() < SEEN * rows


def _still(table: pd.DataFrame, name: str) -> bool:
    series = table[name]
    return float(series.max() - series.min()) <= 1e-9 * max(1.0, abs(series.max()))


def _longest_run(known: np.ndarray) -> tuple[int, int]:
    """Start and end (exclusive) of the longest run of True; the first of equals."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(np.int8), [0]])))
    if not len(edges):
        return 0, 0
    starts, ends = edges[::2], edges[1::2]
    longest = int((ends - starts).argmax())
    return int(starts[longest]), int(ends[longest])
