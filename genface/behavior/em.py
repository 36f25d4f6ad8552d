"""Expectation-maximisation of an HMM, with hmmlearn behind it for now.

The one place that imports hmmlearn. Its M-steps are replaced: every state starts
from ``prior_frames`` imagined frames that look like the whole sample, and the start and
every row of transitions from a tenth as many imagined steps, spread evenly (more would
shorten the visits to a state). That is the exact maximum a posteriori under conjugate
priors, keeps empty states and never-seen columns finite, and its objective never falls.
``prior_frames=0`` is plain maximum likelihood, as hmmlearn computes it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from hmmlearn import hmm
from hmmlearn.base import BaseHMM
from scipy import special

from genface.behavior.emissions import (
    Emissions,
    GaussianEmissions,
    PoissonEmissions,
)

STEPS = 0.1  # imagined steps of the chain per imagined frame


@dataclass(frozen=True, eq=False)
class Chain:
    """Start law (K,), transition matrix (K, K) and emissions of an HMM."""

    start: np.ndarray
    trans: np.ndarray
    emissions: Emissions


@dataclass(frozen=True)
class Course:
    """How an EM run went: objective per iteration (nats) and why it stopped.

    ``stop``: "tol" (gain below the tolerance), "cap" (iterations used up),
    "decrease" (the objective fell), "nan" (it was lost).
    """

    history: tuple[float, ...]
    stop: str

    @property
    def iterations(self) -> int:
        """EM steps taken."""
        return len(self.history)


def run_em(
    chain: Chain,
    X: np.ndarray,
    lengths: np.ndarray,
    *,
    prior_frames: float,
    min_variance: np.ndarray,
    n_iter: int,
    tol: float,
) -> tuple[Chain, Course]:
    """Improve ``chain`` on the rows X; ``tol`` is in nats per frame."""
    worker = {"poisson": _Poisson, "gaussian": _Gaussian}[chain.emissions.family](
        n_components=len(chain.start),
        n_iter=n_iter,
        tol=tol * len(X),
        init_params="",
        startprob_prior=1.0 + STEPS * prior_frames / len(chain.start),
        transmat_prior=1.0 + STEPS * prior_frames / len(chain.start),
    )
    worker.n_features = X.shape[1]
    worker.startprob_, worker.transmat_ = chain.start, chain.trans
    worker.set_emissions(chain.emissions)
    worker.frames = prior_frames
    worker.pooled_mean = X.mean(0)
    worker.pooled_variance = np.maximum(X.var(0), min_variance)
    worker.min_variance, worker.n_rows = min_variance, len(X)
    with _quiet():
        worker.fit(X, lengths)
    history = tuple(float(value) for value in worker.monitor_.history)
    done = Chain(worker.startprob_, worker.transmat_, worker.get_emissions())
    return done, Course(history, _stop_reason(history, n_iter, tol * len(X)))


def _stop_reason(history: tuple[float, ...], n_iter: int, tol: float) -> str:
    if not np.isfinite(history[-1]):
        return "nan"
    gain = history[-1] - history[-2] if len(history) > 1 else np.inf
    if gain < -1e-9 * abs(history[-1]):
        return "decrease"
    return "tol" if gain < tol else "cap"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep hmmlearn's remarks off the screen: stop reasons are reported by us."""
    logger = logging.getLogger("hmmlearn")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with np.errstate(invalid="ignore", divide="ignore"):
            yield
    finally:
        logger.setLevel(level)


class _Shrunk(BaseHMM):
    """What the families share: the objective is likelihood times prior."""

    frames: float
    pooled_mean: np.ndarray
    pooled_variance: np.ndarray
    min_variance: np.ndarray
    n_rows: int

    def _compute_lower_bound(self, log_prob: float) -> float:
        share = STEPS * self.frames / self.n_components
        chain = special.xlogy(share, self.startprob_).sum()
        chain += special.xlogy(share, self.transmat_).sum()
        return log_prob + chain + self.frames * self._imagined()

    def _imagined(self) -> float:
        """Expected log-likelihood of one imagined frame, summed over states."""
        raise NotImplementedError


class _Poisson(_Shrunk, hmm.PoissonHMM):
    def set_emissions(self, emissions: PoissonEmissions) -> None:
        self.lambdas_ = emissions.rates

    def get_emissions(self) -> PoissonEmissions:
        return PoissonEmissions(self.lambdas_)

    def _compute_log_likelihood(self, X: np.ndarray) -> np.ndarray:
        return PoissonEmissions(self.lambdas_).log_prob(X)

    def _imagined(self) -> float:
        mean = self._prior_mean()
        return float((special.xlogy(mean, self.lambdas_) - self.lambdas_).sum())

    def _prior_mean(self) -> np.ndarray:
        # Half a count in all frames together: a column of zeros stays possible.
        return np.maximum(self.pooled_mean, 0.5 / self.n_rows)

    def _do_mstep(self, stats: dict) -> None:
        BaseHMM._do_mstep(self, stats)
        total = self.frames * self._prior_mean() + stats["obs"]
        self.lambdas_ = total / (self.frames + stats["post"])[:, None]


class _Gaussian(_Shrunk, hmm.GaussianHMM):
    def set_emissions(self, emissions: GaussianEmissions) -> None:
        self.means_, self._covars_ = emissions.mean, emissions.variance

    def get_emissions(self) -> GaussianEmissions:
        return GaussianEmissions(self.means_, self._covars_)

    def _compute_log_likelihood(self, X: np.ndarray) -> np.ndarray:
        return GaussianEmissions(self.means_, self._covars_).log_prob(X)

    def _imagined(self) -> float:
        spread = self.pooled_variance + (self.pooled_mean - self.means_) ** 2
        cells = np.log(2 * np.pi * self._covars_) + spread / self._covars_
        return float(-0.5 * cells.sum())

    def _do_mstep(self, stats: dict) -> None:
        BaseHMM._do_mstep(self, stats)
        weight = (self.frames + stats["post"])[:, None]
        mean = (self.frames * self.pooled_mean + stats["obs"]) / weight
        imagined = self.pooled_variance + (self.pooled_mean - mean) ** 2
        squares = (
            stats["obs**2"] - 2 * mean * stats["obs"] + mean**2 * stats["post"][:, None]
        )
        self.means_ = mean
        self._covars_ = np.maximum(
            (self.frames * imagined + squares) / weight, self.min_variance
        )
