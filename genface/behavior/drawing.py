"""Rows drawn from a fitted chain: free, after given rows, and between them."""

from typing import Any

import numpy as np

from genface.behavior.bridging import bridge, can_bridge
from genface.behavior.inference import draw, sample_paths
from genface.behavior.reading import Reading
from genface.behavior.runs import check_rows
from genface.behavior.settings import whole


class Drawing(Reading):
    """A chain that rows can be drawn from."""

    random_state: Any

    def sample(
        self, n_samples: int = 1, random_state: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows (n, A) and their states, begun from ``startprob_``."""
        whole("n_samples", n_samples)
        seed = self.random_state if random_state is None else random_state
        rng = np.random.default_rng(seed)
        first = draw(self.startprob_[None], rng)
        rows, states = self._roll(first, np.empty((1, 0, self._width)), n_samples, rng)
        return rows[0], states[0]

    def _roll(
        self,
        first: np.ndarray,
        past: np.ndarray,
        horizon: int,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows (n, horizon, A) and states (n, horizon) from given first states."""
        n, n_lags = len(first), self.family.n_lags
        states = np.empty((n, horizon), int)
        rows = np.empty((n, past.shape[1] + horizon, self._width))
        rows[:, : past.shape[1]] = past
        begin = past.shape[1]
        for t in range(horizon):
            if t == 0:
                states[:, 0] = first
            else:
                states[:, t] = draw(self.transmat_[states[:, t - 1]], rng)
            here = begin + t
            recent = rows[:, max(here - n_lags, 0) : here]
            rows[:, here] = self.family.sample(
                self._emission, states[:, t], recent, rng
            )
        return rows[:, begin:], states

    def forecast(
        self, history: np.ndarray, horizon: int, n: int, seed: int = 0
    ) -> np.ndarray:
        """Draw continuations (n, horizon, A) of ``history`` (T, A).

        The first state follows from the beliefs after the last row, one transition on.
        """
        whole("horizon", horizon)
        whole("n", n)
        rng = np.random.default_rng(whole("seed", seed, 0))
        history = check_rows(history)
        belief = self.posterior(history).filtered[-1]
        first = draw(np.tile(belief @ self.transmat_, (n, 1)), rng)
        past = np.tile(history[-max(self.family.n_lags, 1) :], (n, 1, 1))
        return self._roll(first, past, horizon, rng)[0]

    def infill(self, X: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
        """Draw what is missing (NaN) in one sequence: (n, T, A), seen entries kept.

        States come from their posterior, missing entries from the state's law given
        what was seen. Where rows follow their past, a row after a missing one says
        nothing of the states through it; the values still lead from what was seen
        before to what was seen after, save with a full covariance or in a product.
        """
        whole("n", n)
        X = np.asarray(X, float)
        rng = np.random.default_rng(whole("seed", seed, 0))
        log_obs = self.log_obs(X)
        paths = sample_paths(self.startprob_, self.transmat_, log_obs, n, rng)
        # States of the chain by the state whose law they have.
        paths = paths // (len(self.startprob_) // self.n_components)
        if can_bridge(self.family):
            return bridge(self.family, self._emission, X, paths, rng)
        rows = np.tile(X, (n, 1, 1))
        lags = self.family.n_lags
        for t in range(len(X)):
            missing = np.isnan(X[t])
            if missing.any():
                recent = rows[:, max(t - lags, 0) : t]
                drawn = self._fill(paths[:, t], X[t], recent, rng)
                rows[:, t, missing] = drawn[:, missing]
        return rows

    def _fill(
        self,
        states: np.ndarray,
        row: np.ndarray,
        past: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Rows (n, A) that suit the seen entries of ``row``."""
        fill = getattr(self.family, "fill", None)
        if fill is None:
            return self.family.sample(self._emission, states, past, rng)
        rows: np.ndarray = fill(self._emission, states, row, rng)
        return rows
