"""Columns added to a table with meshes, against what was put into the meshes."""

import numpy as np
import pandas as pd
import pytest

from genface.avatar import Rig
from genface.detect import add_au_details, blink_table
from genface.errors import InputError
from genface.facs import AU_NAMES, EMOTIONS, emotion_columns
from genface.fex import Fex
from genface.nets.au_model import load_au_model
from genface.table.columns import AUS, MESH

FPS, T = 25.0, 80


def table(points: np.ndarray) -> Fex:
    """What the detector would write of these faces (T, 478, 3), y up."""
    model = load_au_model()
    mesh = points * [1, -1, -1] * 9 + [200, 150, 0]
    width = np.ptp(mesh[:, :468, 0], axis=1)
    aus = model.aus(mesh, model.neutral(mesh))
    columns = np.concatenate(
        [mesh[..., 0], mesh[..., 1], mesh[..., 2] / width[:, None]], 1
    )
    frame = pd.DataFrame(columns, columns=list(MESH))
    frame[list(AUS)] = aus
    frame[list(EMOTIONS)] = emotion_columns(aus, AUS, model.unseen)
    frame["FaceRectWidth"], frame["FaceScore"] = width, 1.0
    frame[["Pitch", "Roll", "Yaw"]] = 0.0
    count = np.arange(len(frame))
    frame["frame"], frame["time"], frame["face_id"] = count, count / FPS, 0
    frame["input"], frame["status"] = "clip.mp4", "ok"
    fex = Fex(frame)
    fex.attrs = {"au_model": model.name, "fps": FPS, "au_scale": "intensity"}
    fex.attrs |= {"neutral": "person"}
    return fex


def with_facts(frame: pd.DataFrame, like: Fex, **facts) -> Fex:
    fex = Fex(frame)
    fex.attrs = like.attrs | facts
    return fex


def smile(left: float, right: float) -> np.ndarray:
    """A rig's smile, growing and going, on the subject's two sides; then rest."""
    course = np.clip(np.sin(np.arange(T) / T * 2 * np.pi), 0, 1)
    aus = course[:, None] * [left, right]
    return Rig.default().vertices(aus, au_names=["AU12_L", "AU12_R"])[:, :478]


@pytest.fixture(scope="module")
def even() -> Fex:
    return table(smile(1, 1))


def test_sides_average_to_the_whole(even):
    found = add_au_details(table(smile(1.0, 0.3)), sides=True)
    for name in load_au_model().sided:
        both = found[[f"{name}_L", f"{name}_R"]]
        np.testing.assert_allclose(both.mean(axis=1), found[name], atol=1e-12)
        assert both.min(axis=None) >= 0 and both.max(axis=None) <= 1


def test_swapping_the_sides_of_a_face_swaps_its_sides():
    one, other = (
        add_au_details(table(smile(*s)), sides=True) for s in ((1, 0.2), (0.2, 1))
    )
    model = load_au_model()
    assert "AU12" in model.sided
    for name in model.sided:
        np.testing.assert_allclose(one[f"{name}_L"], other[f"{name}_R"], atol=1e-2)
    assert (one["AU12_L"] - one["AU12_R"]).max() > 0.1


def test_nothing_else_changes(even):
    found = add_au_details(even, sides=True, blinks=True, sd=True)
    pd.testing.assert_frame_equal(
        pd.DataFrame(found)[list(even.columns)], pd.DataFrame(even)
    )
    assert found.attrs["au_details"] == {
        "sides": True,
        "blinks": True,
        "sd": True,
        "smooth": 0.0,
    }
    assert "au_details" not in even.attrs


def test_errors_are_the_models(even):
    model = load_au_model()
    found = add_au_details(even, sd=True)
    assert f"{model.unseen[0]}_sd" not in found
    aus = even[list(AU_NAMES)].to_numpy()
    expected = model.sd(aus, np.zeros((T, 3)), np.ones(T))[:, AU_NAMES.index("AU12")]
    np.testing.assert_allclose(found["AU12_sd"], expected)
    turned = even.assign(Yaw=0.5, FaceScore=0.5)
    turned.attrs = even.attrs
    wider = add_au_details(Fex(turned), sd=True)["AU12_sd"]
    growth = np.sqrt(1 + 0.25 * model.error_pose[1]) / 0.5
    np.testing.assert_allclose(wider, expected * growth)


