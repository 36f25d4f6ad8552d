"""Expectation-maximisation of many runs at once in one compiled loop.

Runs differ in their start, their number of states (padded, the rest switched off)
and the rows they may see. A fixed number of slots iterate together; a run that has
stopped leaves its slot to the next one waiting, so no slot iterates in vain and the
program is compiled once for all.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from genface.behavior.emissions.family import Data, Family, Params
from genface.behavior.lanes import Lanes
from genface.behavior.precision import float64
from genface.behavior.recursions import log_posterior, scaled_posterior

STOP_REASONS = ("running", "tol", "cap", "nan", "decrease")
_RUNNING, _TOL, _CAP, _NAN, _DECREASE = range(5)


@dataclass(frozen=True)
class Rules:
    """When a run stops and what it learns.

    ``tol`` is in nats of the objective, all rows together. ``hmmlearn``: a row of
    transitions that nothing leaves becomes 0, and any rise below ``tol`` stops.
    """

    n_iter: int = 500
    tol: float = 1e-4
    learn: str = "ste"  # s start, t transitions, e emissions
    hmmlearn: bool = False


class Run(NamedTuple):
    """One start: what it begins from and which rows it sees."""

    start: np.ndarray  # (K,)
    trans: np.ndarray  # (K, K)
    emission: Params  # first axis K
    view: int = 0  # which of the views on the rows


@dataclass(frozen=True, eq=False)
class Outcome:
    """Where a run ended."""

    run: Run
    log_likelihood: float  # of ``run``'s rows before the last M-step
    history: np.ndarray  # log-likelihood per iteration
    stop: str  # one of STOP_REASONS

    @property
    def n_iter(self) -> int:
        """Iterations done."""
        return len(self.history)


class Problem(NamedTuple):
    """Rows in lanes and what is known beforehand; shared by all runs."""

    data: Data  # per row of the lanes, flat (B * L, ...)
    first: np.ndarray  # (B, L)
    views: dict[str, np.ndarray]  # "visible" (F, B * L), maybe "fresh"
    prior: Params  # of the emissions, one for each view (F, ...)
    start_prior: float  # Dirichlet concentrations; 1 = none
    trans_prior: float
    stay_prior: float  # added to the concentration of staying


class _Slot(NamedTuple):
    start: Any
    trans: Any
    emission: Any
    alive: Any  # (K,) states in use
    view: Any
    objective: Any
    iteration: Any
    stop: Any
    history: Any  # (n_history,)


def lay_out(
    family: Family,
    X: np.ndarray,
    lengths: Sequence[int] | np.ndarray,
    lanes: Lanes,
    visible: np.ndarray | None = None,
) -> tuple[Data, dict[str, np.ndarray]]:
    """Data of the family in lanes, and the views (F, rows) that runs may have.

    ``visible`` (F, T): rows that a view shows. A hidden row is missing, also as the
    past of later rows; a sequence that a view hides whole is not there at all.
    """
    data = family.prepare(X, lengths)
    laid = {
        name: _flat(lanes.spread(np.asarray(values, float)))
        for name, values in data.items()
    }
    if visible is None:
        visible = np.ones((1, len(X)), bool)
    sequence = np.repeat(np.arange(len(lengths)), lengths)
    counts = np.stack([np.bincount(sequence, v, len(lengths)) for v in visible])
    there = counts[:, sequence] > 0

    def spread(rows: np.ndarray) -> np.ndarray:
        return np.stack([_flat(lanes.spread(r.astype(float))) for r in rows])

    views = {"visible": spread(visible), "there": spread(there)}
    if family.n_lags:
        views["fresh"] = spread(_without_past(visible, sequence, family.n_lags))
    return laid, views


def _flat(laid: np.ndarray) -> np.ndarray:
    return laid.reshape(laid.shape[0] * laid.shape[1], *laid.shape[2:])


def _without_past(visible: np.ndarray, sequence: np.ndarray, n_lags: int) -> np.ndarray:
    """Rows (F, T) with an earlier row that is hidden or of another sequence."""
    fresh = np.zeros_like(visible)
    for lag in range(1, n_lags + 1):
        fresh[:, :lag] = True
        fresh[:, lag:] |= ~visible[:, :-lag] | (sequence[lag:] != sequence[:-lag])
    return fresh


def _normalise(weights: Array, previous: Array, keep_zero: bool) -> Array:
    total = weights.sum(-1, keepdims=True)
    normal = weights / jnp.where(total > 0, total, 1.0)
    return normal if keep_zero else jnp.where(total > 0, normal, previous)


def _chain_prior(slot: _Slot, problem: Problem) -> tuple[Array, Array]:
    """Dirichlet pseudo-counts (concentration - 1) of start and transitions."""
    alive = slot.alive
    start = jnp.where(alive, problem.start_prior - 1.0, 0.0)
    both = alive[:, None] & alive[None, :]
    stay = problem.stay_prior * jnp.eye(len(alive))
    return start, jnp.where(both, problem.trans_prior - 1.0 + stay, 0.0)


def _prior(problem: Problem, slot: _Slot) -> Params:
    return {name: values[slot.view] for name, values in problem.prior.items()}


def priors(family: Family, X: np.ndarray, shown: Sequence[np.ndarray]) -> Params:
    """The family's prior from the rows that each view trains on, stacked (F, ...)."""
    parts = [family.prior(X[rows]) for rows in shown]
    return {name: np.stack([p[name] for p in parts]) for name in parts[0]}


