"""Sessions: which clip, person or trial each row of a table belongs to.

They are a label per row that is no column, so no mean or regression takes them for a
measurement. They follow the rows through whatever pandas does; where nobody can tell
which row is which any more, they are lost, and using them is an error that says so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from genface.errors import InputError, warn

SLOT = "_sessions"
"""Attribute of a table that holds them: a Series by position, or :class:`Lost`."""

BY_LABEL = {None, "take", "copy", "reindex", "groupby", "sort_values", "sort_index"}
"""What pandas calls the operations that keep the label of each row they keep."""

Table = TypeVar("Table", bound=pd.DataFrame)


@dataclass(frozen=True)
class Lost:
    """Sessions that were there, and why they cannot be given to these rows."""

    reason: str


UNTOLD = Lost("pandas does not say which rows these were")


def sessions_of(table: pd.DataFrame) -> pd.Series | None:
    """Session of each row, with the table's index; None where none were given.

    Raises :class:`InputError` where they were given and then lost.
    """
    held = getattr(table, SLOT, None)
    if held is not None and not isinstance(held, Lost) and len(held) != len(table):
        held = Lost("rows were added or removed in place")
    if isinstance(held, Lost):
        raise InputError(
            f"the sessions of these rows are not known ({held.reason}); give them "
            "again with update_sessions, after a reset_index(drop=True) if rows "
            "share labels."
        )
    return None if held is None else held.set_axis(table.index)


def facts_of(table: pd.DataFrame) -> dict[str, list]:
    """The sessions as a fact to write; none, with a warning, where they were lost."""
    try:
        held = sessions_of(table)
    except InputError as error:
        warn(f"written without sessions: {error}")
        held = None
    return {} if held is None else {"sessions": held.tolist()}


def warn_of_windows(table: pd.DataFrame, method: str) -> None:
    """Say that pandas' windows (``rolling``, ...) know nothing of sessions."""
    if getattr(table, SLOT, None) is not None:
        warn(
            f"{method} reaches over the borders of sessions, and its result has none: "
            "take the sessions one by one (itersessions), or group by a column."
        )


def with_sessions(table: Table, sessions: Iterable[Any] | None) -> Table:
    """The same table with these sessions, one per row in the order of the rows."""
    marked = table.copy(deep=False)
    held = None
    if sessions is not None:
        held = pd.Series(sessions, name="sessions").reset_index(drop=True)
        if len(held) != len(table):
            raise InputError(
                f"{len(held)} sessions for {len(table)} rows; give one per row."
            )
    object.__setattr__(marked, SLOT, held)
    return marked


def update_sessions(
    table: Table, new: Mapping[Any, Any] | Iterable[Any] | None
) -> Table:
    """A copy of the table with other sessions.

    A mapping translates the sessions that are there; what it leaves out becomes NaN,
    with a warning. Anything else holds one session per row: a Series whose labels are
    the table's in another order is put in order first, all else is by position. None
    takes the sessions away.
    """
    if isinstance(new, Mapping):
        new = _translated(table, new)
    elif isinstance(new, (str, bytes)) or not isinstance(new, Iterable | None):
        raise InputError(
            f"sessions are one value per row, or a mapping of the old ones; got {new!r}"
        )
    elif isinstance(new, pd.Series) and not new.index.equals(table.index):
        own, theirs = table.index, new.index
        if (
            own.is_unique
            and theirs.is_unique
            and own.symmetric_difference(theirs).empty
        ):
            new = new.reindex(own)
    return with_sessions(table.copy(), new)


def _translated(table: pd.DataFrame, names: Mapping[Any, Any]) -> pd.Series:
    old = sessions_of(table)
    if old is None:
        raise InputError(
            "a mapping renames sessions, and this table has none; give one session "
            'per row first, such as update_sessions(fex["input"]).'
        )
    missing = [value for value in old.dropna().unique() if value not in names]
    if missing:
        warn(
            f"{len(missing)} sessions are not in the mapping and become NaN: "
            f"{', '.join(map(str, missing[:5]))}."
        )
    return old.map(dict(names))


def itersessions(table: Table) -> Iterator[tuple[Any, Table]]:
    """Each session, in sorted order, with its rows; rows whose session is NaN are left.

    Sessions that cannot be compared are taken in order of appearance.
    """
    sessions = sessions_of(table)
    if sessions is None:
        raise InputError("this table has no sessions; give them with update_sessions.")
    codes, values = pd.factorize(sessions.array)
    order: Iterable[int] = range(len(values))
    try:
        order = sorted(order, key=lambda i: values[i])
    except TypeError:
        pass
    for i in order:
        yield values[i], table.take(np.flatnonzero(codes == i))


