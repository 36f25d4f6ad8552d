"""Every state path of a short sequence: the answers that the recursions must give."""

import itertools

import numpy as np
from scipy.special import logsumexp


def enumerate_paths(start, trans, log_obs):
    """Log-likelihood, smoothed (T, K), moves (K, K), best path, log joint by path."""
    with np.errstate(divide="ignore"):
        log_start, log_trans = np.log(start), np.log(trans)
    n_rows, n_states = log_obs.shape
    paths = np.array(list(itertools.product(range(n_states), repeat=n_rows)))
    joint = log_start[paths[:, 0]] + log_obs[np.arange(n_rows), paths].sum(1)
    for t in range(1, n_rows):
        joint = joint + log_trans[paths[:, t - 1], paths[:, t]]
    total = logsumexp(joint)
    weights = np.exp(joint - total)
    smoothed = np.stack(
        [
            [weights[paths[:, t] == k].sum() for k in range(n_states)]
            for t in range(n_rows)
        ]
    )
    moves = np.zeros((n_states, n_states))
    for t in range(1, n_rows):
        np.add.at(moves, (paths[:, t - 1], paths[:, t]), weights)
    by_path = dict(zip(map(tuple, paths), weights, strict=True))
    return total, smoothed, moves, paths[joint.argmax()], by_path
