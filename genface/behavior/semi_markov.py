"""EM of a hidden semi-Markov model in one compiled loop, all restarts side by side.

A frame is in state k with d more frames of the stay to go: K * D pairs, but only K
ways into a new stay, so that a step takes K * D + K * K sums and not their square
(Yu 2010). Forward in logs, backward in probabilities, as in ``exact_posterior``.
"""

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy.special import logsumexp

from genface.behavior import duration_laws, stopping
from genface.behavior.emissions.family import Family, Params
from genface.behavior.expectation import dirichlet, observe, prior_of, seen_by
from genface.behavior.precision import program
from genface.behavior.problem import Problem
from genface.behavior.recursions import along


class Stays(NamedTuple):
    """What the two passes say about stays."""

    log_prob: Array  # (B, L) log p(frame | earlier frames of its sequence)
    smoothed: Array  # (B, L, K) p(state | all frames)
    begun: Array  # (K,) expected first states
    jumps: Array  # (K, K) expected jumps from state to state
    durations: Array  # (K, D) expected stays begun, by the frames they would last


def semi_markov_posterior(
    start: Array, jumps: Array, durations: Array, log_obs: Array, first: Array
) -> Stays:
    """Beliefs for start (K,), jumps (K, K) and log-laws of stays (K, D).

    ``log_obs`` (B, L, K) and ``first`` (B, L) as in the other recursions. The last
    stay of a sequence may go on after it.
    """
    log_start, log_jumps = jnp.log(start), jnp.log(jumps)
    n_lanes, n_states, longest = len(first), *durations.shape
    never = jnp.full((n_lanes, n_states, 1), -jnp.inf)

    def forward(alpha: Array, frame: tuple) -> tuple:
        here, is_first = frame
        entry = logsumexp(alpha[:, :, :1] + log_jumps, 1)
        entry = jnp.where(is_first[:, None], log_start, entry)
        stay = jnp.concatenate([alpha[:, :, 1:], never], 2)
        stay = jnp.where(is_first[:, None, None], -jnp.inf, stay)
        ahead = jnp.logaddexp(stay, entry[:, :, None] + durations)
        joint = ahead + here[:, :, None]
        norm = logsumexp(joint, (1, 2))
        alpha = joint - jnp.where(norm > -jnp.inf, norm, 0.0)[:, None, None]
        stayed = jnp.exp(stay - jnp.where(ahead > -jnp.inf, ahead, 0.0))
        return alpha, (alpha, stayed, entry, norm)

    nothing = jnp.zeros((n_lanes, n_states, longest))
    frames = (jnp.moveaxis(log_obs, 1, 0), first.T)
    _, (alphas, stays, entries, norms) = along(forward, nothing, frames)

    def backward(later: tuple, frame: tuple) -> tuple:
        kept, entered, entry, later_first, sums = later
        alpha, stayed, own_entry, is_first = frame
        entry = jnp.where(entry > -jnp.inf, entry, 0.0)
        pairs = jnp.exp(alpha[:, :, :1] + log_jumps - entry[:, None])
        pairs = jnp.where(later_first[:, None, None], 0.0, pairs * entered[:, None])
        gamma = jnp.concatenate([pairs.sum(2, keepdims=True), kept[:, :, :-1]], 2)
        gamma = jnp.where(later_first[:, None, None], jnp.exp(alpha), gamma)
        kept, new = gamma * stayed, gamma * (1 - stayed)
        entered = new.sum(2)
        begun, jumps, lasted = sums
        sums = (
            begun + jnp.where(is_first[:, None], entered, 0.0),
            jumps + pairs.sum(0),
            lasted + new,
        )
        return (kept, entered, own_entry, is_first, sums), gamma.sum(2)

    zero = jnp.zeros((n_lanes, n_states))
    sums = (zero, jnp.zeros((n_states, n_states)), nothing)
    begin = (nothing, zero, zero, jnp.ones_like(first[:, 0]), sums)
    back = (alphas, stays, entries, first.T)
    (*_, sums), gammas = along(backward, begin, back, reverse=True)
    begun, moved, lasted = sums
    return Stays(
        norms.T, jnp.moveaxis(gammas, 0, 1), begun.sum(0), moved, lasted.sum(0)
    )


class StayRun(NamedTuple):
    """One restart while it iterates."""

    start: Any  # (K,)
    jumps: Any  # (K, K), nothing on the diagonal
    theta: Any  # (K, P) law of the stays
    emission: Any
    alive: Any  # (K,) all of them
    view: Any  # 0
    objective: Any  # of the parameters before the last M-step
    iteration: Any
    stop: Any  # number in STOP_REASONS
    history: Any  # (n_history,) log-likelihoods


