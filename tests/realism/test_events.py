"""Planted events and blinks are found again, with their phases."""

import numpy as np
import pytest
from scipy.stats import linregress, wasserstein_distance

from genface.realism import blinks, events
from genface.realism.event_detection import find_events
from genface.realism.measure import context_of


def trapezoid(fps, onset, apex, offset, size=1.0, start=1.0, seconds=6.0, base=0.0):
    t = np.arange(round(seconds * fps)) / fps - start
    knots = np.cumsum([0, onset, apex, offset])
    return base + np.interp(t, knots, [0, size, size, 0])


@pytest.mark.parametrize("fps", [25.0, 30.0])
@pytest.mark.parametrize("start", [1.0, 1.013])
def test_a_planted_event_is_recovered(fps, start):
    x = trapezoid(fps, 0.4, 0.8, 1.2, size=0.7, start=start)
    (event,) = find_events(x, 0.3, fps)
    assert event.onset == pytest.approx(0.4, abs=0.012)
    assert event.apex == pytest.approx(0.8, abs=0.012)
    assert event.offset == pytest.approx(1.2, abs=0.012)
    assert event.peak == pytest.approx(0.7)
    assert event.onset_speed == pytest.approx(0.7 / 0.4, rel=1e-6)
    assert event.offset_speed == pytest.approx(0.7 / 1.2, rel=1e-6)
    assert event.asymmetry == pytest.approx(0.5, abs=0.01)
    assert event.start / fps == pytest.approx(start + 0.4 * 0.15 / 0.7, abs=1 / fps)


def test_a_ramp_on_the_frames_is_recovered_to_the_last_digit():
    (event,) = find_events(trapezoid(25.0, 0.4, 0.8, 1.2), 0.3, 25.0)
    assert (event.onset, event.apex, event.offset) == pytest.approx((0.4, 0.8, 1.2))


def test_an_event_on_a_resting_level_is_measured_from_there():
    x = trapezoid(30.0, 0.4, 0.8, 1.2, size=0.6, base=0.2)
    (event,) = find_events(x, 0.45, 30.0)
    assert (event.onset, event.apex, event.offset) == pytest.approx((0.4, 0.8, 1.2))
    assert event.peak == pytest.approx(0.8)


def test_small_short_and_interrupted_events():
    fps = 25.0
    x = np.zeros(100)
    x[10:12] = 1.0  # two frames: too short
    x[20:30] = 0.3  # never reaches the threshold
    x[40:50] = 1.0
    x[50:52] = 0.0  # .08 s: the same event
    x[52:60] = 0.8
    x[70:75] = 1.0
    found = find_events(x, 0.5, fps)
    assert [(e.start, e.stop) for e in found] == [(40, 60), (70, 75)]
    assert find_events(x, 0.0, fps) == []
    assert find_events(np.full(50, np.nan), 0.5, fps) == []


def test_sides_that_are_cut_off_are_missing():
    whole = trapezoid(25.0, 0.4, 0.8, 1.2)
    (late,) = find_events(whole[30:], 0.3, 25.0)  # begins in the ramp
    assert np.isnan(late.onset) and late.offset == pytest.approx(1.2)
    (begun,) = find_events(whole[40:], 0.3, 25.0)
    assert np.isnan([begun.onset, begun.apex, begun.onset_speed, begun.asymmetry]).all()
    assert begun.offset == pytest.approx(1.2)
    holed = whole.copy()
    holed[60] = np.nan
    (found,) = find_events(holed, 0.3, 25.0)
    assert found.onset == pytest.approx(0.4) and np.isnan(found.offset)


def planted(n, onset, size=0.8, fps=25.0, seed=0, jitter=0.0):
    """Clips of two AUs with three events each of about this onset."""
    rng = np.random.default_rng(seed)
    clips = []
    for _ in range(n):
        rows = [
            np.concatenate(
                [
                    trapezoid(
                        fps, onset * (1 + jitter * rng.random()), 0.4, 0.8,
                        size * (1 + jitter * rng.random()), seconds=4.0,
                    )
                    for _ in range(3)
                ]
            )
            for _ in range(2)
        ]  # fmt: skip
        clips.append(np.stack(rows, 1))
    return clips


def readings(real, synthetic, fps=25.0):
    clips = [*real, *synthetic]
    context = context_of(real, ("AU06", "AU12"), fps)
    table = events.prepare(clips, context)
    sides = np.arange(len(real)), np.arange(len(real), len(clips))
    return {m.key: m.value(table, *sides) for m in events.measures(fps)}


def test_slower_onsets_are_as_far_as_they_are_slower():
    found = readings(planted(4, 0.4), planted(5, 0.6))
    assert found["event_onset"].value == pytest.approx(0.2)
    assert (found["event_onset"].real, found["event_onset"].synthetic) == (
        pytest.approx((0.4, 0.6))
    )
    assert found["event_apex"].value == pytest.approx(0.0, abs=1e-9)
    assert found["event_offset"].value == pytest.approx(0.0, abs=1e-9)
    assert found["event_onset_speed"].value == pytest.approx(0.8 / 0.4 - 0.8 / 0.6)
    assert found["event_asymmetry"].value == pytest.approx(1 / 3 - 1 / 7)
    assert found["event_rate"].real == pytest.approx(60 / 4, rel=0.05)


