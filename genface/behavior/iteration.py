"""One EM iteration of many runs side by side, and the loop around it."""

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from genface.behavior.emissions.family import Family
from genface.behavior.expectation import (
    Slot,
    Sums,
    add_up,
    chain_counts,
    log_prior,
    observe,
    prior_of,
    seen_by,
)
from genface.behavior.log_recursions import exact_posterior
from genface.behavior.problem import Problem
from genface.behavior.recursions import (
    Posterior,
    checked_posterior,
    scaled_posterior,
)
from genface.behavior.stopping import FAR, RUNNING, TOL, verdict

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
    stop = verdict(slot.objective, slot.iteration, objective, fine, limits)
    # Only states that died and have not been tried before.
    untried = slot.kept[-1] == -jnp.inf
    reseed = (stop == TOL) & dead.any() & untried & ("e" in rules.learn)
    stop = jnp.where(reseed | (slot.reseed & (stop == TOL)), RUNNING, stop)
    stop = jnp.where(trusted, stop, FAR)
    before = (slot.start, slot.trans, slot.emission, sums.log_like, objective)

    def chosen(when: Array, new: Any, old: Any) -> Any:
        return jax.tree.map(lambda a, b: jnp.where(when, a, b), new, old)

    start, trans, emission = chosen(fine, (start, trans, emission), before[:3])
    new = slot._replace(
        start=start,
        trans=trans,
        emission=emission,
        # Compared with nothing, since states that begin anew cost something first.
        objective=jnp.where(slot.reseed, -jnp.inf, objective),
        iteration=slot.iteration + 1,
        stop=stop,
        history=slot.history.at[slot.iteration].set(sums.log_like),
        reseed=reseed,
        kept=chosen(reseed, before, slot.kept),
    )
    return chosen(trusted, new, slot._replace(stop=stop))


def advance(
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

    def beliefs(*chain: Array) -> tuple[Posterior, Any]:
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
