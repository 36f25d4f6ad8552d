"""Expectation-maximisation of many runs at once in one compiled loop.

Runs differ in their start, their number of states (padded, the rest switched off)
and the rows they may see. A fixed number of slots iterate together; a run that has
stopped leaves its slot to the next one waiting, so no slot iterates in vain and the
program is compiled once for all.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jax import Array

from genface.behavior.emissions.family import Family, Params
from genface.behavior.expectation import Slot, add_up, observe, open_slot
from genface.behavior.iteration import Rules, advance
from genface.behavior.log_recursions import exact_posterior
from genface.behavior.precision import program
from genface.behavior.problem import Problem, Run, lay_out, pad_run, priors
from genface.behavior.recursions import NEVER_LOST
from genface.behavior.stopping import CAP, FAR, RUNNING, STOP_REASONS


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
    loop = functools.partial(
        program(advance, "family", "rules", "passes"),
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
            lambda s, leave: loop(s, problem, limits, leave, logs), waiting, width
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
) -> Iterator[tuple[int, Slot]]:
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
