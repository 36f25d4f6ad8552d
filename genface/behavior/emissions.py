"""What each state of a behaviour model emits: one law per state and column.

Everything is in model units (counts for Poisson, scaled values for Gaussian) and
columns are independent given the state. A family is one class with these methods;
a further family is a further class with its entry in ``FAMILIES``.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from scipy import special, stats

from genface.behavior.inference import log_of


class Emissions(Protocol):
    """What the rest of the room asks of a family; parameters are (K, A)."""

    family: ClassVar[str]

    def log_prob(self, X: np.ndarray) -> np.ndarray:
        """Log-likelihood of rows (T, A) in each state (T, K); NaN entries count 0."""
        ...

    def log_interval(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """Log-probability of the intervals (G, A) in each state, (G, K, A)."""
        ...

    def scores(self, X: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Where rows (T, A) stand in their state's law, as normal scores."""
        ...

    def values(self, scores: np.ndarray, states: np.ndarray) -> np.ndarray:
        """The inverse of ``scores``: the quantiles of the states' laws."""
        ...

    def means(self) -> np.ndarray:
        """Expected values (K, A)."""
        ...

    def arrays(self) -> dict[str, np.ndarray]:
        """The parameters by name."""
        ...


@dataclass(frozen=True, eq=False)
class PoissonEmissions:
    """Counts with one rate per state and column.

    A count c stands for the interval [c - 1/2, c + 1/2), evenly filled, so that
    intervals that do not coincide with counts have a probability, too.
    """

    rates: np.ndarray
    family: ClassVar[str] = "poisson"

    def log_prob(self, X: np.ndarray) -> np.ndarray:
        """See :class:`Emissions`; a value that is no count has -inf."""
        seen = np.isfinite(X)
        counts = np.where(seen, X, 0.0)
        empty = self.rates == 0
        total = counts @ np.log(np.where(empty, 1.0, self.rates)).T
        total -= seen @ self.rates.T
        total -= special.gammaln(counts + 1.0).sum(1, keepdims=True)
        impossible = (counts > 0).astype(float) @ empty.T > 0
        wrong = (seen & ((counts < 0) | (counts != np.rint(counts)))).any(1)
        return np.where(impossible | wrong[:, None], -np.inf, total)

    def log_interval(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """See :class:`Emissions`; an upper end of inf takes the whole tail."""
        # Rounded: 100 * .285 must be the end of a count, not a hair beside it.
        low = np.maximum(np.round(lower, 9), -0.5)[:, None]
        high = np.round(upper, 9)[:, None]
        rates = self.rates[None]
        first = np.floor(low + 0.5)
        closed = np.isfinite(high)
        widest = np.where(closed, np.floor(np.where(closed, high, 0) + 0.5) - first, 0)
        parts = []
        for step in range(int(widest.max()) + 1):
            count = first + step
            share = np.minimum(high, count + 0.5) - np.maximum(low, count - 0.5)
            share = share if step == 0 else np.where(closed, share, 0.0)
            parts.append(
                log_of(np.clip(share, 0.0, 1.0))
                + special.xlogy(count, rates)
                - rates
                - special.gammaln(count + 1.0)
            )
            if step == 0:
                parts.append(np.where(closed, -np.inf, _log_tail(count + 1.0, rates)))
        return np.logaddexp.reduce(np.stack(np.broadcast_arrays(*parts)), axis=0)

    def scores(self, X: np.ndarray, states: np.ndarray) -> np.ndarray:
        """Normal scores of the mid-distribution value of each count."""
        rates = self.rates[states]
        below = stats.poisson.cdf(X - 1, rates)
        middle = below + 0.5 * stats.poisson.pmf(X, rates)
        return np.clip(special.ndtri(middle), -5.0, 5.0)

    def values(self, scores: np.ndarray, states: np.ndarray) -> np.ndarray:
        """See :class:`Emissions`."""
        return stats.poisson.ppf(special.ndtr(scores), self.rates[states])

    def means(self) -> np.ndarray:
        """See :class:`Emissions`."""
        return self.rates

    def arrays(self) -> dict[str, np.ndarray]:
        """See :class:`Emissions`."""
        return {"rates": self.rates}


def _log_tail(count: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Log P(X >= count) of a Poisson law, also where it underflows a float."""
    log_pmf = special.xlogy(count, rates) - rates - special.gammaln(count + 1.0)
    return np.minimum(log_pmf + np.log(special.hyp1f1(1.0, count + 1.0, rates)), 0.0)


@dataclass(frozen=True, eq=False)
class GaussianEmissions:
    """Normal values with a mean and a variance per state and column."""

    mean: np.ndarray
    variance: np.ndarray
    family: ClassVar[str] = "gaussian"

    def log_prob(self, X: np.ndarray) -> np.ndarray:
        """See :class:`Emissions`."""
        squares = (X[:, None] - self.mean) ** 2 / self.variance
        cells = -0.5 * (squares + np.log(2 * np.pi * self.variance))
        return np.where(np.isfinite(X)[:, None], cells, 0.0).sum(2)

    def log_interval(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """See :class:`Emissions`."""
        sd = np.sqrt(self.variance)
        low = (lower[:, None] - self.mean) / sd
        high = (upper[:, None] - self.mean) / sd
        # Taken in the lower tail, where the difference of logs keeps its digits.
        mirrored = low > -high
        low, high = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
        log_high, log_low = special.log_ndtr(high), special.log_ndtr(low)
        with np.errstate(divide="ignore"):
            return log_high + np.log1p(-np.exp(np.minimum(log_low - log_high, 0.0)))

    def scores(self, X: np.ndarray, states: np.ndarray) -> np.ndarray:
        """See :class:`Emissions`."""
        return (X - self.mean[states]) / np.sqrt(self.variance[states])

    def values(self, scores: np.ndarray, states: np.ndarray) -> np.ndarray:
        """See :class:`Emissions`."""
        return self.mean[states] + scores * np.sqrt(self.variance[states])

    def means(self) -> np.ndarray:
        """See :class:`Emissions`."""
        return self.mean

    def arrays(self) -> dict[str, np.ndarray]:
        """See :class:`Emissions`."""
        return {"mean": self.mean, "variance": self.variance}


FAMILIES: dict[str, type] = {
    "poisson": PoissonEmissions,
    "gaussian": GaussianEmissions,
}
