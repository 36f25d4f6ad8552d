"""Reversible map between Action Units and the units a model is fitted in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genface.errors import InputError, ShapeError

KINDS = ("counts", "affine", "identity")
GRID = 0.01  # AUs are compared, and counted, in hundredths of their scale
TOP = {"presence": 1.0, "intensity": 1.0, "occurrence": 1.0, "facs": 5.0}


def scale_top(au_scale: str) -> float:
    """Highest value of an AU scale: 1, or 5 for ``facs``."""
    if au_scale not in TOP:
        raise InputError(f"unknown AU scale {au_scale!r}; one of {', '.join(TOP)}.")
    return TOP[au_scale]


@dataclass(frozen=True, eq=False)
class AUTransform:
    """``encode``: (AU - offset) * scale, rounded for counts; ``decode`` undoes it.

    Fit it on training rows only. ``offset`` and ``scale`` are (A,); ``columns`` name
    them in messages.
    """

    kind: str
    offset: np.ndarray
    scale: np.ndarray
    columns: tuple[str, ...]

    @classmethod
    def fit(
        cls, kind: str, X: np.ndarray, columns: Sequence[str], top: float = 1.0
    ) -> "AUTransform":
        """Learn the map from AUs (T, A); NaN is passed over.

        ``counts`` counts hundredths of ``top``, the end of the AU scale; ``affine``
        gives each column mean 0 and standard deviation 1, a constant column the
        spread of the grid; ``identity`` changes nothing.
        """
        if kind not in KINDS:
            raise InputError(f"unknown transform {kind!r}; one of {', '.join(KINDS)}.")
        A = len(columns)
        if X.ndim != 2 or X.shape[1] != A:
            raise ShapeError(f"{A} columns were named, X has the shape {X.shape}.")
        offset, scale = np.zeros(A), np.ones(A)
        if kind == "counts":
            scale = np.full(A, 1.0 / (GRID * top))
        if kind == "affine":
            seen = np.isfinite(X)
            count = np.maximum(seen.sum(0), 1)
            offset = np.where(seen, X, 0.0).sum(0) / count
            around = np.where(seen, X - offset, 0.0)
            spread = np.sqrt((around**2).sum(0) / count)
            scale = 1.0 / np.maximum(spread, GRID * top / np.sqrt(12))
        return cls(kind, offset, scale, tuple(columns))

    def encode(self, aus: np.ndarray) -> np.ndarray:
        """AUs (..., A) to model units; NaN stays NaN."""
        self._check(aus)
        coded = (aus - self.offset) * self.scale
        if self.kind != "counts":
            return coded
        negative = [
            name
            for name, low in zip(
                self.columns,
                (np.rint(coded) < 0).any(tuple(range(coded.ndim - 1))),
                strict=True,
            )
            if low
        ]
        if negative:
            raise InputError(
                f"negative values in {', '.join(negative)} cannot be counted; "
                "clip them to 0, or use the gaussian family."
            )
        return np.rint(coded)

    def decode(self, coded: np.ndarray) -> np.ndarray:
        """Model units (..., A) back to AUs; counts come back on their grid."""
        self._check(coded)
        return coded / self.scale + self.offset

    def edges(self, aus: np.ndarray) -> np.ndarray:
        """Ends of intervals of AUs to model units, never rounded; inf stays inf."""
        return (aus - self.offset) * self.scale

    def _check(self, values: np.ndarray) -> None:
        if values.shape[-1] != len(self.columns):
            raise ShapeError(
                f"expected {len(self.columns)} columns ({', '.join(self.columns)}), "
                f"got {values.shape[-1]}."
            )
