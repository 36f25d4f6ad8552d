"""Which family and how many states: judged on frames that were held out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from genface.behavior.cells import log_steps
from genface.behavior.em import Run
from genface.behavior.emissions import Family
from genface.behavior.emissions.family import naming
from genface.behavior.folds import block_folds, clip_folds
from genface.behavior.hmm import ESTIMATORS, HiddenMarkovModel
from genface.behavior.runs import Lengths, Rows, autocorrelation_time, stack
from genface.behavior.settings import whole
from genface.behavior.sweep import Sweep, sweep
from genface.behavior.transform import GRID, AUTransform, check_range
from genface.errors import FitError, GenfaceError, InputError, ShapeError
from genface.progress import Report

Folds = tuple[np.ndarray, np.ndarray]

MIN_BLOCK = 10  # frames; a shorter test block says nothing
MIN_CLIPS = 3  # with fewer, leaving a clip out leaves too little to learn from
SEARCH_TOL = 1e-3  # nats per frame: near enough to compare numbers of states


class Kind(NamedTuple):
    """A family as it may be asked for: estimator, its settings, its transform."""

    estimator: str
    settings: dict[str, Any] = {}
    transform: str = "unit"


STEPS = {"resolution": GRID}  # on the scale 0-1, to which "unit" divides
CANDIDATES: Mapping[str, Kind] = {
    "logistic": Kind("logistic"),
    "ar": Kind("ar", STEPS),
    "ar_full": Kind("ar", {"covariance_type": "full"}),
    "gaussian": Kind("gaussian", STEPS),
    "gaussian_spherical": Kind("gaussian", {"covariance_type": "spherical", **STEPS}),
    "gaussian_full": Kind("gaussian", {"covariance_type": "full"}),
    "gaussian_tied": Kind("gaussian", {"covariance_type": "tied"}),
    "gaussian_mixture": Kind("gaussian_mixture"),
    "beta": Kind("beta"),
    "inflated_beta": Kind("inflated_beta"),
    "poisson": Kind("poisson", transform="counts"),
    "negative_binomial": Kind("negative_binomial", transform="counts"),
    "bernoulli": Kind("bernoulli"),
    "categorical": Kind("categorical", transform="identity"),
}


@dataclass(frozen=True, eq=False)
class Selection:
    """The chosen estimator with its transform, every candidate and every run.

    ``table`` has a row per family and number of states, all in cell probability:
    ``held_out`` (nats per frame) is the mean over folds with its standard error;
    ``log_likelihood``, ``aic``, ``bic`` and ``icl`` belong to the fit on all rows.
    ``runs`` has a row per fit: ``fold`` None is on all rows, ``log_likelihood`` in the
    family's own units, ``stop`` one of ``em.STOP_REASONS`` or what went wrong.
    """

    best: HiddenMarkovModel
    transform: AUTransform
    top: float
    table: list[dict[str, Any]]
    runs: list[dict[str, Any]]
    rule: str


def transform_for(family: Family) -> str:
    """The kind of transform that suits a family."""
    kinds = {kind.estimator: kind.transform for kind in CANDIDATES.values()}
    return kinds.get(family.name, "unit")


def select(
    X: Rows,
    lengths: Lengths = None,
    *,
    columns: Sequence[str],
    families: Sequence[str] = ("logistic",),
    states: Iterable[int] = range(2, 9),
    restarts: int = 2,
    folds: int = 5,
    by: str = "clip",
    seed: int = 0,
    top: float = 1.0,
    n_iter: int = 200,
    tol: float = SEARCH_TOL,
    progress: Report | None = None,
) -> Selection:
    """Fit every family and number of states to AUs (T, A) and choose one.

    ``X`` may be a list of sequences instead. Held out are whole clips where there are
    three or more (``by="block"``: never), else contiguous blocks with a gap beside
    them. Within a family the fewest states whose held-out score is within one standard
    error of the best; between families the higher score. Without folds (too few
    frames) the smallest BIC. ``top`` ends the AU scale. A fit that fails is a row in
    the table, not an end; :class:`FitError` only if nothing at all could be fitted.
    """
    X, lengths = stack(X, lengths)
    whole("restarts", restarts)
    whole("seed", seed, 0)
    families = [families] if isinstance(families, str) else families
    sizes = _sizes(X, states)
    _check(X, columns, families, top)
    held, rule = _folds(X, lengths, folds, by)
    found = _Found(X, lengths, columns, top, held)
    for number, name in enumerate(families):

        def report(stage: str, done: int, total: int | None, at: int = number) -> None:
            if progress and total:
                progress("fit", at * total + done, len(families) * total)

        found.add(
            name,
            sizes,
            restarts,
            seed,
            {"n_iter": n_iter, "tol": tol, "progress": report},
        )
    row = choose(found.table)
    if row is None:
        reasons = "; ".join(sorted(set(found.reasons)))
        raise FitError(f"no model could be fitted: {reasons}")
    row["chosen"] = True
    name, K = row["family"], row["n_states"]
    best = _polished(found.models[name, K], name, found.coded(name), lengths)
    return Selection(best, found.transform(name), top, found.table, found.runs, rule)


class _Found:
    """What has been fitted so far, family by family."""

    def __init__(
        self,
        X: np.ndarray,
        lengths: np.ndarray,
        columns: Sequence[str],
        top: float,
        held: Folds | None,
    ) -> None:
        self.X, self.lengths, self.columns, self.top = X, lengths, columns, top
        self.held = held
        self.table: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        self.models: dict[tuple[str, int], HiddenMarkovModel] = {}
        self.reasons: list[str] = []

    def transform(self, name: str) -> AUTransform:
        """None of these kinds learns from rows: all folds may share it."""
        return AUTransform.fit(
            CANDIDATES[name].transform, self.X, self.columns, self.top
        )

    def coded(self, name: str) -> np.ndarray:
        return self.transform(name).encode(self.X)

    def add(
        self,
        name: str,
        sizes: Sequence[int],
        restarts: int,
        seed: int,
        settings: Mapping[str, Any],
    ) -> None:
        kind = CANDIDATES[name]
        own = dict(kind.settings)
        if name == "categorical":
            own["n_categories"] = round(self.top) + 1
        try:
            with naming(self.columns):
                swept = sweep(
                    self.coded(name),
                    kind.estimator,
                    sizes,
                    restarts,
                    self.lengths.tolist(),
                    self.held,
                    fold_restarts=1,
                    seed=seed,
                    **own,
                    **settings,
                )
        except GenfaceError as error:
            self.reasons.append(f"{name}: {error}")
            self.table += [_row(name, K) | {"stop": str(error)} for K in sizes]
            return
        self.runs += [_run(name, r) for r in (*swept.runs, *swept.fold_runs)]
        for score in swept.scores:
            K = score["n_components"]
            if K not in swept.models:
                self.table.append(_row(name, K) | {"stop": "failed"})
                continue
            self.models[name, K] = swept.models[K]
            self.table.append(self._candidate(name, swept, score))

    def _candidate(self, name: str, swept: Sweep, score: Mapping) -> dict[str, Any]:
        K, model = score["n_components"], swept.models[score["n_components"]]
        widest = max(swept.models)
        seen = np.isfinite(self.X).any(1)
        folds = self._fold_scores(name, swept, K, widest, score["folds"])
        usable = len(folds) > 0 and bool(np.isfinite(folds).all())
        if name == "logistic":
            total = float(score["log_likelihood"])
        else:
            total = self._total(model, self.transform(name), self.X, widest)
        free = model.n_parameters()
        bic = free * np.log(seen.sum()) - 2 * total
        return _row(name, K) | {
            "held_out": _number(folds.mean()) if usable else None,
            "standard_error": (
                _number(folds.std(ddof=1) / np.sqrt(len(folds))) if usable else None
            ),
            "log_likelihood": _number(total),
            "aic": _number(2 * free - 2 * total),
            "bic": _number(bic),
            "icl": _number(bic + score["icl"] - score["bic"]),
            "n_parameters": free,
            "stop": model.monitor_.stop,
        }

    def _fold_scores(
        self, name: str, swept: Sweep, K: int, widest: int, own: np.ndarray
    ) -> np.ndarray:
        """Held-out nats per frame with a value, in each fold; NaN where none."""
        if self.held is None:
            return np.zeros(0)
        held, hidden = self.held
        seen = np.isfinite(self.X).any(1)
        counts = (held & seen).sum(1)
        if name == "logistic":  # its likelihood is that of the cells
            return own * held.sum(1) / np.maximum(counts, 1)
        scores = np.full(len(held), np.nan)
        transform = self.transform(name)
        for fold in range(len(held)):
            model = _best_of(swept, fold, K)
            if model is None or not counts[fold]:
                continue
            train, both = self.X.copy(), self.X.copy()
            train[hidden[fold]] = np.nan
            both[hidden[fold] & ~held[fold]] = np.nan
            gained = self._total(model, transform, both, widest)
            scores[fold] = gained - self._total(model, transform, train, widest)
        return scores / np.maximum(counts, 1)

    def _total(
        self,
        model: HiddenMarkovModel,
        transform: AUTransform,
        aus: np.ndarray,
        widest: int,
    ) -> float:
        steps = log_steps(model, transform, aus, self.top, self.lengths, widest)
        return float(steps.sum())


def choose(table: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The row to take, by held-out score or else by BIC; None if nothing was fitted."""
    judged = [row for row in table if row["held_out"] is not None]
    if not judged:
        fitted = [row for row in table if row["bic"] is not None]
        return min(fitted, key=lambda row: row["bic"], default=None)
    modest = []
    for family in dict.fromkeys(row["family"] for row in judged):
        own = [row for row in judged if row["family"] == family]
        best = max(own, key=lambda row: row["held_out"])
        level = best["held_out"] - (best["standard_error"] or 0.0)
        near = [row for row in own if row["held_out"] >= level]
        modest.append(min(near, key=lambda row: row["n_states"]))
    return max(modest, key=lambda row: row["held_out"])


