"""Intersubject correlation: py-feat's numbers, brute force, and bad tables."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr

from genface.errors import InputError
from genface.stats import (
    bridge,
    expected_leave_one_out,
    isc,
    isc_lags,
    isc_leave_one_out,
    isc_windows,
    mean_correlation,
    resample,
)


@pytest.fixture(scope="module")
def news(shared) -> pd.DataFrame:
    paths = sorted((shared / "data" / "news_sample").glob("0*.csv"))
    names = ["input", "frame", "Happy", "AU06", "AU12"]
    return pd.concat([pd.read_csv(path, usecols=names) for path in paths])


def long_table(wide: np.ndarray, **columns: object) -> pd.DataFrame:
    """A face table of courses (T, N), rows without a value left out."""
    T, N = wide.shape
    table = pd.DataFrame(
        {
            "input": np.repeat([f"{n}.mp4" for n in range(N)], T),
            "frame": np.tile(np.arange(T), N),
            "AU12": wide.T.ravel(),
        }
    )
    return table.assign(**columns).dropna(subset="AU12")


def courses(T: int = 60, N: int = 4, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((T, 1))
    values = shared + rng.standard_normal((T, N)) * np.arange(1, N + 1)
    return pd.DataFrame(values, columns=list("abcdefgh")[:N]).rename_axis("frame")


@pytest.mark.parity
@pytest.mark.parametrize(
    ("col", "method", "name"),
    [
        ("Happy", "pearson", "isc_happy_pearson"),
        ("Happy", "spearman", "isc_happy_spearman"),
        ("Happy", "kendall", "isc_happy_kendall"),
        ("AU12", "pearson", "isc_AU12_pearson"),
    ],
)
def test_the_matrix_is_that_of_py_feat(news, shared, col, method, name):
    expected = pd.read_csv(shared / "reference" / f"{name}.csv", index_col=0)
    found = isc(news, col=col, method=method)
    pd.testing.assert_frame_equal(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parity
def test_the_order_of_rows_does_not_matter(news):
    mixed = news.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(isc(mixed, "AU12"), isc(news, "AU12"))


@pytest.mark.parity
def test_several_columns_give_blocks(news):
    both = isc(news, ["AU12", "AU06"])
    assert both.shape == (40, 40)
    one = isc(news, "AU06")
    np.testing.assert_allclose(both.loc["AU06", "AU06"], one, atol=1e-12)


def test_none_means_the_usual_index_and_columns():
    table = long_table(courses().to_numpy())
    usual = isc(table, "AU12")
    pd.testing.assert_frame_equal(isc(table, "AU12", index=None, columns=None), usual)


@pytest.mark.parametrize("method", ["pearson", "spearman"])
@pytest.mark.parametrize("lag", [-3, 0, 2])
def test_a_lag_compares_one_series_with_the_other_later(method, lag):
    wide = courses().mask(lambda d: d > 6)
    found = isc(long_table(wide.to_numpy()), "AU12", method=method, lag=lag)
    for i in range(4):
        for j in range(4):
            later = wide.iloc[:, j].shift(-lag)
            expected = wide.iloc[:, i].corr(later, method=method)
            assert found.iloc[i, j] == pytest.approx(expected, abs=1e-12)


def test_the_peak_of_the_lags_says_who_follows():
    leader = courses(200, 1)["a"]
    wide = pd.DataFrame({"a": leader, "b": leader.shift(4), "c": leader.shift(-2)})
    wide.index = pd.Index(np.arange(200) * 0.5, name="time")
    curves = isc_lags(wide, 10)
    assert curves.idxmax().to_dict() == {
        ("a", "b"): 2.0,
        ("a", "c"): -1.0,
        ("b", "c"): -3.0,
    }
    assert curves.max().to_numpy() == pytest.approx(np.ones(3))
    assert list(curves.index[[0, -1]]) == [-5.0, 5.0]


def test_leave_one_out_is_the_correlation_with_the_others_mean():
    wide = courses().mask(lambda d: d > 8)
    found = isc_leave_one_out(wide)
    scored = (wide - wide.mean()) / wide.std(ddof=0)
    for name in wide:
        others = scored.drop(columns=name).mean(axis=1)
        both = pd.DataFrame({"one": wide[name], "others": others}).dropna()
        expected = pearsonr(both["one"], both["others"]).statistic
        assert found[name] == pytest.approx(expected, abs=1e-12)


def test_leave_one_out_follows_from_equal_pairwise_correlations():
    # Columns with all pairwise correlations .3 exactly, by whitening and mixing.
    N, r = 6, 0.3
    noise = np.random.default_rng(0).standard_normal((100, N))
    white = np.linalg.qr(noise - noise.mean(0))[0]
    mix = np.linalg.cholesky((1 - r) * np.eye(N) + r)
    found = isc_leave_one_out(pd.DataFrame(white @ mix.T))
    expected = expected_leave_one_out(r, N)
    assert found.to_numpy() == pytest.approx(np.full(N, expected), abs=1e-12)
    assert expected_leave_one_out(r, 2) == pytest.approx(r)


def test_a_mean_correlation_goes_through_fishers_z():
    found = mean_correlation(np.array([0.2, 0.8, np.nan]))
    assert found == pytest.approx(np.tanh((np.arctanh(0.2) + np.arctanh(0.8)) / 2))
    assert np.isnan(mean_correlation(np.array([np.nan])))


# A common time base


def test_series_of_two_rates_meet_on_one_time_base():
    tables = []
    for name, fps in (("a.mp4", 30.0), ("b.mp4", 25.0)):
        t = np.arange(int(8 * fps)) / fps
        aus = np.sin(t) + 0.2 * np.cos(3 * t)
        tables.append(pd.DataFrame({"input": name, "time": t, "AU12": aus}))
    table = pd.concat(tables)
    matrix = isc(table, "AU12", index="time", rate=10)
    assert matrix.loc["a.mp4", "b.mp4"] > 0.9999
    by_number = pd.concat([t.assign(frame=np.arange(len(t))) for t in tables])
    with pytest.raises(InputError, match="a.mp4: 30.*--index time --rate 25"):
        isc(by_number, "AU12")
    fast = by_number[by_number["input"] == "a.mp4"]
    every_other = fast[::2].assign(input="c.mp4")  # of the same 30 frames a second
    both = isc(pd.concat([fast, every_other]), "AU12")
    assert both.loc["a.mp4", "c.mp4"] == pytest.approx(1)


def test_resampling_keeps_a_line_and_averages_what_is_too_fast():
    t = np.arange(0, 10, 0.01)
    wide = pd.DataFrame(
        {"line": 2 * t + 1, "fast": np.cos(2 * np.pi * 9 * t)},
        index=pd.Index(t, name="time"),
    )
    slow = resample(wide, 2)
    assert np.allclose(np.diff(slow.index), 0.5)
    inner = slow.iloc[1:-1]
    assert np.allclose(inner["line"], 2 * inner.index + 1)
    # Samples are 1 and -1 in turn; means over half a second 1 / (4.5 pi) of that.
    expected = (-1.0) ** np.arange(len(slow)) / (4.5 * np.pi)
    assert inner["fast"].to_numpy() == pytest.approx(expected[1:-1], abs=3e-3)


def test_the_average_over_a_step_is_the_integral_of_the_line():
    t = np.sort(np.random.default_rng(0).uniform(0, 4, 300))
    x = np.random.default_rng(1).standard_normal(300)
    wide = pd.DataFrame({"a": x, "b": x}, index=pd.Index(t, name="time"))
    found = resample(wide, 2, max_gap=1)["a"]
    fine = np.linspace(0.75, 1.25, 200_001)
    expected = np.interp(fine, t, x).mean()
    assert found.loc[1.0] == pytest.approx(expected, abs=1e-5)


def test_holes_stay_holes_unless_they_may_be_bridged():
    wide = courses(30, 2)
    wide.iloc[5, 0] = np.nan
    wide.iloc[10:16, 0] = np.nan
    assert bridge(wide, 2).isna().sum().tolist() == [6, 0]
    assert bridge(wide, 7).isna().sum().tolist() == [0, 0]
    expected = (wide.iloc[4, 0] + wide.iloc[6, 0]) / 2
    assert bridge(wide, 2).iloc[5, 0] == pytest.approx(expected)
    assert resample(wide, 1).isna().sum().tolist() == [6, 0]
    late = wide.iloc[3:].reindex(wide.index)
    assert bridge(late, 100).isna().sum().tolist() == [3, 3]  # nothing is made up


# Windows


def test_windows_are_means_of_pairwise_correlations():
    wide = courses(80, 4)
    wide.index = pd.Index(np.arange(80) / 10, name="time")
    found = isc_windows(wide, window=2.0, hop=0.5, n=19)
    for place, time in enumerate(found.index):
        part = wide.iloc[place * 5 : place * 5 + 20]
        assert time == pytest.approx((part.index[0] + part.index[-1]) / 2)
        upper = part.corr().to_numpy()[np.triu_indices(4, 1)]
        assert found["isc"].iloc[place] == pytest.approx(mean_correlation(upper))
    assert len(found) == 13
    assert (found["pairs"] == 1).all()


def test_a_window_without_movement_has_no_correlation():
    wide = courses(60, 4)
    wide.iloc[20:40, :3] = 0.0
    found = isc_windows(wide, window=10, hop=5, n=19)
    still = found.loc[24.5:34.5]
    assert still["isc"].isna().all() and still["p"].isna().all()
    assert (still["pairs"] == 0).all()
    assert found["isc"].iloc[0] == found["isc"].iloc[0]


def test_windows_find_the_moment_that_is_shared():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((400, 8))
    values[200:250] += 3 * rng.standard_normal((50, 1))
    found = isc_windows(pd.DataFrame(values).rename_axis("frame"), 40, 10, n=99)
    inside = (found.index > 219) & (found.index < 230)
    assert (found.loc[inside, "p"] <= 0.01).all()
    assert (found.loc[found.index < 170, "p"] > 0.02).all()
    assert (found.loc[inside, "isc"] > found["band"].iloc[0]).all()


# Bad tables


def test_several_faces_in_a_frame_are_never_averaged():
    table = long_table(courses().to_numpy(), face_id=0)
    twice = pd.concat([table, table.assign(face_id=1)])
    with pytest.raises(InputError, match=r"480 rows share .*face_id"):
        isc(twice, "AU12")
    told_apart = isc(twice, "AU12", columns=["input", "face_id"])
    assert told_apart.shape == (8, 8)


def test_rows_without_values_may_not_hide_a_second_face():
    table = long_table(courses().to_numpy(), face_id=0)
    unseen = table.assign(face_id=1, AU12=np.nan)
    with pytest.raises(InputError, match="share their frame"):
        isc(pd.concat([table, unseen]), "AU12")


def test_a_series_of_two_people_is_noted():
    table = long_table(courses().to_numpy())
    table["face_id"] = (table["frame"] > 30).astype(int)
    with pytest.warns(UserWarning, match="several faces are taken as one"):
        isc(table, "AU12")


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        (lambda t: t, {"col": "AU99"}, "no column AU99"),
        (lambda t: t, {"columns": "person"}, "no column person"),
        (lambda t: t.assign(AU12="much"), {}, "numbers are compared"),
        (lambda t: t, {"index": "input", "columns": "frame"}, "expected numbers"),
        (lambda t: t[t["input"] == "0.mp4"], {}, "1 series of AU12"),
        (lambda t: t, {"method": "cosine"}, "use one of pearson"),
        (lambda t: t, {"lag": 60}, "60 rows"),
        (lambda t: t, {"rate": 0}, "above 0"),
        (lambda t: t[t["frame"] % 7 > 0], {"lag": 1}, "put the series on one base"),
    ],
)
def test_what_cannot_be_compared_is_said(change, words, message):
    table = change(long_table(courses().to_numpy()))
    with pytest.raises(InputError, match=message):
        isc(table, **{"col": "AU12", **words})


def test_empty_and_constant_series_are_nan_with_a_warning():
    wide = courses().to_numpy().copy()
    wide[:, 1] = 0.25
    with pytest.warns(UserWarning, match="NaN for 1.mp4"):
        matrix = isc(long_table(wide), "AU12")
    assert matrix["1.mp4"].isna().all()
    assert matrix.drop(index="1.mp4", columns="1.mp4").notna().all().all()
    table = long_table(courses().to_numpy())
    table.loc[table["input"] == "2.mp4", "AU12"] = np.nan
    with pytest.warns(UserWarning, match="NaN for 2.mp4"):
        matrix = isc(table, "AU12")
    assert list(matrix) == ["0.mp4", "1.mp4", "2.mp4", "3.mp4"]
    with pytest.warns(UserWarning, match="NaN for b"):
        assert np.isnan(isc_leave_one_out(courses().assign(b=1.0))["b"])


def test_two_shared_moments_make_no_correlation():
    wide = courses(30, 2).to_numpy().copy()
    wide[:14, 0] = np.nan
    wide[16:, 1] = np.nan
    with pytest.warns(UserWarning, match="fewer than 3 moments"):
        matrix = isc(long_table(wide), "AU12")
    assert np.isnan(matrix.iloc[0, 1]) and matrix.iloc[0, 0] == 1


def test_frames_without_a_face_belong_to_nobody():
    table = long_table(courses().to_numpy(), face_id=0.0)
    empty = table.iloc[:5].assign(face_id=np.nan, frame=range(60, 65), AU12=np.nan)
    whole = pd.concat([table, empty])
    columns = ["input", "face_id"]
    expected = isc(table, "AU12", columns=columns)
    pd.testing.assert_frame_equal(isc(whole, "AU12", columns=columns), expected)
    with pytest.warns(UserWarning, match="5 rows with a value of AU12 have no frame"):
        isc(whole.assign(AU12=1.0 * np.arange(len(whole))), "AU12", columns=columns)
