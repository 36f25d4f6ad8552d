"""The logistic family: what is drawn from it stays where faces are."""

import numpy as np

from genface.behavior import LogisticHMM
from genface.behavior.emissions import Logistic


def rare_spikes(seed, n_rows=300):
    """An AU at rest that now and then shows for two frames, at .1 at most."""
    rng = np.random.default_rng(seed)
    aus = np.zeros(n_rows)
    for t in np.flatnonzero(rng.random(n_rows) < 0.1):
        aus[t : t + 2] = np.round(rng.uniform(0.02, 0.1), 2)
    return aus


def test_an_au_that_is_rare_and_weak_is_drawn_rare_and_weak():
    X = np.stack([rare_spikes(seed) for seed in range(4)], axis=1)
    drawn, _ = LogisticHMM(2, tol=1e-4).fit(X).sample(20_000, 0)
    # Without a prior on the gap one of them has the mean .16.
    assert np.abs(drawn.mean(0) - X.mean(0)).max() < 0.04


def test_the_prior_of_the_gap_is_a_power():
    """Against the formula: only the gap's power changes between two settings."""
    data = {"visible": np.ones(3)}
    X = np.array([[0.1], [0.2], [0.2]])
    theta = np.array([[[0.3, 2.0, 2.5, 0.1, 1.0]], [[0.3, 2.0, 2.1, 0.1, 1.0]]])
    got = []
    for calm in (1.0, 4.0):
        family = Logistic(calm=calm)
        laid = {**family.prepare(X, [3]), **data}
        prior = family.prior(X)
        got.append(np.asarray(family.log_prior({"theta": theta}, prior, laid)))
    np.testing.assert_allclose(got[1] - got[0], 3 * np.log([0.5, 0.1]), rtol=1e-4)
