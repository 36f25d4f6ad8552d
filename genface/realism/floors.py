"""What a distance is between two halves of the same data, and how rare it would be.

A distance alone says nothing: two halves of one real clip are not at 0 either. And
frames are no independent items, so whole blocks or clips are split, never frames.
"""

import itertools
from collections.abc import Callable

import numpy as np

from genface.realism.measures import Reading, Sequences

MAX_SPLITS = 100
N_PERMUTATIONS = 199
MIN_CLIPS = 6  # under it the smallest possible p is too large to mean anything


def halves(n_items: int, rng: np.random.Generator) -> list[tuple[list, list]]:
    """Ways to split items in two halves: all of them, or 100 drawn at random."""
    size = n_items // 2
    if n_items < 2:
        return []
    every = list(itertools.islice(itertools.combinations(range(n_items), size), 2000))
    if len(every) >= 2000:
        every = [
            tuple(sorted(rng.choice(n_items, size, replace=False).tolist()))
            for _ in range(MAX_SPLITS)
        ]
    elif 2 * size == n_items:
        every = [half for half in every if 0 in half]  # the other half is its mirror
    if len(every) > MAX_SPLITS:
        picks = rng.choice(len(every), MAX_SPLITS, replace=False)
        every = [every[i] for i in sorted(picks)]
    return [(list(h), [i for i in range(n_items) if i not in h]) for h in every]


def floor(
    read: Callable[[Sequences, Sequences], Reading],
    items: Sequences,
    splits: list[tuple[list, list]],
) -> np.ndarray:
    """The distance between the two halves of ``items``, for each split."""
    values = [
        read([items[i] for i in a], [items[i] for i in b]).value for a, b in splits
    ]
    return np.array([value for value in values if np.isfinite(value)])


def permutation_p(
    read: Callable[[Sequences, Sequences], Reading],
    real: Sequences,
    synthetic: Sequences,
    rng: np.random.Generator,
) -> float:
    """Share of random relabellings of whole clips with at least this distance.

    (b + 1) / (B + 1) of Phipson and Smyth 2010.
    """
    observed = read(real, synthetic).value
    pooled, n = [*real, *synthetic], len(real)
    beaten = 0
    for _ in range(N_PERMUTATIONS):
        order = rng.permutation(len(pooled))
        a, b = [pooled[i] for i in order[:n]], [pooled[i] for i in order[n:]]
        beaten += read(a, b).value >= observed - 1e-12
    return (beaten + 1) / (N_PERMUTATIONS + 1)
