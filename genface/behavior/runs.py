"""Sequences with holes: where they break, and which columns say anything."""

from collections.abc import Sequence

import numpy as np

from genface.errors import InputError, ShapeError

Lengths = Sequence[int] | np.ndarray | None


def check_lengths(n_rows: int, lengths: Lengths) -> np.ndarray:
    """Lengths of the sequences stacked in ``n_rows`` rows, as positive integers."""
    if lengths is None:
        return np.array([n_rows])
    checked = np.asarray(lengths)
    if checked.dtype.kind not in "iu" or (checked < 1).any():
        raise InputError(f"lengths must be positive integers; got {checked.tolist()}.")
    if checked.sum() != n_rows:
        raise ShapeError(f"lengths add up to {checked.sum()}, X has {n_rows} rows.")
    return checked


def check_rows(X: np.ndarray) -> np.ndarray:
    """X as float64 (T, A) with at least one row."""
    X = np.asarray(X, np.float64)
    if X.ndim != 2 or not X.size:
        raise ShapeError(f"expected rows x columns, got an array of shape {X.shape}.")
    if np.isinf(X).any():
        raise InputError("X has infinite values; NaN is what marks a missing one.")
    return X


def split(X: np.ndarray, lengths: Lengths) -> list[np.ndarray]:
    """The sequences of X, one array each."""
    return np.split(X, np.cumsum(check_lengths(len(X), lengths))[:-1])


def observed_runs(
    X: np.ndarray, lengths: Lengths = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rows without a missing value, and the lengths of the runs they form.

    A sequence is cut at each row that has a NaN: the frames on both sides of a hole
    do not follow each other.
    """
    X = check_rows(X)
    run_lengths: list[int] = []
    for sequence in split(X, lengths):
        seen = np.isfinite(sequence).all(1)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], seen.astype(int), [0]])))
        run_lengths += list(edges[1::2] - edges[::2])
    rows = X[np.isfinite(X).all(1)]
    return rows, np.array(run_lengths, int)


def usable_columns(
    X: np.ndarray, columns: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Mask (A,) of the columns with a value, and a note that names the others."""
    usable = np.isfinite(X).any(0)
    if not usable.any():
        raise InputError(
            "no column has a single value; there is nothing to fit (was a face found?)."
        )
    empty = [name for name, use in zip(columns, usable, strict=True) if not use]
    notes = [f"left out, never measured: {', '.join(empty)}"] if empty else []
    return usable, notes


def autocorrelation_time(X: np.ndarray, lengths: Lengths = None) -> float:
    """Integrated autocorrelation time in frames, the median over varying columns.

    1 + 2 * sum of autocorrelations up to the first pair of lags whose sum is not
    positive (Geyer 1992). Missing values and constant columns do not count.
    """
    sequences = split(check_rows(X), lengths)
    times = []
    for column in range(X.shape[1]):
        series = [s[:, column] for s in sequences]
        rho = autocorrelation(series, max(len(s) for s in series) // 2)
        if np.isfinite(rho).any():
            times.append(_geyer(np.nan_to_num(rho)))
    return float(np.median(times)) if times else 1.0


def autocorrelation(series: list[np.ndarray], n_lags: int) -> np.ndarray:
    """Autocorrelations at lags 1..n_lags pooled over series; NaN without variance."""
    mean = np.nanmean(np.concatenate(series)) if _any_seen(series) else np.nan
    centred = [s - mean for s in series]
    variance = np.nanmean(np.concatenate(centred) ** 2) if np.isfinite(mean) else 0.0
    if not variance > 1e-12:
        return np.full(n_lags, np.nan)
    sums, pairs = np.zeros(n_lags), np.zeros(n_lags)
    total = sum(int(np.isfinite(s).sum()) for s in centred)
    for s in centred:
        seen, values = np.isfinite(s).astype(float), np.nan_to_num(s)
        size = 1 << int(2 * len(s)).bit_length()
        spectrum = np.abs(np.fft.rfft(values, size)) ** 2
        reach = min(n_lags, len(s) - 1)
        sums[:reach] += np.fft.irfft(spectrum, size)[1 : reach + 1]
        pairs[:reach] += np.fft.irfft(np.abs(np.fft.rfft(seen, size)) ** 2, size)[
            1 : reach + 1
        ]
    # Divided by the number of values, not of pairs: far lags are then not noise.
    return np.where(pairs > 0.5, sums / (total * variance), 0.0)


def _any_seen(series: list[np.ndarray]) -> bool:
    return any(np.isfinite(s).any() for s in series)


def _geyer(rho: np.ndarray) -> float:
    padded = np.concatenate([[1.0], rho])
    pairs = padded[: len(padded) // 2 * 2].reshape(-1, 2).sum(1)
    negative = np.flatnonzero(pairs <= 0)
    stop = negative[0] if len(negative) else len(pairs)
    return max(1.0, 2.0 * float(pairs[:stop].sum()) - 1.0)
