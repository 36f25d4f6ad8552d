"""Probability of what was observed on the .01 grid of an AU, common to all families.

Densities are unbounded where values repeat, and counts on another scale have another
likelihood; the probability of the cell that a value falls into compares them all.
"""

import numpy as np

from genface.behavior.emissions.logistic import cell_edges
from genface.behavior.hmm import HiddenMarkovModel
from genface.behavior.inference import posterior
from genface.behavior.runs import Lengths, check_lengths
from genface.behavior.transform import AUTransform


def cell_bounds(aus: np.ndarray, top: float) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends (T, A) of the cells of AUs on a scale that ends at ``top``.

    The first cell begins at -inf, the last ends at inf; NaN where a value is missing.
    """
    lower, upper = cell_edges(np.clip(aus / top, 0.0, 1.0))
    return lower * top, upper * top


def log_cells(
    estimator: HiddenMarkovModel,
    transform: AUTransform,
    aus: np.ndarray,
    top: float = 1.0,
    lengths: Lengths = None,
) -> np.ndarray:
    """Log-probability (T, K) of the cells of each row in each state.

    Columns that are correlated have no closed form and are taken one after another
    (:func:`~genface.behavior.emissions.normal_cells.log_chained_cells`).
    """
    coded = transform.encode(np.clip(aus, 0.0, top))
    family, arrays = estimator.family, estimator.emission_params
    checked = check_lengths(len(aus), lengths)
    lower, upper = cell_bounds(aus, top)
    return family.log_cells(
        arrays,
        family.prepare(coded, checked),
        transform.edges(lower),
        transform.edges(upper),
    )


def log_steps(
    estimator: HiddenMarkovModel,
    transform: AUTransform,
    aus: np.ndarray,
    top: float = 1.0,
    lengths: Lengths = None,
    room: int = 0,
) -> np.ndarray:
    """Log p(cells of a row | earlier rows of its sequence), (T,).

    ``room`` adds states that are never entered up to that number, so that models of
    different sizes share one compiled program.
    """
    log_obs = log_cells(estimator, transform, aus, top, lengths)
    # A semi-Markov state has several copies in the chain, with one law.
    log_obs = np.repeat(log_obs, len(estimator.startprob_) // log_obs.shape[1], axis=1)
    extra = max(room - log_obs.shape[1], 0)
    log_obs = np.pad(log_obs, ((0, 0), (0, extra)), mode="edge")
    start = np.pad(estimator.startprob_, (0, extra))
    trans = np.pad(estimator.transmat_, (0, extra))
    checked = check_lengths(len(aus), lengths)
    return posterior(start, trans, log_obs, checked.tolist()).log_prob