def test_smoothing_has_no_delay_and_keeps_the_mean(even):
    found = add_au_details(even, smooth=0.1, sides=True)
    before, after = even["AU12"].to_numpy(), found["AU12"].to_numpy()
    lags = range(-3, 4)
    r = [np.corrcoef(before[3:-3], np.roll(after, lag)[3:-3])[0, 1] for lag in lags]
    assert lags[int(np.argmax(r))] == 0
    assert np.abs(np.diff(after, 2)).max() < np.abs(np.diff(before, 2)).max()
    assert after.mean() == pytest.approx(before.mean(), rel=1e-6)
    both = found[["AU12_L", "AU12_R"]].mean(axis=1)
    np.testing.assert_allclose(both, after, atol=1e-12)
    emotions = emotion_columns(
        found[list(AU_NAMES)].to_numpy(), AU_NAMES, load_au_model().unseen
    )
    np.testing.assert_allclose(found[list(EMOTIONS)], emotions)
    assert np.abs(emotions - even[list(EMOTIONS)]).max(axis=None) > 1e-3


def test_smoothing_does_not_reach_over_a_gap(even):
    cut = even.drop(index=range(30, 50))
    cut.attrs = even.attrs
    found = add_au_details(Fex(cut), smooth=0.1)
    first = even.iloc[:30]
    first.attrs = even.attrs
    alone = add_au_details(Fex(first), smooth=0.1)
    np.testing.assert_allclose(found["AU12"][:30], alone["AU12"], atol=1e-12)


def test_blinks_of_a_table(even):
    lids = even.assign(AU43=np.where(np.isin(np.arange(T), (20, 21, 60)), 0.9, 0.0))
    lids.attrs = even.attrs
    found = blink_table(lids)
    np.testing.assert_allclose(found["apex"], np.array([20, 60]) / FPS)
    assert (found["input"] == "clip.mp4").all()
    course = add_au_details(Fex(lids), blinks=True)["AU45"]
    np.testing.assert_array_equal(np.flatnonzero(course), [20, 21, 60])


def test_pictures_have_neither_sides_nor_blinks(even):
    still = with_facts(even.assign(time=np.nan), even, neutral="average")
    found = add_au_details(still, sides=True, blinks=True, sd=True, smooth=0.1)
    assert found[["AU12_L", "AU12_R", "AU45"]].isna().all(axis=None)
    pd.testing.assert_series_equal(found["AU12"], even["AU12"])
    aus, model = even[list(AU_NAMES)].to_numpy(), load_au_model()
    k = AU_NAMES.index("AU12")
    expected, own = (
        model.sd(aus, np.zeros((T, 3)), np.ones(T), own)[:, k] for own in (False, True)
    )
    np.testing.assert_allclose(found["AU12_sd"], expected)
    assert np.abs(expected - own).max() > 0.01


def test_a_clip_that_came_as_an_array_has_a_neutral_but_no_clock(even):
    array = with_facts(even.assign(time=np.nan), even)
    known, found = (
        add_au_details(fex, sides=True, sd=True)[["AU12_L", "AU12_R", "AU12_sd"]]
        for fex in (even, array)
    )
    assert known.notna().all(axis=None)
    pd.testing.assert_frame_equal(known, found)
    for asked in ({"blinks": True}, {"smooth": 0.1}):
        with pytest.raises(InputError, match="clip.mp4: frames without times"):
            add_au_details(array, **asked)
    with pytest.raises(InputError, match="without times"):
        blink_table(array)


def test_each_face_of_each_input_is_its_own():
    """Two faces of one clip and one of another, as a clip of theirs alone has them."""
    alone = [table(smile(*s)) for s in ((1, 0.2), (0.2, 1), (0.6, 0.6))]
    for k, (fex, name, face) in enumerate(
        zip(alone, ("a", "a", "b"), (0, 1, 0), strict=True)
    ):
        fex["AU43"] = np.where(np.arange(T) == 20 + 10 * k, 0.9, 0.0)
        fex["input"], fex["face_id"] = name, face
    together = pd.concat([pd.DataFrame(fex) for fex in alone])
    together = together.sort_values(["input", "frame"], kind="stable")
    together = with_facts(together.reset_index(drop=True), alone[0])
    asked = {"sides": True, "blinks": True, "sd": True, "smooth": 0.1}
    found = add_au_details(together, **asked)
    for fex in alone:
        there = found[(found["input"] == fex["input"][0])]
        there = there[there["face_id"] == fex["face_id"][0]].reset_index(drop=True)
        pd.testing.assert_frame_equal(there, add_au_details(fex, **asked))
    blinks = blink_table(together)
    assert [*zip(blinks["input"], blinks["face_id"], strict=True)] == [
        ("a", 0),
        ("a", 1),
        ("b", 0),
    ]
    np.testing.assert_allclose(blinks["apex"], np.array([20, 30, 40]) / FPS)


