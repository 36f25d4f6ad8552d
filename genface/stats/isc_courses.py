"""Time courses to compare: one column per clip or person, one row per moment."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from genface.errors import InputError, NotTimeLockedError, warn
from genface.table.origin import mixes_free_samples
from genface.table.rate import ROUNDED, SECONDS, usual_step

EVEN = 0.05
"""Steps of an index may differ by this part of the usual one (times are rounded)."""

APART = (
    "tell them apart with --columns input,face_id (columns=['input', 'face_id'] in "
    "Python)"
)


def time_courses(
    frame: pd.DataFrame,
    col: str | Sequence[str],
    index: str | None = "frame",
    columns: str | Sequence[str] | None = "input",
    rate: float | None = None,
    max_gap: float | None = None,
) -> pd.DataFrame:
    """Rows by ``index``, a column for each value of ``columns``, the values of ``col``.

    NaN: no value at that moment. Two rows of a table in one cell are an
    :class:`InputError` (several faces in a frame are never averaged), as are missing
    and non-numeric columns. Rows that name no ``columns`` or ``index`` belong to
    nobody and are left out. A list for ``col`` gives columns (col, ``columns``).

    Real and freely sampled rows together are a
    :class:`~genface.errors.NotTimeLockedError`. Frame numbers as the index of series
    whose times tell of other rates are an :class:`InputError`; the frames a second
    that they last, where known, are ``attrs["fps"]`` of such courses.

    ``rate`` puts all series on one base of that many moments per unit of ``index``
    (``index="time", rate=10``: ten a second): linear between samples, averaged over
    the step where a series has more of them. Samples up to ``max_gap`` (units of
    ``index``) apart are joined by a line: by default none without ``rate``, and with
    it those with one lost sample between them.
    """
    need_time_locked([frame.attrs])
    index, columns = index or "frame", columns or "input"
    if not isinstance(col, str):
        parts = [time_courses(frame, c, index, columns, rate, max_gap) for c in col]
        return pd.concat(parts, axis=1, keys=list(col))
    keys = [columns] if isinstance(columns, str) else list(columns)
    _check_columns(frame, col, [index, *keys])
    table = pd.DataFrame(frame)[[index, *keys, col]]
    table = _named_rows(table, [index, *keys], col)
    _check_single(frame, table, [index, *keys])
    fps = None
    if index == "frame":
        rates = _frame_rates(pd.DataFrame(frame), keys)
        need_one_rate(rates)
        fps = rates[0][0] if rates else frame.attrs.get("fps")
    wide = table.pivot(index=index, columns=columns, values=col).astype(np.float64)
    if wide.shape[1] < 2:
        raise InputError(
            f"{' and '.join(keys)}: {wide.shape[1]} series of {col}, and at least two "
            "are compared; put tables together, or name another column that tells "
            "them apart (--columns face_id, columns='face_id' in Python)."
        )
    if rate is not None:
        wide = resample(wide, rate, max_gap)
    elif max_gap is not None:
        wide = bridge(wide, max_gap)
    if fps:
        wide.attrs["fps"] = float(fps)
    return wide


def resample(
    wide: pd.DataFrame, rate: float, max_gap: float | None = None
) -> pd.DataFrame:
    """Courses at the moments k / ``rate``, each within its own first and last sample.

    A series with more samples than that is averaged over each step (of the line
    through its samples), so that nothing fast turns up as something slow.
    """
    if not rate > 0:
        raise InputError(f"rate={rate}: expected a number above 0.")
    times = wide.index.to_numpy(np.float64)
    first, last = np.ceil(times[0] * rate - 1e-9), np.floor(times[-1] * rate + 1e-9)
    moments = np.arange(first, last + 1) / rate
    values = [_resampled(times, wide[name], moments, rate, max_gap) for name in wide]
    return pd.DataFrame(
        np.column_stack(values),
        index=pd.Index(moments, name=wide.index.name),
        columns=wide.columns,
    )


def bridge(wide: pd.DataFrame, max_gap: float) -> pd.DataFrame:
    """Courses with a line through each hole between samples ``max_gap`` apart."""
    times = wide.index.to_numpy(np.float64)
    filled = wide.copy()
    for place in range(wide.shape[1]):
        values = wide.iloc[:, place].to_numpy()
        known = np.isfinite(values)
        if known.sum() > 1:
            line = np.interp(times, times[known], values[known])
            joined = _covered(times[known], times, max_gap)
            filled.iloc[:, place] = np.where(joined, line, np.nan)
    return filled


def complete_courses(wide: pd.DataFrame) -> pd.DataFrame:
    """The span that all courses share, without holes; what differs is warned about.

    Series that are constant or empty have no correlation and are left out, with a
    warning. A hole inside the span, uneven steps, or fewer than two series or three
    moments are an :class:`InputError`.
    """
    flat = [name for name in wide if wide[name].nunique() < 2]
    if flat:
        warn(f"left out, as they never change: {_listed(flat)}.")
        wide = wide.drop(columns=flat)
    if wide.shape[1] < 2:
        raise InputError(
            f"{wide.shape[1]} series that change; at least two are needed."
        )
    known = wide.notna().to_numpy()
    start, end = known.argmax(0).max(), len(wide) - known[::-1].argmax(0).max()
    shared = wide.iloc[start:end]
    if len(shared) < 3:
        raise InputError(
            f"the series share {len(shared)} moments of {len(wide)}, and at least 3 "
            "are needed; leave out those that start late or end early."
        )
    if len(shared) < len(wide):
        warn(
            f"series of unequal length: only {shared.index[0]:g} to "
            f"{shared.index[-1]:g} is in all of them ({len(shared)} of {len(wide)} "
            "moments) and used.",
        )
    holes = shared.isna().sum()
    if holes.any():
        raise InputError(
            f"values are missing in {_listed(holes.index[holes > 0])}; bridge them "
            "with --max-gap (max_gap=... in Python), or leave those series out."
        )
    even_step(shared)
    return shared


def even_step(wide: pd.DataFrame) -> float:
    """Step of the index; uneven ones are an :class:`InputError`."""
    steps = np.diff(wide.index.to_numpy(np.float64))
    step = float(np.median(steps)) if len(steps) else 1.0
    if len(steps) and np.abs(steps - step).max() > EVEN * step:
        raise InputError(
            f"{wide.index.name or 'index'}: steps of {steps.min():g} to "
            f"{steps.max():g}, and lags, windows and nulls need even ones; put the "
            "series on one base with --rate (rate=... in Python)."
        )
    return step


def need_time_locked(facts: Iterable[Mapping[Any, Any]]) -> None:
    """Refuse tables (their ``attrs``) of which only some are free samples.

    :class:`~genface.errors.NotTimeLockedError`; see :mod:`genface.table.origin` for the
    facts that tell.
    """
    if mixes_free_samples(facts):
        raise NotTimeLockedError(
            "free samples do not follow the clock of a real clip, so they correlate "
            "with it by 0 however good the model is; compare the ISC within each set "
            "(--synthetic, or stats.compare_isc), or say what ties the output to the "
            "clip, as attrs['time_locked'] = 'posterior' ('forecast', 'input')."
        )


def _check_columns(frame: pd.DataFrame, col: str, keys: Sequence[str]) -> None:
    missing = [name for name in (*keys, col) if name not in frame.columns]
    if missing:
        raise InputError(
            f"no column {', '.join(missing)} in this table; it has "
            f"{_listed(frame.columns)}."
        )
    if not pd.api.types.is_numeric_dtype(frame[col]):
        raise InputError(f"{col} holds {frame[col].dtype}, and numbers are compared.")
    if not pd.api.types.is_numeric_dtype(frame[keys[0]]):
        raise InputError(f"index={keys[0]!r}: expected numbers, such as frame or time.")


def _named_rows(table: pd.DataFrame, keys: list[str], col: str) -> pd.DataFrame:
    """Rows that say whose they are and when."""
    nobody = table[keys].isna().any(axis=1)
    lost = int(table.loc[nobody, col].notna().sum())
    if lost:
        warn(
            f"{lost} rows with a value of {col} have no {' or no '.join(keys)} and are "
            "left out.",
        )
    return table[~nobody]


def _check_single(frame: pd.DataFrame, table: pd.DataFrame, keys: list[str]) -> None:
    """One row per cell, and one person per series."""
    twice = table.duplicated(keys, keep=False)
    if twice.any():
        first = table.loc[twice, keys].iloc[0]
        where = ", ".join(f"{name} {first[name]}" for name in keys)
        raise InputError(
            f"{int(twice.sum())} rows share their {' and '.join(keys)} (such as "
            f"{where}); choose one face, or {APART}."
        )
    if "face_id" in frame.columns and "face_id" not in keys:
        faces = frame.loc[table.index] if frame.index.is_unique else frame
        counts = faces.groupby(keys[1:])["face_id"].nunique()
        if (counts > 1).any():
            warn(
                f"{_listed(counts.index[counts > 1])}: rows of several faces are taken "
                f"as one series; {APART}.",
            )


def need_one_rate(rates: Iterable[tuple[float, str, str]]) -> None:
    """Refuse series whose frames do not last the same.

    Frames a second, a name, and the column of times for each that tells them.
    """
    found = sorted(rates)
    if not found:
        return
    (low, slow, clock), (high, fast, _) = found[0], found[-1]
    if high > (1 + ROUNDED) * low:
        base = f"{low * SECONDS[clock]:.4g}"  # moments per unit of the clock
        raise InputError(
            f"frames a second differ ({slow}: {low:.4g}, {fast}: {high:.4g}), so that "
            "equal frames are not equal moments; put the series on one base of time "
            f"with --index {clock} --rate {base} (index={clock!r}, rate={base} "
            "in Python)."
        )


def _frame_rates(frame: pd.DataFrame, keys: list[str]) -> list[tuple[float, str, str]]:
    """What :func:`need_one_rate` takes, of series that tell their seconds."""
    found = []
    for name, rows in frame.groupby(keys):
        steps = {column: usual_step(rows, column, even=True) for column in SECONDS}
        clock = next((column for column, step in steps.items() if step > 0), None)
        if clock:
            rate = usual_step(rows, "frame") / (steps[clock] * SECONDS[clock])
            found.append((rate, "/".join(map(str, name)), clock))
    return found


def _resampled(
    times: np.ndarray,
    series: pd.Series,
    moments: np.ndarray,
    rate: float,
    max_gap: float | None,
) -> np.ndarray:
    known = series.notna().to_numpy()
    t, x = times[known], series.to_numpy()[known]
    if len(t) < 2:
        return np.full(len(moments), np.nan)
    step = float(np.median(np.diff(t)))
    covered = _covered(t, moments, 2.5 * step if max_gap is None else max_gap)
    if 1 / rate <= 1.5 * step:
        values = np.interp(moments, t, x)
    else:
        # Mean of the line over each step, from its integral; half steps at the ends.
        area = np.append(0.0, np.cumsum(np.diff(t) * (x[1:] + x[:-1]) / 2))
        low = np.clip(moments - 0.5 / rate, t[0], t[-1])
        high = np.clip(moments + 0.5 / rate, t[0], t[-1])
        width = np.maximum(high - low, np.finfo(float).tiny)
        values = (_integral(high, t, x, area) - _integral(low, t, x, area)) / width
    return np.where(covered, values, np.nan)


def _integral(
    at: np.ndarray, t: np.ndarray, x: np.ndarray, area: np.ndarray
) -> np.ndarray:
    """Integral of the line through (t, x) from t[0] to each moment."""
    left = np.clip(np.searchsorted(t, at, "right") - 1, 0, len(t) - 2)
    past = at - t[left]
    slope = (x[left + 1] - x[left]) / (t[left + 1] - t[left])
    return area[left] + past * (x[left] + slope * past / 2)


def _covered(t: np.ndarray, moments: np.ndarray, max_gap: float) -> np.ndarray:
    """Moments on a sample, or between two that are at most ``max_gap`` apart."""
    right = np.clip(np.searchsorted(t, moments), 1, len(t) - 1)
    close = t[right] - t[right - 1] <= max_gap * (1 + 1e-9)
    inside = (moments >= t[0] - 1e-9) & (moments <= t[-1] + 1e-9)
    on = np.minimum(np.abs(t[right] - moments), np.abs(t[right - 1] - moments)) < 1e-9
    return inside & (close | on)


def _listed(names: Sequence[Hashable] | pd.Index, most: int = 6) -> str:
    words = [str(name) for name in names]
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