def _sizes(X: np.ndarray, states: Iterable[int]) -> list[int]:
    """Numbers of states to try: never more than there are different rows."""
    sizes = _numbers(states)
    rows = X[np.isfinite(X).any(1)]
    if not len(rows):
        raise InputError("every AU is missing in every frame; there is nothing to fit.")
    distinct = len(np.unique(np.nan_to_num(rows, nan=-1.0), axis=0))
    fine = [k for k in sizes if k <= distinct]
    if not fine and distinct == 1:
        frames = "one frame" if len(rows) == 1 else f"{len(rows)} frames alike"
        raise FitError(
            f"the face does not vary ({frames}); give a clip in which it moves."
        )
    if not fine:
        raise InputError(
            f"{sizes[0]} states, but only {distinct} distinct rows in {len(X)} frames; "
            "use fewer states or a longer clip."
        )
    return fine


def _numbers(states: Iterable[int]) -> list[int]:
    if isinstance(states, str) or not isinstance(states, Iterable):
        raise InputError(f"states is a list of whole numbers; got {states!r}.")
    sizes = sorted({whole("each number of states", k) for k in states})
    if not sizes:
        raise InputError("states names no number of states to try.")
    return sizes


def _check(
    X: np.ndarray, columns: Sequence[str], families: Sequence[str], top: float
) -> None:
    if X.shape[1] != len(columns):
        raise ShapeError(f"{len(columns)} column names for {X.shape[1]} columns.")
    unknown = [name for name in families if name not in CANDIDATES]
    if unknown or not families:
        raise InputError(
            f"no family {', '.join(unknown) or 'was named'}; choose from "
            f"{', '.join(CANDIDATES)}."
        )
    check_range(X, columns, top)


