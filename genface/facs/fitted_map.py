"""A linear map between columns of one table, such as blendshapes to Action Units.

Tables made by hand disagree with one another and with detectors; where both kinds of
columns were measured on the same frames, the map can be fitted instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genface.errors import FitError, ShapeError

FOLDS = 5


@dataclass(frozen=True)
class FittedMap:
    """``outputs = offset + inputs @ weights``, cut off at 0 and 1.

    ``weights`` (I, O) are not negative. ``r2`` (O,) is the share of variance explained
    on clips that were left out of the fit; negative where the mean does better, NaN
    where an output does not vary.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    weights: np.ndarray
    offset: np.ndarray
    r2: np.ndarray

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Outputs (T, O) for inputs (T, I); NaN in, NaN out."""
        values = np.asarray(values, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.inputs):
            raise ShapeError(f"expected (T, {len(self.inputs)}), got {values.shape}.")
        return np.clip(self.offset + values @ self.weights, 0.0, 1.0)


def fit_map(
    inputs: np.ndarray,
    outputs: np.ndarray,
    input_names: Sequence[str],
    output_names: Sequence[str],
    clips: Sequence,
    ridge: float = 0.001,
) -> FittedMap:
    """Map fitted to paired columns (T, I) and (T, O); rows with a NaN are left out.

    ``clips`` (T,) says which clip a row is from: R2 is measured in five folds of whole
    clips, as neighbouring frames are too alike to test on. ``ridge`` is the penalty on
    squared weights, in terms of the inputs' mean variance.
    """
    x, y = np.asarray(inputs, np.float64), np.asarray(outputs, np.float64)
    if not len(x) == len(y) == len(clips):
        raise ShapeError(f"rows differ: {len(x)}, {len(y)}, {len(clips)} clips.")
    whole = ~(np.isnan(x).any(axis=1) | np.isnan(y).any(axis=1))
    x, y = x[whole], y[whole]
    _, clip = np.unique(np.asarray(clips)[whole], return_inverse=True)
    if len(np.unique(clip)) < 2:
        raise FitError("a map needs complete rows of two clips or more.")
    left, null = np.zeros((2, y.shape[1]))
    for fold in range(min(FOLDS, clip.max() + 1)):
        test = clip % FOLDS == fold
        weights, offset = _solved(x[~test], y[~test], ridge)
        guess = np.clip(offset + x[test] @ weights, 0.0, 1.0)
        left += ((y[test] - guess) ** 2).sum(axis=0)
        null += ((y[test] - y[~test].mean(axis=0)) ** 2).sum(axis=0)
    r2 = np.where(null > 0, 1.0 - left / np.where(null > 0, null, 1.0), np.nan)
    weights, offset = _solved(x, y, ridge)
    return FittedMap(tuple(input_names), tuple(output_names), weights, offset, r2)


def _solved(
    x: np.ndarray, y: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """Non-negative weights (I, O) and offset (O,) of ridge regression."""
    from scipy.optimize import nnls  # slow to import

    middle = x.mean(axis=0)
    penalty = np.sqrt(ridge * len(x) * x.var(axis=0).mean()) * np.eye(x.shape[1])
    design = np.vstack([x - middle, penalty])
    aims = np.vstack([y - y.mean(axis=0), np.zeros((x.shape[1], y.shape[1]))])
    # The triangular factor has as many rows as inputs, however many frames there are.
    q, r = np.linalg.qr(design)
    weights = np.stack([nnls(r, aim)[0] for aim in (q.T @ aims).T], axis=1)
    return weights, y.mean(axis=0) - middle @ weights
