"""What runs along with an animation: states of a behaviour model, and emotions."""

from pathlib import Path

import numpy as np
import pandas as pd

from genface.avatar.animation import Motion
from genface.behavior import BehaviorModel
from genface.errors import InputError
from genface.facs import EMOTIONS, emotion_columns, emotion_name
from genface.fex import Fex
from genface.pipelines.au_tracks import on_scale
from genface.pipelines.faces import au_scale, au_table, frame_rate, times_of
from genface.table.columns import base_name, groups

STATE = "state"  # column of a table that holds the state of each row
STEADY = 0.4  # seconds over which the leading emotion is judged


def load_model(model: BehaviorModel | Path | str | None) -> BehaviorModel | None:
    """The model itself, or the one in a folder."""
    if model is None or isinstance(model, BehaviorModel):
        return model
    return BehaviorModel.load(model)


def states_of(
    rows: Fex, motion: Motion, model: BehaviorModel | None = None
) -> np.ndarray | None:
    """State (T,) at each frame of ``motion``, -1 where none; None if nothing tells it.

    The most probable path of the ``model`` through the AUs of ``rows``, or without a
    model their column ``state``. A frame has the state of the row that it follows.
    """
    if model is not None:
        path = _decoded(rows, model)
    elif STATE in rows.columns:
        path = _column(rows)
    else:
        return None
    at, within = _row_at(rows, motion)
    return np.where(within & motion.seen, path[at], -1)


def leading_emotion(rows: Fex, motion: Motion) -> tuple[list[str], np.ndarray]:
    """Name and strength (T,) of the strongest emotion at each frame of ``motion``.

    From the emotion columns of ``rows``, or by FACS prototypes from the motion's AUs
    where it has none. Strengths are means over .4 s, so that names can be read; the
    name is empty where no face is seen.
    """
    columns: dict[str, str] = {}
    for column in groups(rows.columns)["emotions"]:
        if base_name(column) == column:  # no statistic of one
            columns.setdefault(emotion_name(column), column)
    told = pd.DataFrame(rows)[list(columns.values())]
    table = told.apply(pd.to_numeric, errors="coerce").set_axis(list(columns), axis=1)
    if table.notna().any(axis=None):
        at, within = _row_at(rows, motion)
        table = table.iloc[at].reset_index(drop=True)
        shown = within & motion.seen
    else:
        table = pd.DataFrame(
            emotion_columns(motion.aus, motion.au_names), columns=list(EMOTIONS)
        )
        shown = motion.seen
    values = np.where(shown[:, None], table.to_numpy(np.float64), np.nan)
    around = 2 * round(STEADY * float(motion.fps) / 2) + 1
    means = pd.DataFrame(values).rolling(around, center=True, min_periods=1).mean()
    steady = means.to_numpy()
    steady = np.where(shown[:, None] & np.isfinite(steady), steady, -np.inf)
    first = steady.argmax(axis=1)
    score = steady[np.arange(len(steady)), first]
    names = [
        table.columns[k] if np.isfinite(x) else ""
        for k, x in zip(first, score, strict=True)
    ]
    return names, np.where(np.isfinite(score), score, np.nan)


def _row_at(rows: Fex, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Row (T,) that each frame shows, and whether its time is within the table's."""
    times = times_of(rows)
    times = times - times[0]
    at = np.searchsorted(times, motion.times + 1e-6, side="right") - 1
    step = np.median(np.diff(times)) if len(times) > 1 else np.inf
    return at, motion.times <= times[-1] + 1.5 * step


def _decoded(rows: Fex, model: BehaviorModel) -> np.ndarray:
    scale, _ = au_scale(rows)
    if scale != model.au_scale:
        raise InputError(
            f"the model's states are of AUs on the scale {model.au_scale}, the table "
            f"is on {scale}; name the model that was fitted to it."
        )
    rate, _ = frame_rate(rows)
    if abs(rate - model.fps) > 0.01 * model.fps:
        raise InputError(
            f"the table has {rate:.4g} frames a second, the model {model.fps:.4g}; "
            "name the model that was fitted to it."
        )
    table = au_table(rows)
    if not set(model.columns) & set(table.columns):
        raise InputError(
            f"the table has none of the model's AUs ({', '.join(model.columns)})."
        )
    values = table.reindex(columns=list(model.columns)).to_numpy(np.float64)
    return model.states(on_scale(values, scale, "the table")[0])


def _column(rows: Fex) -> np.ndarray:
    """The column of states as numbers; words are numbered in order of appearance."""
    told = pd.Series(rows[STATE].to_numpy())
    numbers = pd.to_numeric(told, errors="coerce")
    if numbers.notna().any() and (numbers.notna() == told.notna()).all():
        whole = numbers.fillna(-1)
        if (whole % 1 == 0).all() and (whole >= -1).all():
            return whole.to_numpy(int)
    return pd.factorize(told)[0]
