"""What an emission family is: pure functions of parameters, data and weights.

A family is a frozen dataclass; its fields are settings, fixed for a fit. Parameters
are a dict of arrays whose first axis is the state. ``data`` is a dict of arrays whose
first axis is the row, made once by ``prepare``; where it has no ``seen``, nothing is
missing. ``log_prob``, ``maximize`` and ``log_prior`` are JAX functions, the rest is
numpy.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol

import numpy as np
from jax import Array

from genface.errors import InputError

Params = dict[str, Any]
Data = dict[str, Any]


class ColumnError(InputError):
    """Columns, by number, with values that a family does not take."""

    def __init__(self, columns: Sequence[int], what: str) -> None:
        self.columns, self.what = tuple(columns), what
        super().__init__(self._told([f"column {c}" for c in self.columns]))

    def _told(self, names: Sequence[str]) -> str:
        return f"{', '.join(names)}: {self.what}"

    def of(self, columns: Sequence[int]) -> "ColumnError":
        """The same in rows from which ``columns`` had been taken."""
        return ColumnError([columns[c] for c in self.columns], self.what)

    def named(self, names: Sequence[str]) -> InputError:
        """The same with the columns' names."""
        return InputError(self._told([names[c] for c in self.columns]))


def refuse(wrong: np.ndarray, X: np.ndarray, what: str) -> None:
    """Raise a :class:`ColumnError` where ``wrong`` (T, A) holds, with one value."""
    if wrong.any():
        value = X[wrong][0]
        raise ColumnError(
            np.flatnonzero(wrong.any(0)).tolist(), f"holds {value:g}, {what}"
        )


@contextmanager
def naming(names: Sequence[str]) -> Iterator[None]:
    """Give the columns of a :class:`ColumnError` their names."""
    try:
        yield
    except ColumnError as error:
        raise error.named(names) from None


class Family(Protocol):
    """One law per state. ``n_lags`` earlier rows enter it (0: none)."""

    name: ClassVar[str]

    @property
    def n_lags(self) -> int:
        """How many earlier rows the law of a row depends on."""
        ...

    def prepare(self, X: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Data:
        """Arrays that the other functions need of rows (T, A); NaN = missing."""
        ...

    def init(self, X: np.ndarray, n_states: int, rng: np.random.Generator) -> Params:
        """Parameters to start from, spread over the rows."""
        ...

    def prior(self, X: np.ndarray) -> Params:
        """Arrays of the prior, on the scale of the training rows."""
        ...

    def log_prior(self, params: Params, prior: Params, data: Data) -> Array:
        """Log-density of each state's parameters (K,), up to a constant."""
        ...

    def log_prob(self, params: Params, data: Data) -> Array:
        """Log-probability of each row in each state (T, K), missing entries out."""
        ...

    def maximize(
        self, params: Params, prior: Params, data: Data, weights: Array
    ) -> Params:
        """M-step: parameters that raise the weighted (T, K) log-likelihood + prior."""
        ...

    def sample(
        self,
        params: Params,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """One row per entry of ``states`` (n,), given earlier rows (n, lags, A)."""
        ...

    def log_cells(
        self, params: Params, data: Data, lower: np.ndarray, upper: np.ndarray
    ) -> np.ndarray:
        """Log-probability of intervals (T, A) in each state, summed over A: (T, K)."""
        ...

    def means(self, params: Params) -> np.ndarray:
        """Expected row of each state (K, A), earlier rows unknown."""
        ...

    def n_free(self, n_states: int, n_columns: int) -> int:
        """Number of free scalars in the emissions."""
        ...


def with_seen(X: np.ndarray) -> Data:
    """Values with NaN as 0, and which entries were seen if any is missing."""
    seen = np.isfinite(X)
    data = {"x": np.where(seen, X, 0.0)}
    if not seen.all():
        data["seen"] = seen.astype(float)
    return data


def spread_rows(
    X: np.ndarray, n_states: int, rng: np.random.Generator, n_tries: int = 4
) -> np.ndarray:
    """Centres (K, A) of the tightest of ``n_tries`` k-means; NaN filled by means.

    A single k-means often misses a group, and EM from there never finds it: folds with
    few restarts would then speak against the true number of states.
    """
    filled = np.where(np.isfinite(X), X, column_means(X))
    scale = np.where(filled.std(0) > 0, filled.std(0), 1.0)
    rows = filled / scale
    centres = _lloyd(rows, _spread(rows, n_states, rng, n_tries))
    tightest = _squares(rows, centres).min(2).sum(1).argmin()
    return centres[tightest] * scale


def _squares(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances (n, T, K) of rows (T, A) from n sets of centres (n, K, A)."""
    cross = rows @ centres.swapaxes(1, 2)
    apart = (rows**2).sum(1)[:, None] - 2 * cross + (centres**2).sum(2)[:, None]
    return np.maximum(apart, 0.0)


def _spread(
    rows: np.ndarray,
    n_states: int,
    rng: np.random.Generator,
    n_tries: int,
    n_candidates: int = 4,
) -> np.ndarray:
    """Rows far apart (n_tries, K, A): greedy k-means++ (Arthur 2007)."""
    tries = np.arange(n_tries)
    centres = rows[rng.integers(len(rows), size=(n_tries, 1))]
    nearest = _squares(rows, centres)[..., 0]
    for _ in range(n_states - 1):
        weights = np.where(nearest.sum(1, keepdims=True) > 0, nearest, 1.0)
        sums = np.cumsum(weights, axis=1)
        at = rng.random((n_tries, n_candidates)) * sums[:, -1:]
        picks = (sums[:, None] <= at[..., None]).sum(2)
        closer = np.minimum(nearest[..., None], _squares(rows, rows[picks]))
        best = closer.sum(1).argmin(1)
        centres = np.concatenate([centres, rows[picks[tries, best]][:, None]], axis=1)
        nearest = closer[tries, :, best]
    return centres


def _lloyd(rows: np.ndarray, centres: np.ndarray, n_steps: int = 10) -> np.ndarray:
    """Centres (n, K, A) after some steps to the means of their nearest rows."""
    for _ in range(n_steps):
        member = np.eye(centres.shape[1])[_squares(rows, centres).argmin(2)]
        counts = member.sum(1)[..., None]
        means = member.swapaxes(1, 2) @ rows / np.maximum(counts, 1)
        centres = np.where(counts > 0, means, centres)
    return centres


def column_means(X: np.ndarray) -> np.ndarray:
    """Mean of each column's seen entries; 0 where there is none."""
    seen = np.isfinite(X)
    return np.where(seen, X, 0.0).sum(0) / np.maximum(seen.sum(0), 1)


def column_variances(X: np.ndarray) -> np.ndarray:
    """Variance of each column's seen entries; 0 where there is none."""
    return column_means((X - column_means(X)) ** 2)
