"""Groups of similar rows: where EM runs start from."""

import numpy as np


def group_rows(
    rows: np.ndarray, n_groups: int, rng: np.random.Generator, n_tries: int = 3
) -> np.ndarray:
    """Group number (T,) of each row: the tightest of ``n_tries`` runs of k-means.

    Our own: what it gives does not depend on the version or threads of a library.
    Needs at least ``n_groups`` distinct rows.
    """
    found = [_lloyd(rows, _spread_out(rows, n_groups, rng)) for _ in range(n_tries)]
    return min(found, key=lambda pair: pair[0])[1]


def _spread_out(
    rows: np.ndarray, n_groups: int, rng: np.random.Generator, n_candidates: int = 4
) -> np.ndarray:
    """First centres, far from each other: greedy k-means++ (Arthur 2007)."""
    centres = rows[[rng.integers(len(rows))]]
    nearest = _squares(rows, centres)[:, 0]
    while len(centres) < n_groups:
        picks = rng.choice(len(rows), n_candidates, p=nearest / nearest.sum())
        closer = np.minimum(nearest[:, None], _squares(rows, rows[picks]))
        best = closer.sum(0).argmin()
        centres = np.vstack([centres, rows[picks[best]]])
        nearest = closer[:, best]
    return centres


def _lloyd(
    rows: np.ndarray, centres: np.ndarray, n_steps: int = 30
) -> tuple[float, np.ndarray]:
    """Sum of squares within groups, and the group of each row."""
    labels = np.full(len(rows), -1)
    for _ in range(n_steps):
        squares = _squares(rows, centres)
        found = squares.argmin(1)
        if (found == labels).all():
            break
        labels = found
        for group in np.unique(labels):
            centres[group] = rows[labels == group].mean(0)
    return float(squares.min(1).sum()), labels


def _squares(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances (T, groups); exactly 0 between equal rows."""
    return ((rows[:, None] - centres[None]) ** 2).sum(2)
