"""Least squares with weights that may not be negative, for many frames at once."""

import numpy as np

from genface.errors import ShapeError

PRECISION = 1e-9


def nonnegative_weights(gram: np.ndarray, projections: np.ndarray) -> np.ndarray:
    """Weights (T, K) >= 0 that minimise ``w G w / 2 - w h`` for each row h of (T, K).

    For patterns P (K, D) and data X (T, D) these are the non-negative least-squares
    weights of X on P if ``gram`` is P P' (K, K) and ``projections`` X P'; a ridge is an
    addition to its diagonal. ``gram`` must be positive definite. Projected gradient
    steps with constant momentum, as many as its condition asks for, so that frames do
    not depend on their company. A row with a NaN gives NaN. Source: Nesterov 2004,
    scheme 2.2.19.
    """
    gram = np.asarray(gram, np.float64)
    projections = np.asarray(projections, np.float64)
    if projections.ndim != 2 or gram.shape != (projections.shape[1],) * 2:
        raise ShapeError(
            f"a gram matrix of {gram.shape} and projections of {projections.shape} "
            "came; expected (K, K) and (T, K)."
        )
    spread = np.linalg.eigvalsh(gram)
    least, most = spread[0], spread[-1]
    narrow = np.sqrt(most / least)
    momentum = (narrow - 1) / (narrow + 1)
    descend, target = np.eye(len(gram)) - gram / most, projections / most
    weights = ahead = np.zeros_like(projections)
    for _ in range(int(np.ceil(narrow * -np.log(PRECISION)))):
        before, weights = weights, np.maximum(ahead @ descend + target, 0.0)
        ahead = weights + momentum * (weights - before)
    return weights
