"""Probability of what was observed on the .01 grid of an AU, common to all families.

Densities are unbounded where values repeat, and counts on another scale have another
likelihood; the probability of the cell that a value falls into compares them all.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from genface.behavior.emissions import Emissions
from genface.behavior.inference import log_filter, log_of
from genface.behavior.transform import GRID, AUTransform

LAST = round(1 / GRID)  # cells 0 .. 100


def cell_numbers(aus: np.ndarray, top: float) -> np.ndarray:
    """Cell 0..100 of each AU on a scale that ends at ``top``; -1 where missing."""
    seen = np.isfinite(aus)
    nearest = np.rint(np.where(seen, aus, 0.0) / (GRID * top))
    return np.where(seen, np.clip(nearest, 0, LAST), -1).astype(int)


def cell_bounds(top: float) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends (101,) of the cells; the first and the last are open."""
    centres = np.arange(LAST + 1)
    lower, upper = (centres - 0.5) * GRID * top, (centres + 0.5) * GRID * top
    lower[0], upper[-1] = -np.inf, np.inf
    return lower, upper


@dataclass(frozen=True, eq=False)
class CellLaw:
    """Emission laws seen through a transform and the grid; takes AUs."""

    emissions: Emissions
    transform: AUTransform
    top: float = 1.0

    @cached_property
    def table(self) -> np.ndarray:
        """Log-probability of each cell in each state and column, (101, K, A)."""
        A = len(self.transform.columns)
        lower, upper = (
            self.transform.edges(np.repeat(ends[:, None], A, axis=1))
            for ends in cell_bounds(self.top)
        )
        return self.emissions.log_interval(lower, upper)

    def log_obs(self, aus: np.ndarray) -> np.ndarray:
        """Log-probability of the cells of each row in each state, (T, K)."""
        cells = cell_numbers(aus, self.top)
        total = np.zeros((len(aus), self.table.shape[1]))
        for column in range(aus.shape[1]):
            picked = self.table[cells[:, column], :, column]
            total += np.where(cells[:, column, None] >= 0, picked, 0.0)
        return total


def held_out(
    start: np.ndarray,
    trans: np.ndarray,
    law: CellLaw,
    aus: np.ndarray,
    n_known: int = 0,
) -> tuple[float, int]:
    """Log p(rows from ``n_known`` on | rows before) and how many of them were seen.

    A test block that follows training frames is scored as their continuation, so the
    start law, which EM ties to the first training frame, plays no part.
    """
    steps, _ = log_filter(log_of(start), log_of(trans), law.log_obs(aus))
    seen = int(np.isfinite(aus[n_known:]).any(1).sum())
    return float(steps[n_known:].sum()), seen
