"""Every number of states from every restart, and the number to choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from genface.behavior import em
from genface.behavior.folds import make_folds
from genface.behavior.hmm import ESTIMATORS, FitReport, HiddenMarkovModel, entropy
from genface.behavior.lanes import pack
from genface.behavior.settings import whole
from genface.errors import FitError, InputError
from genface.progress import Progress, Report, reporter


@dataclass(frozen=True, eq=False)
class Sweep:
    """All runs of a sweep and the model it chose.

    ``runs``: one row per run on all rows (n_components, restart, log_likelihood, aic,
    bic, iterations, stop). ``scores``: one row per number of states with the held-out
    log-probability in nats per row and its standard error; NaN without folds.
    ``ends`` and ``fold_ends`` are the models of the rows of ``runs`` and
    ``fold_runs``, None where a run failed.
    """

    best: HiddenMarkovModel
    models: dict[int, HiddenMarkovModel]  # best of each number of states
    runs: list[dict[str, Any]]
    scores: list[dict[str, Any]]
    fold_runs: list[dict[str, Any]]
    ends: list[HiddenMarkovModel | None]
    fold_ends: list[HiddenMarkovModel | None]

    @property
    def table(self) -> pd.DataFrame:
        """Every run on all rows."""
        return pd.DataFrame(self.runs).drop(columns="fold")

    @property
    def summary(self) -> pd.DataFrame:
        """One row per number of states."""
        return pd.DataFrame(self.scores)

    def plot(self) -> Any:
        """Figure of every run, and of the scores by which one was chosen."""
        from genface.behavior.sweep_plots import draw_sweep

        return draw_sweep(self.table, self.summary, self.best.n_components)


@dataclass(frozen=True)
class _Plan:
    """What run number i of a sweep is."""

    n_states: int
    restart: int
    view: int  # -1: all rows


def sweep(
    X: np.ndarray,
    family: str = "logistic",
    states: Sequence[int] = range(2, 20),
    restarts: int = 20,
    lengths: Sequence[int] | None = None,
    folds: int | str | tuple[np.ndarray, np.ndarray] | None = 5,
    fold_restarts: int | None = None,
    gap: int = 0,
    seed: int = 0,
    progress: Progress = True,
    **settings: Any,
) -> Sweep:
    """Fit every number of states from every restart; choose by held-out rows.

    Chosen is the smallest number of states within one standard error of the best
    held-out log p(rows | training rows) (Breiman et al. 1984); with ``folds=None`` the
    lowest BIC. Each fold is fitted ``fold_restarts`` times (default: at most 3). A run
    that fails is recorded with its reason and cannot win. ``progress``: a bar on the
    terminal, nothing, or a function of a name, runs done, and runs in all.
    ``settings`` go to the family's class.
    """
    if family not in ESTIMATORS:
        raise InputError(f"no family {family!r}; there are {', '.join(ESTIMATORS)}.")
    states = sorted({whole("each number of states", k) for k in states})
    if not states:
        raise InputError("no number of states was given; name one or more.")
    whole("restarts", restarts)
    whole("seed", seed, 0)
    template = ESTIMATORS[family](max(states), **settings)
    X, checked = template._check(X, lengths)
    held, hidden = make_folds(len(X), checked, folds, gap)
    problem = _problem(template, X, checked, held, hidden)
    fold_restarts = min(restarts, 3) if fold_restarts is None else fold_restarts
    plans = [_Plan(k, r, -1) for k in states for r in range(restarts)]
    plans += [
        _Plan(k, r, f)
        for f in range(len(held))
        for k in states
        for r in range(fold_restarts)
    ]
    with reporter(progress, "sweep") as report:
        outcomes = _run(template, problem, plans, X, hidden, seed, report)
    records = [_record(template, p, o, X) for p, o in zip(plans, outcomes, strict=True)]
    ends = [
        _end(ESTIMATORS[family](p.n_states, **settings), o)
        for p, o in zip(plans, outcomes, strict=True)
    ]
    models = _winners(plans, ends)
    if not models:
        reasons = "; ".join(sorted({o for o in outcomes if isinstance(o, str)}))
        raise FitError(
            f"no run of the sweep reached a finite likelihood ({reasons or 'nan'})."
        )
    scores = _held_out(template, problem, plans, outcomes, held, states)
    _add_criteria(scores, template, problem, plans, outcomes, X)
    chosen = _choose(scores, folds is not None, models)
    n_full = len(states) * restarts
    return Sweep(
        models[chosen],
        models,
        records[:n_full],
        scores,
        records[n_full:],
        ends[:n_full],
        ends[n_full:],
    )


def _problem(
    template: HiddenMarkovModel,
    X: np.ndarray,
    lengths: np.ndarray,
    held: np.ndarray,
    hidden: np.ndarray,
) -> em.Problem:
    """Views: what each fold trains on, the same with the held-out rows, and all."""
    everything = np.ones((1, len(X)), bool)
    visible = np.concatenate([~hidden, ~(hidden & ~held), everything])
    lanes = pack(lengths, exact=True)
    data, views = em.lay_out(template.family, X, lengths, lanes, visible)
    return em.Problem(
        data,
        lanes.first,
        views,
        em.priors(template.family, X, [*~hidden, *~hidden, everything[0]]),
        float(template.startprob_prior),
        float(template.transmat_prior),
        float(template.stay_prior),
    )


def _first_runs(
    template: HiddenMarkovModel,
    plans: list[_Plan],
    X: np.ndarray,
    hidden: np.ndarray,
    seed: int,
) -> list[em.Run | str]:
    """Where each run starts, or why it cannot."""
    starts: list[em.Run | str] = []
    for plan in plans:
        rows = X if plan.view < 0 else X[~hidden[plan.view]]
        model = _clone(template, plan.n_states)
        # hmmlearn's seeds are plain numbers, shared by all numbers of states.
        model.random_state = seed + plan.restart
        try:
            if model.compat:
                run = model._start_runs(rows, np.array([len(rows)]))[0]
            else:
                key = [seed, plan.n_states, plan.restart, plan.view + 1]
                run = model._start_run(rows, np.random.default_rng(key))
            starts.append(run._replace(view=plan.view))
        except (ValueError, np.linalg.LinAlgError) as error:
            starts.append(str(error))
    return starts


def _clone(template: HiddenMarkovModel, n_states: int) -> HiddenMarkovModel:
    model = object.__new__(type(template))
    model.__dict__.update(template.__dict__)
    model.n_components = n_states
    return model


def _run(
    template: HiddenMarkovModel,
    problem: em.Problem,
    plans: list[_Plan],
    X: np.ndarray,
    hidden: np.ndarray,
    seed: int,
    tell: Report,
) -> list[em.Outcome | str]:
    """Outcomes in the order of ``plans``; small and large models go in two groups."""
    starts = _first_runs(template, plans, X, hidden, seed)
    last = len(problem.views["visible"]) - 1
    # Starts that failed stay as their reasons; the others are replaced.
    outcomes: list[Any] = list(starts)
    ready = [i for i, s in enumerate(starts) if not isinstance(s, str)]
    # Long runs first, so that none is left alone at the end.
    ready.sort(key=lambda i: -plans[i].n_states)
    rules = template._rules(len(X))
    n_done = 0
    tell("sweep", 0, len(ready))
    # One group after the other: XLA's threads serve one program, and of two that share
    # them each may wait for the other for ever.
    for members in _groups(ready, plans):

        def report(count: int, total: int, before: int = n_done) -> None:
            tell("sweep", before + count, len(ready))

        runs = [
            s._replace(view=last) if s.view < 0 else s
            for s in (starts[i] for i in members)
            if not isinstance(s, str)
        ]
        # A few runs go side by side; of many, half a crowd waits for the slowest.
        width = len(runs) if len(runs) <= 32 else 16
        ends = em.run_all(template.family, problem, runs, rules, width, progress=report)
        for i, end in zip(members, ends, strict=True):
            outcomes[i] = end
        n_done += len(members)
    return outcomes


def _groups(ready: list[int], plans: list[_Plan]) -> list[list[int]]:
    """Runs split in two by size if the sizes differ much: less padding."""
    if len(ready) < 32 or plans[ready[0]].n_states < 2 * plans[ready[-1]].n_states:
        return [ready] if ready else []
    cost = np.cumsum([plans[i].n_states ** 1.5 + 8 for i in ready])
    at = int(np.searchsorted(cost, 0.5 * cost[-1]))
    return [ready[:at], ready[at:]]


def _record(
    template: HiddenMarkovModel, plan: _Plan, outcome: em.Outcome | str, X: np.ndarray
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "n_components": plan.n_states,
        "restart": plan.restart,
        "fold": None if plan.view < 0 else plan.view,
    }
    if isinstance(outcome, str):
        nothing = dict.fromkeys(("log_likelihood", "aic", "bic"), np.nan)
        return record | nothing | {"iterations": 0, "stop": outcome}
    k = plan.n_states
    free = k - 1 + k * (k - 1) + template.family.n_free(k, X.shape[1])
    log_like = outcome.log_likelihood
    return record | {
        "log_likelihood": log_like,
        "aic": -2 * log_like + 2 * free,
        "bic": -2 * log_like + free * np.log(len(X)),
        "iterations": outcome.n_iter,
        "stop": outcome.stop,
    }


def _best_of(
    plans: list[_Plan], outcomes: list[em.Outcome | str], n_states: int, view: int
) -> em.Outcome | None:
    """The most probable usable run; None if there is none."""
    usable = [
        o
        for p, o in zip(plans, outcomes, strict=True)
        if p.n_states == n_states
        and p.view == view
        and not isinstance(o, str)
        and _usable(o)
    ]
    return max(usable, key=lambda o: o.log_likelihood, default=None)


def _end(
    model: HiddenMarkovModel, outcome: em.Outcome | str
) -> HiddenMarkovModel | None:
    """The fitted model where a run ended; None if it failed."""
    if isinstance(outcome, str) or not _usable(outcome):
        return None
    model._adopt(outcome.run)
    score = outcome.log_likelihood
    model.monitor_ = FitReport(outcome.history, outcome.stop, 0, np.array([score]))
    return model


def _usable(outcome: em.Outcome) -> bool:
    return outcome.stop != "nan" and bool(np.isfinite(outcome.log_likelihood))


def _winners(
    plans: list[_Plan], ends: list[HiddenMarkovModel | None]
) -> dict[int, HiddenMarkovModel]:
    """The most probable run on all rows of each number of states."""
    models: dict[int, HiddenMarkovModel] = {}
    for plan, end in zip(plans, ends, strict=True):
        if plan.view >= 0 or end is None:
            continue
        best = models.get(plan.n_states)
        if best is None or _reached(end) > _reached(best):
            models[plan.n_states] = end
    return dict(sorted(models.items()))


def _reached(model: HiddenMarkovModel) -> float:
    return float(model.monitor_.log_likelihoods[0])


def _held_out(
    template: HiddenMarkovModel,
    problem: em.Problem,
    plans: list[_Plan],
    outcomes: list[em.Outcome | str],
    held: np.ndarray,
    states: Sequence[int],
) -> list[dict[str, Any]]:
    """Held-out nats per row: log p(train and held) - log p(train), by fold."""
    rows = []
    n_folds = len(held)
    for k in states:
        folds = np.full(n_folds, np.nan)
        for f in range(n_folds):
            outcome = _best_of(plans, outcomes, k, f)
            if outcome is None:
                continue
            views = [outcome.run, outcome.run._replace(view=n_folds + f)]
            train, both = em.log_likelihoods(
                template.family, problem, views, max(states)
            )[0]
            folds[f] = (both - train) / held[f].sum()
        fine = n_folds > 0 and np.isfinite(folds).all()
        rows.append(
            {
                "n_components": k,
                "held_out": folds.mean() if fine else (-np.inf if n_folds else np.nan),
                "error": folds.std(ddof=1) / np.sqrt(n_folds) if fine else np.nan,
                "folds": folds,
            }
        )
    return rows


def _add_criteria(
    scores: list[dict[str, Any]],
    template: HiddenMarkovModel,
    problem: em.Problem,
    plans: list[_Plan],
    outcomes: list[em.Outcome | str],
    X: np.ndarray,
) -> None:
    """AIC, BIC and ICL of the best run of each number of states, into ``scores``."""
    widest = max(row["n_components"] for row in scores)
    for row in scores:
        k = row["n_components"]
        outcome = _best_of(plans, outcomes, k, -1)
        row |= dict.fromkeys(("log_likelihood", "aic", "bic", "icl"), np.nan)
        if outcome is None:
            continue
        (log_like,), (beliefs,) = em.log_likelihoods(
            template.family, problem, [outcome.run], widest
        )
        free = k - 1 + k * (k - 1) + template.family.n_free(k, X.shape[1])
        row["log_likelihood"] = log_like
        row["aic"] = -2 * log_like + 2 * free
        row["bic"] = -2 * log_like + free * np.log(len(X))
        row["icl"] = row["bic"] + 2 * entropy(beliefs)


def _choose(
    scores: list[dict[str, Any]],
    by_folds: bool,
    models: dict[int, HiddenMarkovModel],
) -> int:
    """Smallest number of states within a standard error of the best, or least BIC."""
    usable = [row for row in scores if row["n_components"] in models]
    finite = [row for row in usable if np.isfinite(row["held_out"])]
    if not by_folds or not finite:
        return min(usable, key=lambda row: row["bic"])["n_components"]
    best = max(finite, key=lambda row: row["held_out"])
    least = best["held_out"] - best["error"]
    return next(r["n_components"] for r in finite if r["held_out"] >= least)
