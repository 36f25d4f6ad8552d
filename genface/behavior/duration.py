"""Hidden semi-Markov model: how long a state lasts has a law of its own.

Each state is expanded into ``max_duration`` copies that count the frames left, so the
chain stays Markov and every recursion stays exact (Russell & Moore 1985): entering a
state draws its duration, each frame counts down, and a new state follows the last.
"""

import functools
from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy import optimize, stats

from genface.behavior import em
from genface.behavior.emissions import Family
from genface.behavior.hmm import FitReport, HiddenMarkovModel
from genface.behavior.lanes import pack
from genface.behavior.precision import float64
from genface.behavior.log_recursions import log_posterior
from genface.errors import InputError

LAWS = ("categorical", "negative_binomial", "poisson")


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


def law_of_duration(law: str, counts: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Durations (K, D) that maximise the likelihood of expected counts (K, D).

    The laws of 1 + Poisson or 1 + negative binomial are cut off at D.
    """
    if law == "categorical":
        total = counts.sum(1, keepdims=True)
        return np.where(total > 0, counts / np.where(total > 0, total, 1), current)
    fitted = [
        _fit_law(law, row, old) if row.sum() > 0 else old
        for row, old in zip(counts, current, strict=True)
    ]
    return np.stack(fitted)


def _truncated(law: str, theta: np.ndarray, longest: int) -> np.ndarray:
    steps = np.arange(longest)
    if law == "poisson":
        logs = stats.poisson.logpmf(steps, np.exp(theta[0]))
    else:
        size, mean = np.exp(theta[1]), np.exp(theta[0])
        logs = stats.nbinom.logpmf(steps, size, size / (size + mean))
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()


def _fit_law(law: str, counts: np.ndarray, current: np.ndarray) -> np.ndarray:
    longest = len(counts)
    mean = max((counts @ np.arange(longest)) / counts.sum(), 0.05)
    begin = np.array([np.log(mean)] + ([1.0] if law != "poisson" else []))

    def loss(theta: np.ndarray) -> float:
        theta = np.clip(theta, -8, 8)
        return -float(counts @ np.log(_truncated(law, theta, longest) + 1e-300))

    found = optimize.minimize(loss, begin, method="Nelder-Mead")
    new = _truncated(law, np.clip(found.x, -8, 8), longest)
    # Never worse than before, whatever the search did.
    old = float(counts @ np.log(current + 1e-300))
    return new if -loss(found.x) >= old else current


@functools.partial(jax.jit, static_argnames=("family", "longest"))
def _expectations(
    enter: Array,
    moves: Array,
    emission: dict,
    data: dict,
    first: Array,
    family: Family,
    longest: int,
) -> tuple[Array, Array, Array, Array]:
    shown = data["visible"][:, None] > 0
    log_obs = jnp.where(shown, family.log_prob(emission, data), 0.0)
    log_obs = jnp.repeat(log_obs, longest, axis=1).reshape(*first.shape, -1)
    post = log_posterior(enter, moves, log_obs, first)
    there = data["there"].reshape(first.shape)
    log_like = (post.log_prob * there).sum()
    gamma = post.smoothed * there[..., None]
    begun = (gamma * first[..., None]).sum((0, 1))
    states = gamma.reshape(len(shown), -1, longest).sum(-1)
    return log_like, begun, post.moves, jnp.where(shown, states, 0.0)


@functools.partial(jax.jit, static_argnames="family")
def _maximize(
    emission: dict, prior: dict, data: dict, weights: Array, family: Family
) -> dict:
    return family.maximize(emission, prior, data, weights)


class HSMM(HiddenMarkovModel):
    """States that last as long as ``duration`` says: one of ``LAWS``.

    ``transmat_`` (K, K) has a zero diagonal: it says what follows a stay.
    ``durations_`` (K, max_duration) are the laws of the stays.
    """

    family_name = "hsmm"

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
        if n_components < 2:
            raise InputError("a semi-Markov model needs two states to move between.")
        super().__init__(n_components, family=family, **settings)
        self.duration = duration
        self.max_duration = max_duration

    def _begin(self, X: np.ndarray, rng: np.random.Generator) -> None:
        k, longest = self.n_components, self.max_duration
        rows = X[np.isfinite(X).any(1)]
        self._emission = self.family.init(rows, k, rng)
        self.start_ = np.full(k, 1 / k)
        self.jumps_ = (1 - np.eye(k)) / (k - 1)
        mean = min(0.3 * longest, 8.0)
        decay = np.exp(-np.arange(longest) / mean)
        self.durations_ = np.tile(decay / decay.sum(), (k, 1))
        self._expand()

    def _expand(self) -> None:
        self.startprob_, self.transmat_ = expand(
            self.start_, self.jumps_, self.durations_
        )

    def fit(self, X: np.ndarray, lengths: Sequence[int] | None = None) -> Self:
        """Exact EM from each restart; the most probable is kept."""
        X, checked = self._check(X, lengths)
        seeds = np.random.SeedSequence(self.random_state).spawn(self.restarts)
        ends = []
        for number, seed in enumerate(seeds):
            self._begin(X, np.random.default_rng(seed))
            history, stop = self._climb(X, checked)
            kept = (self._emission, self.start_, self.jumps_, self.durations_)
            ends.append((history[-1], number, history, stop, kept))
        _, number, history, stop, kept = max(ends, key=lambda e: e[0])
        self._emission, self.start_, self.jumps_, self.durations_ = kept
        self._expand()
        scores = np.array([e[0] for e in ends])
        self.monitor_ = FitReport(np.array(history), stop, number, scores)
        return self

    def _climb(self, X: np.ndarray, lengths: np.ndarray) -> tuple[list[float], str]:
        lanes = pack(lengths)
        data, views = em.lay_out(self.family, X, lengths, lanes)
        data = {**data, **{name: rows[0] for name, rows in views.items()}}
        prior = self.family.prior(X)
        history: list[float] = []
        for _ in range(self.n_iter):
            log_like, begun, moves, weights = float64(_expectations)(
                self.startprob_,
                self.transmat_,
                self._emission,
                data,
                lanes.first,
                family=self.family,
                longest=self.max_duration,
            )
            history.append(float(log_like))
            if not np.isfinite(log_like):
                return history, "nan"
            self._learn(begun, moves)
            self._emission = float64(_maximize)(
                self._emission, prior, data, weights, family=self.family
            )
            rise = history[-1] - history[-2] if len(history) > 1 else np.inf
            if rise < self.tol * len(X):
                return history, "tol"
        return history, "cap"

    def _learn(self, begun: np.ndarray, moves: np.ndarray) -> None:
        k, longest = self.n_components, self.max_duration
        begun = begun.reshape(k, longest)
        entered = moves.reshape(k, longest, k, longest)[:, 0]  # from, to, duration
        start = begun.sum(1) + self.startprob_prior - 1
        self.start_ = start / start.sum()
        jumps = entered.sum(2) + (self.transmat_prior - 1) * (1 - np.eye(k))
        np.fill_diagonal(jumps, 0.0)
        total = jumps.sum(1, keepdims=True)
        jumps = jumps / np.where(total > 0, total, 1)
        self.jumps_ = np.where(total > 0, jumps, self.jumps_)
        counts = begun + entered.sum(0)
        self.durations_ = law_of_duration(self.duration, counts, self.durations_)
        self._expand()

    def log_obs(
        self, X: np.ndarray, lengths: Sequence[int] | None = None
    ) -> np.ndarray:
        """Log-probability of each row in each copy of a state (T, K * D)."""
        return np.repeat(super().log_obs(X, lengths), self.max_duration, axis=1)

    def predict(
        self, X: np.ndarray, lengths: Sequence[int] | None = None
    ) -> np.ndarray:
        """States (T,) of the best path."""
        return self.decode(X, lengths)[1] // self.max_duration

    def predict_proba(
        self, X: np.ndarray, lengths: Sequence[int] | None = None
    ) -> np.ndarray:
        """p(state | all rows) (T, K)."""
        smoothed = self.posterior(X, lengths).smoothed
        return smoothed.reshape(len(smoothed), -1, self.max_duration).sum(2)

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
        per_law = {"categorical": self.max_duration - 1, "poisson": 1}
        laws = k * per_law.get(self.duration, 2)
        width = self.family.means(self._emission).shape[1]
        return k - 1 + k * (k - 2) + laws + self.family.n_free(k, width)


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
