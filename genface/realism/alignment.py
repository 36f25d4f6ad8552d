"""Dynamic time warping of rows: the cheapest path between two series of vectors."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from genface.errors import ShapeError


@dataclass(frozen=True)
class Path:
    """Sum of squared distances along the path, and its number of pairs."""

    cost: float
    steps: int


def alignment(x: np.ndarray, y: np.ndarray, radius: int | None = None) -> Path:
    """Cheapest path from both starts to both ends of x (T, D) and y (U, D).

    Steps are (1, 1), (1, 0) and (0, 1); ``radius`` keeps the path within so many frames
    of the straight one (Sakoe & Chiba 1978). Of equally cheap steps the diagonal wins.
    """
    if not len(x) or not len(y):
        raise ShapeError(f"expected a frame or more, got {len(x)} and {len(y)}.")
    squared = cdist(x, y, "sqeuclidean")
    T, U = squared.shape
    if radius is not None:
        slope = (U - 1) / max(T - 1, 1)
        least = 0.0 if T == U else max(1.0, slope)  # or no path would be left
        off = np.abs(np.arange(U) - slope * np.arange(T)[:, None])
        squared = np.where(off <= max(radius, least), squared, np.inf)
    # By diagonals i + j = d, so that each is one operation; index i + 1, with a border.
    before, last = np.full((2, T + 1), np.inf)
    steps_before, steps_last = np.zeros((2, T + 1), np.int64)
    before[0] = 0.0
    for d in range(T + U - 1):
        i = np.arange(max(0, d - U + 1), min(T - 1, d) + 1)
        cost, steps = before[i], steps_before[i]
        for other in (i, i + 1):  # from (i - 1, j), from (i, j - 1)
            nearer = last[other] < cost
            cost = np.where(nearer, last[other], cost)
            steps = np.where(nearer, steps_last[other], steps)
        before, last = last, np.full(T + 1, np.inf)
        steps_before, steps_last = steps_last, np.zeros(T + 1, np.int64)
        last[i + 1] = cost + squared[i, d - i]
        steps_last[i + 1] = steps + 1
    return Path(float(last[T]), int(steps_last[T]))