def test_a_face_that_is_hardly_seen_does_not_stop_the_others(even):
    lids = even.assign(AU43=np.where(np.arange(T) == 20, 0.9, 0.0))
    passer_by = lids.iloc[[10, 60]].assign(face_id=1)
    both = with_facts(pd.concat([lids, passer_by], ignore_index=True), even)
    course = add_au_details(both, blinks=True)["AU45"]
    np.testing.assert_array_equal(np.flatnonzero(course), [20])
    smoothed = add_au_details(both, smooth=0.1)["AU12"]
    np.testing.assert_allclose(smoothed[T:], passer_by["AU12"])
    slow = with_facts(lids.iloc[::5], even)
    for function in (blink_table, lambda fex: add_au_details(fex, blinks=True)):
        with pytest.raises(InputError, match="clip.mp4: 5.0 frames a second"):
            function(slow)


def test_a_frame_without_a_face_costs_its_own_row_only(even):
    lost = even.copy()
    lost.loc[30, list(AU_NAMES)] = np.nan
    found = add_au_details(with_facts(lost, even), smooth=0.1)["AU12"]
    assert np.flatnonzero(found.isna()).tolist() == [30]
    dropped = with_facts(even.drop(index=30), even)
    np.testing.assert_allclose(
        found.drop(index=30), add_au_details(dropped, smooth=0.1)["AU12"]
    )


def test_rows_in_another_order_have_the_same_details(even):
    order = np.random.default_rng(0).permutation(T)
    lids = even.assign(AU43=np.where(np.arange(T) == 20, 0.9, 0.0))
    asked = {"blinks": True, "smooth": 0.1}
    known = add_au_details(with_facts(lids, even), **asked)
    found = add_au_details(with_facts(lids.iloc[order], even), **asked)
    pd.testing.assert_frame_equal(pd.DataFrame(found.sort_index()), pd.DataFrame(known))


def test_no_presence_has_no_error_to_expect(even):
    gone = with_facts(even.assign(FaceScore=np.arange(T) % 2), even)
    sd = add_au_details(gone, sd=True)["AU12_sd"]
    assert sd[::2].isna().all() and sd[1::2].notna().all()


@pytest.mark.parametrize(
    "column", ["time", "input", "face_id", "Pitch", "FaceScore", "AU12"]
)
def test_a_column_that_is_not_there_is_named(even, column):
    bare = with_facts(even.drop(columns=column), even)
    with pytest.raises(InputError, match=f"no column {column} in the table"):
        add_au_details(bare, sd=True)


def test_blinks_are_found_in_tables_that_have_them(even):
    with pytest.raises(InputError, match="no column AU43, face_id"):
        blink_table(even.drop(columns=["AU43", "face_id"]))
    with pytest.raises(InputError, match="a list came; expected a table"):
        blink_table([])
    with pytest.raises(InputError, match="blurs blinks"):
        blink_table(add_au_details(even, smooth=0.1))


def test_what_is_no_table_or_no_time_is_refused(even):
    for smooth in ("0.1", None, -1, np.nan):
        with pytest.raises(InputError, match="expected seconds, 0 or more"):
            add_au_details(even, smooth=smooth)
    for nothing in (None, [1], "table.csv"):
        with pytest.raises(InputError, match="expected a table of faces"):
            add_au_details(nothing, sd=True)
    still = with_facts(even.assign(time=1.0), even)
    with pytest.raises(InputError, match="face 0 is twice at one time"):
        add_au_details(still, smooth=0.1)


def test_tables_of_other_models_and_double_work_are_refused(even):
    other = even.copy()
    other.attrs = even.attrs | {"au_model": "somebody's"}
    with pytest.raises(InputError, match="somebody's"):
        add_au_details(other, sides=True)
    done = add_au_details(even, blinks=True)
    with pytest.raises(InputError, match="already"):
        add_au_details(done, sides=True)
    bare = Fex(even.drop(columns=list(MESH)))
    bare.attrs = even.attrs
    with pytest.raises(InputError, match="no mesh"):
        add_au_details(bare, sides=True)
