"""Visits to states: how long each lasted, and which were cut off."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genface.errors import InputError, ShapeError


@dataclass(frozen=True)
class Visits:
    """Runs of one state: ``states``, ``frames`` long, and whether ``censored`` (R,).

    A censored run lasted at least so long: it was under way when the sequence, or a
    stretch without a hole, began or ended.
    """

    states: np.ndarray
    frames: np.ndarray
    censored: np.ndarray

    def of(self, state: int) -> tuple[np.ndarray, np.ndarray]:
        """Frames of the whole visits to a state, and of the censored ones."""
        here = self.states == state
        return self.frames[here & ~self.censored], self.frames[here & self.censored]


def visits_of(paths: np.ndarray | Sequence[np.ndarray]) -> Visits:
    """Visits in one or several state paths (T,); -1 is a frame without a state."""
    given = [paths] if isinstance(paths, np.ndarray) else list(paths)
    found = [_runs(np.asarray(path)) for path in given]
    if not found:
        raise InputError("no path of states was given.")
    states, frames, censored = (
        np.concatenate(part) for part in zip(*found, strict=True)
    )
    return Visits(states, frames, censored)


def geometric_law(stay: float, longest: int) -> np.ndarray:
    """P(visit lasts 1, 2, ... ``longest`` frames) if each frame stays with ``stay``."""
    if not 0 <= stay <= 1:
        raise InputError(f"stay is a probability, got {stay}.")
    return (1 - stay) * stay ** np.arange(longest, dtype=np.float64)


def _runs(path: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if path.ndim != 1:
        raise ShapeError(f"a path of states is (T,), got {path.shape}.")
    starts = np.flatnonzero(np.diff(path, prepend=np.nan) != 0)
    states, frames = path[starts].astype(int), np.diff(starts, append=len(path))
    # What comes before the first and after the last run is as unknown as a hole.
    outer = np.concatenate([[-1], states, [-1]])
    censored = (outer[:-2] < 0) | (outer[2:] < 0)
    real = states >= 0
    return states[real], frames[real].astype(int), censored[real]
