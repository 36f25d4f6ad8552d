"""Log-probabilities of rows for numpy callers; similar lengths share programs."""

import numpy as np
from jax import Array

from genface.behavior.emissions.family import Data, Family, Params
from genface.behavior.lanes import rung
from genface.behavior.precision import program


def log_obs(
    family: Family, params: Params, X: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Log-probability of rows (T, A) in each state (T, K), missing entries out."""
    data = family.prepare(X, lengths)
    n_rows = len(X)
    extra = rung(max(n_rows, 32)) - n_rows

    def longer(values: np.ndarray) -> np.ndarray:
        return np.concatenate([values, np.repeat(values[-1:], extra, axis=0)])

    wide = {name: longer(np.asarray(values)) for name, values in data.items()}
    found: np.ndarray = program(_log_prob, "family")(params, wide, family=family)
    return found[:n_rows]


def _log_prob(params: Params, data: Data, family: Family) -> Array:
    return family.log_prob(params, data)