def carried(
    new: pd.DataFrame, old: pd.DataFrame, method: str | None
) -> pd.Series | Lost | None:
    """Sessions of the table that pandas made of another one.

    ``method`` is pandas' name of what it did. The same index object means the same
    rows. Otherwise the labels must say which row is which.
    """
    held = getattr(old, SLOT, None)
    if not isinstance(held, pd.Series) or new.index.is_(old.index):
        return held
    if len(held) != len(old):
        return Lost("rows were added or removed in place")
    if method not in BY_LABEL or method == "groupby" and not _is_part(new, old):
        return Lost(f"{method} makes other rows")
    if method in ("sort_values", "sort_index") and _is_numbering(new.index):
        return Lost(f"{method} numbered the rows anew")
    rows = _view_of(new.index, old.index)
    return _by_label(held, new.index, old.index) if rows is None else at(held, rows)


def _by_label(held: pd.Series, new: pd.Index, old: pd.Index) -> pd.Series | Lost:
    if not old.is_unique:
        of_label = held.set_axis(old).groupby(level=0, dropna=False)
        if (of_label.nunique(dropna=False) > 1).any():
            return Lost("several rows share a label and not a session")
        first = ~old.duplicated()
        held, old = held[first], old[first]
    return at(held, old.get_indexer(new))


def at(held: pd.Series, rows: np.ndarray) -> pd.Series:
    """Sessions of these rows by position; NaN for -1, a row that was not there."""
    return held.reset_index(drop=True).reindex(rows).reset_index(drop=True)


def together(
    whole: pd.DataFrame, parts: list[pd.DataFrame], method: str | None
) -> pd.Series | Lost | None:
    """Sessions of tables that pandas put below or beside one another."""
    held = [getattr(part, SLOT, None) for part in parts]
    if all(sessions is None for sessions in held):
        return None
    lost = next((sessions for sessions in held if isinstance(sessions, Lost)), None)
    if lost:
        return lost
    if method != "concat":
        return Lost(f"{method} makes other rows")
    if len(parts) == 1 or _is_stack(whole, parts):
        if any(sessions is None for sessions in held):
            return Lost("only some of the tables put together had sessions")
        return pd.concat(held, ignore_index=True)
    beside = [carried(whole, part, None) for part in parts]
    first, *others = [sessions for sessions in beside if sessions is not None]
    if isinstance(first, Lost):
        return first
    for other in others:
        if not isinstance(other, pd.Series) or not other.equals(first):
            return Lost("tables put side by side had different sessions")
    return first


def _is_stack(whole: pd.DataFrame, parts: list[pd.DataFrame]) -> bool:
    """Whether the tables were put below one another."""
    below = len(whole) == sum(len(part) for part in parts)
    width = sum(part.shape[1] if part.ndim == 2 else 1 for part in parts)
    if below and whole.shape[1] == width:  # nothing in common: both would look so
        labels = parts[0].index.append([part.index for part in parts[1:]])
        return labels.equals(whole.index)
    return below


def _is_part(new: pd.DataFrame, old: pd.DataFrame) -> bool:
    """Whether a group's rows themselves came out of a groupby, not their summary.

    Summaries have labels of their own: numbers that are no slice of the old ones, or
    a new index of columns.
    """
    if not pd.api.types.is_integer_dtype(new.index):
        return new.index.names == old.index.names
    if isinstance(new.index, pd.RangeIndex):
        return new.columns.is_(old.columns) and isinstance(old.index, pd.RangeIndex)
    return _view_of(new.index, old.index) is not None


def _is_numbering(index: pd.Index) -> bool:
    return isinstance(index, pd.RangeIndex) and index.equals(pd.RangeIndex(len(index)))


def _view_of(new: pd.Index, old: pd.Index) -> np.ndarray | None:
    """Positions in ``old`` that ``new`` is a slice of; None unless memory shows it.

    pandas slices an index of integers without copying, so a slice is told from other
    rows with the same labels.
    """
    ours, theirs = (
        index.to_numpy() if type(index) is pd.Index else np.empty(0, object)
        for index in (new, old)
    )
    if ours.dtype != theirs.dtype or ours.dtype.kind not in "iu" or not len(ours):
        return None
    if not np.may_share_memory(ours, theirs) or theirs.strides != (theirs.itemsize,):
        return None
    first = ours.__array_interface__["data"][0] - theirs.__array_interface__["data"][0]
    return (first + ours.strides[0] * np.arange(len(ours))) // theirs.itemsize
