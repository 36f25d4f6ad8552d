"""The procedure of notebook 004, kept for contrast: do not choose a model by it."""

from collections.abc import Iterable, Sequence

import numpy as np

from genface.behavior.hmm import HiddenMarkovModel
from genface.behavior.selection import Selection, _number, _row, _run
from genface.behavior.sweep import sweep
from genface.behavior.transform import AUTransform
from genface.errors import FitError, InputError
from genface.progress import Report


def seed004(
    X: np.ndarray,
    *,
    columns: Sequence[str],
    states: Iterable[int] = range(2, 20),
    restarts: int = 20,
    seed: int = 0,
    top: float = 1.0,
    progress: Report | None = None,
) -> Selection:
    """Poisson on hundredths, cut off; the best of all scores on the last quarter wins.

    hmmlearn's rules with its 10 iterations on the first 75 % of the rows (T, A), one
    fit per number of states and seed. Its faults are part of it: counts start from the
    smallest value of all rows, validation too; most fits have not converged; the score
    begins anew from the start law; the maximum of hundreds of noisy scores is an
    optimist; Poisson counts vary less than AUs do. Rows with a missing value are an
    error, as they are there.
    """
    missing = np.isnan(X).any(0)
    if missing.any():
        names = ", ".join(c for c, m in zip(columns, missing, strict=True) if m)
        raise InputError(f"{names}: seed004 takes no missing values; drop those rows.")
    split = int(0.75 * len(X))
    if split < 2 or split == len(X):
        raise InputError(f"seed004 splits rows 75 to 25; {len(X)} are too few.")
    transform = AUTransform.fit("truncated", X, columns, top)
    counts = transform.encode(X)

    def report(stage: str, done: int, total: int | None) -> None:
        if progress:
            progress("fit", done, total)

    swept = sweep(
        counts[:split],
        "poisson",
        list(states),
        restarts,
        folds=None,
        seed=seed,
        progress=report,
        compat="hmmlearn",
    )
    scores = np.array(
        [-np.inf if end is None else _score(end, counts[split:]) for end in swept.ends]
    )
    if not np.isfinite(scores).any():
        raise FitError(
            "seed004: no run gives the last quarter a finite score; an AU is 0 in "
            "training and active later."
        )
    best = swept.ends[int(scores.argmax())]
    assert best is not None
    rows = []
    for row in swept.scores:
        K = row["n_components"]
        own = [s for s, r in zip(scores, swept.runs, strict=True)
               if r["n_components"] == K]  # fmt: skip
        free = K - 1 + K * (K - 1) + K * len(columns)
        rows.append(
            _row("poisson", K)
            | {
                "held_out": _number(max(own) / (len(X) - split)),
                "log_likelihood": _number(row["log_likelihood"]),
                "aic": _number(row["aic"]),
                "bic": _number(row["bic"]),
                "icl": _number(row["icl"]),
                "n_parameters": free,
                "stop": swept.models[K].monitor_.stop if K in swept.models else "nan",
                "chosen": K == best.n_components,
            }
        )
    rule = "recipe seed004: the highest of all scores on the last quarter"
    runs = [_run("poisson", run) for run in swept.runs]
    return Selection(best, transform, top, rows, runs, rule)


def _score(model: HiddenMarkovModel, X: np.ndarray) -> float:
    """Log-likelihood that starts anew; a broken chain scores nothing."""
    rows = model.transmat_.sum(1)
    if not (np.isfinite(rows).all() and np.allclose(rows, 1.0)):
        return -np.inf
    score = model.score(X)
    return score if np.isfinite(score) else -np.inf
