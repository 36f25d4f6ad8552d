"""Summaries by session against pandas, and what they refuse to average in silence."""

import warnings

import numpy as np
import pandas as pd
import pytest

from genface import stats
from genface.errors import InputError
from genface.fex import Fex


def made(n: int = 60, seed: int = 0) -> Fex:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 4)) * [1, 1e-3, 1e3, 1] + [0, 5, 1e6, 0]
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 3] = np.nan
    table = Fex(values, columns=["AU01", "AU12", "x_0", "Happy"])
    table["frame"] = np.arange(n)
    table["input"] = "a.mp4"
    return table.update_sessions(rng.choice(["c", "a", "b"], n))


def test_statistics_are_those_of_pandas():
    table = made()
    summary = table.extract_summary()
    by = pd.DataFrame(table).groupby(table.sessions)
    for name in ("mean", "sem", "std", "max", "min"):
        wanted = getattr(by, name)(numeric_only=True).add_prefix(f"{name}_")
        got = summary[wanted.columns]
        pd.testing.assert_frame_equal(
            pd.DataFrame(got), wanted, check_names=False, check_dtype=False, rtol=1e-11
        )
        alone = getattr(table, f"extract_{name}")()
        pd.testing.assert_frame_equal(alone, got)
    assert list(summary.sessions) == ["a", "b", "c"]
    assert summary.aus.shape == (3, 10)


def test_blocks_come_in_pyfeats_order():
    names = made().extract_summary().columns
    assert list(dict.fromkeys(name.split("_")[0] for name in names)) == [
        "mean",
        "sem",
        "std",
        "max",
        "min",
    ]
    assert list(names[:2]) == ["mean_AU01", "mean_AU12"]


def test_a_session_of_one_row_has_no_spread():
    table = Fex({"AU01": [1.0, 2.0, 4.0]}).update_sessions(["a", "b", "b"])
    summary = table.extract_summary()
    assert np.isnan(summary.loc["a", ["std_AU01", "sem_AU01"]].astype(float)).all()
    assert summary.loc["b", "std_AU01"] == pytest.approx(np.sqrt(2))


def test_without_sessions_there_is_one_row():
    table = made()
    alone = table.extract_mean(ignore_sessions=True)
    assert alone.index.tolist() == [0] and alone.sessions is None
    plain = pd.DataFrame(table)
    wanted = plain.mean(numeric_only=True).to_numpy()
    np.testing.assert_allclose(alone.to_numpy()[0], wanted)
    np.testing.assert_allclose(stats.extract_mean(plain).to_numpy()[0], wanted)


def test_plain_tables_take_sessions_by_name_or_value():
    plain = pd.DataFrame({"v": [1.0, 2.0, 6.0], "who": ["x", "y", "y"]})
    assert stats.extract_mean(plain, sessions="who")["mean_v"].tolist() == [1, 4]
    assert stats.extract_max(plain, sessions=[1, 1, 2])["max_v"].tolist() == [2, 6]
    with pytest.raises(InputError, match="no such column"):
        stats.extract_mean(plain, sessions="whose")
    with pytest.raises(InputError, match="2 sessions for 3 rows"):
        stats.extract_mean(plain, sessions=[1, 2])


def test_rows_without_a_session_are_left_out_with_a_warning():
    table = Fex({"AU01": [1.0, 2.0, 3.0]}).update_sessions(["a", None, "a"])
    with pytest.warns(UserWarning, match="1 of 3 rows have no session"):
        assert table.extract_mean()["mean_AU01"].tolist() == [2.0]


def test_sessions_without_an_order_follow_their_appearance():
    table = Fex({"AU01": [1.0, 2.0, 3.0]}).update_sessions([("b",), 1, "a"])
    assert table.extract_mean()["mean_AU01"].tolist() == [1, 2, 3]


def test_infinite_values_stay_and_whole_numbers_are_exact():
    table = Fex({"a": [np.inf, 1.0], "b": [2**52, 2**52 + 2], "c": [True, False]})
    mean = table.extract_mean()
    assert mean["mean_a"].tolist() == [np.inf]
    assert mean["mean_b"].tolist() == [2**52 + 1]
    assert mean["mean_c"].tolist() == [0.5]


def two_faces() -> Fex:
    return Fex(
        {
            "AU12": [0.0, 1.0, 0.0, 1.0],
            "input": "a.mp4",
            "frame": [0, 0, 1, 1],
            "face_id": [0, 1, 0, 1],
        }
    )


def test_a_mean_over_people_says_so():
    table = two_faces()
    with pytest.warns(UserWarning, match=r"several faces.*a.mp4 frame 0 has 2 faces"):
        table.update_sessions(table["input"]).extract_mean()
    table["face_id"] = 0
    with pytest.warns(UserWarning, match="2 rows, one face twice"):
        table.extract_mean()
    with pytest.warns(UserWarning, match="has 2 rows"):
        table.drop(columns="face_id").extract_mean()


def test_a_mean_by_person_does_not_warn():
    table = two_faces()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        means = table.update_sessions(table["face_id"]).extract_mean()
    assert means["mean_AU12"].tolist() == [0, 1]


def test_nothing_to_summarise_is_an_error():
    table = Fex({"AU01": [1.0]})
    with pytest.raises(InputError, match="ask for one of"):
        table.extract_summary(mean=False, std=False, sem=False, max=False, min=False)
    with pytest.raises(InputError, match="no rows"):
        table.iloc[:0].extract_mean()
    with pytest.raises(InputError, match="no numeric column"):
        Fex({"input": ["a"]}).extract_mean()
    with pytest.raises(InputError, match="complex"):
        Fex({"a": [1j]}).extract_mean()
    assert list(
        table.extract_summary(
            std=True, mean=False, sem=False, max=False, min=False
        ).columns
    ) == ["std_AU01"]
