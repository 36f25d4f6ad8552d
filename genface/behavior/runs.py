"""Sequences of AUs: which columns say anything, and how long they remember."""

from collections.abc import Sequence

import numpy as np

from genface.behavior.lanes import check_lengths
from genface.errors import InputError, ShapeError

Lengths = Sequence[int] | np.ndarray | None
Rows = np.ndarray | Sequence[np.ndarray]
MAX_COST = 0.2  # share of frames that one column may cost by its missing values


def check_rows(X: np.ndarray) -> np.ndarray:
    """X as float64 (T, A) with at least one row."""
    try:
        X = np.asarray(X, np.float64)
    except (TypeError, ValueError):
        raise InputError(
            "X must be rows x columns of numbers, with NaN where one is missing."
        ) from None
    if X.ndim != 2 or not X.size:
        raise ShapeError(f"expected rows x columns, got an array of shape {X.shape}.")
    infinite = np.isinf(X).any(0)
    if infinite.any():
        raise InputError(
            f"column {int(infinite.argmax())} of X has infinite values; NaN is what "
            "marks a missing one."
        )
    return X


def stack(X: Rows, lengths: Lengths = None) -> tuple[np.ndarray, np.ndarray]:
    """Rows (T, A) as float64 and the lengths of their sequences.

    ``X`` is one array, cut by ``lengths``, or a list of sequences (T, A).
    """
    if not isinstance(X, list | tuple) or getattr(next(iter(X), 0), "ndim", 0) != 2:
        rows = check_rows(X)  # type: ignore[arg-type]
        return rows, check_lengths(len(rows), lengths)
    if lengths is not None:
        raise InputError("a list of sequences has lengths of its own; leave them out.")
    parts = [check_rows(part) for part in X]
    widths = sorted({part.shape[1] for part in parts})
    if len(widths) > 1:
        raise ShapeError(f"the sequences have {widths} columns; all need the same.")
    return np.concatenate(parts), np.array([len(part) for part in parts])


def split(X: np.ndarray, lengths: Lengths) -> list[np.ndarray]:
    """The sequences of X, one array each."""
    return np.split(X, np.cumsum(check_lengths(len(X), lengths))[:-1])


def usable_columns(
    X: np.ndarray, columns: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Mask (A,) of the columns worth fitting, and notes that name the others.

    Left out is what was never measured, and what would cost more than
    :data:`MAX_COST` of the frames that the other columns have.
    """
    seen = np.isfinite(X)
    usable = seen.any(0)
    if not usable.any():
        raise InputError(
            "no column has a single value; there is nothing to fit (was a face found?)."
        )
    empty = [name for name, use in zip(columns, usable, strict=True) if not use]
    notes = [f"left out, never measured: {', '.join(empty)}"] if empty else []
    costly = []
    while True:
        frames = seen[:, usable].any(1)
        cost = np.where(usable, (~seen[frames]).mean(0), 0.0)
        worst = int(cost.argmax())
        if cost[worst] <= MAX_COST:
            break
        usable[worst] = False
        costly.append(f"{columns[worst]} ({cost[worst]:.0%})")
    if costly:
        notes.append(f"left out, missing in too many frames: {', '.join(costly)}")
    return usable, notes


def autocorrelation_time(X: np.ndarray, lengths: Lengths = None) -> float:
    """Integrated autocorrelation time in frames, the median over varying columns.

    1 + 2 * sum of autocorrelations up to the first pair of lags whose sum is not
    positive (Geyer 1992). Missing values and constant columns do not count.
    """
    sequences = split(check_rows(X), lengths)
    rho = autocorrelation(sequences, max(1, max(len(s) for s in sequences) // 2))
    times = [_geyer(row) for row in rho if np.isfinite(row).all()]
    return float(np.median(times)) if times else 1.0


def autocorrelation(sequences: list[np.ndarray], n_lags: int) -> np.ndarray:
    """Autocorrelations (A, n_lags) at lags 1, 2, ... pooled over sequences (T, A).

    About the pooled mean, and divided by the number of values, not of pairs: far lags
    are then not noise. A column without variance is NaN.
    """
    rows = np.concatenate(sequences)
    seen = np.isfinite(rows)
    count = np.maximum(seen.sum(0), 1)
    mean = np.where(seen, rows, 0.0).sum(0) / count
    power = (np.where(seen, rows - mean, 0.0) ** 2).sum(0)
    sums = np.zeros((n_lags, rows.shape[1]))
    for sequence in sequences:
        centred = np.where(np.isfinite(sequence), sequence - mean, 0.0)
        size = 1 << (2 * len(centred)).bit_length()
        spectrum = np.abs(np.fft.rfft(centred, size, axis=0)) ** 2
        reach = min(n_lags, len(centred) - 1)
        sums[:reach] += np.fft.irfft(spectrum, size, axis=0)[1 : reach + 1]
    varies = power > 1e-12 * count
    return np.where(varies, sums / np.where(varies, power, 1.0), np.nan).T


def _geyer(rho: np.ndarray) -> float:
    padded = np.concatenate([[1.0], rho])
    pairs = padded[: len(padded) // 2 * 2].reshape(-1, 2).sum(1)
    negative = np.flatnonzero(pairs <= 0)
    stop = negative[0] if len(negative) else len(pairs)
    return max(1.0, 2.0 * float(pairs[:stop].sum()) - 1.0)
