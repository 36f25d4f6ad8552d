"""Doubtful rows: box off its place, detector not sure."""

import numpy as np
import pytest

from genface import stats
from genface.errors import InputError
from genface.fex import Fex


def made() -> Fex:
    n = 20
    table = Fex({"FaceRectX": np.zeros(n), "FaceRectY": np.arange(n) % 2.0})
    table["FaceRectWidth"] = table["FaceRectHeight"] = 50
    table["FaceScore"] = np.arange(1, n + 1) / n
    table["AU12"] = np.arange(n)
    table["Happy"], table["Pitch"], table["x_0"] = 0.5, 0.1, 3.0
    table["input"], table["frame"] = "a.mp4", np.arange(n)
    return table


def test_a_box_off_its_place_blanks_the_face():
    table = made()
    table.loc[7, "FaceRectX"] = 100.0
    found = table.rectification()
    blank = found[["FaceRectX", "FaceScore", "AU12", "Happy"]].isna()
    assert blank.all(axis=1).to_numpy().nonzero()[0].tolist() == [7]
    assert blank.any(axis=1).sum() == 1
    assert found[["Pitch", "x_0", "frame"]].notna().to_numpy().all()
    whole = table.rectification(whole_face=True)
    assert whole.loc[7, ["Pitch", "x_0"]].isna().all() and whole.loc[7, "frame"] == 7
    assert table.loc[7, "AU12"] == 7  # a copy


def test_each_session_has_its_own_place():
    table = made()
    table["FaceRectX"] = np.repeat([0.0, 1000.0], 10)
    table.loc[3, "FaceRectX"] = 100.0
    by = table.update_sessions(np.repeat(["a", "b"], 10))
    assert by.rectification(std=2)["AU12"].isna().to_numpy().nonzero()[0].tolist() == [
        3
    ]
    assert by.rectification(std=2, ignore_sessions=True)["AU12"].notna().all()
    assert by.rectification().sessions.equals(by.sessions)


def test_rectification_needs_its_columns():
    with pytest.raises(InputError, match="needs emotions in the table"):
        made().drop(columns="Happy").rectification()
    with pytest.raises(InputError, match="needs FaceRectY in the table"):
        made().drop(columns="FaceRectY").rectification()


def test_unsure_faces_are_blanked_or_dropped():
    table = made()
    table.loc[19, "FaceScore"] = np.nan
    kept = stats.quality_filter(table, 0.5)
    assert kept["AU12"].notna().to_numpy().nonzero()[0].tolist() == list(range(9, 19))
    assert len(kept) == 20 and kept["frame"].notna().all()
    dropped = stats.quality_filter(table, 0.5, drop=True)
    assert dropped["AU12"].tolist() == list(range(9, 19))
    foreign = table.rename(columns={"FaceScore": "confidence"})
    assert stats.quality_filter(foreign, 0.5, drop=True).index.equals(dropped.index)


def test_nothing_left_is_said_and_no_confidence_an_error():
    table = made()
    with pytest.warns(UserWarning, match="no row has FaceScore >= 2; the highest is 1"):
        assert stats.quality_filter(table, 2)["AU12"].isna().all()
    with pytest.raises(InputError, match="no column FaceScore or confidence"):
        stats.quality_filter(table.drop(columns="FaceScore"), 0.5)
    with pytest.raises(InputError, match="no column score"):
        stats.quality_curve(table, len, column="score")


def test_a_curve_shows_what_a_result_hangs_on():
    table = made().update_sessions(np.repeat(["a", "b"], 10))
    curve = stats.quality_curve(table, lambda rows: rows["AU12"].mean(), [0, 0.5, 0.8])
    assert curve["rows"].tolist() == [20, 11, 5]
    assert curve["sessions"].tolist() == [2, 2, 1]
    assert curve["share"].tolist() == [1, 0.55, 0.25]
    assert curve["value"].tolist() == [9.5, 14, 17]
    named = stats.quality_curve(
        table, lambda rows: rows[["AU12", "Happy"]].mean(), [0, 5]
    )
    assert named["Happy"].tolist()[0] == 0.5 and np.isnan(named["AU12"].iloc[1])
    assert len(stats.quality_curve(table, len)) == 20