def _log_prior(family: Family, slot: _Slot, problem: Problem, data: Data) -> Array:
    start, trans = _chain_prior(slot, problem)

    def part(count: Array, p: Array) -> Array:
        logs = jnp.log(jnp.where(p > 0, p, 1.0))
        return jnp.where((count != 0) & (p > 0), count * logs, 0.0).sum()

    emission = family.log_prior(slot.emission, _prior(problem, slot), data)
    chain = part(start, slot.start) + part(trans, slot.trans)
    return chain + jnp.where(slot.alive, emission, 0.0).sum()


def _expect(
    family: Family, slot: _Slot, problem: Problem, in_logs: bool
) -> tuple[Array, Array, Array, Array, Data, Array]:
    view = {name: rows[slot.view] for name, rows in problem.views.items()}
    data = {**problem.data, **view}
    n_states = len(slot.alive)
    shown = (view["visible"] > 0)[:, None]
    log_obs = jnp.where(shown, family.log_prob(slot.emission, data), 0.0)
    log_obs = jnp.where(slot.alive, log_obs, -jnp.inf)
    log_obs = log_obs.reshape(*problem.first.shape, n_states)
    # What is not there starts anew at each frame, so it leaves no trace.
    there = view["there"].reshape(problem.first.shape) > 0
    first = problem.first | ~there
    passes = log_posterior if in_logs else scaled_posterior
    post = passes(slot.start, slot.trans, log_obs, first)
    log_like = jnp.where(there, post.log_prob, 0.0).sum()
    gamma = post.smoothed * there[..., None]
    begun = (gamma * first[..., None]).sum((0, 1))
    flat = gamma.reshape(-1, n_states)
    weights = jnp.where(shown, flat, 0.0)
    return log_like, begun, post.moves, weights, data, flat


def _iterate(
    family: Family,
    rules: Rules,
    in_logs: bool,
    problem: Problem,
    limits: Any,
    slot: _Slot,
) -> _Slot:
    """One E-step and M-step of one run that is still running."""
    log_like, begun, moves, weights, data, _ = _expect(family, slot, problem, in_logs)
    objective = log_like + _log_prior(family, slot, problem, data)
    start, trans, emission = slot.start, slot.trans, slot.emission
    start_count, trans_count = _chain_prior(slot, problem)
    keep = rules.hmmlearn
    if "s" in rules.learn:
        counts = jnp.where(start == 0, 0.0, jnp.maximum(begun + start_count, 0.0))
        start = _normalise(counts, start, keep)
    if "t" in rules.learn:
        counts = jnp.where(trans == 0, 0.0, jnp.maximum(moves + trans_count, 0.0))
        trans = _normalise(counts, trans, keep)
    if "e" in rules.learn:
        emission = family.maximize(emission, _prior(problem, slot), data, weights)
    fine = jnp.isfinite(objective)
    for leaf in jax.tree.leaves((start, trans, emission)):
        fine &= jnp.isfinite(leaf).all()
    n_iter, tol = limits
    done = slot.iteration + 1
    rise = objective - slot.objective
    small = (slot.iteration > 0) & (rise < tol)
    fell = rise < -1e-9 * jnp.maximum(jnp.abs(objective), 1.0)
    stop = jnp.where(done >= n_iter, _CAP, _RUNNING)
    stop = jnp.where(small, jnp.where(fell, _DECREASE, _TOL), stop)
    stop = jnp.where(fine, stop, _NAN)

    def chosen(new: Array, old: Array) -> Array:
        return jnp.where(fine, new, old)

    return _Slot(
        chosen(start, slot.start),
        chosen(trans, slot.trans),
        jax.tree.map(chosen, emission, slot.emission),
        slot.alive,
        slot.view,
        objective,
        done,
        stop,
        slot.history.at[slot.iteration].set(log_like),
    )


