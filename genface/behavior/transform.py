"""Reversible map between Action Units and the units a model is fitted in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from genface.errors import InputError, ShapeError

KINDS = ("unit", "affine", "counts", "truncated", "logit", "identity")
GRID = 0.01  # AUs are compared, and counted, in hundredths of their scale
TOP = {"presence": 1.0, "intensity": 1.0, "occurrence": 1.0, "facs": 5.0}
# A logit is finite at the ends of the scale too: they stand for a quarter of a cell.
_INWARDS = 0.25 * GRID


def scale_top(au_scale: str) -> float:
    """Highest value of an AU scale: 1, or 5 for ``facs``."""
    if au_scale not in TOP:
        raise InputError(f"unknown AU scale {au_scale!r}; one of {', '.join(TOP)}.")
    return TOP[au_scale]


def check_range(X: np.ndarray, columns: Sequence[str], top: float) -> None:
    """Refuse AUs (T, A) outside of a scale that ends at ``top``; NaN may be there."""
    outside = np.any((X < 0) | (X > top), axis=0)
    if outside.any():
        names = ", ".join(c for c, out in zip(columns, outside, strict=True) if out)
        raise InputError(
            f"{names}: values outside 0-{top:g}; clip them, or name the right scale."
        )


@dataclass(frozen=True, eq=False)
class AUTransform:
    """``encode``: (AU - offset) * scale, then what the kind asks; ``decode`` undoes it.

    Fit it on training rows only. ``offset`` and ``scale`` are (A,); ``columns`` name
    them in messages. ``counts`` rounds to whole numbers, ``truncated`` cuts down to
    them: what was on their grid comes back exactly.
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

        ``unit`` divides by ``top``, the end of the AU scale; ``counts`` counts
        hundredths of it; ``logit`` bends the scale to the whole line; ``affine`` gives
        each column mean 0 and standard deviation 1 (a constant column the spread of
        the grid); ``truncated`` counts hundredths above the smallest value of all,
        cutting the rest off; ``identity`` changes nothing.
        """
        if kind not in KINDS:
            raise InputError(f"unknown transform {kind!r}; one of {', '.join(KINDS)}.")
        A = len(columns)
        if X.ndim != 2 or X.shape[1] != A:
            raise ShapeError(f"{A} columns were named, X has the shape {X.shape}.")
        twice = sorted({c for c in columns if list(columns).count(c) > 1})
        if twice:
            raise InputError(f"{', '.join(twice)}: named twice; each AU is one column.")
        offset, scale = np.zeros(A), np.ones(A)
        if kind in ("unit", "logit"):
            scale = np.full(A, 1.0 / top)
        if kind in ("counts", "truncated"):
            scale = np.full(A, 1.0 / (GRID * top))
        if kind == "truncated":
            offset = np.full(A, np.nanmin(X))
        if kind == "affine":
            offset, scale = _standard(X, top)
        return cls(kind, offset, scale, tuple(columns))

    def encode(self, aus: np.ndarray) -> np.ndarray:
        """AUs (..., A) to model units; NaN stays NaN."""
        self._check(aus)
        coded = self.edges(aus)
        if self.kind not in ("counts", "truncated"):
            return coded
        coded = np.rint(coded) if self.kind == "counts" else np.trunc(coded)
        negative = (coded < 0).any(tuple(range(coded.ndim - 1)))
        if negative.any():
            raise InputError(
                f"negative values in {self._named(negative)} cannot be counted; "
                "clip them to 0, or use another family."
            )
        return coded

    def decode(self, coded: np.ndarray) -> np.ndarray:
        """Model units (..., A) back to AUs; counts come back on their grid."""
        self._check(coded)
        if self.kind == "logit":
            coded = expit(coded) * (1 + 2 * _INWARDS) - _INWARDS
        return coded / self.scale + self.offset

    def edges(self, aus: np.ndarray) -> np.ndarray:
        """Ends of intervals of AUs to model units, never rounded; inf stays inf."""
        coded = (aus - self.offset) * self.scale
        if self.kind != "logit":
            return coded
        inner = (np.clip(coded, 0.0, 1.0) + _INWARDS) / (1 + 2 * _INWARDS)
        return np.where(np.isinf(aus), aus, logit(inner))

    def _named(self, which: np.ndarray) -> str:
        return ", ".join(c for c, w in zip(self.columns, which, strict=True) if w)

    def _check(self, values: np.ndarray) -> None:
        if values.shape[-1] != len(self.columns):
            raise ShapeError(
                f"expected {len(self.columns)} columns ({', '.join(self.columns)}), "
                f"got {values.shape[-1]}."
            )


def _standard(X: np.ndarray, top: float) -> tuple[np.ndarray, np.ndarray]:
    seen = np.isfinite(X)
    count = np.maximum(seen.sum(0), 1)
    offset = np.where(seen, X, 0.0).sum(0) / count
    around = np.where(seen, X - offset, 0.0)
    spread = np.sqrt((around**2).sum(0) / count)
    return offset, 1.0 / np.maximum(spread, GRID * top / np.sqrt(12))
