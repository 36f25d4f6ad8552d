"""Sequences of unequal length packed into a few lanes of one length.

A lane holds sequences one after another. Each frame says whether a sequence starts
there (the chain is drawn anew from the start probabilities); frames that pad a lane
start too and are certain, so that they add nothing to any likelihood. Lane lengths
and lane counts come from a short ladder, so that different data share compilations.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genface.errors import InputError, ShapeError

# Lanes are at least this long, so that short sequences share compilations.
_SHORTEST = 32


def check_lengths(
    n_rows: int, lengths: Sequence[int] | np.ndarray | None
) -> np.ndarray:
    """Lengths of the sequences stacked in ``n_rows`` rows, as positive integers."""
    if lengths is None:
        return np.array([n_rows])
    checked = np.asarray(lengths)
    if checked.dtype.kind not in "iu" or checked.ndim != 1 or (checked < 1).any():
        raise InputError(
            f"lengths must be a list of whole numbers from 1; got {lengths}."
        )
    if checked.sum() != n_rows:
        raise ShapeError(f"lengths add up to {checked.sum()}, X has {n_rows} rows.")
    return checked


def rung(n: int) -> int:
    """The smallest of 1, 2, 3, 4, 6, 8, 12, 16, 24 ... that is at least ``n``."""
    size = 1
    while size < n:
        if size > 1 and size * 3 // 2 >= n:
            return size * 3 // 2
        size *= 2
    return size


@dataclass(frozen=True, eq=False)
class Lanes:
    """Where each row of the stacked sequences lies: B lanes of L frames."""

    rows: np.ndarray  # (B, L) row number, -1 where a lane is padded
    first: np.ndarray  # (B, L) True where a sequence or padding starts

    @property
    def used(self) -> np.ndarray:
        """True on frames that hold a row (B, L)."""
        return self.rows >= 0

    def spread(self, values: np.ndarray, fill: float = 0.0) -> np.ndarray:
        """Rows (T, ...) laid out in lanes (B, L, ...), padding = ``fill``."""
        values = np.asarray(values)
        laid = values[np.maximum(self.rows, 0)]
        laid[~self.used] = fill
        return laid

    def gather(self, laid: np.ndarray) -> np.ndarray:
        """Lanes (B, L, ...) back to stacked rows (T, ...)."""
        laid = np.asarray(laid)
        rows = np.empty((int(self.used.sum()), *laid.shape[2:]), laid.dtype)
        rows[self.rows[self.used]] = laid[self.used]
        return rows


def pack(lengths: Sequence[int] | np.ndarray, exact: bool = False) -> Lanes:
    """Lay sequences of these lengths, stacked in rows, out in lanes.

    Longest first, each into the fullest lane that has room. ``exact`` keeps the
    longest length and the number of lanes instead of rounding them up the ladder.
    """
    lengths = np.asarray(lengths, int)
    longest = int(lengths.max())
    frames = max(longest, _SHORTEST)
    frames = frames if exact else rung(frames)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    lanes: list[list[int]] = []
    room: list[int] = []
    for index in np.argsort(-lengths, kind="stable"):
        fits = [b for b, left in enumerate(room) if left >= lengths[index]]
        if not fits:
            lanes.append([])
            room.append(frames)
            fits = [len(lanes) - 1]
        lane = min(fits, key=lambda b: room[b])
        lanes[lane].append(int(index))
        room[lane] -= int(lengths[index])
    n_lanes = len(lanes) if exact else rung(len(lanes))
    rows = np.full((n_lanes, frames), -1)
    first = np.ones((n_lanes, frames), bool)
    for b, members in enumerate(lanes):
        at = 0
        for index in members:
            span = slice(at, at + lengths[index])
            rows[b, span] = starts[index] + np.arange(lengths[index])
            first[b, span] = False
            first[b, at] = True
            at += lengths[index]
    return Lanes(rows, first)
