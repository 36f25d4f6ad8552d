"""Rows per second of a table, against tables made at a known rate."""

import numpy as np
import pandas as pd
import pytest

from genface.table.rate import row_rate


def rows(n=20, **columns) -> pd.DataFrame:
    return pd.DataFrame({"AU01": np.zeros(n), **columns})


def told(table: pd.DataFrame, **facts) -> pd.DataFrame:
    table.attrs = facts
    return table


def test_nothing_tells_it():
    assert row_rate(rows()) is None
    assert row_rate(rows(frame=np.arange(20))) is None
    assert row_rate(rows(1, time=[0.0])) is None


def test_what_was_set_counts_most():
    table = rows(time=np.arange(20) / 25)
    assert row_rate(told(table, sampling_freq=7, fps=25.0)) == 7


@pytest.mark.parametrize(
    ("name", "unit"),
    [("time", 1), ("timestamp", 1), ("frame_time_in_ms", 1), ("timestamp_ms", 1000)],
)
def test_times(name, unit):
    assert row_rate(rows(**{name: unit * np.arange(20) / 25})) == pytest.approx(25)


def test_rows_left_out_of_a_table_are_seen_in_its_times_and_frames():
    table = rows(time=np.arange(20) / 25, frame=np.arange(20))
    every_second = told(table.iloc[::2], fps=25.0)
    assert row_rate(every_second) == 12.5
    assert row_rate(told(every_second.drop(columns="time"), fps=25.0)) == 12.5
    assert row_rate(told(rows(), fps=30.0, skip_frames=3)) == 10


def test_rounded_times_mean_the_recorded_rate():
    times = np.round(np.arange(20) / 29.97, 3)
    assert row_rate(told(rows(time=times), fps=29.97)) == 29.97
    assert row_rate(told(rows(time=2 * times), fps=29.97)) == 29.97 / 2
    assert row_rate(told(rows(time=times), fps=50.0)) == pytest.approx(30, rel=0.03)


@pytest.mark.parametrize("fps", [24, 25, 29.97, 30, 50, 60])
def test_times_in_milliseconds_tell_the_rate_where_no_fact_does(fps):
    times = np.round(np.arange(600) / fps, 3)
    assert row_rate(rows(600, time=times)) == pytest.approx(fps, rel=1e-4)
    seen = np.delete(
        np.arange(600), [*range(40, 90), 300, 302]
    )  # frames without a face
    found = row_rate(rows(len(seen), time=times[seen]))
    assert found == pytest.approx(fps, rel=1e-3)


def test_several_faces_and_clips_do_not_count_as_steps():
    table = rows(40, time=np.tile(np.repeat(np.arange(10), 2), 2) / 25)
    assert row_rate(table) == pytest.approx(25)
