"""Which emission family predicts unseen clips of real AUs best.

Run: python experiments/03_families/run.py [--restarts 1] [--only logistic,ar]
(about 10 minutes on 2 cores). Data: ../shared/data/news_sample (477 frames of one
speaker, 20 AUs, 20 clips); not part of this project.
Expected: the default family (logistic) best, 8 nats and more above a random walk.

Every figure is the log-probability of the observed cells of a .01 grid (open-ended at
0 and 1) in nats per held-out frame: mean and standard error of 5 folds of 4 clips,
which are permuted by default_rng(0) and dealt in turn. A frame is predicted from the
frames of its clip before it and from the training clips, and from nothing else.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from references import CLOSED, REFERENCES, random_walk  # noqa: E402

from genface.behavior.emissions.logistic import cell_edges  # noqa: E402
from genface.behavior.hmm import ESTIMATORS, HiddenMarkovModel  # noqa: E402
from genface.behavior.inference import posterior  # noqa: E402

CLIPS = ROOT.parent / "shared" / "data" / "news_sample"
COUNTS = ("poisson", "negative_binomial")

TABLE: list[tuple[str, int, dict]] = [
    ("poisson", 5, {}),
    ("poisson", 12, {}),
    ("negative_binomial", 5, {}),
    ("gaussian", 5, {}),
    ("gaussian_mixture", 5, {}),
    ("beta", 5, {}),
    ("inflated_beta", 5, {}),
    ("ar", 1, {"covariance_type": "full"}),
    ("ar", 1, {}),
    ("ar", 5, {}),
    ("logistic", 5, {"n_lags": 0}),
    ("logistic", 1, {}),
    ("logistic", 2, {}),
    ("logistic", 3, {}),
    ("logistic", 5, {}),
    ("logistic", 8, {}),
    ("logistic", 5, {"n_lags": 2}),
]


def read_clips() -> list[np.ndarray]:
    """AUs of the 20 clips, (T, 20) each."""
    clips = []
    for number in range(1, 21):
        names = pd.read_csv(CLIPS / f"{number:03d}.csv", nrows=0).columns
        aus = [c for c in names if c.startswith("AU") and c[2:].isdigit()]
        table = pd.read_csv(CLIPS / f"{number:03d}.csv", usecols=aus)
        clips.append(table[aus].to_numpy(float))
    return clips


def folds(clips: list[np.ndarray]) -> Iterator[tuple[list, list]]:
    """Training and test clips of each of the 5 folds."""
    order = np.random.default_rng(0).permutation(len(clips))
    for fold in range(5):
        held = set(order[fold::5].tolist())
        train = [c for i, c in enumerate(clips) if i not in held]
        yield train, [clips[i] for i in sorted(held)]


def cell_score(model: HiddenMarkovModel, clips: list[np.ndarray]) -> float:
    """Nats of the cells of these clips; each begins from the start probabilities."""
    X = np.concatenate(clips)
    lengths = [len(c) for c in clips]
    lower, upper = cell_edges(X)
    if model.family_name in COUNTS:
        X, lower, upper = np.round(100 * X), 100 * lower, 100 * upper
    data = model.family.prepare(X, lengths)
    log_obs = model.family.log_cells(model.emission_params, data, lower, upper)
    chain = model.startprob_, model.transmat_
    return posterior(*chain, log_obs, lengths).log_likelihood


def fit(name: str, n_states: int, settings: dict, train: list, restarts: int):
    X = np.concatenate(train)
    model = ESTIMATORS[name](
        n_states,
        restarts=restarts if n_states > 1 else 1,
        tol=1e-4,
        n_iter=200,
        **settings,
    )
    rows = np.round(100 * X) if name in COUNTS else X
    return model.fit(rows, [len(c) for c in train])


def line(name: str, n_states: int, text: str, scores: np.ndarray, walk: np.ndarray):
    """Mean and standard error, and the same of the paired gain over a random walk."""
    gain = scores - walk
    error, gain_error = (x.std(ddof=1) / np.sqrt(len(x)) for x in (scores, gain))
    print(
        f"{name:18} {n_states:3} {text:22} {scores.mean():8.2f} +- {error:4.2f}"
        f"   {gain.mean():+7.2f} +- {gain_error:4.2f}",
        flush=True,
    )


def per_frame(total: list[float], parts: list[tuple[list, list]]) -> np.ndarray:
    return np.array(total) / [sum(map(len, test)) for _, test in parts]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--only", default="", help="families to run, comma-separated")
    options = parser.parse_args()
    parts = list(folds(read_clips()))

    print(f"{'model':18} {'K':>3} {'':22} {'nats/frame':>16}   over the random walk")
    walk = per_frame([random_walk(train, test) for train, test in parts], parts)
    for name, n_states, function, issue in REFERENCES:
        total = [function(train, test) for train, test in parts]
        line(name, n_states, f"issue: {issue}", per_frame(total, parts), walk)
    for name, function in CLOSED:
        total = [function(train, test, ends="closed") for train, test in parts]
        line(name, 1, "end cells closed", per_frame(total, parts), walk)

    for name, n_states, settings in TABLE:
        if options.only and name not in options.only.split(","):
            continue
        total = [
            cell_score(fit(name, n_states, settings, train, options.restarts), test)
            for train, test in parts
        ]
        text = " ".join(f"{k}={v}" for k, v in settings.items())
        line(name, n_states, text, per_frame(total, parts), walk)


if __name__ == "__main__":
    main()
