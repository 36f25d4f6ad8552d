"""Which family and how many states: judged on frames that were held out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from genface.behavior.cells import CellLaw, held_out
from genface.behavior.folds import Fold, make_folds
from genface.behavior.models import HMMS, BaseHMM
from genface.behavior.runs import Lengths, check_lengths, check_rows, split
from genface.behavior.transform import AUTransform
from genface.errors import FitError, InputError, ShapeError

FOLD_RESTARTS = 2
# A clip shows an AU at rest for long and then in use. States as narrow as the rest of
# their own training frames would call the use impossible; no detector repeats itself
# more closely than this share of the scale, and a few imagined frames widen the rest.
NARROWEST = 0.03
PRIOR_FRAMES = 3.0

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Run:
    """One fit: all rows (``fold`` None) or the training rows of a fold.

    ``log_likelihood`` is in the family's own units; ``held_out`` in nats per frame of
    cell probability; ``stop`` as in :class:`Course`, or "failed" with the reason.
    """

    family: str
    n_states: int
    fold: int | None
    seed: int
    log_likelihood: float | None
    held_out: float | None
    iterations: int
    stop: str
    reason: str = ""


@dataclass(frozen=True)
class Candidate:
    """One family with one number of states, in cell probability throughout.

    ``held_out`` (nats per frame) is the mean over folds with its standard error;
    ``log_likelihood``, ``aic`` and ``bic`` belong to the fit on all rows.
    """

    family: str
    n_states: int
    held_out: float | None
    standard_error: float | None
    log_likelihood: float | None
    aic: float | None
    bic: float | None
    n_parameters: int | None
    stop: str
    chosen: bool = False


@dataclass(frozen=True, eq=False)
class Selection:
    """The chosen estimator with its transform, every candidate and every run."""

    best: BaseHMM
    transform: AUTransform
    top: float
    candidates: list[Candidate]
    runs: list[Run]
    rule: str

    @property
    def table(self) -> list[dict]:
        """The candidates as plain records."""
        return [asdict(candidate) for candidate in self.candidates]

    @property
    def run_table(self) -> list[dict]:
        """The runs as plain records."""
        return [asdict(run) for run in self.runs]


@dataclass(frozen=True, eq=False)
class _Fitted:
    model: BaseHMM
    transform: AUTransform


@dataclass(frozen=True, eq=False)
class _Sweep:
    """What all fits of one selection share."""

    X: np.ndarray
    columns: Sequence[str]
    top: float
    n_iter: int
    tol: float

    def fit(
        self, family: str, K: int, spans: Sequence[tuple[int, int]], seed: int, n: int
    ) -> _Fitted:
        rows = np.concatenate([self.X[a:b] for a, b in spans])
        kind = HMMS[family].transform
        transform = AUTransform.fit(kind, rows, self.columns, self.top)
        model = HMMS[family](
            K,
            n_restarts=n,
            random_state=seed,
            n_iter=self.n_iter,
            tol=self.tol,
            columns=self.columns,
            min_variance=(NARROWEST * self.top * transform.scale) ** 2,
            prior_frames=PRIOR_FRAMES,
        )
        model.fit(transform.encode(rows), [b - a for a, b in spans])
        return _Fitted(model, transform)

    def law(self, fitted: _Fitted) -> CellLaw:
        return CellLaw(fitted.model.emissions_, fitted.transform, self.top)

    def judge(self, fitted: _Fitted, blocks: Iterable[tuple[int, int, int]]) -> float:
        """Nats per frame of the test blocks."""
        chain, law = fitted.model.chain_, self.law(fitted)
        total, frames = 0.0, 0
        for first, known, end in blocks:
            gained, seen = held_out(
                chain.start, chain.trans, law, self.X[first:end], known - first
            )
            total, frames = total + gained, frames + seen
        return total / frames if frames else np.nan


def select(
    X: np.ndarray,
    lengths: Lengths = None,
    *,
    columns: Sequence[str],
    families: Sequence[str] = ("poisson", "gaussian"),
    states: Iterable[int] = range(2, 9),
    restarts: int = 3,
    folds: int = 5,
    seed: int = 0,
    top: float = 1.0,
    n_iter: int = 100,
    tol: float = 1e-4,
    progress: Progress | None = None,
) -> Selection:
    """Fit every family and number of states to AUs (T, A) and choose one.

    Within a family the fewest states whose held-out score is within one standard
    error of the best; between families the higher score. Without folds (too few
    frames) the smallest BIC. ``top`` ends the AU scale. One failing fit is a row in
    the table, not an end; :class:`FitError` only if nothing at all could be fitted.
    """
    X, sizes = check_rows(X), sorted(set(states))
    if X.shape[1] != len(columns):
        raise ShapeError(f"{len(columns)} column names for {X.shape[1]} columns.")
    unknown = set(families) - set(HMMS)
    if unknown or not families or not sizes:
        raise InputError(
            f"choose families from {', '.join(HMMS)} and at least one number of "
            f"states; got {list(families)} and {sizes}."
        )
    parts, rule = make_folds(X, lengths, folds, seed)
    sweep = _Sweep(X, columns, top, n_iter, tol)
    ends = np.cumsum(check_lengths(len(X), lengths))
    spans = list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))
    runs: list[Run] = []
    candidates: list[Candidate] = []
    fits: dict[tuple[str, int], _Fitted] = {}
    jobs = [(family, K) for family in families for K in sizes]
    for done, (family, K) in enumerate(jobs):
        if progress:
            progress("fit", done, len(jobs))
        whole = _fit_all(sweep, family, K, spans, seed, restarts, runs)
        scores = [
            _fit_fold(sweep, family, K, fold, index, seed, runs)
            for index, fold in enumerate(parts)
        ]
        candidates.append(_candidate(sweep, family, K, whole, scores, lengths))
        if whole:
            fits[family, K] = whole
    if progress:
        progress("fit", len(jobs), len(jobs))
    chosen = _choose(candidates)
    if chosen is None:
        reasons = sorted({run.reason for run in runs if run.reason})
        raise FitError(f"no model could be fitted: {' '.join(reasons)}")
    best = fits[candidates[chosen].family, candidates[chosen].n_states]
    marked = [
        Candidate(**{**asdict(c), "chosen": index == chosen})
        for index, c in enumerate(candidates)
    ]
    return Selection(best.model, best.transform, top, marked, runs, rule)


def _fit_all(
    sweep: _Sweep,
    family: str,
    K: int,
    spans: Sequence[tuple[int, int]],
    seed: int,
    restarts: int,
    runs: list[Run],
) -> _Fitted | None:
    try:
        fitted = sweep.fit(family, K, spans, seed, restarts)
    except FitError as error:
        runs.append(Run(family, K, None, seed, None, None, 0, "failed", str(error)))
        return None
    pairs = zip(fitted.model.courses_, fitted.model.scores_, strict=True)
    for restart, (course, score) in enumerate(pairs):
        runs.append(
            Run(
                family,
                K,
                None,
                seed + restart,
                _number(score),
                None,
                course.iterations,
                course.stop,
            )
        )
    return fitted


def _fit_fold(
    sweep: _Sweep,
    family: str,
    K: int,
    fold: Fold,
    index: int,
    seed: int,
    runs: list[Run],
) -> float:
    try:
        fitted = sweep.fit(family, K, fold.train, seed, FOLD_RESTARTS)
    except FitError as error:
        runs.append(Run(family, K, index, seed, None, None, 0, "failed", str(error)))
        return np.nan
    score = sweep.judge(fitted, fold.test)
    course = fitted.model.course_
    runs.append(
        Run(
            family,
            K,
            index,
            seed,
            _number(max(fitted.model.scores_)),
            _number(score),
            course.iterations,
            course.stop,
        )
    )
    return score


def _candidate(
    sweep: _Sweep,
    family: str,
    K: int,
    whole: _Fitted | None,
    scores: list[float],
    lengths: Lengths,
) -> Candidate:
    if whole is None:
        return Candidate(family, K, None, None, None, None, None, None, "failed")
    chain, law = whole.model.chain_, sweep.law(whole)
    judged = [
        held_out(chain.start, chain.trans, law, x) for x in split(sweep.X, lengths)
    ]
    likelihood = sum(total for total, _ in judged)
    frames = sum(seen for _, seen in judged)
    size = whole.model.n_parameters()
    usable = bool(scores) and bool(np.isfinite(scores).all())
    return Candidate(
        family,
        K,
        float(np.mean(scores)) if usable else None,
        float(np.std(scores, ddof=1) / np.sqrt(len(scores))) if usable else None,
        _number(likelihood),
        _number(2 * size - 2 * likelihood),
        _number(size * np.log(frames) - 2 * likelihood),
        size,
        whole.model.course_.stop,
    )


def _choose(candidates: list[Candidate]) -> int | None:
    """Index of the chosen candidate, by held-out score or else by BIC."""
    judged = [c for c in candidates if c.held_out is not None]
    if not judged:
        fitted = [i for i, c in enumerate(candidates) if c.bic is not None]
        return min(fitted, key=lambda i: candidates[i].bic or 0.0, default=None)
    modest = []
    for family in dict.fromkeys(c.family for c in judged):
        own = [c for c in judged if c.family == family]
        best = max(own, key=_held_out)
        level = _held_out(best) - (best.standard_error or 0.0)
        near = [c for c in own if _held_out(c) >= level]
        modest.append(min(near, key=lambda c: c.n_states))
    return candidates.index(max(modest, key=_held_out))


def _held_out(candidate: Candidate) -> float:
    assert candidate.held_out is not None
    return candidate.held_out


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
