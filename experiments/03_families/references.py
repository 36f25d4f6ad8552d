"""Four simple models of the same clips, in plain numpy and hmmlearn.

Nothing of genface is used here, so that the table's yardstick is independent of what
it measures. Each function takes training and test clips (lists of (T, A) AUs in 0-1)
and returns the nats of all test cells. The HMMs take the cells at 0 and 1 as open;
for the other two ``ends`` says whether they reach to infinity ("open", the table's
rule) or stop half a cell outside ("closed").
"""

import logging

import numpy as np
from hmmlearn import hmm
from scipy.special import log_ndtr, logsumexp
from scipy.stats import poisson

LEAST_RATE = 1e-3  # a count never seen in a state; hmmlearn says impossible
Clips = list[np.ndarray]


def edges(X: np.ndarray, ends: str) -> tuple[np.ndarray, np.ndarray]:
    cell = np.clip(np.round(100 * X), 0, 100)
    lower, upper = (cell - 0.5) / 100, (cell + 0.5) / 100
    if ends == "open":
        lower[cell == 0], upper[cell == 100] = -np.inf, np.inf
    return lower, upper


def normal_cells(
    X: np.ndarray, mean: np.ndarray, sd: np.ndarray, ends: str
) -> np.ndarray:
    lower, upper = edges(X, ends)
    if mean.ndim > X.ndim or mean.shape[0] != X.shape[0]:
        lower, upper = lower[:, None], upper[:, None]
    low, high = (lower - mean) / sd, (upper - mean) / sd
    mirrored = low > -high
    low, high = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    below, above = log_ndtr(low), log_ndtr(high)
    with np.errstate(divide="ignore"):
        return above + np.log1p(-np.exp(np.minimum(below - above, 0.0)))


def forward(start: np.ndarray, trans: np.ndarray, logs: np.ndarray) -> float:
    with np.errstate(divide="ignore"):
        alpha, log_trans = np.log(start) + logs[0], np.log(trans)
    for row in logs[1:]:
        alpha = row + logsumexp(alpha[:, None] + log_trans, axis=0)
    return float(logsumexp(alpha))


def random_walk(train: Clips, test: Clips, ends: str = "open") -> float:
    """Each AU where it was, plus normal noise; the first frame from the overall law."""
    X = np.concatenate(train)
    steps = np.concatenate([np.diff(clip, axis=0) for clip in train]).std(0)
    total = 0.0
    for clip in test:
        mean = np.concatenate([X.mean(0)[None], clip[:-1]])
        sd = np.concatenate([X.std(0)[None], np.tile(steps, (len(clip) - 1, 1))])
        total += normal_cells(clip, mean, sd, ends).sum()
    return total


def vector_autoregression(train: Clips, test: Clips, ends: str = "open") -> float:
    """VAR(1) by least squares, independent normal residuals."""
    X = np.concatenate(train)
    before = np.concatenate([clip[:-1] for clip in train])
    after = np.concatenate([clip[1:] for clip in train])
    padded = np.column_stack([np.ones(len(before)), before])
    weights = np.linalg.lstsq(padded, after, rcond=None)[0]
    rest = (after - padded @ weights).std(0)
    total = 0.0
    for clip in test:
        ahead = np.column_stack([np.ones(len(clip) - 1), clip[:-1]]) @ weights
        mean = np.concatenate([X.mean(0)[None], ahead])
        sd = np.concatenate([X.std(0)[None], np.tile(rest, (len(clip) - 1, 1))])
        total += normal_cells(clip, mean, sd, ends).sum()
    return total


def _best(models: list, X: np.ndarray, lengths: list[int]) -> hmm.BaseHMM:
    scored = []
    for model in models:
        try:
            scored.append((model.fit(X, lengths).score(X, lengths), model))
        except ValueError:  # hmmlearn's own report of a fit that went wrong
            continue
    return max(scored, key=lambda pair: pair[0])[1]


def _chain(model: hmm.BaseHMM) -> tuple[np.ndarray, np.ndarray]:
    trans = model.transmat_
    empty = trans.sum(1, keepdims=True) == 0
    return model.startprob_, np.where(empty, 1 / len(trans), trans)


def gaussian_hmm(train: Clips, test: Clips, n_states: int = 5) -> float:
    """hmmlearn's GaussianHMM, diagonal, its default prior, 5 seeds to tolerance."""
    X, lengths = np.concatenate(train), [len(clip) for clip in train]
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    settings = dict(n_iter=200, tol=1e-3)
    seeds = [hmm.GaussianHMM(n_states, random_state=s, **settings) for s in range(5)]
    model = _best(seeds, X, lengths)
    sd = np.sqrt(np.array([np.diag(c) for c in model.covars_]))
    return sum(
        forward(
            *_chain(model), normal_cells(clip, model.means_[None], sd, "open").sum(2)
        )
        for clip in test
    )


def poisson_hmm(train: Clips, test: Clips, n_states: int = 5) -> float:
    """hmmlearn's PoissonHMM on round(AU * 100), 5 seeds to tolerance."""
    X = np.round(100 * np.concatenate(train)).astype(int)
    lengths = [len(clip) for clip in train]
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    settings = dict(n_iter=200, tol=1e-3)
    seeds = [hmm.PoissonHMM(n_states, random_state=s, **settings) for s in range(5)]
    model = _best(seeds, X, lengths)
    rate = np.maximum(model.lambdas_, LEAST_RATE)
    total = 0.0
    for clip in test:
        count = np.round(100 * clip)[:, None]
        logs = np.where(
            count >= 100, poisson.logsf(99, rate), poisson.logpmf(count, rate)
        )
        total += forward(*_chain(model), logs.sum(2))
    return total


def poisson_hmm_12(train: Clips, test: Clips) -> float:
    return poisson_hmm(train, test, n_states=12)


# name, states, function, and what issue 2 of the project gives for it
REFERENCES = [
    ("hmmlearn Poisson", 5, poisson_hmm, "-131.4 +- 4.0"),
    ("hmmlearn Poisson", 12, poisson_hmm_12, "-123.7 +- 4.5"),
    ("hmmlearn Gaussian", 5, gaussian_hmm, "-78.2 +- 3.7"),
    ("VAR(1)", 1, vector_autoregression, "-79.6 +- 3.3"),
    ("random walk", 1, random_walk, "-74.5 +- 3.4"),
]
CLOSED = [("VAR(1)", vector_autoregression), ("random walk", random_walk)]
