"""Timing, gaps and scale of what the avatar does, and the strip below it."""

from fractions import Fraction

import numpy as np
import pytest

from genface.avatar.animation import (
    FADE,
    HOLD,
    calibrate_presence,
    retime,
    smoothed,
)
from genface.avatar.strip import CURSOR, Strip, title_bar
from genface.errors import InputError, ShapeError

NAMES = ("AU12", "AU25")


def ramp(times):
    return np.stack([times / 10, 1 - times / 10], axis=1)


@pytest.mark.parametrize("step", [1 / 60, 1 / 23.976, 0.2, 1.0])
@pytest.mark.parametrize("fps", [12, 25, Fraction(24000, 1001)])
def test_the_animation_lasts_as_long_as_the_data_and_follows_its_time(step, fps):
    times = 3.0 + np.arange(round(8 / step)) * step
    motion = retime(times, ramp(times - 3), NAMES, fps)
    assert abs(len(motion) / float(fps) - len(times) * step) <= 1 / float(fps)
    inner = motion.times <= times[-1] - 3
    np.testing.assert_allclose(motion.aus[inner], ramp(motion.times[inner]), atol=1e-9)
    assert motion.seen.all() and not motion.notes


def test_variable_rate_is_resampled_by_time_and_not_by_frame():
    times = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.06, 200))
    motion = retime(times, ramp(times - times[0]), NAMES, 30)
    inner = motion.times <= times[-1] - times[0]
    np.testing.assert_allclose(motion.aus[inner], ramp(motion.times[inner]), atol=1e-9)


def test_a_duration_cuts_or_lengthens():
    times = np.arange(50) / 25
    assert len(retime(times, ramp(times), NAMES, 25, duration=1.0)) == 25
    longer = retime(times, ramp(times), NAMES, 25, duration=4.0)
    assert len(longer) == 100
    assert not longer.seen[60:].any()
    np.testing.assert_allclose(longer.aus[-1], 0, atol=1e-9)


def test_a_long_gap_holds_then_fades_to_neutral_and_says_so():
    times = np.arange(150) / 25
    aus = np.full((150, 2), 0.8)
    aus[50:125] = np.nan  # 3 s
    pose = np.full((150, 3), 0.2)
    pose[50:125] = np.nan
    motion = retime(times, aus, NAMES, 25, pose=pose)
    lost = times[49]
    at = lambda t: motion.aus[round(25 * (lost + t)), 0]  # noqa: E731
    assert at(HOLD - 0.05) == pytest.approx(0.8)
    assert 0 < at(HOLD + FADE / 2) < 0.8
    assert at(HOLD + FADE + 0.1) == pytest.approx(0)
    assert motion.pose[100] == pytest.approx(np.zeros(3))
    assert motion.aus[124, 0] > 0.7  # on its way back before the face is seen again
    assert np.abs(np.diff(motion.aus[:, 0])).max() < 0.12  # no jump
    assert not motion.seen[60:120].any() and motion.seen[:50].all()
    assert motion.away.sum() == pytest.approx(25 * (3 - HOLD - 2 * FADE), abs=3)
    assert (motion.aus[motion.away] == 0).all()
    note, greyed = motion.notes
    assert f"{motion.away.sum()} of 150 frames are greyed" in greyed
    assert "75 of 150 frames" in note and "3.0 s" in note and "fades" in note


def test_before_the_face_comes_nothing_is_drawn_of_it():
    times = np.arange(100) / 25
    aus = np.full((100, 2), 0.8)
    aus[:50] = np.nan
    motion = retime(times, aus, NAMES, 25)
    away = round(25 * (2 - HOLD - FADE))
    assert motion.away[: away - 1].all() and not motion.away[away + 1 :].any()
    assert (motion.aus[: away - 1] == 0).all() and motion.aus[49, 0] == 0.8


