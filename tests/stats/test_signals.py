"""Cleaning and baselines of made signals whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from genface import stats
from genface.errors import InputError
from genface.fex import Fex

RATE = 20.0
T = np.arange(200) / RATE


def made(**columns: np.ndarray) -> Fex:
    table = Fex(columns)
    table["input"] = "a.mp4"
    table["frame"] = np.arange(len(table))
    table["time"] = table["frame"] / RATE
    return table


def test_a_line_is_taken_away_whole():
    slow = np.sin(2 * np.pi * T)
    table = made(AU01=slow + 3 * T + 2)
    flat = table.clean(standardize=False)["AU01"]
    assert abs(np.polyfit(T, flat, 1)[0]) < 1e-12
    assert np.corrcoef(flat, slow)[0, 1] > 0.98


def test_filters_keep_their_side():
    slow, fast = np.sin(2 * np.pi * 0.5 * T), np.sin(2 * np.pi * 6 * T)
    table = made(AU01=slow + fast)
    middle = slice(40, 160)  # away from the ends
    options = dict(detrend=False, standardize=False)
    low = table.clean(low_pass=2, **options)["AU01"]
    high = table.clean(high_pass=2, **options)["AU01"]
    np.testing.assert_allclose(low[middle], slow[middle], atol=0.01)
    np.testing.assert_allclose(high[middle], fast[middle], atol=0.01)
    band = np.sin(2 * np.pi * 3 * T)
    table = made(AU01=slow + band + np.sin(2 * np.pi * 8 * T))
    both = table.clean(low_pass=4.5, high_pass=1.5, **options)["AU01"]
    np.testing.assert_allclose(both[middle], band[middle], atol=0.03)


def test_confounds_leave_nothing_of_themselves():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 2))
    table = made(AU01=rng.normal(size=200) + noise @ [2, -1] + 5)
    left = table.clean(detrend=False, confounds=noise)["AU01"]
    np.testing.assert_allclose(noise.T @ left, 0, atol=1e-10)
    assert left.mean() == pytest.approx(0, abs=1e-12)
    assert left.std() == pytest.approx(1)


def test_constant_columns_are_not_blown_up():
    table = made(AU01=np.full(200, 0.1), AU12=np.sin(T))
    assert table.clean()["AU01"].abs().max() < 1e-12


def test_sessions_are_cleaned_apart():
    table = made(AU01=np.random.default_rng(1).normal(size=200).cumsum())
    halves = table.update_sessions(np.repeat([1, 0], 100))
    whole = halves.clean(low_pass=3)
    for rows in (slice(0, 100), slice(100, 200)):
        alone = table.iloc[rows].clean(low_pass=3)
        pd.testing.assert_frame_equal(
            pd.DataFrame(whole.iloc[rows]), pd.DataFrame(alone)
        )
    together = halves.clean(low_pass=3, ignore_sessions=True)
    assert not np.allclose(together["AU01"], whole["AU01"])
    assert whole.sessions.equals(halves.sessions)


def test_what_a_row_is_stays_as_it_was():
    table = made(AU01=np.sin(T), face_id=np.zeros(200, int))
    for result in (table.clean(), table.baseline()):
        assert list(result.columns) == list(table.columns)
        names = ["face_id", "input", "frame", "time"]
        pd.testing.assert_frame_equal(result[names], table[names])


def test_gaps_stay_gaps_and_do_not_spread():
    table = made(AU01=np.sin(2 * np.pi * 0.5 * T), AU12=np.full(200, np.nan))
    full = table[["AU01"]].clean(low_pass=4, standardize=False, sampling_freq=RATE)
    table.loc[50:52, "AU01"] = np.nan
    with pytest.warns(UserWarning) as said:
        result = table.clean(low_pass=4, standardize=False)
    assert [str(w.message) for w in said] == [
        "clean: 1 columns have no value and stay NaN: AU12.",
        "clean: 1 columns have gaps, which stay NaN: AU01.",
    ]
    assert result["AU01"].isna().sum() == 3 and result["AU12"].isna().all()
    np.testing.assert_allclose(
        result["AU01"].dropna(), full["AU01"].drop([50, 51, 52]), atol=0.05
    )
    with pytest.warns(UserWarning):
        finite = table.clean(ensure_finite=True)
    assert finite["AU01"][50] == 0 and (finite["AU12"] == 0).all()


def test_the_rate_is_needed_for_filters_only():
    plain = pd.DataFrame({"AU01": np.sin(T)})
    stats.clean(plain)
    with pytest.raises(InputError, match="needs the rate of the rows"):
        stats.clean(plain, low_pass=1)
    given = stats.clean(plain, low_pass=1, sampling_freq=RATE)["AU01"]
    table = made(AU01=np.sin(T))  # by its times
    np.testing.assert_allclose(table.clean(low_pass=1)["AU01"], given, rtol=1e-9)
    table.attrs |= {"fps": 2 * RATE, "skip_frames": 2}  # by its facts
    np.testing.assert_allclose(table.clean(low_pass=1)["AU01"], given, rtol=1e-9)


def test_filters_are_checked():
    table = made(AU01=np.sin(T))
    with pytest.raises(InputError, match="low_pass=10 Hz: use a frequency between"):
        table.clean(low_pass=10)
    with pytest.raises(InputError, match="high_pass=3 must be below low_pass=2"):
        table.clean(low_pass=2, high_pass=3)
    with pytest.raises(InputError, match="session 'b': 12 rows; .* at least 19"):
        table.iloc[:40].update_sessions(["a"] * 28 + ["b"] * 12).clean(low_pass=2)
    with pytest.raises(InputError, match="confounds has 3 rows and the table 200"):
        table.clean(confounds=np.ones(3))
    with pytest.raises(InputError, match="confounds must have a value"):
        table.clean(confounds=np.full(200, np.nan))


def test_baselines():
    table = Fex({"AU01": [2.0, 4, 9], "AU12": [1.0, 1, 4]})
    assert table.baseline()["AU01"].tolist() == [-2, 0, 5]
    assert table.baseline("mean")["AU12"].tolist() == [-1, -1, 2]
    assert table.baseline("begin")["AU01"].tolist() == [0, 2, 7]
    assert table.baseline("begin", "pct")["AU01"].tolist() == [0, 100, 350]
    given = pd.Series({"AU12": 1.0, "AU01": 2.0})
    db = table.baseline(given, normalize="db")
    np.testing.assert_allclose(db["AU01"], 10 * np.log10([1, 2, 4.5]))
    by = table.update_sessions(["a", "b", "b"]).baseline("begin")
    assert by["AU01"].tolist() == [0, 0, 5]


def test_baselines_without_meaning_are_nan_and_said():
    table = Fex({"AU01": [0.0, 1, 2], "AU12": [1.0, 1, 1]})
    with pytest.warns(UserWarning, match="3 values .* 'pct' .* in AU01"):
        assert table.baseline("begin", "pct")["AU01"].isna().all()
    with pytest.warns(UserWarning, match="1 values .* 'db'"):
        db = table.baseline("mean", "db")
    assert db["AU01"].isna().tolist() == [True, False, False]
    assert db["AU12"].tolist() == [0, 0, 0]


def test_baselines_are_checked():
    table = Fex({"AU01": [0.0, 1, 2]})
    with pytest.raises(InputError, match="baseline='end'"):
        table.baseline("end")
    with pytest.raises(InputError, match="normalize='z'"):
        table.baseline(normalize="z")
    with pytest.raises(InputError, match="no value for AU01"):
        table.baseline(pd.Series({"AU12": 1.0}))


@pytest.mark.parametrize("method", ["clean", "baseline", "downsample", "upsample"])
def test_series_of_two_people_are_an_error(method):
    table = made(AU01=np.sin(T))
    table["frame"] //= 2
    table["face_id"] = np.arange(200) % 2
    options = {"downsample": {"target": 2}, "upsample": {"target": 30}}.get(method, {})
    with pytest.raises(InputError, match="one face over time.*a.mp4 frame 0 has 2"):
        getattr(table, method)(**options)
    getattr(table.update_sessions(table["face_id"]), method)(**options)


def test_series_out_of_order_are_an_error():
    table = made(AU01=np.sin(T)).iloc[::-1]
    with pytest.raises(InputError, match="frames run backwards"):
        table.clean()


def test_a_session_of_several_clips_is_said():
    table = made(AU01=np.sin(T))
    table["input"] = np.repeat(["a.mp4", "b.mp4"], 100)
    with pytest.warns(UserWarning, match="as one series, though it joins 2 inputs"):
        table.baseline()


def test_words_are_no_signal():
    with pytest.raises(InputError, match="clean: columns must be numbers, and mood"):
        made(AU01=np.sin(T)).assign(mood="x").clean()
    with pytest.raises(InputError, match="no column of measurements"):
        Fex({"input": ["a"], "frame": [0]}).clean()


def test_confounds_by_name_are_those_columns():
    rng = np.random.default_rng(0)
    table = made(AU01=rng.normal(size=len(T)), AU12=rng.normal(size=len(T)))
    by_name = table.clean(confounds="AU12", detrend=False)["AU01"]
    np.testing.assert_array_equal(
        by_name, table.clean(confounds=table["AU12"].to_numpy(), detrend=False)["AU01"]
    )
    assert abs(np.corrcoef(by_name, table["AU12"])[0, 1]) < 1e-12


def test_gaps_do_not_bend_the_trend():
    line = 3 * T + 2
    line[:50] = np.nan  # bridged by the nearest value, a level stretch
    with pytest.warns(UserWarning, match="1 columns have gaps"):
        flat = made(AU01=line).clean(standardize=False)["AU01"]
    assert flat[:50].isna().all() and abs(flat[50:]).max() < 1e-12


def test_a_baseline_begins_with_the_first_value():
    table = made(AU01=np.array([np.nan, 2.0, 5.0]))
    with pytest.warns(UserWarning, match="1 columns have gaps"):
        found = table.baseline("begin")["AU01"]
    np.testing.assert_array_equal(found, [np.nan, 0, 3])
