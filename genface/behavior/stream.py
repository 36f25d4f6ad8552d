"""Beliefs about the state of a running sequence, as its rows arrive."""

from collections.abc import Callable
from typing import Any

import numpy as np

from genface.behavior.inference import StateFilter
from genface.behavior.settings import whole
from genface.errors import ShapeError


class StateStream:
    """The filter of a fitted model, one row at a time.

    ``log_likelihood`` is that of the rows so far, in nats and the family's own units.
    A family with lags remembers the rows it needs; a row of NaN says nothing.
    """

    def __init__(
        self, model: Any, encode: Callable[[np.ndarray], np.ndarray] | None = None
    ) -> None:
        self._model, self._encode = model, encode
        self._filter = StateFilter(model.startprob_, model.transmat_)
        self._recent = np.empty((0, model._width))

    @property
    def log_likelihood(self) -> float:
        """Log-probability of all rows so far."""
        return self._filter.log_likelihood

    def update(self, row: np.ndarray) -> np.ndarray:
        """Take a row (A,); return p(state | rows so far) (K,).

        Zero everywhere once the rows are impossible under the model.
        """
        one = np.asarray(row)[None]
        if one.ndim != 2:
            raise ShapeError(f"one row (A,) at a time; got the shape {one.shape[1:]}.")
        if self._encode is not None:
            one = self._encode(one)
        if one.shape[1] != self._recent.shape[1]:
            raise ShapeError(
                f"the row has {one.shape[1]} columns, the model "
                f"{self._recent.shape[1]}."
            )
        rows = np.concatenate([self._recent, one])
        log_obs = self._model.log_obs(rows)[-1]
        n_lags = self._model.family.n_lags
        self._recent = rows[len(rows) - min(n_lags, len(rows)) :]
        return self._model._by_state(self._filter.update(log_obs))

    def ahead(self, steps: int) -> np.ndarray:
        """p(state ``steps`` rows from now) (K,); before any row, the first row is 1."""
        return self._model._by_state(self._filter.ahead(whole("steps", steps)))
