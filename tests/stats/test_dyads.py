"""Two faces on one time base: rates, gaps, and what is left out, by name."""

import numpy as np
import pandas as pd
import pytest

from genface import Fex
from genface.errors import InputError
from genface.stats import draw_synchrony, draw_window_lags, pair_faces, synchrony
from genface.stats.dyads import _longest_run


def face(fps: float = 20.0, seconds: float = 30.0, phase: float = 0.0) -> pd.DataFrame:
    """One face whose AUs are slow waves; ``phase`` seconds late."""
    t = np.arange(round(fps * seconds)) / fps
    waves = {
        f"AU{n:02d}": 0.5 + 0.4 * np.sin(2 * np.pi * f * (t - phase))
        for n, f in ((1, 0.21), (6, 0.33), (12, 0.47))
    }
    table = pd.DataFrame({"frame": np.arange(len(t)), "time": t, **waves})
    table.attrs = {"fps": fps, "au_scale": "intensity"}
    return table


def test_tables_on_one_base_are_taken_as_they_are():
    a, b = face(), face(phase=0.5)
    one = pair_faces(a, b, names=("anna", "ben"))
    assert one.columns == ("AU01", "AU06", "AU12") and one.rate == 20
    assert one.seconds == 30 and one.notes == () and one.name == "anna and ben"
    np.testing.assert_allclose(one.a, a[list(one.columns)], atol=1e-12)
    np.testing.assert_allclose(one.b, b[list(one.columns)], atol=1e-12)


def test_other_rates_meet_on_the_slower_one_at_the_same_moments():
    one = pair_faces(face(25.0), face(30.0, phase=0.0))
    assert one.rate == 25 and "A 25 and B 30; both are put on 25" in one.notes[0]
    # Both are the same waves, so what differs is the line between samples.
    assert np.abs(one.a - one.b).max() < 0.01
    finer = pair_faces(face(25.0), face(30.0), rate=50.0)
    assert len(finer.a) == pytest.approx(2 * len(one.a), abs=2)


def test_seconds_come_from_frames_where_there_are_no_times():
    a = face().drop(columns="time")
    assert pair_faces(a, face(phase=1)).seconds == 30
    a.attrs = {}
    with pytest.raises(InputError, match="A: no column time"):
        pair_faces(a, face())


def test_short_gaps_are_bridged_and_long_ones_end_the_stretch():
    a, b = face(), face(phase=0.5)
    a.loc[100:104, ["AU01", "AU06", "AU12"]] = np.nan  # 6 steps of .05 s: bridged
    b = b.drop(index=range(400, 430))  # 1.5 s: not
    one = pair_faces(a, b)
    assert one.notes[0] == "A: 5 moments in gaps of up to 0.5 s are bridged by lines"
    assert "only 0 to 19.95 s is without one" in one.notes[1]
    assert len(one.a) == 400 and one.start == 0
    whole = pair_faces(a, b, max_gap=2)
    assert len(whole.a) == 600 and "B: 30 moments" in whole.notes[1]
    b.loc[:380, "AU06"] = np.nan
    late = pair_faces(a, b)
    assert late.start == 0 and "AU06" not in late.columns
    assert any("over half of the time in B: AU06" in n for n in late.notes)


def test_columns_that_cannot_be_compared_are_named():
    a, b = face(), face(phase=0.5)
    a["AU20"], b["AU20"] = 0.3, np.random.default_rng(0).random(len(b))
    a["AU09"] = np.nan
    b["AU09"] = b["AU20"]
    b["AU43"] = b["AU20"]
    one = pair_faces(a, b)
    assert one.columns == ("AU01", "AU06", "AU12")
    assert "left out, on one side only: AU43" in one.notes
    assert "left out, missing in over half of the time in A: AU09" in one.notes
    assert "left out, never changes in A: AU20" in one.notes
    with pytest.raises(InputError, match="never changes in A: AU20"):
        pair_faces(a, b, ["AU20"])
    with pytest.raises(InputError, match="A has no column AU43"):
        pair_faces(a, b, ["AU43"])
    with pytest.raises(InputError, match="no AU in common"):
        pair_faces(a[["time", "AU01"]], b[["time", "AU06"]])


def test_a_constant_au_does_not_change_the_result():
    a, b = face(), face(phase=0.5)
    found = synchrony(pair_faces(a, b), n=19).table
    a["AU20"], b["AU20"] = 0.0, np.random.default_rng(0).random(len(b))
    pd.testing.assert_frame_equal(found, synchrony(pair_faces(a, b), n=19).table)
    assert found.loc["lagged", "lag"].to_numpy() == pytest.approx(0.5, abs=0.051)


def test_what_no_pair_can_be_made_of_is_an_error():
    a, b = face(), face(phase=0.5)
    with pytest.raises(InputError, match="share 20 moments"):
        pair_faces(a, b.iloc[:20])
    with pytest.raises(InputError, match="share 0 moments .* same clock"):
        pair_faces(a, b.assign(time=b["time"] + 100))
    with pytest.raises(InputError, match="longest stretch without a gap has 20"):
        holes = b.copy()
        holes.loc[np.arange(len(b)) % 40 < 20, ["AU01", "AU06", "AU12"]] = np.nan
        pair_faces(a, holes)
    with pytest.raises(InputError, match="600 moments come twice"):
        pair_faces(pd.concat([a, b]), b)
    with pytest.raises(InputError, match="B: AU06 holds no numbers"):
        pair_faces(a, b.assign(AU06="high"))


def test_other_scales_are_noted_and_the_same_face_twice_is_warned_of():
    b = face(phase=0.5)
    b.attrs["au_scale"] = "presence"
    assert "scales of AUs differ" in pair_faces(face(), b).notes[0]
    with pytest.warns(UserWarning, match="A and B are identical in every column"):
        assert "identical" in pair_faces(face(), face()).notes[0]
    b["AU12"] = face()["AU12"]
    with pytest.warns(UserWarning, match="identical in AU12;"):
        pair_faces(face(), b)


def test_facts_and_foreign_names_are_understood():
    a = Fex(face()).rename(columns=lambda c: f"{c}_r" if c.startswith("AU") else c)
    assert pair_faces(a, face(phase=0.5)).columns == ("AU01", "AU06", "AU12")
    happy = face(phase=1).rename(columns={"AU12": "Happy"})
    named = pair_faces(face().assign(Happy=a["AU01_r"]), happy, ["Happy"])
    assert named.columns == ("Happy",) and named.notes == ()


@pytest.mark.parametrize(
    ("known", "run"),
    [([0, 1, 1, 0, 1, 1, 1], (4, 7)), ([1, 1, 0, 1, 1], (0, 2)), ([0, 0], (0, 0))],
)
def test_the_longest_run(known, run):
    assert _longest_run(np.array(known, bool)) == run


def test_figures_show_every_measure_and_the_planted_lag():
    one = pair_faces(face(seconds=60), face(seconds=60, phase=0.5))
    ax = draw_synchrony(synchrony(one, n=19))
    assert [tick.get_text() for tick in ax.get_yticklabels()][:2] == [
        "pearson",
        "lagged",
    ]
    assert len(ax.texts) == 15
    ax = draw_window_lags(one, "AU01")
    dots = ax.lines[-1].get_ydata()
    assert np.median(dots) == pytest.approx(0.5, abs=0.051)
    with pytest.raises(InputError, match="no column AU43 in A and B"):
        draw_window_lags(one, "AU43")
    with pytest.raises(InputError, match="hold no window"):
        draw_window_lags(pair_faces(face(seconds=5), face(phase=1)), "AU01")
