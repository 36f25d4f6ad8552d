"""Which rows a model is fitted on and which it must predict."""

from collections.abc import Sequence

import numpy as np

from genface.behavior.lanes import check_lengths
from genface.behavior.settings import whole
from genface.errors import InputError, ShapeError


def clip_folds(
    lengths: Sequence[int] | np.ndarray, n_folds: int, seed: int | None = 0
) -> np.ndarray:
    """Rows held out in each fold (F, T): whole sequences, dealt after a shuffle.

    Fold i takes every ``n_folds``-th of the sequences permuted by ``seed``.
    """
    lengths = np.asarray(lengths, int)
    if not 2 <= n_folds <= len(lengths):
        raise InputError(
            f"{n_folds} folds need as many sequences; there are {len(lengths)}."
        )
    order = np.random.default_rng(seed).permutation(len(lengths))
    sequence = np.repeat(np.arange(len(lengths)), lengths)
    return np.stack([np.isin(sequence, order[i::n_folds]) for i in range(n_folds)])


def block_folds(
    lengths: Sequence[int] | np.ndarray, n_folds: int, gap: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Contiguous blocks held out, and the blocks with ``gap`` rows around them.

    Both are (F, T). What lies in the gap is neither learnt from nor predicted.
    """
    n_rows = int(np.sum(lengths))
    if not 2 <= n_folds <= n_rows:
        raise InputError(f"{n_folds} folds do not fit {n_rows} rows.")
    edges = np.linspace(0, n_rows, n_folds + 1).round().astype(int)
    held = np.zeros((n_folds, n_rows), bool)
    hidden = np.zeros((n_folds, n_rows), bool)
    for i, (a, b) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        held[i, a:b] = True
        hidden[i, max(a - gap, 0) : b + gap] = True
    return held, hidden


def make_folds(
    n_rows: int,
    lengths: Sequence[int] | np.ndarray | None,
    folds: int | str | tuple[np.ndarray, np.ndarray] | None,
    gap: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Held-out rows and hidden rows (F, T); none for ``folds`` None.

    ``folds``: a number, which takes whole sequences where there are enough of them and
    blocks of rows otherwise; "clip" to leave one sequence out at a time; or the two
    arrays themselves.
    """
    whole("gap", gap, 0)
    if isinstance(folds, tuple):
        return _given_folds(n_rows, *folds)
    checked = check_lengths(n_rows, lengths)
    if folds is None:
        return np.zeros((0, n_rows), bool), np.zeros((0, n_rows), bool)
    if folds == "clip":
        held = clip_folds(checked, len(checked), seed=None)
        return held, held
    if isinstance(folds, str):
        raise InputError(f"folds is a number, 'clip' or None; got {folds!r}.")
    if len(checked) >= whole("folds", folds, 2):
        held = clip_folds(checked, int(folds))
        return held, held
    return block_folds(checked, int(folds), gap)


def _given_folds(
    n_rows: int, held: np.ndarray, hidden: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    held, hidden = np.asarray(held, bool), np.asarray(hidden, bool)
    if held.shape != hidden.shape or held.shape[1:] != (n_rows,):
        raise ShapeError(
            f"folds are two arrays (F, {n_rows}): held out and hidden; got "
            f"{held.shape} and {hidden.shape}."
        )
    if not held.any(1).all() or hidden.all(1).any():
        raise InputError("each fold must hold some rows out and train on others.")
    return held, hidden | held
