"""Spectral distances against sinusoids and scipy."""

import numpy as np
import pytest
from scipy.signal import welch
from scipy.stats import wasserstein_distance

from genface.realism import spectra
from genface.realism.measure import context_of

FPS = 25.0


def waves(hertz, n=8, T=300, size=1.0, fps=FPS, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(T) / fps
    return [
        size * np.sin(2 * np.pi * (hertz * t[:, None] + rng.random((1, 2))))
        for _ in range(n)
    ]


def prepared(clips, fps=FPS):
    return spectra.prepare(clips, context_of(clips, ("AU01", "AU12"), fps))


def halves(clips):
    n = len(clips) // 2
    return np.arange(n), np.arange(n, 2 * n)


def test_power_of_a_sinusoid_is_half_its_square_at_its_frequency():
    table = prepared(waves(3.0, size=0.8))
    found = spectra.spectrum(table, np.arange(8))
    step = table.frequencies[1] - table.frequencies[0]
    assert table.frequencies[found[:, 0].argmax()] == pytest.approx(3.0)
    np.testing.assert_allclose(found.sum(0) * step, 0.32, rtol=0.01)


def test_spectrum_is_that_of_scipy():
    rng = np.random.default_rng(0)
    clips = [rng.standard_normal((300, 2)).cumsum(0) for _ in range(3)]
    table = prepared(clips)
    expected = np.mean([welch(c, FPS, nperseg=100, axis=0)[1] for c in clips], 0)[1:]
    found = spectra.spectrum(table, np.arange(3)) - table.least
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_twice_the_movement_is_6_decibels():
    rng = np.random.default_rng(0)
    clips = [rng.standard_normal((300, 2)) for _ in range(6)]
    table = prepared(clips + [2 * c for c in clips])
    found = spectra.log_distance(table, *halves(range(12)))
    assert found.value == pytest.approx(20 * np.log10(2), abs=0.01)
    assert spectra.shift(table, *halves(range(12))).value < 0.01


def test_a_wave_of_another_frequency_is_as_far_as_the_frequencies():
    clips = waves(2.0) + waves(4.5)
    table = prepared(clips)
    found = spectra.shift(table, *halves(clips))
    assert found.value == pytest.approx(2.5, abs=0.02)
    assert (found.real, found.synthetic) == pytest.approx((2.0, 4.5), abs=0.02)
    shares = [spectra.spectrum(table, side)[:, 0] for side in halves(clips)]
    expected = wasserstein_distance(table.frequencies, table.frequencies, *shares)
    assert found.per_au[0] == pytest.approx(expected)


def test_a_still_side_is_far_and_finite():
    rng = np.random.default_rng(0)
    clips = [rng.standard_normal((200, 2)) for _ in range(4)]
    table = prepared(clips)
    still = spectra.prepare(
        clips + [np.zeros((200, 2))] * 4, context_of(clips, ("AU01", "AU12"), FPS)
    )
    found = spectra.log_distance(still, *halves(range(8)))
    assert 35 < found.value < 45  # 40 dB under white noise of the real variance
    assert np.isfinite(spectra.shift(still, *halves(range(8))).value)
    assert spectra.log_distance(table, np.arange(4), np.arange(4)).value == 0.0


def test_short_clips_and_gaps_share_the_frequencies():
    clips = waves(3.0, n=6)
    clips[1], clips[2] = clips[1][:40], clips[2][:70]
    clips[4][50:55] = np.nan
    clips[5][:200, 1] = np.nan  # more gap than face
    table = prepared(clips)
    assert table.frames[5, 1] == 0.0
    found = spectra.spectrum(table, np.arange(6))
    assert np.abs(table.frequencies[found.argmax(0)] - 3.0).max() < 0.2


def test_without_a_frame_rate_frequencies_are_per_frame():
    clips = [clip for clip in waves(5.0, fps=25.0)]
    table = prepared(clips, None)
    peak = spectra.spectrum(table, np.arange(8))[:, 0].argmax()
    assert table.frequencies[peak] == pytest.approx(0.2)
    assert spectra.measures(None)[1].unit == "cycles/frame"
