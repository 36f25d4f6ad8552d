"""Columns of different families side by side, independent given the state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jax import Array

from genface.behavior.emissions.family import ColumnError, Data, Family, Params
from genface.errors import ShapeError

_SHARED = ("visible", "there", "fresh")


def _part(arrays: Mapping, number: int) -> dict:
    """What belongs to one part: its own arrays, and the views that all share."""
    own = f"{number}/"
    out = {k[len(own) :]: v for k, v in arrays.items() if k.startswith(own)}
    return out | {k: v for k, v in arrays.items() if k in _SHARED}


def _merge(parts: Sequence[Mapping]) -> dict:
    return {f"{i}/{k}": v for i, part in enumerate(parts) for k, v in part.items()}


@dataclass(frozen=True)
class Product:
    """``parts``: (family, its columns) pairs; arrays are named ``0/rate`` and so on."""

    parts: tuple[tuple[Family, tuple[int, ...]], ...] = ()
    name: ClassVar[str] = "product"

    @property
    def n_lags(self) -> int:
        """The longest of the parts'."""
        return max(family.n_lags for family, _ in self.parts)

    def _columns(self, X: np.ndarray) -> list[np.ndarray]:
        return [X[..., list(columns)] for _, columns in self.parts]

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        width = sum(len(columns) for _, columns in self.parts)
        if X.shape[1] != width:
            raise ShapeError(f"the parts hold {width} columns, X has {X.shape[1]}.")
        split = self._columns(X)
        prepared = []
        for (family, columns), x in zip(self.parts, split, strict=True):
            try:
                prepared.append(family.prepare(x, lengths))
            except ColumnError as error:
                raise error.of(columns) from None
        return _merge(prepared)

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        split = self._columns(X)
        families = [family for family, _ in self.parts]
        return _merge(
            [f.init(x, n_states, rng) for f, x in zip(families, split, strict=True)]
        )

    def prior(self, X: np.ndarray) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        split = self._columns(X)
        return _merge([f.prior(x) for (f, _), x in zip(self.parts, split, strict=True)])

    def log_prior(self, params: Params, prior: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return sum(
            (
                f.log_prior(_part(params, i), _part(prior, i), _part(data, i))
                for i, (f, _) in enumerate(self.parts)
            ),
            jnp.zeros(()),
        )

    def log_prob(self, params: Params, data: Data) -> Array:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return sum(
            (
                f.log_prob(_part(params, i), _part(data, i))
                for i, (f, _) in enumerate(self.parts)
            ),
            jnp.zeros(()),
        )

    def maximize(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return _merge(
            [
                f.maximize(_part(params, i), _part(prior, i), _part(data, i), weights)
                for i, (f, _) in enumerate(self.parts)
            ]
        )

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        width = sum(len(columns) for _, columns in self.parts)
        out = np.empty((len(states), width))
        for i, (family, columns) in enumerate(self.parts):
            own = past[:, :, list(columns)]
            out[:, list(columns)] = family.sample(_part(params, i), states, own, rng)
        return out

    def log_cells(
        self, params: Params, data: Data, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        cells = [
            f.log_cells(
                _part(params, i), _part(data, i), lower[:, list(c)], upper[:, list(c)]
            )
            for i, (f, c) in enumerate(self.parts)
        ]
        return np.sum(cells, axis=0)

    def means(self, params: Params) -> np.ndarray:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        parts = [f.means(_part(params, i)) for i, (f, _) in enumerate(self.parts)]
        out = np.empty((len(parts[0]), sum(p.shape[1] for p in parts)))
        for (_, columns), mean in zip(self.parts, parts, strict=True):
            out[:, list(columns)] = mean
        return out

    def n_free(self, n_states: int, n_columns: int) -> int:
        """See :class:`~genface.behavior.emissions.family.Family`."""
        return sum(f.n_free(n_states, len(columns)) for f, columns in self.parts)
