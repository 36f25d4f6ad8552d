"""How far two sets of AU sequences are from each other: one function per measure.

Each takes two lists of (T, A) sequences without constant columns, with NaN where a
value is missing, and gives a :class:`Reading`. All are distances: 0 for equal sets.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from genface.behavior.runs import autocorrelation

Sequences = list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Reading:
    """A distance, its parts per AU (A,), and where each side stands, if that exists."""

    value: float
    per_au: np.ndarray | None = None
    real: float | None = None
    synthetic: float | None = None


@dataclass(frozen=True)
class Measure:
    """A distance with its name, unit and what it looks at, in plain words."""

    key: str
    label: str
    unit: str
    meaning: str
    read: Callable[[Sequences, Sequences], Reading]


def measures(fps: float | None, threshold: np.ndarray) -> list[Measure]:
    """The measures of the card; lags and speeds are per second if ``fps`` is known.

    ``threshold`` (A,): above it an AU counts as active.
    """
    lags = max(2, round(fps)) if fps else 25
    span = "1 s" if fps else f"{lags} frames"
    return [
        Measure(
            "wasserstein",
            "Wasserstein distance",
            "AU",
            "how far values must be moved to turn one distribution into the other",
            partial(_each, wasserstein),
        ),
        Measure(
            "ks",
            "Kolmogorov-Smirnov distance",
            "share",
            "largest gap between the two cumulative distributions",
            partial(_each, kolmogorov_smirnov),
        ),
        Measure(
            "mean",
            "difference of means",
            "AU",
            "whether AUs are as strong on average",
            partial(_pooled, averages),
        ),
        Measure(
            "sd",
            "difference of spreads",
            "AU",
            "whether AUs vary as much (standard deviation)",
            partial(_pooled, spreads),
        ),
        Measure(
            "activation",
            "difference of activation rates",
            "share",
            "share of frames in which an AU is above half its real 95th percentile",
            partial(_activation, threshold),
        ),
        Measure(
            "correlation",
            "cross-AU correlation distance",
            "r",
            "whether the same AUs go together",
            _correlation,
        ),
        Measure(
            "autocorrelation",
            "autocorrelation distance",
            "r",
            f"whether AUs hold their value as long (lags up to {span})",
            partial(_autocorrelation, lags),
        ),
        Measure(
            "speed",
            "speed ratio",
            "doublings",
            "whether AUs change as fast (mean absolute change)",
            partial(_rate, 1),
        ),
        Measure(
            "roughness",
            "roughness ratio",
            "doublings",
            "whether movement is as smooth (mean absolute second difference)",
            partial(_rate, 2),
        ),
    ]


def wasserstein(x: np.ndarray, y: np.ndarray) -> float:
    """First Wasserstein distance of two samples: area between their distributions."""
    grid, gap = _gaps(x, y)
    return float((np.abs(gap[:-1]) * np.diff(grid)).sum())


def kolmogorov_smirnov(x: np.ndarray, y: np.ndarray) -> float:
    """Largest gap between the empirical distributions of two samples."""
    return float(np.abs(_gaps(x, y)[1]).max())


def _gaps(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All values, and the difference of the two distribution functions there."""
    grid = np.sort(np.concatenate([x, y]))
    low = np.searchsorted(np.sort(x), grid, side="right") / len(x)
    return grid, low - np.searchsorted(np.sort(y), grid, side="right") / len(y)


def _each(distance: Callable, real: Sequences, synthetic: Sequences) -> Reading:
    a, b = np.concatenate(real), np.concatenate(synthetic)
    parts = []
    for x, y in zip(a.T, b.T, strict=True):
        x, y = x[np.isfinite(x)], y[np.isfinite(y)]
        parts.append(distance(x, y) if len(x) and len(y) else np.nan)
    return _mean_of(np.array(parts))


def _mean_of(parts: np.ndarray) -> Reading:
    seen = np.isfinite(parts)
    return Reading(float(parts[seen].mean()) if seen.any() else np.nan, parts)


def _pooled(statistic: Callable, real: Sequences, synthetic: Sequences) -> Reading:
    a, b = statistic(np.concatenate(real)), statistic(np.concatenate(synthetic))
    found = _mean_of(np.abs(a - b))
    return Reading(found.value, found.per_au, _average(a), _average(b))


