"""Missing stretches of columns that follow their own past, tied at both ends.

Given the states, such a column is a linear recursion x_t = base_t + sum_l coef_tl
x_(t-l) + e_t. A stretch is drawn forward, through the seen rows whose law depends on
it, and its noise corrected by its regression on what these rows miss their values by
(Matheron's rule; Doucet 2010): exact for normal noise, right in mean and covariance
for other noise.
"""

from typing import NamedTuple, Protocol, TypeGuard

import numpy as np


class Steps(NamedTuple):
    """A linear recursion for each row, and the law of rows without a past."""

    base: np.ndarray  # (..., A)
    coef: np.ndarray  # (..., A, L)
    sd: np.ndarray  # (..., A) of the noise
    mean0: np.ndarray  # (..., A)
    sd0: np.ndarray  # (..., A)


class Linear(Protocol):
    """A family whose columns follow their own past linearly on some scale."""

    @property
    def n_lags(self) -> int:
        """How many earlier rows a row depends on."""
        ...

    def to_linear(self, X: np.ndarray) -> np.ndarray:
        """Rows on the scale of the recursion."""
        ...

    def from_linear(self, Y: np.ndarray) -> np.ndarray:
        """Rows from the scale of the recursion."""
        ...

    def steps(self, params: dict[str, np.ndarray], states: np.ndarray) -> Steps:
        """The recursion of each of ``states`` (...)."""
        ...

    def noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Noise of variance 1."""
        ...


def can_bridge(family: object) -> TypeGuard[Linear]:
    """Whether a family's columns follow their own past and no other column's."""
    lagged = getattr(family, "n_lags", 0) > 0 and getattr(family, "diag", True)
    return lagged and hasattr(family, "steps")


def bridge(
    family: Linear,
    params: dict[str, np.ndarray],
    X: np.ndarray,
    paths: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """One sequence (T, A) with its NaN drawn for each of ``paths`` (n, T): (n, T, A).

    Rows with fewer than L rows before them follow no past.
    """
    steps = family.steps(params, paths)
    drawn = np.tile(family.to_linear(X), (len(paths), 1, 1))
    for column in range(X.shape[1]):
        missing = np.isnan(X[:, column])
        edges = np.flatnonzero(np.diff(np.r_[False, missing, False]))
        for begin, end in edges.reshape(-1, 2):
            after = np.append(missing[end : end + family.n_lags], True)
            stop = end + int(after.argmax())
            own = Steps(*(part[:, begin:stop, column] for part in steps))
            before = drawn[:, :begin, column]
            seen = drawn[:, end:stop, column]
            noise = family.noise(rng, own.base.shape)
            found = _between(own, before, seen, noise, family.n_lags)
            drawn[:, begin:end, column] = found[:, : end - begin]
    return np.where(np.isnan(X), family.from_linear(drawn), X)


def _between(
    steps: Steps, before: np.ndarray, seen: np.ndarray, noise: np.ndarray, n_lags: int
) -> np.ndarray:
    """Values (n, m) after ``before`` that end in ``seen`` (n, E)."""
    n_rows, n_seen = noise.shape[1], seen.shape[1]
    fresh = np.arange(n_rows) + before.shape[1] < n_lags
    coef = np.where(fresh[:, None], 0.0, steps.coef)
    base = np.where(fresh, steps.mean0, steps.base)
    sd = np.where(fresh, steps.sd0, steps.sd)
    values = _run(base, coef, sd * noise, before)
    if not n_seen:
        return values
    # Response of each seen row to the noise of the rows up to it.
    response = np.zeros((*noise.shape, n_seen))
    response[:, np.arange(n_rows - n_seen, n_rows), np.arange(n_seen)] = 1.0
    for row in range(n_rows - 2, -1, -1):
        for lag in range(1, min(n_lags, n_rows - 1 - row) + 1):
            weight = coef[:, row + lag, lag - 1, None]
            response[:, row] += weight * response[:, row + lag]
    spread = response * sd[..., None]
    cov = np.einsum("nre,nrf->nef", spread, spread)
    gap = seen - values[:, n_rows - n_seen :]
    pull = np.einsum("nre,ne->nr", spread, np.linalg.solve(cov, gap[..., None])[..., 0])
    return _run(base, coef, sd * (noise + pull), before)


def _run(
    base: np.ndarray, coef: np.ndarray, noise: np.ndarray, before: np.ndarray
) -> np.ndarray:
    """The recursion (n, m) from given noise."""
    n_lags = coef.shape[2]
    values = np.zeros((len(base), n_lags + base.shape[1]))
    n_before = min(before.shape[1], n_lags)
    values[:, n_lags - n_before : n_lags] = before[:, before.shape[1] - n_before :]
    for row in range(base.shape[1]):
        past = values[:, row : row + n_lags][:, ::-1]
        ahead = base[:, row] + (coef[:, row] * past).sum(1)
        values[:, n_lags + row] = ahead + noise[:, row]
    return values[:, n_lags:]