def _folds(
    X: np.ndarray, lengths: np.ndarray, folds: int, by: str
) -> tuple[Folds | None, str]:
    """Rows held out and hidden in each fold, and the rule in words."""
    if by not in ("clip", "block"):
        raise InputError(f"by is clip or block; got {by!r}.")
    if by == "clip" and len(lengths) >= MIN_CLIPS:
        n = min(folds, len(lengths))
        held = clip_folds(lengths, n)
        return (held, held), f"{n} folds of whole clips"
    n = min(folds, len(X) // MIN_BLOCK)
    if n < 2:
        return None, f"{len(X)} frames are too few to hold any out; chosen by BIC"
    gap = int(min(np.ceil(autocorrelation_time(X, lengths)), len(X) // n // 2))
    return block_folds(lengths, n, gap), (
        f"{n} contiguous blocks, {gap} frames beside each left out of training"
    )


def _best_of(swept: Sweep, fold: int, K: int) -> HiddenMarkovModel | None:
    fits = [
        end
        for run, end in zip(swept.fold_runs, swept.fold_ends, strict=True)
        if end is not None and (run["fold"], run["n_components"]) == (fold, K)
    ]
    return max(fits, key=lambda m: m.monitor_.log_likelihoods[0], default=None)


def _polished(
    model: HiddenMarkovModel, name: str, coded: np.ndarray, lengths: np.ndarray
) -> HiddenMarkovModel:
    """The chosen model after EM has gone on to the estimator's own tolerance."""
    kind = CANDIDATES[name]
    settings = dict(kind.settings)
    if name == "categorical":
        settings["n_categories"] = model.family.n_categories  # type: ignore[attr-defined]
    further = ESTIMATORS[kind.estimator](model.n_components, init_params="", **settings)
    further._adopt(Run(model.startprob_, model.transmat_, model.emission_params))
    try:
        return further.fit(coded, lengths)
    except FitError:
        return model


def _row(family: str, n_states: int) -> dict[str, Any]:
    names = "held_out standard_error log_likelihood aic bic icl n_parameters stop"
    blank = dict.fromkeys(names.split())
    return {"family": family, "n_states": n_states, **blank, "chosen": False}


def _run(family: str, record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "family": family,
        "n_states": record["n_components"],
        "fold": record["fold"],
        "restart": record["restart"],
        "log_likelihood": _number(record["log_likelihood"]),
        "iterations": record["iterations"],
        "stop": record["stop"],
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
