"""Sessions: which rows of a table belong together, and how a result takes them on."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from genface.errors import InputError, warn
from genface.table.rate import row_rate
from genface.table.sessions import sessions_of, with_sessions

RowGroups = list[tuple[Any, np.ndarray]]
"""Session values, each with the positions of its rows."""


def session_labels(frame: pd.DataFrame, sessions: Any = None) -> pd.Series | None:
    """One session value per row, with the rows' index; None where a table has none.

    ``sessions`` (values per row, or the name of a column) goes before the table's own.
    """
    if sessions is None:
        return sessions_of(frame)
    if isinstance(sessions, str):
        if sessions not in frame.columns:
            raise InputError(f"sessions={sessions!r}: the table has no such column.")
        sessions = frame[sessions]
    values = sessions.array if isinstance(sessions, pd.Series) else list(sessions)
    if len(values) != len(frame):
        raise InputError(
            f"{len(values)} sessions for {len(frame)} rows; give one per row."
        )
    return pd.Series(values, index=frame.index, name="sessions")


def row_groups(
    frame: pd.DataFrame, sessions: Any = None, ignore_sessions: bool = False
) -> RowGroups:
    """The rows of each session, sorted by its value; all rows as 0 without sessions.

    Values of mixed kinds, which have no order, follow their first appearance. Rows
    without a session (None, NaN) are in no group, and a warning says how many.
    """
    labels = None if ignore_sessions else session_labels(frame, sessions)
    if labels is None:
        return [(0, np.arange(len(frame)))]
    codes, values = pd.factorize(labels)
    if (codes < 0).any():
        warn(
            f"{(codes < 0).sum()} of {len(codes)} rows have no session and are left "
            "out."
        )
    if not len(values):
        raise InputError("no row of the table has a session.")
    found = [(value, np.flatnonzero(codes == i)) for i, value in enumerate(values)]
    try:
        return sorted(found, key=lambda group: group[0])
    except TypeError:
        return found


def append(
    frame: pd.DataFrame, data: pd.DataFrame, session_id: Any = None, axis: int = 0
) -> pd.DataFrame:
    """Put another table below (``axis=0``) or beside (``axis=1``) this one.

    Below: rows are numbered anew; the rows of ``data`` become session ``session_id``,
    or keep their own sessions. Beside: both need as many rows, and equal sessions
    where both have any. Sampling rates, where both are known, must be equal.
    """
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"append takes a table, not a {type(data).__name__}.")
    _same_rate(frame, data)
    above, below = sessions_of(frame), sessions_of(data)
    if axis == 0:
        if session_id is not None:
            below = pd.Series([session_id] * len(data))
        joined = pd.concat([frame, data], ignore_index=True)
        if above is None and below is None:
            return with_sessions(joined, None)
        parts = [
            pd.Series([None] * len(part)) if labels is None else labels
            for part, labels in ((frame, above), (data, below))
        ]
        return with_sessions(joined, [value for part in parts for value in part])
    if axis != 1:
        raise InputError(f"axis={axis!r}: use 0 (below) or 1 (beside).")
    _fits_beside(frame, data, above, below)
    joined = pd.concat([frame, data.set_axis(frame.index)], axis=1)
    return with_sessions(joined, below if above is None else above)


def like(
    frame: pd.DataFrame, result: pd.DataFrame, sessions: Iterable[Any] | None = None
) -> pd.DataFrame:
    """A result with the facts of the table that it came from, and these sessions."""
    marked = with_sessions(result, sessions)
    marked.attrs = dict(frame.attrs)
    return marked


def sampling_rate(frame: pd.DataFrame, given: float | None = None) -> float | None:
    """Rows per second as given, or as :func:`genface.table.rate.row_rate` has it."""
    rate = row_rate(frame) if given is None else given
    if rate is not None and not 0 < rate < np.inf:
        raise InputError(f"sampling_freq={rate!r}: give rows per second, above 0.")
    return rate


def needed_rate(frame: pd.DataFrame, given: float | None, what: str) -> float:
    """:func:`sampling_rate`, or an error that says what it is needed for."""
    rate = sampling_rate(frame, given)
    if rate is None:
        raise InputError(
            f"{what} needs the rate of the rows, and the table does not say it: give "
            "sampling_freq=, in rows per second."
        )
    return rate


def _same_rate(frame: pd.DataFrame, data: pd.DataFrame) -> None:
    ours, theirs = sampling_rate(frame), sampling_rate(data)
    if ours and theirs and not np.isclose(ours, theirs, rtol=1e-3):
        slower = f"{min(ours, theirs):.6g}"
        raise InputError(
            f"sampling rates differ: {ours:g} and {theirs:g} rows per second; resample "
            f"one with `genface convert TABLE FILE --fps {slower}` (in Python with "
            "downsample or upsample)."
        )


def _fits_beside(
    frame: pd.DataFrame,
    data: pd.DataFrame,
    left: pd.Series | None,
    right: pd.Series | None,
) -> None:
    if len(frame) != len(data):
        raise InputError(
            f"tables beside each other: {len(frame)} and {len(data)} rows."
        )
    twice = [str(name) for name in frame.columns.intersection(data.columns)]
    if twice:
        raise InputError(f"both tables have {', '.join(twice[:5])}; rename one side.")
    if left is not None and right is not None and list(left) != list(right):
        raise InputError("tables side by side must have equal sessions.")
