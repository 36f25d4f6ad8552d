"""Fewer or more rows per second, session by session."""

from typing import Any, Literal

import numpy as np
import pandas as pd
import scipy.signal

from genface.errors import InputError
from genface.stats.people import need_series
from genface.stats.sessions import (
    like,
    needed_rate,
    row_groups,
    sampling_rate,
    session_labels,
)
from genface.stats.signals import bridged, measured, warn_empty

Unit = Literal["samples", "seconds", "hz"]


def downsample(
    frame: pd.DataFrame,
    target: float,
    target_type: Unit = "samples",
    method: Literal["mean", "median"] = "mean",
    *,
    sampling_freq: float | None = None,
    sessions: Any = None,
) -> pd.DataFrame:
    """Replace blocks of consecutive rows by their mean or median; NaN is skipped.

    A block has ``target`` rows (``samples``), lasts ``target`` seconds, or comes
    ``target`` times a second (``hz``), rounded to whole rows. Blocks do not reach over
    sessions; the last of a session may be short. Words are those of a block's first
    row. ``attrs["sampling_freq"]`` becomes the blocks' own rate.
    """
    if method not in ("mean", "median"):
        raise InputError(f"method={method!r}: use 'mean' or 'median'.")
    size = _block_rows(frame, target, target_type, sampling_freq)
    found = row_groups(frame, sessions)
    need_series(frame, found, "downsample")
    warn_empty(measured(frame, "downsample"), "downsample")
    order = np.concatenate([rows for _, rows in found])
    blocks, first = [], 0
    for _, rows in found:
        blocks.append(first + np.arange(len(rows)) // size)
        first = blocks[-1][-1] + 1
    number = np.concatenate(blocks)
    plain = pd.DataFrame(frame.iloc[order]).reset_index(drop=True)
    numeric = plain.select_dtypes("number").groupby(number)
    words = plain.drop(columns=plain.select_dtypes("number").columns)
    parts = [numeric.mean() if method == "mean" else numeric.median()]
    if words.shape[1]:
        parts.append(words.groupby(number).head(1).reset_index(drop=True))
    result = pd.concat(parts, axis=1)[list(frame.columns)]
    labels = session_labels(frame, sessions)
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    kept = None if labels is None else labels.iloc[order[starts]]
    rate = sampling_rate(frame, sampling_freq)
    return _at_rate(like(frame, result, kept), rate and rate / size)


def upsample(
    frame: pd.DataFrame,
    target: float,
    target_type: Unit = "hz",
    *,
    sampling_freq: float | None = None,
    sessions: Any = None,
) -> pd.DataFrame:
    """Resample every column by Fourier series (``scipy.signal.resample``).

    To ``target`` rows a second (``hz``), ``target`` rows in all (``samples``), or rows
    for ``target`` seconds. A Fourier series takes a session to repeat, and swings
    beyond the values that it joins. Columns that say what a row is (frame, time, ...)
    are interpolated linearly, words taken from the nearest row before. Gaps are bridged
    by straight lines for the series, and NaN in the result, with a warning.
    """
    rate = sampling_rate(frame, sampling_freq)
    found = row_groups(frame, sessions)
    need_series(frame, found, "upsample")
    values = measured(frame, "upsample")
    warn_empty(values, "upsample")
    parts, labels, counts = [], [], []
    for name, rows in found:
        n = _row_count(frame, len(rows), target, target_type, sampling_freq)
        parts.append(_resampled(frame.iloc[rows], values.iloc[rows], n))
        labels += [name] * n
        counts.append(n / len(rows))
    result = pd.concat(parts, ignore_index=True)[list(frame.columns)]
    known = session_labels(frame, sessions) is not None
    even = rate is not None and np.allclose(counts, counts[0], rtol=0.01)
    new_rate = float(target) if target_type == "hz" else rate and rate * counts[0]
    made = like(frame, result, labels if known else None)
    return _at_rate(made, new_rate if even or target_type == "hz" else None)


def _resampled(part: pd.DataFrame, values: pd.DataFrame, n: int) -> pd.DataFrame:
    """The rows of one session as ``n`` rows."""
    places = np.arange(n) * len(part) / n  # in rows of the session
    before = np.minimum(places.astype(int), len(part) - 1)
    nearest = np.minimum((places + 0.5).astype(int), len(part) - 1)
    series = scipy.signal.resample(bridged(values.to_numpy()), n, axis=0)
    series[np.isnan(values.to_numpy()[nearest])] = np.nan
    made = pd.DataFrame(series, columns=values.columns)
    for name in part.columns.difference(values.columns):
        column = part[name]
        if column.dtype.kind in "iuf":
            steps = np.arange(len(part))
            # Beyond the last row, at its own pace.
            pace = np.diff(column.to_numpy(float)[-2:], prepend=0)[-1]
            line = np.interp(places, steps, column.to_numpy(float))
            over = np.maximum(places - (len(part) - 1), 0)
            made[name] = line + over * (pace if len(part) > 1 else 0.0)
        else:
            made[name] = column.iloc[before].to_numpy()
    return made


def _block_rows(
    frame: pd.DataFrame, target: float, target_type: str, given: float | None
) -> int:
    if target_type == "samples":
        size = float(target)
        if size != round(size):
            raise InputError(f"target={target!r}: a number of samples is whole.")
    else:
        rate = needed_rate(frame, given, f"downsample to {target_type}")
        if target_type == "hz" and not 0 < target <= rate:
            raise InputError(
                f"target={target:g} Hz: between 0 and the {rate:g} Hz of the table."
            )
        known = {"seconds": target * rate, "hz": rate / target if target else 0.0}
        size = known[_unit(target_type)]
    if round(size) < 1:
        raise InputError(f"target={target!r} {target_type}: less than one row a block.")
    return round(size)


def _row_count(
    frame: pd.DataFrame, n: int, target: float, target_type: str, given: float | None
) -> int:
    if target_type == "samples":
        count = round(target)
    else:
        rate = needed_rate(frame, given, f"upsample to {target_type}")
        known = {"hz": n * target / rate, "seconds": target * rate}
        count = round(known[_unit(target_type)])
    if count < 1:
        raise InputError(f"target={target!r} {target_type}: less than one row.")
    return count


def _unit(target_type: str) -> str:
    if target_type not in ("samples", "seconds", "hz"):
        raise InputError(f"target_type={target_type!r}: 'samples', 'seconds' or 'hz'.")
    return target_type


def _at_rate(table: pd.DataFrame, rate: float | None) -> pd.DataFrame:
    table.attrs["sampling_freq"] = None if rate is None else float(rate)
    return table
