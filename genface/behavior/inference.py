"""Filter, smoother and Viterbi path of a hidden Markov chain, in logarithms.

``log_obs[t, k]`` is the log-likelihood of frame t in state k; a frame that was not
observed has a row of zeros. No probability is floored: what cannot happen is -inf.
"""

import numpy as np


def log_filter(
    log_start: np.ndarray, log_trans: np.ndarray, log_obs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Forward pass (Rabiner 1989): log p(y_t | y_<t) (T,), log p(z_t | y_<=t) (T, K).

    A frame that no state can emit has -inf in the first; the second then passes it
    over, so that later frames keep a meaning.
    """
    log_obs = np.asarray(log_obs, float)
    increments = np.empty(len(log_obs))
    filtered = np.empty_like(log_obs)
    predicted = log_start
    for t, row in enumerate(log_obs):
        joint = predicted + row
        increments[t] = np.logaddexp.reduce(joint)
        possible = np.isfinite(increments[t])
        filtered[t] = joint - increments[t] if possible else predicted
        predicted = np.logaddexp.reduce(filtered[t][:, None] + log_trans, axis=0)
    return increments, filtered


def log_smooth(
    log_start: np.ndarray, log_trans: np.ndarray, log_obs: np.ndarray
) -> np.ndarray:
    """Forward-backward: log p(z_t | all y), (T, K)."""
    _, filtered = log_filter(log_start, log_trans, log_obs)
    after = np.zeros_like(filtered)
    for t in range(len(filtered) - 2, -1, -1):
        after[t] = np.logaddexp.reduce(
            log_trans + (log_obs[t + 1] + after[t + 1]), axis=1
        )
        after[t] -= after[t].max() if np.isfinite(after[t].max()) else 0.0
    joint = filtered + after
    return joint - np.logaddexp.reduce(joint, axis=1, keepdims=True)


def viterbi(
    log_start: np.ndarray, log_trans: np.ndarray, log_obs: np.ndarray
) -> tuple[float, np.ndarray]:
    """Most probable path: its joint log-probability and its states (T,)."""
    T, K = log_obs.shape
    origin = np.zeros((T, K), int)
    best = log_start + log_obs[0]
    for t in range(1, T):
        routes = best[:, None] + log_trans
        origin[t] = routes.argmax(0)
        best = routes[origin[t], np.arange(K)] + log_obs[t]
    path = np.empty(T, int)
    path[-1] = best.argmax()
    for t in range(T - 1, 0, -1):
        path[t - 1] = origin[t, path[t]]
    return float(best.max()), path


def draw_states(
    start: np.ndarray, trans: np.ndarray, n_frames: int, rng: np.random.Generator
) -> np.ndarray:
    """A path of ``n_frames`` states; ``start`` is the law of the first one."""
    cumulated = np.cumsum(trans, axis=1)
    level = np.cumsum(start)
    path = np.empty(n_frames, int)
    for t, u in enumerate(rng.random(n_frames)):
        path[t] = np.searchsorted(level, u * level[-1], side="right")
        level = cumulated[path[t]]
    return path


def log_of(probabilities: np.ndarray) -> np.ndarray:
    """Logarithm in which 0 becomes -inf without a warning."""
    with np.errstate(divide="ignore"):
        return np.log(probabilities)
