"""Expectation-maximisation of many runs at once in one compiled loop.

Runs differ in their start, their number of states (padded, the rest switched off)
and the rows they may see. A fixed number of slots iterate together; a run that has
stopped leaves its slot to the next one waiting, so no slot iterates in vain and the
program is compiled once for all.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from genface.behavior.emissions.family import Family, Params
from genface.behavior.expectation import (
    Slot,
    Sums,
    add_up,
    chain_counts,
    log_prior,
    observe,
    open_slot,
    prior_of,
    seen_by,
)
from genface.behavior.log_recursions import exact_posterior
from genface.behavior.precision import program
from genface.behavior.problem import Problem, Run, lay_out, pad_run, priors
from genface.behavior.recursions import (
    NEVER_LOST,
    Posterior,
    checked_posterior,
    scaled_posterior,
)
from genface.behavior.stopping import (
    CAP,
    FAR,
    RUNNING,
    STOP_REASONS,
    TOL,
    verdict,
)

# A state with less than this many rows has died.
_DEAD = 0.5


@dataclass(frozen=True)
class Rules:
    """When a run stops and what it learns.

    ``tol`` is in nats of the objective, all rows together. ``rescue``: states without
    rows begin anew, once, from the rows that the others explain worst; the better end
    is kept. ``hmmlearn``: a row of transitions that nothing leaves becomes 0, any rise
    below ``tol`` stops, and dead states stay dead.
    """

    n_iter: int = 500
    tol: float = 1e-4
    learn: str = "ste"  # s start, t transitions, e emissions
    hmmlearn: bool = False
    rescue: bool = True


@dataclass(frozen=True, eq=False)
class Outcome:
    """Where a run ended."""

    run: Run
    log_likelihood: float  # of ``run``'s rows before the last M-step
    history: np.ndarray  # log-likelihood per iteration
    stop: str  # one of STOP_REASONS: tol, cap, nan or decrease

    @property
    def n_iter(self) -> int:
        """Iterations done."""
        return len(self.history)


def _normalise(weights: Array, previous: Array, keep_zero: bool) -> Array:
    total = weights.sum(-1, keepdims=True)
    normal = weights / jnp.where(total > 0, total, 1.0)
    return normal if keep_zero else jnp.where(total > 0, normal, previous)


def _chain_step(
    slot: Slot, problem: Problem, sums: Sums, rules: Rules
) -> tuple[Array, Array]:
    """Start and transitions after the M-step; what was 0 stays 0."""
    start, trans = slot.start, slot.trans
    start_count, trans_count = chain_counts(slot, problem)
    if "s" in rules.learn:
        counts = jnp.where(start == 0, 0.0, jnp.maximum(sums.begun + start_count, 0.0))
        start = _normalise(counts, start, rules.hmmlearn)
    if "t" in rules.learn:
        counts = jnp.where(trans == 0, 0.0, jnp.maximum(sums.moves + trans_count, 0.0))
        trans = _normalise(counts, trans, rules.hmmlearn)
    return start, trans


def _revive(
    slot: Slot, trans: Array, sums: Sums, dead: Array, visible: Array
) -> tuple[Array, Array]:
    """Transitions into dead states, and rows for them that fit nowhere well."""
    n_dead = jnp.maximum(dead.sum(), 1)
    shown = visible > 0
    n_rows = jnp.maximum(shown.sum(), 1)
    mean = jnp.where(shown, sums.row_log_prob, 0.0).sum() / n_rows
    away = jnp.where(shown, sums.row_log_prob - mean, 0.0)
    poor = shown & (away < -0.5 * jnp.sqrt((away**2).sum() / n_rows))
    turn = jnp.arange(len(shown))[:, None] % n_dead == jnp.cumsum(dead) - 1
    weights = jnp.where(dead, poor[:, None] & turn, sums.weights)
    into = 0.9 * trans + 0.1 * jnp.where(trans > 0, dead / n_dead, 0.0)
    into = _normalise(into, trans, False)
    return (
        jnp.where(slot.reseed, into, trans),
        jnp.where(slot.reseed, weights, sums.weights),
    )


def _update(
    family: Family,
    rules: Rules,
    problem: Problem,
    limits: Any,
    slot: Slot,
    post: Posterior,
    first: Array,
    trusted: Array,
) -> Slot:
    """M-step of one run, and whether it goes on."""
    sums = add_up(problem, slot, post, first)
    data = seen_by(problem, slot)
    objective = sums.log_like + log_prior(family, slot, problem)
    start, trans = _chain_step(slot, problem, sums, rules)
    weights, dead = sums.weights, jnp.zeros_like(slot.alive)
    if rules.rescue:
        dead = slot.alive & (sums.weights.sum(0) < _DEAD)
        revived, weights = _revive(slot, trans, sums, dead, data["visible"])
        trans = revived if "t" in rules.learn else trans
    emission = slot.emission
    if "e" in rules.learn:
        emission = family.maximize(emission, prior_of(problem, slot), data, weights)
    fine = jnp.isfinite(objective)
    for leaf in jax.tree.leaves((start, trans, emission)):
        fine &= jnp.isfinite(leaf).all()
    done = slot.iteration + 1
    stop = verdict(slot.objective, slot.iteration, objective, fine, limits)
    # Only states that died and have not been tried before.
    untried = slot.kept[-1] == -jnp.inf
    reseed = (stop == TOL) & dead.any() & untried & ("e" in rules.learn)
    stop = jnp.where(reseed, RUNNING, stop)
    stop = jnp.where(trusted, stop, FAR)
    before = (slot.start, slot.trans, slot.emission, sums.log_like, objective)

    def chosen(when: Array, new: Any, old: Any) -> Any:
        return jax.tree.map(lambda a, b: jnp.where(when, a, b), new, old)

    new = Slot(
        *chosen(fine, (start, trans, emission), before[:3]),
        slot.alive,
        slot.view,
        # Compared with nothing, since states that begin anew cost something first.
        jnp.where(slot.reseed, -jnp.inf, objective),
        done,
        stop,
        slot.history.at[slot.iteration].set(sums.log_like),
        reseed,
        chosen(reseed, before, slot.kept),
    )
    return chosen(trusted, new, slot._replace(stop=stop))


def _advance(
    slots: Slot,
    problem: Problem,
    limits: Any,
    leave: Any,
    in_logs: Any,
    family: Family,
    rules: Rules,
    passes: str,
) -> Slot:
    """Iterate all slots until ``leave`` of them or fewer are still running.

    ``passes``: "scaled", "exact", or "checked", which does what ``in_logs`` says.
    """
    update = functools.partial(_update, family, rules, problem, limits)

    def beliefs(*chain: Array) -> tuple[Posterior, Array]:
        exact = jax.vmap(lambda *c: (exact_posterior(*c), True))
        if passes == "scaled":
            return jax.vmap(lambda *c: (scaled_posterior(*c), True))(*chain)
        if passes == "exact":
            return exact(*chain)
        return lax.cond(in_logs, exact, jax.vmap(checked_posterior), *chain)

    def body(slots: Slot) -> Slot:
        log_obs, first = jax.vmap(functools.partial(observe, family, problem))(slots)
        post, trusted = beliefs(slots.start, slots.trans, log_obs, first)
        new = jax.vmap(update)(slots, post, first, trusted)
        running = slots.stop == RUNNING

        def chosen(new: Array, old: Array) -> Array:
            shape = (-1,) + (1,) * (new.ndim - 1)
            return jnp.where(running.reshape(shape), new, old)

        return jax.tree.map(chosen, new, slots)

    def going(slots: Slot) -> Array:
        return (slots.stop == RUNNING).sum() > leave

    return lax.while_loop(going, body, slots)


def _cut(slot: Slot, start: Any, trans: Any, emission: Params) -> Run:
    k = int(slot.alive.sum())
    kept = {name: values[:k] for name, values in emission.items()}
    return Run(start[:k], trans[:k, :k], kept, int(slot.view))


def _outcome(slot: Slot) -> Outcome:
    history = slot.history[: int(slot.iteration)].copy()
    stop = STOP_REASONS[int(slot.stop)]
    *before, log_like, objective = slot.kept
    if objective > -np.inf and (stop == "nan" or objective > slot.objective):
        # States that began anew did not pay: the run had met its tolerance.
        return Outcome(_cut(slot, *before), float(log_like), history, "tol")
    run = _cut(slot, slot.start, slot.trans, slot.emission)
    return Outcome(run, float(history[-1]), history, stop)


def _passes(problem: Problem, runs: Sequence[Run], rules: Rules, in_logs: bool) -> str:
    """Which recursions these runs need, known beforehand."""
    if in_logs:
        return "exact"
    least = min(run.trans.min() for run in runs)
    stays = "t" not in rules.learn or problem.trans_prior > 1
    return "scaled" if least > NEVER_LOST and stays else "checked"


def run_all(
    family: Family,
    problem: Problem,
    runs: Sequence[Run],
    rules: Rules,
    width: int = 32,
    n_states: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    in_logs: bool = False,
) -> list[Outcome]:
    """Iterate every run to its stop; outcomes in the order of ``runs``.

    ``width`` runs go at a time. A run that the linear domain may lose something of
    goes on in logs from there.
    """
    n_states = n_states or max(len(run.start) for run in runs)
    # The cap and the tolerance travel as values: changing them compiles nothing.
    n_history = 128
    while n_history < rules.n_iter:
        n_history *= 4
    passes = _passes(problem, runs, rules, in_logs)
    advance = functools.partial(
        program(_advance, "family", "rules", "passes"),
        family=family,
        rules=replace(
            rules, n_iter=0, tol=0.0, rescue=rules.rescue and not rules.hmmlearn
        ),
        passes=passes,
    )
    limits = (rules.n_iter, rules.tol)
    width = min(width, len(runs))
    slots = {i: open_slot(run, n_states, n_history) for i, run in enumerate(runs)}
    done: dict[int, Outcome] = {}

    def race(waiting: dict[int, Slot], logs: bool) -> dict[int, Slot]:
        """Slots that turned out to need logs."""
        far = {}
        ends = _race(
            lambda s, leave: advance(s, problem, limits, leave, logs), waiting, width
        )
        for index, slot in ends:
            if slot.stop == FAR:
                far[index] = slot._replace(stop=RUNNING)
                continue
            done[index] = _outcome(slot)
            if progress:
                progress(len(done), len(runs))
        return far

    far = race(slots, passes == "exact")
    if far:
        race(far, True)
    return [done[i] for i in range(len(runs))]


def _race(
    advance: Callable[[Slot, int], Slot], waiting: dict[int, Slot], width: int
) -> Any:
    """Iterate over (number, slot) of runs as they stop, ``width`` running at a time."""
    queue = list(waiting.items())
    owner: list[int | None] = [None] * width
    idle = queue[0][1]._replace(stop=CAP)
    lanes = [idle] * width
    while queue or any(i is not None for i in owner):
        for at in range(width):
            if owner[at] is None and queue:
                owner[at], lanes[at] = queue.pop(0)
        slots = jax.tree.map(lambda *leaves: np.stack(leaves), *lanes)
        slots = advance(slots, int(width * 0.75) if queue else 0)
        for at, index in enumerate(owner):
            lanes[at] = jax.tree.map(lambda x, at=at: np.array(x[at]), slots)
            if index is not None and lanes[at].stop != RUNNING:
                owner[at] = None
                yield index, lanes[at]


def _look(slot: Slot, problem: Problem, family: Family) -> tuple[Array, Array]:
    log_obs, first = observe(family, problem, slot)
    post = exact_posterior(slot.start, slot.trans, log_obs, first)
    sums = add_up(problem, slot, post, first)
    return sums.log_like, sums.beliefs


def log_likelihoods(
    family: Family,
    problem: Problem,
    runs: Sequence[Run],
    n_states: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Log-likelihood of what each run sees (R,) and its state beliefs (R, rows, K)."""
    n_states = n_states or max(len(run.start) for run in runs)
    one = program(_look, "family")
    parts = [one(open_slot(run, n_states, 1), problem, family=family) for run in runs]
    return np.array([float(p[0]) for p in parts]), np.stack([p[1] for p in parts])


__all__ = [
    "Outcome",
    "Problem",
    "Rules",
    "Run",
    "STOP_REASONS",
    "lay_out",
    "log_likelihoods",
    "pad_run",
    "priors",
    "run_all",
]
