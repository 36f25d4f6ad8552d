"""Intersubject correlation of real and synthetic behaviour: within each, not between.

A free sample does not follow the clock of any real clip, so its correlation with one is
0 however good the model is. What can be compared is how alike the members of each set
are among themselves.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from genface.errors import InputError, warn
from genface.stats.isc_courses import complete_courses, even_step, need_one_rate
from genface.stats.isc_matrix import fisher_z
from genface.stats.nulls import p_value

FEWEST = 6
"""Series of a set below which no p is given: too few ways to share them out."""

SIDES = ("real", "synthetic")


@dataclass(frozen=True)
class IscComparison:
    """Mean pairwise ISC within ``n_series`` real and as many synthetic series.

    Means and ``difference`` (real - synthetic) are of Fisher's z, ``real`` and
    ``synthetic`` back in r. ``p`` is two-sided, from ``draws`` of the difference with
    the labels of the series shuffled; NaN for fewer than :data:`FEWEST` a set.
    """

    real: float
    synthetic: float
    difference: float
    p: float
    n_series: int
    n_moments: int
    draws: np.ndarray = field(repr=False)

    def facts(self) -> dict[str, object]:
        """Everything but the draws, for a table or a JSON file."""
        facts = {name: value for name, value in vars(self).items() if name != "draws"}
        return {**facts, "n_draws": len(self.draws)}


def compare_isc(
    real: pd.DataFrame, synthetic: pd.DataFrame, n: int = 1000, seed: int = 0
) -> IscComparison:
    """Compare ISC within two sets of courses (columns, as of :func:`time_courses`).

    Both are cut to the same number of moments and, by a draw, of series, with a
    warning: permuted sets hold as many pairs of either kind only then. Holes, different
    steps of the index, and frames that last differently (``attrs["fps"]``) are an
    :class:`~genface.errors.InputError`.
    """
    if n < 19:
        raise InputError(f"n={n}: at least 19 draws are needed to see p = .05.")
    both = list(zip((real, synthetic), SIDES, strict=True))
    need_one_rate(
        (side.attrs["fps"], name, "time") for side, name in both if "fps" in side.attrs
    )
    sides = [complete_courses(side) for side, _ in both]
    steps = [even_step(side) for side in sides]
    if abs(steps[0] - steps[1]) > 1e-3 * max(steps):
        raise InputError(
            f"real moments are {steps[0]:g} apart and synthetic ones {steps[1]:g}; put "
            "both on one base with --rate (time_courses(..., rate=...) in Python)."
        )
    rng = np.random.default_rng(seed)
    N = min(side.shape[1] for side in sides)
    T = min(len(side) for side in sides)
    kept = [
        _cut(side, N, T, name, rng) for side, name in zip(sides, SIDES, strict=True)
    ]
    z = fisher_z(np.corrcoef(np.hstack(kept).T))
    means = [_within(z, np.arange(N) + offset) for offset in (0, N)]
    draws = np.empty(n)
    for draw in range(n):
        order = rng.permutation(2 * N)
        draws[draw] = _within(z, order[:N]) - _within(z, order[N:])
    difference = means[0] - means[1]
    p = float(p_value(difference, draws)) if N >= FEWEST else np.nan
    if N < FEWEST:
        warn(f"{N} series a set: no p is given for fewer than {FEWEST}.")
    back = np.tanh(means)
    return IscComparison(float(back[0]), float(back[1]), difference, p, N, T, draws)


def _cut(
    side: pd.DataFrame, N: int, T: int, name: str, rng: np.random.Generator
) -> np.ndarray:
    """N series of T moments; the rest is named and left out."""
    if len(side) > T:
        warn(f"{name}: only the first {T} of {len(side)} moments are used.")
    if side.shape[1] > N:
        chosen = np.sort(rng.choice(side.shape[1], N, replace=False))
        left = [str(name) for name in side.columns.delete(chosen)]
        warn(
            f"{name}: {N} of {side.shape[1]} series are used, as many as the other set "
            f"has; left out: {', '.join(left)}."
        )
        side = side.iloc[:, chosen]
    return side.to_numpy()[:T]


def _within(z: np.ndarray, members: np.ndarray) -> float:
    """Mean of z over the pairs of members."""
    block = z[np.ix_(members, members)]
    N = len(members)
    return float((block.sum() - np.trace(block)) / (N * (N - 1)))
