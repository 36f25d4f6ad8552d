"""Filter, smoother, best path, posterior draws and streaming for one model's states.

Everything here takes numpy arrays of stacked rows: ``log_obs`` (T, K) is the
log-probability of each row in each state, and ``lengths`` tells where sequences end.
"""

from dataclasses import dataclass, field

import jax
import numpy as np

from genface.behavior.lanes import Lanes, check_lengths, pack
from genface.behavior.log_recursions import exact_posterior, log_posterior
from genface.behavior.precision import program
from genface.behavior.recursions import NEVER_LOST, scaled_posterior
from genface.behavior.runs import Lengths
from genface.behavior.viterbi import viterbi
from genface.errors import InputError, ShapeError

METHODS = ("auto", "scaled", "exact", "log", "associative")

# An accelerator wins with the associative scan from about this length on.
_LONG = 10_000


@dataclass(frozen=True, eq=False)
class StatePosterior:
    """Beliefs about the states of stacked sequences."""

    log_likelihood: float  # nats, all sequences; -inf if no path can produce them
    log_prob: np.ndarray  # (T,) log p(row | earlier rows of its sequence)
    filtered: np.ndarray  # (T, K) p(state | rows up to here)
    smoothed: np.ndarray  # (T, K) p(state | all rows of the sequence)
    moves: np.ndarray  # (K, K) expected transitions


def _check(start: np.ndarray, trans: np.ndarray, log_obs: np.ndarray) -> None:
    n_states = len(start)
    if trans.shape != (n_states, n_states) or log_obs.shape[1:] != (n_states,):
        raise ShapeError(
            f"{n_states} start probabilities do not fit transitions {trans.shape} "
            f"and likelihoods {log_obs.shape}."
        )
    if np.isnan(log_obs).any():
        raise InputError("a log-likelihood is NaN; the parameters are not usable.")


def choose_method(trans: np.ndarray, n_rows: int) -> str:
    """The way that loses nothing with this chain and takes the least time."""
    if jax.default_backend() != "cpu" and n_rows >= _LONG:
        return "associative"
    return "scaled" if trans.min() > NEVER_LOST else "exact"


def posterior(
    start: np.ndarray,
    trans: np.ndarray,
    log_obs: np.ndarray,
    lengths: Lengths = None,
    method: str = "auto",
) -> StatePosterior:
    """Filter and smoother. ``method``: one of ``METHODS``.

    "scaled" works on probabilities and is the fastest, "exact" runs forward in logs,
    "log" both ways, "associative" in parallel over time; "auto" chooses.
    Where no path can produce a sequence, its beliefs are zero in every state.
    """
    if method not in METHODS:
        raise InputError(f"method is one of {', '.join(METHODS)}; got {method!r}.")
    start, trans, log_obs = (np.asarray(x, float) for x in (start, trans, log_obs))
    _check(start, trans, log_obs)
    lanes = pack(check_lengths(len(log_obs), lengths))
    method = choose_method(trans, len(log_obs)) if method == "auto" else method
    laid = lanes.spread(log_obs)
    if method in ("scaled", "exact"):
        passes = scaled_posterior if method == "scaled" else exact_posterior
        result = program(passes)(start, trans, laid, lanes.first)
    else:
        result = program(log_posterior, "associative")(
            start, trans, laid, lanes.first, associative=method == "associative"
        )
    log_prob = lanes.gather(result.log_prob)
    return StatePosterior(
        float(log_prob.sum()),
        log_prob,
        lanes.gather(result.filtered),
        lanes.gather(result.smoothed),
        result.moves,
    )


def best_path(
    start: np.ndarray,
    trans: np.ndarray,
    log_obs: np.ndarray,
    lengths: Lengths = None,
    ties: str = "highest",
) -> tuple[float, np.ndarray]:
    """Viterbi: log p(path, rows) summed over sequences, and the states (T,).

    Of equally good paths the last frame takes the lowest state; before it, ``ties``
    is "highest" (hmmlearn's rule) or "lowest".
    """
    if ties not in ("highest", "lowest"):
        raise InputError(f"ties is highest or lowest; got {ties!r}.")
    start, trans, log_obs = (np.asarray(x, float) for x in (start, trans, log_obs))
    _check(start, trans, log_obs)
    checked = check_lengths(len(log_obs), lengths)
    lanes = pack(checked)
    states, scores = program(viterbi, "last_of_ties")(
        start, trans, lanes.spread(log_obs), lanes.first, last_of_ties=ties == "highest"
    )
    ends = np.cumsum(checked) - 1
    return float(lanes.gather(scores)[ends].sum()), lanes.gather(states)


def sample_paths(
    start: np.ndarray,
    trans: np.ndarray,
    log_obs: np.ndarray,
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw state paths (n, T) of one sequence from their posterior.

    Forward filtering, backward sampling (Chib 1996).
    """
    beliefs = posterior(start, trans, log_obs)
    if not np.isfinite(beliefs.log_likelihood):
        raise InputError("no path can produce these rows; there is none to draw.")
    n_rows = len(log_obs)
    paths = np.empty((n, n_rows), int)
    paths[:, -1] = draw(np.tile(beliefs.filtered[-1], (n, 1)), rng)
    for t in range(n_rows - 2, -1, -1):
        weights = beliefs.filtered[t][:, None] * trans
        paths[:, t] = draw(weights.T[paths[:, t + 1]], rng)
    return paths


def draw(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One index per row of nonnegative weights (n, K), with their probabilities."""
    cumulated = np.cumsum(weights, axis=1)
    at = rng.random(len(weights)) * cumulated[:, -1]
    return (cumulated <= at[:, None]).sum(1)


@dataclass
class StateFilter:
    """Beliefs about the state of a running sequence, one row at a time."""

    start: np.ndarray
    trans: np.ndarray
    log_likelihood: float = 0.0
    belief: np.ndarray | None = None
    _log_belief: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)

    def update(self, log_obs: np.ndarray) -> np.ndarray:
        """Take a row's log-probabilities (K,); return p(state | rows so far) (K,).

        Zero everywhere once the rows are impossible.
        """
        with np.errstate(divide="ignore"):
            if self.belief is None:
                ahead = np.log(self.start)
            else:
                ahead = np.logaddexp.reduce(
                    self._log_belief[:, None] + np.log(self.trans), axis=0
                )
        joint = ahead + np.asarray(log_obs, float)
        norm = np.logaddexp.reduce(joint)
        self.log_likelihood += float(norm)
        self._log_belief = joint - (norm if np.isfinite(norm) else 0.0)
        self.belief = np.exp(self._log_belief)
        return self.belief

    def ahead(self, steps: int) -> np.ndarray:
        """p(state ``steps`` rows from now) (K,); at the start, the first row is 1."""
        if self.belief is None:
            return self.start @ np.linalg.matrix_power(self.trans, steps - 1)
        return self.belief @ np.linalg.matrix_power(self.trans, steps)


__all__ = [
    "Lanes",
    "METHODS",
    "StateFilter",
    "StatePosterior",
    "best_path",
    "choose_method",
    "draw",
    "posterior",
    "sample_paths",
]