# The program is small and compiled often: LLVM's dearest passes do not pay.
@functools.partial(
    jax.jit,
    static_argnames=("family", "rules", "in_logs"),
    compiler_options={"xla_backend_optimization_level": 1},
)
def _advance(
    slots: _Slot,
    problem: Problem,
    limits: Any,
    leave: Any,
    family: Family,
    rules: Rules,
    in_logs: bool,
) -> _Slot:
    """Iterate all slots until ``leave`` of them or fewer are still running."""
    step = functools.partial(_iterate, family, rules, in_logs, problem, limits)

    def going(slots: _Slot) -> Array:
        return (slots.stop == _RUNNING).sum() > leave

    def body(slots: _Slot) -> _Slot:
        new = jax.vmap(step)(slots)
        running = slots.stop == _RUNNING

        def chosen(new: Array, old: Array) -> Array:
            shape = (-1,) + (1,) * (new.ndim - 1)
            return jnp.where(running.reshape(shape), new, old)

        return jax.tree.map(chosen, new, slots)

    return lax.while_loop(going, body, slots)


def pad_run(run: Run, n_states: int) -> Run:
    """The same run with room for ``n_states`` states, the new ones never visited."""
    extra = n_states - len(run.start)
    if not extra:
        return run

    def repeat(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values, np.repeat(values[:1], extra, axis=0)])

    return Run(
        np.pad(run.start, (0, extra)),
        np.pad(run.trans, ((0, extra), (0, extra))),
        {name: repeat(values) for name, values in run.emission.items()},
        run.view,
    )


def _slot(run: Run, n_states: int, n_history: int) -> _Slot:
    padded = pad_run(run, n_states)
    return _Slot(
        padded.start,
        padded.trans,
        padded.emission,
        np.arange(n_states) < len(run.start),
        run.view,
        -np.inf,
        0,
        _RUNNING,
        np.zeros(n_history),
    )


def _outcome(slot: _Slot) -> Outcome:
    k = int(slot.alive.sum())
    run = Run(
        slot.start[:k],
        slot.trans[:k, :k],
        {name: values[:k] for name, values in slot.emission.items()},
        int(slot.view),
    )
    history = slot.history[: int(slot.iteration)].copy()
    return Outcome(run, float(history[-1]), history, STOP_REASONS[int(slot.stop)])


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

    ``width`` runs go at a time. A run whose rows seem impossible in the linear domain
    is begun again in logs.
    """
    n_states = n_states or max(len(run.start) for run in runs)
    width = min(width, len(runs))
    # The cap and the tolerance travel as values: changing them compiles nothing.
    n_history = 128
    while n_history < rules.n_iter:
        n_history *= 4
    limits = (rules.n_iter, rules.tol)
    static = replace(rules, n_iter=0, tol=0.0)
    waiting = list(range(len(runs)))
    owner: list[int | None] = [waiting.pop(0) for _ in range(width)]
    outcomes: dict[int, Outcome] = {}
    parts = [_slot(runs[i], n_states, n_history) for i in owner if i is not None]
    slots = jax.tree.map(lambda *leaves: np.stack(leaves), *parts)
    advance = float64(_advance)
    while any(i is not None for i in owner):
        leave = int(width * 0.75) if waiting else 0
        slots = advance(
            slots, problem, limits, leave, family=family, rules=static, in_logs=in_logs
        )
        slots = jax.tree.map(np.array, slots)
        for at, index in enumerate(owner):
            if index is None or slots.stop[at] == _RUNNING:
                continue
            outcomes[index] = _outcome(
                jax.tree.map(lambda x, at=at: np.array(x[at]), slots)
            )
            owner[at] = None
            if waiting:
                owner[at] = following = waiting.pop(0)
                fresh = _slot(runs[following], n_states, n_history)
                for old, new in zip(
                    jax.tree.leaves(slots), jax.tree.leaves(fresh), strict=True
                ):
                    old[at] = new
        if progress:
            progress(len(outcomes), len(runs))
    done = [outcomes[i] for i in range(len(runs))]
    return done if in_logs else _again_in_logs(family, problem, runs, rules, done)


def _again_in_logs(
    family: Family,
    problem: Problem,
    runs: Sequence[Run],
    rules: Rules,
    done: list[Outcome],
) -> list[Outcome]:
    lost = [i for i, o in enumerate(done) if o.history[-1] == -np.inf]
    if lost:
        again = run_all(
            family, problem, [runs[i] for i in lost], rules, 4, None, None, True
        )
        for i, outcome in zip(lost, again, strict=True):
            done[i] = outcome
    return done


@functools.partial(jax.jit, static_argnames=("family", "in_logs"))
def _loglik(
    slot: _Slot, problem: Problem, family: Family, in_logs: bool
) -> tuple[Array, Array]:
    log_like, *_, gamma = _expect(family, slot, problem, in_logs)
    return log_like, gamma


def log_likelihoods(
    family: Family,
    problem: Problem,
    runs: Sequence[Run],
    n_states: int | None = None,
    in_logs: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Log-likelihood of what each run sees (R,) and its state beliefs (R, rows, K)."""
    n_states = n_states or max(len(run.start) for run in runs)
    one = float64(_loglik)
    parts = [
        one(_slot(run, n_states, 1), problem, family=family, in_logs=in_logs)
        for run in runs
    ]
    return np.array([float(p[0]) for p in parts]), np.stack([p[1] for p in parts])
