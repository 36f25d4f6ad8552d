"""What EM works on: rows in lanes, the views that runs have of them, and the runs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from genface.behavior.emissions.family import Data, Family, Params
from genface.behavior.lanes import Lanes


class Run(NamedTuple):
    """One start: what it begins from and which rows it sees."""

    start: np.ndarray  # (K,)
    trans: np.ndarray  # (K, K)
    emission: Params  # first axis K
    view: int = 0  # which of the views on the rows


class Problem(NamedTuple):
    """Rows in lanes and what is known beforehand; shared by all runs."""

    data: Data  # per row of the lanes, flat (B * L, ...)
    first: Any  # (B, L) bool
    views: dict[str, np.ndarray]  # "visible", "there" (F, B * L), maybe "fresh"
    prior: Params  # of the emissions, one for each view (F, ...)
    start_prior: float  # Dirichlet concentrations; 1 = none
    trans_prior: float
    stay_prior: float  # added to the concentration of staying


def lay_out(
    family: Family,
    X: np.ndarray,
    lengths: Sequence[int] | np.ndarray,
    lanes: Lanes,
    visible: np.ndarray | None = None,
) -> tuple[Data, dict[str, np.ndarray]]:
    """Data of the family in lanes, and the views (F, rows) that runs may have.

    ``visible`` (F, T): rows that a view shows. A hidden row is missing, also as the
    past of later rows; a sequence that a view hides whole is not there at all.
    """
    data = family.prepare(X, lengths)
    laid = {
        name: _flat(lanes.spread(np.asarray(values, float)))
        for name, values in data.items()
    }
    if visible is None:
        visible = np.ones((1, len(X)), bool)
    sequence = np.repeat(np.arange(len(lengths)), lengths)
    counts = np.stack([np.bincount(sequence, v, len(lengths)) for v in visible])
    there = counts[:, sequence] > 0

    def spread(rows: np.ndarray) -> np.ndarray:
        return np.stack([_flat(lanes.spread(r.astype(float))) for r in rows])

    views = {"visible": spread(visible), "there": spread(there)}
    if family.n_lags:
        views["fresh"] = spread(_without_past(visible, sequence, family.n_lags))
    return laid, views


def _flat(laid: np.ndarray) -> np.ndarray:
    return laid.reshape(laid.shape[0] * laid.shape[1], *laid.shape[2:])


def _without_past(visible: np.ndarray, sequence: np.ndarray, n_lags: int) -> np.ndarray:
    """Rows (F, T) with an earlier row that is hidden or of another sequence."""
    fresh = np.zeros_like(visible)
    for lag in range(1, n_lags + 1):
        fresh[:, :lag] = True
        fresh[:, lag:] |= ~visible[:, :-lag] | (sequence[lag:] != sequence[:-lag])
    return fresh


def priors(family: Family, X: np.ndarray, shown: Sequence[np.ndarray]) -> Params:
    """The family's prior from the rows that each view trains on, stacked (F, ...)."""
    parts = [family.prior(X[rows]) for rows in shown]
    return {name: np.stack([p[name] for p in parts]) for name in parts[0]}


def pad_run(run: Run, n_states: int) -> Run:
    """The same run with room for ``n_states`` states, the new ones never visited."""
    extra = n_states - len(run.start)
    if not extra:
        return run

    def repeat(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values, np.repeat(values[:1], extra, axis=0)])

    return Run(
        np.pad(run.start, (0, extra)),
        np.pad(run.trans, ((0, extra), (0, extra))),
        {name: repeat(values) for name, values in run.emission.items()},
        run.view,
    )