def test_feature_distances_are_those_of_scipy():
    real, synthetic = planted(4, 0.4, jitter=0.5), planted(6, 0.5, jitter=0.9, seed=1)
    clips = [*real, *synthetic]
    table = events.prepare(clips, context_of(real, ("AU06", "AU12"), 25.0))
    picks = np.array([0, 1, 1, 3]), np.array([4, 6, 9, 9, 9])
    threshold = context_of(real, ("AU06", "AU12"), 25.0).thresholds
    for place, name in enumerate(events.FEATURES):
        expected = []
        for au in (0, 1):
            one, two = (
                [
                    getattr(e, name)
                    for i in side
                    for e in find_events(clips[i][:, au], threshold[au], 25.0)
                ]
                for side in picks
            )
            expected.append(wasserstein_distance(one, two))
        found = events.feature_distance(table, *picks, place)
        np.testing.assert_allclose(found.per_au, expected, atol=1e-12)


def test_speed_over_amplitude_is_the_slope_of_scipy():
    clips = planted(6, 0.4, jitter=0.5)
    threshold = context_of(clips, ("AU06", "AU12"), 25.0).thresholds
    slopes = []
    for au in (0, 1):
        found = [e for c in clips for e in find_events(c[:, au], threshold[au], 25.0)]
        slopes.append(
            linregress([e.peak for e in found], [e.onset_speed for e in found]).slope
        )
    reading = readings(clips, clips)["speed_amplitude"]
    assert reading.value == pytest.approx(0.0, abs=1e-12)
    assert reading.real == pytest.approx(np.mean(slopes))


def test_an_au_that_one_side_never_shows_counts_as_rate_alone():
    real = planted(4, 0.4)
    synthetic = [np.column_stack([c[:, 0], np.zeros(len(c))]) for c in real]
    found = readings(real, synthetic)
    assert found["event_rate"].per_au[0] == pytest.approx(0.0)
    assert found["event_rate"].per_au[1] == pytest.approx(np.log2(12.5 / 0.5))
    assert np.isnan(found["event_onset"].per_au[1])
    assert found["event_onset"].value == pytest.approx(0.0, abs=1e-12)
    nothing = readings(real, [np.zeros_like(c) for c in real])
    assert np.isnan(nothing["event_onset"].value)


def lids(times, fps=30.0, width=0.2, seconds=20.0, noise=0.01, seed=0):
    """A lid (T,) that closes at these seconds, ``width`` wide at half height."""
    t = np.arange(round(seconds * fps)) / fps
    x = noise * np.random.default_rng(seed).standard_normal(len(t))
    for at in times:
        x += 0.9 * np.where(
            np.abs(t - at) < width, 0.5 + 0.5 * np.cos(np.pi * (t - at) / width), 0
        )
    return x


@pytest.mark.parametrize("fps", [25.0, 30.0])
def test_planted_blinks_are_found(fps):
    times = [2.0, 5.5, 6.4, 11.0, 17.2]
    x = lids(times, fps)
    height = blinks.blink_height(x)
    peaks, widths = blinks.find_blinks(x, height, fps)
    np.testing.assert_allclose(peaks / fps, times, atol=1.01 / fps)
    np.testing.assert_allclose(widths, 0.2, atol=0.02)


def test_noise_and_closed_eyes_are_no_blinks():
    noise = lids([])
    assert len(blinks.find_blinks(noise, blinks.blink_height(noise), 30.0)[0]) == 0
    asleep = lids([3.0, 8.0])
    asleep[300:450] = 0.9
    assert len(blinks.find_blinks(asleep, blinks.blink_height(asleep), 30.0)[0]) == 2
    assert blinks.blink_height(np.zeros(50)) == np.inf


def test_blinks_of_two_sides():
    even = [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0]
    uneven = [2.0, 2.8, 9.0, 9.6, 18.0]
    clips = [np.stack([np.zeros(600), lids(even, seed=i)], 1) for i in range(3)] + [
        np.stack([np.zeros(600), lids(uneven, width=0.3, seed=i)], 1) for i in range(3)
    ]
    context = context_of(clips, ("AU12", "AU43"), 30.0)
    table = blinks.prepare(clips, context)
    found = {
        m.key: m.value(table, np.arange(3), np.arange(3, 6))
        for m in blinks.measures(30.0)
    }
    assert found["blink_rate"].value == pytest.approx(np.log2(27.5 / 15.5))
    assert found["blink_rate"].real == pytest.approx(27.5)
    gaps = np.tile(np.diff(uneven), 3)
    cv = gaps.std(ddof=1) / gaps.mean()
    assert found["blink_spacing"].synthetic == pytest.approx(cv, rel=0.02)
    assert found["blink_spacing"].real == pytest.approx(0.0, abs=0.03)
    assert found["blink_duration"].value == pytest.approx(0.1, abs=0.02)


def test_which_column_closes_the_eyes():
    assert blinks.eye_column(("AU01", "AU43", "AU45")) == [2]
    assert blinks.eye_column(("AU43_L", "AU01", "AU43_R")) == [0, 2]
    assert blinks.eye_column(("AU01",)) == []
    assert blinks.measures(None) == []
    clips = [np.zeros((50, 1))] * 2
    assert blinks.prepare(clips, context_of(clips, ("AU01",), 25.0)) is None
    for measure in blinks.measures(25.0):
        assert np.isnan(measure.value(None, np.array([0]), np.array([1])).value)
