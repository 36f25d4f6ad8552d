"""How far readings follow what is true: Pearson's r of each AU, also within people."""

import numpy as np


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson r of each column; 0 where one does not vary."""
    a, b = a - a.mean(0), b - b.mean(0)
    size = np.sqrt((a**2).sum(0) * (b**2).sum(0))
    return (a * b).sum(0) / np.where(size > 0, size, np.inf)


def pooled_and_within(
    found: np.ndarray, true: np.ndarray, owner: np.ndarray
) -> np.ndarray:
    """Correlations (2, A): of all, and after the mean of each owner was taken off.

    ``owner`` (m,) says which person, or clip, a row is of.
    """
    own = _centred(found, owner), _centred(true, owner)
    return np.stack([correlation(found, true), correlation(*own)])


def _centred(values: np.ndarray, owner: np.ndarray) -> np.ndarray:
    owners, index = np.unique(owner, return_inverse=True)
    means = np.stack([values[owner == one].mean(0) for one in owners])
    return values - means[index]
