"""Blinks of made-up lids, whose times are known."""

import numpy as np
import pytest

from genface.detect import blink_course, find_blinks
from genface.errors import ShapeError

FPS = 50
TIMES = np.arange(10 * FPS) / FPS


def triangle(apex, half_width, depth=1.0, times=TIMES):
    """Lids that shut and open at an even pace; zero ``half_width`` from the apex."""
    return depth * np.clip(1 - np.abs(times - apex) / half_width, 0, None)


def test_onset_apex_and_offset_of_a_triangle():
    (blink,) = find_blinks(triangle(4.0, 0.2), TIMES)
    # A tenth of the depth is reached a tenth of the way up.
    assert blink.apex == pytest.approx(4.0)
    assert blink.onset == pytest.approx(3.82) and blink.offset == pytest.approx(4.18)
    assert blink.depth == pytest.approx(1.0)


@pytest.mark.parametrize(("half_width", "count"), [(0.1, 1), (0.48, 1), (0.52, 0)])
def test_what_takes_longer_than_half_a_second_at_half_height_is_no_blink(
    half_width, count
):
    assert len(find_blinks(triangle(5.0, half_width), TIMES)) == count


def test_shallow_dips_and_slowly_lowered_lids_are_no_blinks():
    assert find_blinks(triangle(5.0, 0.2, depth=0.25), TIMES) == []
    assert find_blinks(np.clip(TIMES / 10, 0, 1), TIMES) == []
    assert find_blinks(np.full(len(TIMES), 0.9), TIMES) == []


def test_blinks_are_found_on_lids_that_are_half_shut():
    lids = np.clip(0.5 + triangle(3.0, 0.2, 0.5) + triangle(6.0, 0.2, 0.5), 0, 1)
    found = find_blinks(lids, TIMES)
    assert [round(blink.apex, 2) for blink in found] == [3.0, 6.0]
    assert all(blink.depth == pytest.approx(0.5) for blink in found)


def test_eyes_that_shut_into_a_gap_did_not_blink():
    lids = triangle(5.0, 0.2) + triangle(8.0, 0.2)
    lids[(TIMES >= 5.0) & (TIMES < 5.5)] = np.nan
    assert [round(blink.apex, 2) for blink in find_blinks(lids, TIMES)] == [8.0]


def test_rows_that_are_missing_are_a_gap_as_much_as_nan():
    """Lids shut at 5 s and open half a second later: nobody saw them open."""
    lids = np.where((TIMES > 4.8) & (TIMES < 5.3), 1.0, 0.0)
    there = (TIMES < 5.0) | (TIMES > 5.4)
    assert find_blinks(lids[there], TIMES[there]) == []
    assert find_blinks(np.where(there, lids, np.nan), TIMES) == []
    # Three frames at an even pace, as long as nobody tells that others lie between.
    few, times = np.array([0.0, 1.0, 0.0]), np.array([1.0, 1.2, 1.4])
    assert len(find_blinks(few, times)) == 1 and find_blinks(few, times, 1 / FPS) == []


def test_times_are_seconds_however_frames_are_spaced():
    times = TIMES.copy()
    times[250:] += 3.0  # frames were lost; lids are open there
    blinks = find_blinks(triangle(2.0, 0.2, times=times), times)
    assert [round(blink.apex, 2) for blink in blinks] == [2.0]


def test_the_course_is_the_closing_while_a_blink_lasts():
    lids = triangle(2.0, 0.2) + triangle(6.0, 1.5)
    course = blink_course(lids, TIMES)
    during = np.abs(TIMES - 2.0) < 0.18
    np.testing.assert_array_equal(course, np.where(during, lids, 0))
    assert np.isnan(blink_course(np.where(TIMES == 1.0, np.nan, lids), TIMES)[FPS])


def test_no_frames_have_no_blinks_and_shapes_must_agree():
    assert find_blinks(np.zeros(0), np.zeros(0)) == []
    with pytest.raises(ShapeError):
        find_blinks(np.zeros(4), np.zeros(5))