def _counts(problem: Problem, run: StayRun) -> tuple[Array, Array]:
    """Dirichlet pseudo-counts (concentration - 1) of start and jumps."""
    start = jnp.full_like(run.start, problem.start_prior - 1.0)
    return start, jnp.where(run.jumps > 0, problem.trans_prior - 1.0, 0.0)


def _shares(counts: Array, current: Array) -> Array:
    counts = jnp.where(current > 0, jnp.maximum(counts, 0.0), 0.0)
    total = counts.sum(-1, keepdims=True)
    return jnp.where(total > 0, counts / jnp.where(total > 0, total, 1.0), current)


def _iterate(
    family: Family,
    law: str,
    longest: int,
    learn: str,
    problem: Problem,
    limits: Any,
    run: StayRun,
) -> StayRun:
    log_obs, first = observe(family, problem, run)
    data = seen_by(problem, run)
    logs = duration_laws.log_durations(law, run.theta, longest)
    got = semi_markov_posterior(run.start, run.jumps, logs, log_obs, first)
    log_like = got.log_prob.sum()
    start_count, jump_count = _counts(problem, run)
    prior = prior_of(problem, run)
    objective = (
        log_like
        + dirichlet(start_count, run.start)
        + dirichlet(jump_count, run.jumps)
        + duration_laws.log_prior(law, run.theta).sum()
        + family.log_prior(run.emission, prior, data).sum()
    )
    # Frames that pad a lane begin stays as the start and the laws say: none is real.
    padded = (data["there"] <= 0).sum()
    begun = got.begun - padded * run.start
    lasted = got.durations - padded * run.start[:, None] * jnp.exp(logs)
    shown = (data["visible"] > 0)[:, None]
    weights = jnp.where(shown, got.smoothed.reshape(len(shown), -1), 0.0)
    start, jumps, theta, emission = run[:4]
    if "s" in learn:
        start = _shares(begun + start_count, start)
    if "t" in learn:
        jumps = _shares(got.jumps + jump_count, jumps)
    if "d" in learn:
        theta = duration_laws.maximize(law, theta, jnp.maximum(lasted, 0.0))
    if "e" in learn:
        emission = family.maximize(emission, prior, data, weights)
    new = (start, jumps, theta, emission)
    fine = jnp.isfinite(objective)
    for leaf in jax.tree.leaves(new):
        fine &= jnp.isfinite(leaf).all()
    stop = stopping.verdict(run.objective, run.iteration, objective, fine, limits)
    kept = jax.tree.map(lambda a, b: jnp.where(fine, a, b), new, run[:4])
    history = run.history.at[run.iteration].set(log_like)
    start, jumps, theta, emission = kept
    return run._replace(
        start=start,
        jumps=jumps,
        theta=theta,
        emission=emission,
        objective=objective,
        iteration=run.iteration + 1,
        stop=stop,
        history=history,
    )


def _climb(
    runs: StayRun,
    problem: Problem,
    limits: Any,
    family: Family,
    law: str,
    longest: int,
    learn: str,
) -> StayRun:
    step = functools.partial(_iterate, family, law, longest, learn, problem, limits)

    def body(runs: StayRun) -> StayRun:
        new = jax.vmap(step)(runs)
        running = runs.stop == stopping.RUNNING

        def chosen(new: Array, old: Array) -> Array:
            shape = (-1,) + (1,) * (new.ndim - 1)
            return jnp.where(running.reshape(shape), new, old)

        return jax.tree.map(chosen, new, runs)

    return lax.while_loop(
        lambda runs: (runs.stop == stopping.RUNNING).any(), body, runs
    )


def fit_stays(
    family: Family,
    problem: Problem,
    begins: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray, Params]],
    law: str,
    longest: int,
    limits: tuple[int, float],
    learn: str,
) -> list[StayRun]:
    """Iterate each restart to its stop: the first four parts of a :class:`StayRun`.

    ``limits``: the cap on iterations and the tolerance in nats; ``learn``: s start,
    t jumps, d durations, e emissions.
    """
    n_history = 128
    while n_history < limits[0]:
        n_history *= 4
    runs = [
        StayRun(
            *begin,
            np.ones(len(begin[0]), bool),
            0,
            -np.inf,
            0,
            stopping.RUNNING,
            np.zeros(n_history),
        )
        for begin in begins
    ]
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *runs)
    ends = program(_climb, "family", "law", "longest", "learn")(
        stacked,
        problem,
        limits,
        family=family,
        law=law,
        longest=longest,
        learn=learn,
    )
    return [jax.tree.map(lambda x, i=i: np.array(x[i]), ends) for i in range(len(runs))]
