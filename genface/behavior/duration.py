"""Hidden semi-Markov model: how long a state lasts has a law of its own.

Each state is expanded into ``max_duration`` copies that count the frames left, so the
chain stays Markov and every recursion stays exact (Russell & Moore 1985): entering a
state draws its duration, each frame counts down, and a new state follows the last.
"""

from typing import Any, Self

import numpy as np

from genface.behavior.duration_laws import (
    LAWS,
    first_law,
    law_of,
    log_durations,
    n_parameters,
)
from genface.behavior.emissions import Family
from genface.behavior.estimator import FitReport, HiddenMarkovModel, best_restart
from genface.behavior.precision import program
from genface.behavior.runs import Lengths, Rows
from genface.behavior.semi_markov import StayRun, fit_stays
from genface.behavior.settings import probabilities, whole
from genface.behavior.stopping import STOP_REASONS
from genface.errors import InputError


def expand(
    start: np.ndarray, trans: np.ndarray, durations: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Start (K * D,) and transitions (K * D, K * D) of the chain of (state, left).

    ``trans`` (K, K) moves between states at the end of a stay, ``durations`` (K, D)
    are p(a stay lasts 1 .. D frames). Copy ``k * D + d`` has d more frames to go.
    """
    n_states, longest = durations.shape
    enter = (start[:, None] * durations).reshape(-1)
    moves = np.zeros((n_states, longest, n_states, longest))
    states, left = np.meshgrid(
        np.arange(n_states), np.arange(1, longest), indexing="ij"
    )
    moves[states, left, states, left - 1] = 1.0
    moves[:, 0] = trans[:, :, None] * durations
    size = n_states * longest
    return enter, moves.reshape(size, size)


class HSMM(HiddenMarkovModel):
    """States that last as long as ``duration`` says: one of ``LAWS``.

    After ``fit``: ``start_`` (K,); ``jumps_`` (K, K) with a zero diagonal, what follows
    a stay; ``durations_`` (K, max_duration), the laws of the stays. ``startprob_`` and
    ``transmat_`` are those of the chain of (state, frames left). The letter d stands
    for durations.
    """

    family_name = "hsmm"
    chain_letters = "std"

    def __init__(
        self,
        n_components: int = 2,
        *,
        family: Family,
        duration: str = "negative_binomial",
        max_duration: int = 30,
        **settings: Any,
    ) -> None:
        if duration not in LAWS:
            raise InputError(f"duration is one of {', '.join(LAWS)}; got {duration!r}.")
        if whole("n_components", n_components) < 2:
            raise InputError("a semi-Markov model needs two states to move between.")
        if settings.get("compat"):
            raise InputError("hmmlearn has no semi-Markov model to agree with.")
        super().__init__(n_components, family=family, **settings)
        self.duration = duration
        self.max_duration = whole("max_duration", max_duration)

    def _expand(self) -> None:
        self.startprob_, self.transmat_ = expand(
            self.start_, self.jumps_, self.durations_
        )

    def fit(self, X: Rows, lengths: Lengths = None) -> Self:
        """Exact EM from each restart; the most probable is kept."""
        X, checked = self._check(X, lengths)
        problem = self._problem(X, checked)
        chain = self._first_chain()
        seeds = np.random.SeedSequence(self.random_state).spawn(self.restarts)
        ends = fit_stays(
            self.family,
            problem,
            [
                (*chain, self._first_emission(X, np.random.default_rng(seed)))
                for seed in seeds
            ],
            self.duration,
            self.max_duration,
            (self.n_iter, self.tol * len(X)),
            "".join(letter for letter in "stde" if letter in self.params),
        )
        histories = [end.history[: int(end.iteration)] for end in ends]
        scores = np.array([history[-1] for history in histories])
        stops = [STOP_REASONS[int(end.stop)] for end in ends]
        best = best_restart(scores, stops)
        self._take(ends[best])
        self.monitor_ = FitReport(histories[best], stops[best], best, scores)
        self.n_features = X.shape[1]
        return self

    def _first_chain(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Start, jumps and law of the stays; what was set before, if it may stay."""
        k, longest = self.n_components, self.max_duration
        start = self._kept("s", "start_", np.full(k, 1 / k))
        jumps = self._kept("t", "jumps_", (1 - np.eye(k)) / (k - 1))
        theta = first_law(self.duration, k, longest)
        durations = self._kept("d", "durations_", None)
        if durations is not None:
            known = probabilities("durations_", durations, (k, longest))
            theta = program(law_of, "law")(law=self.duration, durations=known)
        return (
            probabilities("start_", start, (k,)),
            probabilities("jumps_", jumps, (k, k)),
            theta,
        )

    def _take(self, end: StayRun) -> None:
        self._emission, self.start_, self.jumps_ = end.emission, end.start, end.jumps
        logs = program(log_durations, "law", "longest")(
            theta=end.theta, law=self.duration, longest=self.max_duration
        )
        self.durations_ = np.exp(logs)
        self._expand()

    def log_obs(self, X: Rows, lengths: Lengths = None) -> np.ndarray:
        """Log-probability of each row in each copy of a state (T, K * D)."""
        return np.repeat(super().log_obs(X, lengths), self.max_duration, axis=1)

    def _roll(
        self,
        first: np.ndarray,
        past: np.ndarray,
        horizon: int,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        copies = self.max_duration
        expanded = _Repeated(self.family, copies)
        family, self.family = self.family, expanded  # type: ignore[assignment]
        try:
            rows, states = super()._roll(first, past, horizon, rng)
        finally:
            self.family = family
        return rows, states // copies

    def n_parameters(self) -> int:
        """Start, moves between states, durations, and emissions."""
        k = self.n_components
        laws = k * n_parameters(self.duration, self.max_duration)
        return k - 1 + k * (k - 2) + laws + self.family.n_free(k, self._width)


class _Repeated:
    """A family whose every state stands for several copies, when drawing."""

    def __init__(self, family: Family, copies: int) -> None:
        self.family, self.copies = family, copies
        self.n_lags = family.n_lags
        self.means = family.means

    def sample(
        self,
        params: dict,
        states: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        return self.family.sample(params, states // self.copies, past, rng)
