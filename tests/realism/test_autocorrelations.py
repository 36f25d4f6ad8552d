"""Autocorrelations and cross-AU structure against closed forms of AR processes."""

import numpy as np
import pytest
from scipy.signal import lfilter

from genface.realism import autocorrelations, cross_correlations
from genface.realism.measure import context_of
from genface.realism.windows import common_length, windows

COLUMNS = ("AU01", "AU02", "AU04")


def ar1(phi, n, T, A=3, seed=0):
    """n stationary clips (T, A) of variance 1."""
    noise = np.random.default_rng(seed).standard_normal((n, T + 200, A))
    x = lfilter([np.sqrt(1 - phi**2)], [1, -phi], noise, axis=1)[:, 200:]
    return list(x)


def prepared(module, clips, fps=25.0):
    return module.prepare(clips, context_of(clips, COLUMNS, fps))


def everything(clips):
    return np.arange(len(clips))


def test_windows_cover_a_clip_and_have_one_length():
    clip = np.arange(39.0)[:, None]
    found = windows(clip, 14)
    assert found.shape == (3, 14, 1)
    assert set(found.ravel()) == set(range(39))
    np.testing.assert_array_equal(windows(clip, 39)[0], clip)
    short = windows(clip, 50)
    assert short.shape == (1, 50, 1) and np.isnan(short[0, 39:]).all()
    assert common_length([clip[:n] for n in (3, 20, 30, 35, 39)]) == 20


@pytest.mark.parametrize(("phi", "T"), [(0.5, 30), (0.5, 300), (0.9, 100), (0.9, 600)])
def test_autocorrelation_of_ar1_is_its_closed_form_also_in_short_clips(phi, T):
    clips = ar1(phi, 60_000 // T, T)
    table = prepared(autocorrelations, clips, 10.0)
    found = autocorrelations.autocorrelations(table, everything(clips))
    expected = phi ** np.arange(1, 11)
    np.testing.assert_allclose(found[:10].mean(1), expected, atol=0.03)


def test_without_the_correction_short_clips_seem_to_forget_sooner():
    clips = ar1(0.9, 1500, 40)
    table = prepared(autocorrelations, clips, 10.0)
    covariance = table.products.sum(0) / table.pairs.sum(0)
    raw = (covariance[5] / covariance[0]).mean()
    expected = autocorrelations.centring(40, 39) @ 0.9 ** np.arange(40)
    assert raw == pytest.approx(expected[5] / expected[0], abs=0.02)
    assert raw < 0.9**5 - 0.2
    corrected = autocorrelations.autocorrelations(table, everything(clips))[4]
    assert corrected.mean() == pytest.approx(0.9**5, abs=0.1)


def test_centring_by_the_matrix_of_centred_covariances():
    T, gamma = 7, np.array([2.0, 1.1, 0.4, 0.1, 0, 0, 0])
    lag = np.abs(np.arange(T)[:, None] - np.arange(T))
    centre = np.eye(T) - 1 / T
    covariance = centre @ gamma[lag] @ centre
    expected = [np.diag(covariance, k).mean() for k in range(4)]
    np.testing.assert_allclose(autocorrelations.centring(T, 3) @ gamma[:4], expected)


def test_distance_of_two_processes_is_the_mean_gap_of_their_curves():
    clips = ar1(0.9, 60, 400) + ar1(0.5, 60, 400, seed=1)
    table = prepared(autocorrelations, clips, 10.0)
    found = autocorrelations.value(table, np.arange(60), np.arange(60, 120))
    lags = np.arange(1, 11)
    assert found.value == pytest.approx((0.9**lags - 0.5**lags).mean(), abs=0.02)
    assert found.real == pytest.approx(0.9, abs=0.02)
    assert found.per_au.shape == (3,)


def test_lengths_of_clips_do_not_make_a_distance():
    short, long = ar1(0.8, 300, 50), ar1(0.8, 30, 500, seed=1)
    table = prepared(autocorrelations, short + long, 25.0)
    found = autocorrelations.value(table, np.arange(300), np.arange(300, 330))
    assert found.value < 0.03


def test_gaps_and_constants():
    clips = ar1(0.8, 40, 300)
    rng = np.random.default_rng(2)
    holes = [np.where(rng.random(c.shape) < 0.3, np.nan, c) for c in clips]
    table = prepared(autocorrelations, clips + holes, 10.0)
    found = autocorrelations.value(table, np.arange(40), np.arange(40, 80))
    assert found.value < 0.02
    still = [np.column_stack([c[:, :2], np.full(300, 0.4)]) for c in clips]
    table = prepared(autocorrelations, still, 10.0)
    curves = autocorrelations.autocorrelations(table, everything(still))
    np.testing.assert_array_equal(curves[:, 2], 0.0)


def test_correlations_at_lag_0_are_those_of_numpy():
    clips = [x @ [[1, 0.5, 0], [0, 1, 0], [0, 0.3, 1]] for x in ar1(0.7, 6, 80)]
    clips[2] = clips[2][:55]
    table = prepared(cross_correlations, clips)
    found = cross_correlations.correlations(table, everything(clips))[0]
    np.testing.assert_allclose(found, np.corrcoef(np.concatenate(clips).T), atol=1e-10)
    some = cross_correlations.correlations(table, np.array([0, 0, 2]))[0]
    rows = np.concatenate([clips[0], clips[0], clips[2]])
    np.testing.assert_allclose(some, np.corrcoef(rows.T), atol=1e-10)


def test_an_au_that_follows_another_is_seen_at_its_lag():
    clips = []
    for x in ar1(0.9, 40, 400, A=1):
        clips.append(np.column_stack([x[5:], x[:-5], x[5:]]))  # AU02 is 5 behind AU01
    table = prepared(cross_correlations, clips, 10.0)
    assert cross_correlations.lags(10.0, 200) == [0, 1, 2, 5, 10]
    found = cross_correlations.correlations(table, everything(clips))
    np.testing.assert_allclose(
        found[:, 0, 1], 0.9 ** np.abs(np.array([0, 1, 2, 5, 10]) - 5), atol=0.03
    )
    np.testing.assert_allclose(
        found[:, 1, 0], 0.9 ** (np.array([0, 1, 2, 5, 10]) + 5), atol=0.04
    )


def test_distance_of_correlated_and_independent_aus():
    mix = np.array([[1.0, 0.6, 0.0], [0.0, 0.8, 0.0], [0.0, 0.0, 1.0]])
    clips = [x @ mix for x in ar1(0.5, 40, 400)] + ar1(0.5, 40, 400, seed=1)
    table = prepared(cross_correlations, clips, 10.0)
    sides = np.arange(40), np.arange(40, 80)
    now = cross_correlations.value(table, *sides, lagged=False)
    assert now.value == pytest.approx(0.6 / np.sqrt(3), abs=0.03)
    later = cross_correlations.value(table, *sides, lagged=True)
    # .6 * .5 ** lag at lags 1, 2, 5, 10 in one of three pairs, both ways.
    expected = np.sqrt((0.36 * 0.25 ** np.array([1, 2, 5, 10])).mean() / 3)
    assert later.value == pytest.approx(expected, abs=0.03)
    assert now.per_au[2] < now.per_au[0] / 5