def averages(rows: np.ndarray) -> np.ndarray:
    """Mean (A,) of the values that are there; NaN where there are none."""
    seen = np.isfinite(rows)
    count = seen.sum(0)
    total = np.where(seen, rows, 0.0).sum(0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def spreads(rows: np.ndarray) -> np.ndarray:
    """Standard deviation (A,) of the values that are there."""
    return np.sqrt(averages((rows - averages(rows)) ** 2))


def _average(values: np.ndarray) -> float:
    return float(averages(values[:, None])[0])


def _activation(
    threshold: np.ndarray, real: Sequences, synthetic: Sequences
) -> Reading:
    def rate(rows: np.ndarray) -> np.ndarray:
        return averages(np.where(np.isfinite(rows), rows > threshold, np.nan))

    return _pooled(rate, real, synthetic)


def _correlation(real: Sequences, synthetic: Sequences) -> Reading:
    a, b = correlation_matrix(real), correlation_matrix(synthetic)
    A = len(a)
    if A < 2:
        return Reading(np.nan)
    off = ~np.eye(A, dtype=bool)
    squares = np.where(off, (a - b) ** 2, 0.0)
    parts = np.sqrt(squares.sum(1) / (A - 1))
    typical = [float(np.sqrt((m[off] ** 2).mean())) for m in (a, b)]
    return Reading(float(np.sqrt(squares[off].mean())), parts, *typical)


def correlation_matrix(sequences: Sequences) -> np.ndarray:
    """Correlations (A, A) between AUs over the complete rows; 0 with a constant."""
    rows = np.concatenate(sequences)
    rows = rows[np.isfinite(rows).all(1)]
    if len(rows) < 3:
        return np.full((sequences[0].shape[1],) * 2, np.nan)
    centred = rows - rows.mean(0)
    norm = np.sqrt((centred**2).sum(0))
    unit = centred / np.where(norm > 1e-12, norm, 1.0)
    return unit.T @ unit


def autocorrelations(sequences: Sequences, n_lags: int) -> np.ndarray:
    """Autocorrelations (A, n_lags) of each AU; 0 for a constant one."""
    return np.nan_to_num(autocorrelation(sequences, n_lags))


def _autocorrelation(lags: int, real: Sequences, synthetic: Sequences) -> Reading:
    shortest = min(max(len(s) for s in side) for side in (real, synthetic))
    lags = max(1, min(lags, shortest // 2))
    a, b = autocorrelations(real, lags), autocorrelations(synthetic, lags)
    parts = np.abs(a - b).mean(1)
    return Reading(
        float(parts.mean()), parts, float(a[:, 0].mean()), float(b[:, 0].mean())
    )


def _rate(order: int, real: Sequences, synthetic: Sequences) -> Reading:
    """Mean over AUs of |log2| of the ratio of mean absolute differences."""
    a, b = change(real, order), change(synthetic, order)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.abs(np.log2(b / a))
    found = _mean_of(np.where(np.isfinite(parts), parts, np.nan))
    return Reading(found.value, found.per_au, _average(a), _average(b))


def change(sequences: Sequences, order: int = 1) -> np.ndarray:
    """Mean absolute difference (A,) of the given order between neighbouring frames."""
    steps = [np.abs(np.diff(s, order, axis=0)) for s in sequences if len(s) > order]
    return averages(np.concatenate(steps) if steps else sequences[0][:0])


def visits(paths: list[np.ndarray]) -> np.ndarray:
    """Lengths in frames of the visits to a state that are seen from start to end."""
    lengths: list[int] = []
    for path in paths:
        starts = np.flatnonzero(np.diff(path)) + 1
        inner = np.diff(starts)
        lengths += list(inner[path[starts[:-1]] >= 0]) if len(starts) > 1 else []
    return np.array(lengths, float)


def state_measures(n_states: int) -> list[Measure]:
    """Measures of how the states of one common decoder are visited.

    They read paths (T,) instead of AUs. The same model decodes both sides, so a poor
    decoder is poor on both. The first and last visit of a path are cut off, and not
    counted.
    """
    return [
        Measure(
            "dwell",
            "dwell-time distance",
            "share",
            "whether states last as long (largest gap between the distributions)",
            _dwell,
        ),
        Measure(
            "occupancy",
            "state occupancy distance",
            "share",
            "share of time that would have to be spent in other states",
            partial(_occupancy, n_states),
        ),
    ]


def _dwell(real: Sequences, synthetic: Sequences) -> Reading:
    a, b = visits(real), visits(synthetic)
    if len(a) < 2 or len(b) < 2:
        return Reading(np.nan)
    return Reading(kolmogorov_smirnov(a, b), None, float(a.mean()), float(b.mean()))


def _occupancy(n_states: int, real: Sequences, synthetic: Sequences) -> Reading:
    def shares(paths: Sequences) -> np.ndarray:
        path = np.concatenate(paths)
        counts = np.bincount(path[path >= 0], minlength=n_states)
        return counts / max(1, counts.sum())

    return Reading(float(0.5 * np.abs(shares(real) - shares(synthetic)).sum()))
