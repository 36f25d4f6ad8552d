"""E-step of one run, and the prior's share of the objective, as pure JAX functions."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from genface.behavior.emissions.family import Data, Family, Params
from genface.behavior.problem import Problem, Run, pad_run
from genface.behavior.recursions import Posterior


class Slot(NamedTuple):
    """A run while it iterates, padded to the program's number of states."""

    start: Any  # (K,)
    trans: Any  # (K, K)
    emission: Any
    alive: Any  # (K,) states in use
    view: Any
    objective: Any  # of the parameters before the last M-step
    iteration: Any
    stop: Any  # number in em.STOP_REASONS
    history: Any  # (n_history,) log-likelihoods
    reseed: Any  # whether states without rows begin anew in the next M-step
    kept: Any  # start, trans, emission, log-likelihood, objective before they did


def open_slot(run: Run, n_states: int, n_history: int) -> Slot:
    """A slot at the start of ``run``."""
    padded = pad_run(run, n_states)
    begin = (padded.start, padded.trans, padded.emission)
    return Slot(
        *begin,
        np.arange(n_states) < len(run.start),
        run.view,
        -np.inf,
        0,
        0,
        np.zeros(n_history),
        False,
        (*begin, -np.inf, -np.inf),
    )


class Sums(NamedTuple):
    """What the M-step needs of the beliefs."""

    log_like: Array
    begun: Array  # (K,) expected starts
    moves: Array  # (K, K)
    weights: Array  # (rows, K) beliefs of visible rows
    beliefs: Array  # (rows, K) of all rows, 0 where nothing is
    row_log_prob: Array  # (rows,)


def seen_by(problem: Problem, slot: Any) -> Data:
    """The rows' arrays, with those of the slot's view."""
    return {**problem.data, **{n: rows[slot.view] for n, rows in problem.views.items()}}


def prior_of(problem: Problem, slot: Any) -> Params:
    """The emissions' prior of the slot's view."""
    return {name: values[slot.view] for name, values in problem.prior.items()}


def observe(family: Family, problem: Problem, slot: Any) -> tuple[Array, Array]:
    """Log-probabilities (B, L, K) of frames in states, and where sequences start.

    What is not there starts anew at each frame, so it leaves no trace.
    """
    data = seen_by(problem, slot)
    shown = (data["visible"] > 0)[:, None]
    log_obs = jnp.where(shown, family.log_prob(slot.emission, data), 0.0)
    log_obs = jnp.where(slot.alive, log_obs, -jnp.inf)
    there = data["there"].reshape(problem.first.shape) > 0
    return log_obs.reshape(*problem.first.shape, -1), problem.first | ~there


def add_up(problem: Problem, slot: Slot, post: Posterior, first: Array) -> Sums:
    """Sums over the rows that the slot's run sees."""
    data = seen_by(problem, slot)
    there = data["there"].reshape(first.shape) > 0
    log_prob = jnp.where(there, post.log_prob, 0.0)
    gamma = post.smoothed * there[..., None]
    begun = (gamma * first[..., None]).sum((0, 1))
    beliefs = gamma.reshape(-1, gamma.shape[-1])
    weights = jnp.where(data["visible"][:, None] > 0, beliefs, 0.0)
    return Sums(
        log_prob.sum(), begun, post.moves, weights, beliefs, log_prob.reshape(-1)
    )


def chain_counts(slot: Slot, problem: Problem) -> tuple[Array, Array]:
    """Dirichlet pseudo-counts (concentration - 1) of start and transitions."""
    alive = slot.alive
    start = jnp.where(alive, problem.start_prior - 1.0, 0.0)
    both = alive[:, None] & alive[None, :]
    stay = problem.stay_prior * jnp.eye(len(alive))
    return start, jnp.where(both, problem.trans_prior - 1.0 + stay, 0.0)


def dirichlet(count: Array, p: Array) -> Array:
    """Log-density of probabilities up to a constant; those of 0 are left out."""
    logs = jnp.log(jnp.where(p > 0, p, 1.0))
    return jnp.where((count != 0) & (p > 0), count * logs, 0.0).sum()


def log_prior(family: Family, slot: Slot, problem: Problem) -> Array:
    """Log-prior of a slot's parameters, up to a constant."""
    start, trans = chain_counts(slot, problem)
    data = seen_by(problem, slot)
    emission = family.log_prior(slot.emission, prior_of(problem, slot), data)
    chain = dirichlet(start, slot.start) + dirichlet(trans, slot.trans)
    return chain + jnp.where(slot.alive, emission, 0.0).sum()