def test_a_short_gap_is_bridged_in_a_straight_line():
    times = np.arange(50) / 25
    aus = ramp(times)
    aus[20:26] = np.nan
    motion = retime(times, aus, NAMES, 25)
    np.testing.assert_allclose(motion.aus, ramp(times), atol=1e-9)
    assert not motion.seen[22]


def test_a_change_of_rate_is_no_gap():
    times = np.concatenate([np.arange(120) / 30, 4 + np.arange(80) / 10])
    motion = retime(times, ramp(times), NAMES, 30)
    assert motion.seen.all() and not motion.notes
    slow = np.concatenate([np.arange(30) / 30, 1 + np.arange(10)])  # then one a second
    assert retime(slow, ramp(slow), NAMES, 30).notes == ()


def test_missing_frames_are_a_gap():
    times = np.delete(np.arange(150) / 25, np.s_[50:125])
    motion = retime(times, np.full((75, 2), 0.8), NAMES, 25)
    assert not motion.seen[52:122].any()
    assert motion.aus[100, 0] == pytest.approx(0)
    assert "frames are missing (longest gap 3.0 s)" in motion.notes[0]


def test_a_table_shorter_than_the_clip_is_said_in_its_own_words():
    times = np.arange(50) / 25
    note, greyed = retime(times, ramp(times), NAMES, 25, duration=4.0).notes
    assert "26 of 100 frames are greyed" in greyed
    assert note.startswith("the table ends 2.0 s before the clip") and "fades" in note
    assert retime(times, ramp(times), NAMES, 25, duration=2.1).notes == ()


def test_unknown_aus_are_left_out_and_hidden_gaze_is_no_gap():
    times = np.arange(25) / 25
    aus = np.stack([times, np.full(25, np.nan)], axis=1)
    gaze = np.full((25, 2), 0.1)
    gaze[5:20] = np.nan
    motion = retime(times, aus, NAMES, 25, gaze=gaze)
    assert motion.au_names == ("AU12",) and "AU25" in motion.notes[0]
    assert motion.seen.all()
    np.testing.assert_allclose(motion.gaze, 0.1)
    assert retime(times, aus, NAMES, 25, gaze=np.full((25, 2), np.nan)).gaze is None


def test_an_au_unknown_beside_others_is_bridged_and_no_lost_face():
    times = np.arange(120) / 24
    aus = ramp(times)
    aus[40:81, 0] = np.nan  # AU12 alone, 1.7 s
    motion = retime(times, aus, NAMES, 24)
    np.testing.assert_allclose(motion.aus, ramp(times), atol=1e-9)
    assert motion.seen.all() and not motion.away.any()
    assert motion.notes == (
        "AU12 in 41 of 120 frames with a face: unknown there, bridged",
    )
    assert motion.bridged[:, 0].sum() == pytest.approx(41, abs=1)
    assert motion.bridged[41:80, 0].all() and not motion.bridged[:, 1].any()
    aus[100:] = np.nan  # and the face itself
    ended = retime(times, aus, NAMES, 24)
    assert "20 of 120 frames without a face" in ended.notes[0]
    assert "41 of 100 frames with a face" in " ".join(ended.notes)
    assert ended.seen[:100].all() and ended.aus[60, 0] == pytest.approx(0.25)


def test_presence_is_calibrated_per_person():
    rng = np.random.default_rng(1)
    belief = np.stack([0.4 + 0.3 * rng.random(1000), np.full(1000, 0.7)], axis=1)
    belief[3] = np.nan
    low, high = np.nanpercentile(belief[:, 0], [5, 95])
    got = calibrate_presence(belief)
    assert np.isnan(got[3]).all()
    order = np.nanargmin(np.abs(belief[:, 0] - high))
    assert got[order, 0] == pytest.approx(high, abs=0.01)
    assert (got[belief[:, 0] <= low, 0] == 0).all()
    assert np.nanmax(got[:, 1]) == 0  # always on: nothing to tell rest from


