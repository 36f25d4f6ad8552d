"""Speed, jerk and spectral arc length against closed forms and direct formulas."""

import numpy as np
import pytest

from genface.realism import smoothness
from genface.realism.measure import context_of


def minimum_jerk(T, fps, size=1.0):
    """The movement of least jerk, sampled T + 1 times, and its duration."""
    s = np.arange(T + 1) / T
    return size * (10 * s**3 - 15 * s**4 + 6 * s**5), T / fps


@pytest.mark.parametrize(("fps", "size", "T"), [(100, 1.0, 200), (250, 3.0, 400)])
def test_jerk_of_the_minimum_jerk_movement(fps, size, T):
    x, _ = minimum_jerk(T, fps, size)
    # Integral of squared jerk 720 A^2 / D^5, peak speed 15 A / (8 D).
    expected = -np.log(720 / (15 / 8) ** 2)
    found = smoothness.log_dimensionless_jerk(x, fps)
    assert found == pytest.approx(expected, abs=0.05)
    assert expected == pytest.approx(-np.log(204.8))


def test_jerk_of_a_sinusoid():
    fps, hertz, T = 200.0, 1.5, 800
    x = np.sin(2 * np.pi * hertz * np.arange(T + 1) / fps)
    w, D = 2 * np.pi * hertz, T / fps
    expected = -np.log(D**3 / w**2 * w**6 * D / 2)
    assert smoothness.log_dimensionless_jerk(x, fps) == pytest.approx(
        expected, abs=0.02
    )


def direct_arc_length(speed, fps):
    """SPARC, one frequency after the other (Balasubramanian et al. 2015)."""
    size = int(2 ** (np.ceil(np.log2(len(speed))) + 4))
    spectrum = np.abs(np.fft.fft(speed, size))
    spectrum /= spectrum.max()
    f = np.arange(size) * fps / size
    chosen = [k for k in range(size) if f[k] <= 10.0]
    high = [k for k in chosen if spectrum[k] >= 0.05]
    low, top = high[0], high[-1]
    return -sum(
        np.hypot((f[k + 1] - f[k]) / (f[top] - f[low]), spectrum[k + 1] - spectrum[k])
        for k in range(low, top)
    )


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
def test_arc_length_is_that_of_the_direct_formula(fps):
    rng = np.random.default_rng(0)
    speeds = np.abs(rng.standard_normal((4, 90)).cumsum(-1))
    found = smoothness.spectral_arc_length(speeds, fps)
    np.testing.assert_allclose(found, [direct_arc_length(s, fps) for s in speeds])


def test_arc_length_of_one_and_of_two_movements():
    x, _ = minimum_jerk(100, 100)
    speed = np.diff(x) * 100
    one = smoothness.spectral_arc_length(speed, 100.0)
    assert one == pytest.approx(-1.41, abs=0.02)  # the paper's figure for one movement
    assert smoothness.spectral_arc_length(7 * speed, 100.0) == pytest.approx(one)
    twice = np.r_[speed, np.zeros(50), speed]
    assert smoothness.spectral_arc_length(twice, 100.0) < one - 0.5


def test_nothing_moves():
    assert np.isnan(smoothness.log_dimensionless_jerk(np.full(50, 0.3), 25.0))
    assert np.isnan(smoothness.spectral_arc_length(np.zeros(50), 25.0))


def readings(real, synthetic, fps=25.0):
    clips = [*real, *synthetic]
    context = context_of(real, ("AU01", "AU02"), fps)
    sides = np.arange(len(real)), np.arange(len(real), len(clips))
    return {
        m.key: m.value(m.prepare(clips, context), *sides)
        for m in smoothness.measures(fps)
    }


def test_twice_the_size_is_a_doubling_of_speed_and_as_smooth():
    x = list(np.random.default_rng(0).standard_normal((5, 80, 2)).cumsum(1))
    found = readings(x, [2 * clip for clip in x])
    assert found["speed"].value == pytest.approx(1.0)
    assert found["roughness"].value == pytest.approx(1.0)
    assert found["jerk"].value == pytest.approx(0.0, abs=1e-9)
    assert found["arc_length"].value == pytest.approx(0.0, abs=1e-9)
    expected = np.mean([np.abs(np.diff(clip, axis=0)).mean() for clip in x])
    assert found["speed"].real == pytest.approx(expected)


def test_a_still_side_is_many_doublings_slower_and_has_no_smoothness():
    x = list(np.random.default_rng(0).random((5, 80, 2)))
    found = readings(x, [np.full((80, 2), 0.4)] * 5)
    assert 8 < found["speed"].value < 20
    assert np.isnan(found["jerk"].value)


def test_gaps_leave_out_the_differences_over_them():
    x = list(np.random.default_rng(0).random((5, 80, 2)))
    holes = [clip.copy() for clip in x]
    for clip in holes:
        clip[30:33] = np.nan
    found = readings(x, holes)
    assert found["speed"].value < 0.1
    assert np.isnan(found["jerk"].value)  # no window without a gap is left
