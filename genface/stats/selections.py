"""Columns by name, group or value: the X and y of regressions and decoders."""

import difflib
from typing import Any

import numpy as np
import pandas as pd

from genface.errors import InputError
from genface.stats.sessions import session_labels
from genface.table import groups

GROUPS = {
    "aus": "aus",
    "emotions": "emotions",
    "poses": "pose",
    "gazes": "gaze",
    "landmarks": "landmarks",
    "mesh": "mesh",
    "blendshapes": "blendshapes",
    "faceboxes": "facebox",
    "identity_embeddings": "identity",
    "valence_arousal": "valence_arousal",
}
"""Words for groups of columns, as the properties of Fex spell them."""


def chosen_columns(
    frame: pd.DataFrame, choice: Any, role: str, sessions: Any = None
) -> pd.DataFrame:
    """The table that ``choice`` stands for, with as many rows as ``frame``.

    A string lists groups, columns and ``sessions``, with commas between them and blanks
    wherever one likes: ``"aus, poses, AU12"``. A list holds the same words. A table,
    Series or array is taken by the position of its rows, and copied. A column named
    twice comes once. ``role`` (X or y) names it in errors, and unnamed columns.
    """
    if not len(frame):
        raise InputError(f"{role}: the table has no rows.")
    if isinstance(choice, str):
        words = [word.strip() for word in choice.split(",")]
        return _by_words(frame, words, role, sessions)
    if isinstance(choice, (list, tuple)) and all(isinstance(c, str) for c in choice):
        return _by_words(frame, list(choice), role, sessions)
    return _by_values(frame, choice, role)


def numbers(table: pd.DataFrame, role: str) -> pd.DataFrame:
    """The table as float64; words and complex numbers are an :class:`InputError`."""
    wrong = [
        str(name) for name, kind in table.dtypes.items() if _kind(kind) not in "iufb"
    ]
    for name in list(wrong):
        column = table[name] if name in table.columns else None
        if column is not None and column.dtype == object and _all_numbers(column):
            wrong.remove(name)
    if wrong:
        hint = ' (code them as numbers: update_sessions({"a": 1, "b": -1}))'
        raise InputError(
            f"{role} must be numbers, and {', '.join(wrong[:5])} "
            f"{'is' if len(wrong) == 1 else 'are'} not"
            f"{hint if 'sessions' in wrong else ''}."
        )
    return table.astype(float)


def _kind(dtype: Any) -> str:
    return getattr(dtype, "kind", "O")


def _all_numbers(column: pd.Series) -> bool:
    kinds = (int, float, np.number, bool)
    return all(isinstance(value, kinds) or value is None for value in column)


def _by_words(
    frame: pd.DataFrame, words: list[str], role: str, sessions: Any
) -> pd.DataFrame:
    known = groups(frame.columns)
    parts: dict[str, pd.Series] = {}
    for word in words:
        if word == "sessions":
            labels = session_labels(frame, sessions)
            if labels is None:
                raise InputError(
                    f"{role}='sessions': the table has none; use update_sessions first."
                )
            parts["sessions"] = labels
        elif word in GROUPS:
            members = known[GROUPS[word]]
            if not members:
                raise InputError(f"{role}: the table has no columns for {word!r}.")
            parts |= {name: _column(frame, name, role) for name in members}
        elif word in frame.columns:
            parts[word] = _column(frame, word, role)
        else:
            raise InputError(f"{role}: {_unknown(frame, word)}")
    return pd.DataFrame(parts, index=frame.index)


def _column(frame: pd.DataFrame, name: str, role: str) -> pd.Series:
    column = frame[name]
    if column.ndim == 2:
        raise InputError(f"{role}: the table has several columns named {name!r}.")
    return column


def _unknown(frame: pd.DataFrame, word: str) -> str:
    names = [*GROUPS, "sessions", *map(str, frame.columns)]
    near = difflib.get_close_matches(word, names, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    return f"{word!r} is no column, nor a group of columns ({', '.join(GROUPS)}){hint}"


def _by_values(frame: pd.DataFrame, choice: Any, role: str) -> pd.DataFrame:
    if isinstance(choice, pd.DataFrame):
        table = pd.DataFrame(choice).copy()
    elif isinstance(choice, pd.Series):
        table = pd.DataFrame({role if choice.name is None else choice.name: choice})
    else:
        values = np.asarray(choice)
        if values.ndim not in (1, 2):
            raise InputError(f"{role} must be one column or a table: {values.shape}.")
        values = values.reshape(len(values), -1)
        single = values.shape[1] == 1
        names = [role] if single else [f"{role}{i}" for i in range(values.shape[1])]
        table = pd.DataFrame(values, columns=names)
        table.index = frame.index if len(table) == len(frame) else table.index
    if len(table) != len(frame):
        raise InputError(
            f"{role} has {len(table)} rows and the table {len(frame)}; give one each."
        )
    if not table.columns.is_unique:
        raise InputError(f"{role} has several columns of one name.")
    _same_order(frame.index, table.index, role)
    return table.set_axis(frame.index)


def _same_order(ours: pd.Index, theirs: pd.Index, role: str) -> None:
    """Raise where the labels say that the rows are the same in another order."""
    if ours.equals(theirs) or not (ours.is_unique and theirs.is_unique):
        return
    if ours.sort_values().equals(theirs.sort_values()):
        raise InputError(
            f"{role} has the table's rows in another order; use "
            f"{role}.reindex(table.index), or .to_numpy() to take them by position."
        )