def test_rare_blinks_survive_calibration():
    belief = np.zeros((300, 2))
    belief[100:105, 0] = 0.9  # a blink: in under 5 % of the frames
    belief[:, 1] = 0.7 + 0.004 * np.sin(np.arange(300))
    got = calibrate_presence(belief)
    np.testing.assert_allclose(got[:, 0], belief[:, 0])
    assert got[:, 1].max() == 0


def test_a_reference_fixes_the_range_of_another_series():
    rng = np.random.default_rng(1)
    real = rng.random((500, 2))
    real[:, 1] = np.nan
    calm = 0.5 * rng.random((500, 2))
    got = calibrate_presence(calm, real)
    low, high = np.percentile(real[:, 0], [5, 95])
    expected = np.clip((calm[:, 0] - low) * high / (high - low), 0, 1)
    np.testing.assert_allclose(got[:, 0], expected)
    np.testing.assert_allclose(got[:, 1], calibrate_presence(calm)[:, 1])


def test_smoothing_keeps_the_mean_and_a_constant_and_is_recorded():
    times = np.arange(100) / 25
    noisy = np.random.default_rng(2).random((100, 2))
    plain = retime(times, noisy, NAMES, 25)
    soft = smoothed(plain, 0.1)
    assert soft.aus.std() < 0.6 * plain.aus.std()
    assert soft.aus.mean() == pytest.approx(plain.aus.mean(), abs=0.02)
    assert "smoothed" in soft.notes[-1]
    constant = smoothed(retime(times, np.full((100, 2), 0.3), NAMES, 25), 5.0)
    np.testing.assert_allclose(constant.aus, 0.3)
    assert smoothed(plain, 0) is plain


def test_what_cannot_be_animated_is_refused():
    times = np.arange(5) / 25
    with pytest.raises(InputError, match="no rows"):
        retime(times[:0], np.empty((0, 2)), NAMES, 25)
    with pytest.raises(InputError, match="every AU is NaN"):
        retime(times, np.full((5, 2), np.nan), NAMES, 25)
    with pytest.raises(InputError, match="rise"):
        retime(times[::-1], np.zeros((5, 2)), NAMES, 25)
    with pytest.raises(ShapeError, match="names"):
        retime(times, np.zeros((5, 3)), NAMES, 25)
    with pytest.raises(InputError, match="positive"):
        retime(times, np.zeros((5, 2)), NAMES, 0)


def test_a_single_row_is_one_frame():
    assert len(retime(np.zeros(1), np.zeros((1, 2)), NAMES, 25)) == 1


def test_the_strip_shows_each_series_and_its_cursor_runs_from_end_to_end():
    values = np.zeros((100, 2))
    values[50:, 0] = 1
    strip = Strip(600, NAMES, [values, values], ["real", "synthetic"], 4.0)
    first, last = strip.at(0), strip.at(4.0)
    assert first.shape == (strip.height, 600, 3) and strip.height % 2 == 0
    cursor = (first == CURSOR).all(axis=-1).any(axis=0)
    ended = (last == CURSOR).all(axis=-1).any(axis=0)
    blocks = np.flatnonzero(np.diff(np.flatnonzero(cursor)) > 50)
    assert len(blocks) == 1  # one cursor in each of the two blocks
    assert np.flatnonzero(ended).min() - np.flatnonzero(cursor).min() > 180
    again = strip.at(2.0)
    assert (again == strip.at(2.0)).all() and (strip.at(0) == first).all()
    dark = first.sum(axis=-1).min(axis=0)
    assert (dark < 250).sum() > 150  # the half in which AU12 is on


def test_titles_fit_over_their_panels():
    bar = title_bar(["source", "avatar of the synthetic AUs"], [300, 120])
    assert bar.shape[1:] == (420, 3)
    ink = (bar.sum(axis=-1) < 500).any(axis=0)
    assert ink[:300].any() and ink[300:].any() and not ink[[0, 299, 300, 419]].any()
