"""Which emission family predicts unseen clips of real AUs best.

Run: python experiments/03_families/run.py [--quick]   (about 5 minutes on 2 cores)
Data: ../shared/data/news_sample (477 frames of one speaker, 20 AUs, 20 clips).
Expected: the logistic family well above a random walk (-74.5 nats per frame).
Every figure is the log-probability of the observed cells of a .01 grid (open-ended
at 0 and 1) in nats per held-out frame: mean and standard error of 5 folds of 4 clips.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from genface.behavior.emissions.logistic import cell_edges
from genface.behavior.hmm import ESTIMATORS, HiddenMarkovModel
from genface.behavior.inference import posterior

CLIPS = Path(__file__).parents[3] / "shared" / "data" / "news_sample"
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
]


def read_clips() -> list[np.ndarray]:
    """AUs of the 20 clips, (T, 20) each."""
    clips = []
    for number in range(1, 21):
        table = pd.read_csv(CLIPS / f"{number:03d}.csv")
        names = [c for c in table if c.startswith("AU") and c[2:].isdigit()]
        clips.append(table[names].to_numpy(float))
    return clips


def cell_score(model: HiddenMarkovModel, clips: list[np.ndarray]) -> float:
    """Nats per frame of the cells of these clips."""
    X = np.concatenate(clips)
    lengths = [len(c) for c in clips]
    lower, upper = cell_edges(X)
    if model.family_name in COUNTS:
        X, lower, upper = np.round(100 * X), 100 * lower, 100 * upper
    data = model.family.prepare(X, lengths)
    log_obs = model.family.log_cells(model.emission_params, data, lower, upper)
    chain = model.startprob_, model.transmat_
    return posterior(*chain, log_obs, lengths).log_likelihood / len(X)


def evaluate(name: str, n_states: int, settings: dict, restarts: int) -> np.ndarray:
    """Held-out score of each fold."""
    clips = read_clips()
    order = np.random.default_rng(0).permutation(20)
    scores = []
    for fold in range(5):
        held = set(order[fold::5])
        train = [c for i, c in enumerate(clips) if i not in held]
        X = np.concatenate(train)
        model = ESTIMATORS[name](
            n_states,
            restarts=restarts if n_states > 1 else 1,
            tol=1e-4,
            n_iter=200,
            **settings,
        )
        rows = np.round(100 * X) if name in COUNTS else X
        model.fit(rows, [len(c) for c in train])
        scores.append(cell_score(model, [clips[i] for i in sorted(held)]))
    return np.array(scores)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="one restart per fit")
    parser.add_argument("--only", default="", help="families to run, comma-separated")
    options = parser.parse_args()
    only = options.only.split(",") if options.only else [name for name, *_ in TABLE]
    print(f"{'family':20} {'K':>3} {'settings':30} nats/frame")
    for name, n_states, settings in TABLE:
        if name not in only:
            continue
        scores = evaluate(name, n_states, settings, 1 if options.quick else 3)
        error = scores.std(ddof=1) / np.sqrt(len(scores))
        text = " ".join(f"{k}={v}" for k, v in settings.items())
        print(
            f"{name:20} {n_states:3} {text:30} {scores.mean():8.2f} +- {error:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
