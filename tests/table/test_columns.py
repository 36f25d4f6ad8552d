"""Names, order and groups of the columns."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genface.errors import InputError
from genface.table import au_strengths, group_of, groups, order_columns, select_columns
from genface.table.columns import (
    AUS,
    BLENDSHAPES,
    EMOTIONS,
    FACEBOX,
    GAZE,
    GROUPS,
    IDENTITY,
    LANDMARKS,
    MESH,
    META,
    POSE,
    VALENCE_AROUSAL,
    time_columns,
)

ALL = (
    FACEBOX
    + LANDMARKS
    + POSE
    + AUS
    + EMOTIONS
    + VALENCE_AROUSAL
    + GAZE
    + IDENTITY
    + MESH
    + BLENDSHAPES
    + META
)


def test_groups_have_the_sizes_of_the_format():
    sizes = {group: len(names) for group, names in groups(ALL).items()}
    assert sizes == {
        "facebox": 5,
        "landmarks": 136,
        "pose": 6,
        "aus": 20,
        "emotions": 7,
        "valence_arousal": 2,
        "gaze": 3,
        "identity": 512,
        "mesh": 1434,
        "blendshapes": 52,
        "eye_landmarks": 0,
        "landmarks_3d": 0,
        "shape": 0,
        "meta": 9,
    }
    assert sum(sizes.values()) == len(set(ALL)) == 2186


def test_order_is_that_of_detectorv2(shared):
    tables = sorted((shared / "data" / "news_sample").glob("*.csv"))
    if not tables:
        pytest.skip("no news sample in the reference folder")
    theirs = pd.read_csv(tables[0], nrows=0).columns.tolist()
    assert len(theirs) == 2183
    assert order_columns(reversed(theirs)) == theirs
    assert all(group_of(name) for name in theirs)


@given(st.permutations(range(60)), st.lists(st.sampled_from(["AU12_L", "note"])))
def test_order_depends_on_names_alone(order, more):
    some = [*ALL[130:190]]
    shuffled = order_columns([some[i] for i in order] + more)
    assert [name for name in shuffled if name in some] == some
    assert sorted(shuffled) == sorted(some + more)


def test_unknown_names_go_to_the_end_and_sides_to_their_group():
    assert order_columns(["note", "frame", "AU12_L", "Happy", "AU43"]) == [
        "AU43",
        "AU12_L",
        "Happy",
        "frame",
        "note",
    ]


def test_no_name_is_in_two_groups():
    for name in (*ALL, "AU12_L", "AU12_r", "happiness"):
        assert sum(bool(p.fullmatch(name)) for p in GROUPS.values()) == 1
    assert group_of("Pitchfork") is None
    assert group_of(7) is None


def test_selections():
    frame = pd.DataFrame([[0.0] * len(ALL)], columns=ALL)
    assert select_columns(frame, "all").columns.tolist() == list(ALL)
    core, mesh = select_columns(frame, "core"), select_columns(frame)
    assert set(mesh.columns) - set(core.columns) == set(MESH)
    assert set(frame.columns) - set(mesh.columns) == set(IDENTITY)
    with pytest.raises(InputError, match="columns='both'"):
        select_columns(frame, "both")


def test_strengths_of_aus_are_found_in_each_spelling():
    names = ["frame", "AU12_r", "AU12_c", "AU45_c", "AU06_L", "AU01", "Pitch"]
    names += ["au_4_intensity", "au_4", "mean_AU02"]
    expected = {"AU12": "AU12_r", "AU06_L": "AU06_L", "AU01": "AU01"}
    assert au_strengths(names) == expected | {"AU04": "au_4_intensity"}


@given(
    st.sampled_from(ALL),
    st.lists(st.sampled_from(["mean", "std", "sem", "min", "max"]), max_size=2),
)
def test_statistics_stay_in_the_group_of_their_column(name, statistics):
    assert group_of("_".join([*statistics, name])) == group_of(name)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("mean__neutral", "blendshapes"),
        ("mean_neutral", "emotions"),
        ("f0.06_power_AU12", "aus"),
        ("pos3_hz_0.25_x_7", "landmarks"),
        ("pose_Rx", "pose"),
        ("gaze_angle_x", "gaze"),
        ("gaze_1_z", "gaze"),
        ("AU45_c", "aus"),
        ("X_67", "landmarks_3d"),
        ("X", "pose"),
        ("eye_lmk_X_55", "eye_landmarks"),
        ("p_33", "shape"),
        ("lm_mp_477_z", "mesh"),
        ("au_12_intensity", "aus"),
        ("timestamp", "meta"),
        ("mean", None),
        ("mean_note", None),
    ],
)
def test_names_of_other_programs_and_statistics_have_groups(name, group):
    assert group_of(name) == group


def test_times_are_found_in_each_spelling():
    names = ["AU01", "frame", "time", "mean_frame", "timestamp", "frame_idx", "input"]
    assert time_columns(names) == [
        "frame",
        "time",
        "mean_frame",
        "timestamp",
        "frame_idx",
    ]
