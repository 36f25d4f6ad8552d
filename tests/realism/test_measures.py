"""Each distance against a closed form or scipy."""

import numpy as np
import pytest
from scipy import stats

from genface.realism import measures as m

RNG = np.random.default_rng(0)


def readings(real, synthetic, fps=25.0):
    threshold = np.full(real[0].shape[1], 0.5)
    return {x.key: x.read(real, synthetic) for x in m.measures(fps, threshold)}


def test_wasserstein_of_points_and_shifts():
    assert m.wasserstein(np.array([0.0]), np.array([0.7])) == pytest.approx(0.7)
    x = RNG.random(500)
    assert m.wasserstein(x, x + 0.25) == pytest.approx(0.25)
    y = RNG.beta(2, 5, 300)
    expected = stats.wasserstein_distance(x, y)
    assert m.wasserstein(x, y) == pytest.approx(expected)
    assert m.wasserstein(x, x) == 0.0


def test_kolmogorov_smirnov_equals_scipy_also_with_ties():
    x = np.round(RNG.random(200), 1)
    y = np.round(RNG.beta(2, 5, 300), 1)
    expected = stats.ks_2samp(x, y, method="asymp").statistic
    assert m.kolmogorov_smirnov(x, y) == pytest.approx(expected)


def ar1(phi, n, columns=2, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n, columns))
    x = noise.copy()
    for t in range(1, n):
        x[t] = phi * x[t - 1] + np.sqrt(1 - phi**2) * noise[t]
    return x


def test_equal_sets_are_at_zero():
    x = [ar1(0.8, 200), ar1(0.8, 150, seed=1)]
    for key, reading in readings(x, x).items():
        assert reading.value == pytest.approx(0.0, abs=1e-12), key


def test_each_measure_sees_its_own_change():
    x = ar1(0.9, 4000)
    base = readings([x], [ar1(0.9, 4000, seed=5)])
    shifted = readings([x], [x + 0.5])
    assert shifted["mean"].value == pytest.approx(0.5)
    assert shifted["wasserstein"].value == pytest.approx(0.5)
    assert shifted["speed"].value == pytest.approx(0.0, abs=1e-12)
    faster = readings([x], [ar1(0.5, 4000, seed=6)])
    assert faster["autocorrelation"].value > 4 * base["autocorrelation"].value
    assert faster["speed"].value > 5 * base["speed"].value
    wider = readings([x], [2 * x])
    assert wider["sd"].value == pytest.approx(x.std(0).mean())
    assert wider["speed"].value == pytest.approx(1.0)  # one doubling
    mixed = readings([x], [np.column_stack([x[:, 0], x[:, 0]])])
    assert mixed["correlation"].value == pytest.approx(
        1.0 - np.corrcoef(x.T)[0, 1], abs=1e-9
    )
    active = readings([np.zeros((10, 1)) + 0.6], [np.repeat([[0.4], [0.6]], 5, 0)])
    assert active["activation"].value == pytest.approx(0.5)


def test_shuffled_frames_keep_distributions_and_lose_time():
    x = ar1(0.95, 2000)
    found = readings([x], [RNG.permutation(x)])
    assert found["wasserstein"].value < 1e-12
    assert found["autocorrelation"].value > 0.3
    assert found["roughness"].value > 1


def test_missing_values_are_passed_over():
    x, y = ar1(0.8, 300), ar1(0.8, 300, seed=3)
    holed = x.copy()
    holed[100:110] = np.nan
    found = readings([holed], [y])
    assert all(np.isfinite(r.value) for r in found.values())
    kept = np.delete(x, np.s_[100:110], axis=0)
    expected = readings([kept], [y])["wasserstein"].value
    assert found["wasserstein"].value == pytest.approx(expected)
    steps = np.abs(np.diff(x, axis=0))
    steps = np.delete(steps, np.s_[99:110], axis=0)  # no step across the hole
    np.testing.assert_allclose(m.change([holed]), steps.mean(0))


def test_autocorrelation_equals_its_definition():
    x = ar1(0.7, 400, columns=1)
    c = x[:, 0] - x.mean()
    expected = [(c[k:] * c[:-k]).sum() / (c**2).sum() for k in (1, 2, 3)]
    np.testing.assert_allclose(m.autocorrelations([x], 3)[0], expected, atol=1e-12)


def test_visits_leave_the_censored_ends_out():
    path = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 1])
    assert m.visits([path]).tolist() == [2, 4]
    gap = np.array([0, 1, 1, -1, -1, 0, 0, 2])
    assert m.visits([gap]).tolist() == [2, 2]
    assert m.visits([np.zeros(5, int)]).tolist() == []


def test_occupancy_is_the_total_variation():
    dwell, occupancy = m.state_measures(3)
    a, b = np.array([0, 0, 1, 1]), np.array([0, 2, 2, 2])
    assert occupancy.read([a], [b]).value == pytest.approx(0.75)
    assert dwell.read([np.tile([0, 1], 8)], [np.tile([0, 0, 1], 8)]).value == (
        pytest.approx(0.5)
    )
