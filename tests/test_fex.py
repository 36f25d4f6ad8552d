"""Fex: groups and facts survive what pandas does; faces over time."""

import copy
import inspect
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import genface
from genface import stats
from genface.errors import InputError
from genface.fex import Fex, Statistic, read_fex
from genface.table.columns import (
    AUS,
    BLENDSHAPES,
    EMOTIONS,
    FACEBOX,
    GAZE,
    IDENTITY,
    LANDMARKS,
    MESH,
    POSE,
    VALENCE_AROUSAL,
)

NUMBERS = (*FACEBOX, *LANDMARKS, *POSE, *AUS, *EMOTIONS, *GAZE, *MESH)


@pytest.fixture
def fex() -> Fex:
    """Two faces over frames 0 to 4; nobody in frame 3; face 1 is seen longer."""
    rng = np.random.default_rng(0)
    frames = [0, 1, 1, 2, 3, 4]
    ids = [0, 0, 1, 1, np.nan, 1]
    table = pd.DataFrame(rng.random((6, len(NUMBERS)), np.float32), columns=NUMBERS)
    table = table.assign(
        FrameHeight=480,
        FrameWidth=640,
        input="clip.mp4",
        frame=frames,
        approx_time="00:00",
        time=np.array(frames) / 25,
        face_id=ids,
        status=["ok", "ok", "ok", "ok", "no_face", "ok"],
    )
    table.loc[4, list(NUMBERS)] = np.nan
    made = Fex(table)
    made.attrs = {"au_scale": "intensity", "fps": 25.0}
    return made


GROUPS = {
    "aus": AUS,
    "emotions": EMOTIONS,
    "poses": POSE,
    "gazes": GAZE,
    "landmarks": LANDMARKS,
    "landmarks_x": LANDMARKS[:68],
    "landmarks_y": LANDMARKS[68:],
    "mesh": MESH,
    "faceboxes": FACEBOX,
    "time": ("frame", "approx_time", "time"),
}


@pytest.mark.parametrize("group", GROUPS)
def test_groups_are_their_columns(fex, group):
    assert set(getattr(fex, group).columns) == set(GROUPS[group])
    assert isinstance(getattr(fex, group), Fex)


def test_a_group_that_is_not_there_is_empty(fex):
    assert fex[["frame", "AU01"]].mesh.shape == (6, 0)
    assert fex.inputs.tolist() == ["clip.mp4"] * 6


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f[f["frame"] > 0],
        lambda f: f.iloc[1:3],
        lambda f: f.loc[:, ["AU01", "frame"]],
        lambda f: f.copy(),
        copy.deepcopy,
        lambda f: f.sort_values("frame"),
        lambda f: f.reset_index(drop=True),
        lambda f: f.assign(AU01=0.0),
        lambda f: f.drop(columns="AU02"),
        lambda f: pd.concat([f, f]),
        lambda f: f.aus,
    ],
)
def test_facts_and_class_survive(fex, change):
    changed = change(fex)
    assert isinstance(changed, Fex)
    assert changed.attrs == fex.attrs
    assert "AU01" in changed.aus.columns


def test_facts_of_a_slice_are_its_own(fex):
    part = fex[:2]
    part.attrs["fps"] = 1.0
    assert fex.attrs["fps"] == 25.0


def test_longest_face(fex):
    assert fex.longest_face() == 1
    assert fex[fex["frame"] < 2].longest_face() == 0  # 2 frames against 1
    assert fex[fex["frame"] < 3].longest_face() == 0  # equals: the smaller
    with pytest.raises(InputError, match="no face was found"):
        fex[fex["frame"] == 3].longest_face()


def test_face_is_its_rows(fex):
    assert fex.face(1)["frame"].tolist() == [1, 2, 4]
    with pytest.raises(InputError, match=r"no face 7 in this table; it has \[0, 1\]"):
        fex.face(7)


def test_complete_fills_the_timeline(fex):
    whole = fex.complete(0)
    assert isinstance(whole, Fex)
    assert whole["frame"].tolist() == [0, 1, 2, 3, 4]
    assert whole["status"].tolist() == ["ok", "ok", "absent", "no_face", "absent"]
    assert whole["time"].tolist() == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
    assert (whole["face_id"] == 0).all()
    assert whole[list(NUMBERS)].iloc[2:].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        whole.aus.iloc[:2], fex.face(0).aus.reset_index(drop=True)
    )
    assert whole.columns.tolist() == fex.columns.tolist()
    assert whole.attrs == fex.attrs
    assert whole.dtypes["AU01"] == np.float32
    assert whole["input"].tolist() == ["clip.mp4"] * 5
    pd.testing.assert_frame_equal(whole.complete(0), whole)


def test_tables_put_together_keep_the_facts_on_which_they_agree(fex):
    other = fex.assign(input="other.mp4")
    fex.attrs |= {"source_sha256": {"clip.mp4": "a"}, "problem": "cut off"}
    other.attrs = {**other.attrs, "source_sha256": {"other.mp4": "b"}}
    both = pd.concat([fex, other])
    assert isinstance(both, Fex)
    assert both.attrs == {"au_scale": "intensity", "fps": 25.0}
    other.attrs["au_scale"] = "presence"
    assert pd.concat([fex, other]).attrs == {"fps": 25.0}
    other.attrs = {}
    assert pd.concat([fex, other]).attrs == {}
    assert pd.concat([fex, fex]).attrs == fex.attrs


def test_faces_of_several_inputs_are_not_mixed(fex):
    both = pd.concat([fex, fex.assign(input="other.mp4")])
    with pytest.raises(InputError, match="2 inputs"):
        both.longest_face()
    with pytest.raises(InputError, match="2 inputs"):
        both.face(0)
    with pytest.raises(InputError, match="2 inputs"):
        both.complete(0)
    with pytest.raises(InputError, match="no column face_id"):
        fex.aus.face(0)


def test_a_face_twice_in_a_frame_is_refused(fex):
    with pytest.raises(InputError, match="face 0 appears twice"):
        fex.assign(face_id=0.0, status="ok").complete(0)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_write_then_read(fex, tmp_path, suffix):
    path = fex.write(tmp_path / f"faces{suffix}")
    back = read_fex(path)
    assert isinstance(back, Fex)
    assert back.attrs == fex.attrs
    pd.testing.assert_frame_equal(back[fex.columns], fex, check_exact=True)
    core = read_fex(fex.write(tmp_path / f"core{suffix}", columns="core"))
    assert set(fex.columns) - set(core.columns) == set(MESH)


def test_public_names():
    assert genface.Fex is Fex
    assert genface.read_fex is read_fex


EVERY_GROUP = {
    "aus": AUS,
    "emotions": EMOTIONS,
    "poses": POSE,
    "gazes": GAZE,
    "landmarks": LANDMARKS,
    "mesh": MESH,
    "faceboxes": FACEBOX,
    "blendshapes": BLENDSHAPES,
    "identity_embeddings": IDENTITY,
    "valence_arousal": VALENCE_AROUSAL,
    "time": ("frame", "approx_time", "time"),
}


@settings(max_examples=30, deadline=None)
@given(
    names=st.lists(
        st.sampled_from([name for names in EVERY_GROUP.values() for name in names]),
        unique=True,
        max_size=30,
    ),
    prefix=st.sampled_from(["", "mean_", "std_", "sem_", "min_", "max_"]),
)
def test_every_column_is_in_its_group_under_any_statistic(names, prefix):
    fex = Fex(np.zeros((1, len(names))), columns=[prefix + name for name in names])
    for group, members in EVERY_GROUP.items():
        wanted = [prefix + name for name in names if name in members]
        assert list(getattr(fex, group)) == wanted
    x = [prefix + name for name in names if re.fullmatch(r"x_\d+", name)]
    assert list(fex.landmarks_x) == x


@st.composite
def chains(draw):
    """Slices, concatenations and round trips, some of them through files."""
    step = st.sampled_from(
        ["slice", "mask", "concat", "copy", "pickle", ".csv", ".parquet", "group"]
    )
    return draw(st.lists(step, max_size=4))


def carried_out(fex: Fex, step: str, folder) -> Fex:
    if step.startswith("."):
        return read_fex(fex.write(folder / f"t{step}", columns="all"))
    if step == "pickle":
        fex.to_pickle(folder / "t.pickle")
        return pd.read_pickle(folder / "t.pickle")
    if step == "group":
        return next((part for _, part in fex.groupby("input")), fex)
    return {
        "slice": lambda: fex[1:],
        "mask": lambda: fex[fex["AU12"] > 0.2],
        "concat": lambda: pd.concat([fex, fex]),
        "copy": fex.copy,
    }[step]()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(chain=chains())
def test_no_chain_loses_groups_facts_or_sessions(chain, tmp_path):
    fex = Fex(
        {
            "AU12": [0.1, 0.3, 0.5, 0.7],
            "Happy": 0.5,
            "x_0": np.float32(2),
            "input": ["a.mp4", "a.mp4", "b.mp4", "b.mp4"],
            "frame": [0, 1, 0, 1],
        }
    )
    fex.attrs = {"au_scale": "presence", "fps": 25.0, "unseen_aus": ["AU04"]}
    fex = fex.update_sessions(fex["input"])
    facts = dict(fex.attrs)
    for step in chain:
        fex = carried_out(fex, step, tmp_path)
    assert isinstance(fex, Fex)
    assert fex.attrs == facts
    assert [list(g) for g in (fex.aus, fex.emotions, fex.landmarks_x)] == [
        ["AU12"],
        ["Happy"],
        ["x_0"],
    ]
    assert fex.sessions.tolist() == fex["input"].tolist()
    assert fex["x_0"].dtype == np.float32


def test_facts_under_their_py_feat_names(fex):
    assert fex.sampling_freq == 25.0 and fex.au_model is None
    part = fex.aus
    part.sampling_freq = 15.0
    assert part.sampling_freq == 15.0 and fex.sampling_freq == 25.0
    assert part.attrs["fps"] == 25.0  # the clip's, whatever the rows' is
    assert "sampling_freq" not in part.columns
    part.detector = "mine"
    assert part.attrs["detector"] == "mine" and "detector" not in part.columns
    fex.attrs["skip_frames"] = 2
    assert fex.aus.sampling_freq == 12.5
    assert fex.sampling_freq == 25.0  # its times say so


def test_a_column_that_is_not_there_is_named(fex):
    with pytest.raises(InputError, match="no column Identity"):
        _ = fex.identities
    with pytest.raises(InputError, match="no column input"):
        _ = fex.aus.inputs
    named = fex.assign(Identity="Person_0")
    assert named.identities.tolist() == ["Person_0"] * 6


STATISTICS = sorted(name for name, m in vars(Fex).items() if isinstance(m, Statistic))


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_are_functions_of_the_stats_room(fex, name):
    function, method = getattr(stats, name), getattr(fex, name)
    first, *others = inspect.signature(function).parameters
    assert list(inspect.signature(method).parameters) == others
    assert method.__doc__ == function.__doc__
    assert getattr(Fex, name) is function


def test_py_feats_statistics_are_all_there():
    words = (
        "append baseline clean compute_identities decode decompose distance downsample "
        "extract_boft extract_max extract_mean extract_min extract_multi_wavelet "
        "extract_sem extract_std extract_summary extract_wavelet isc predict "
        "rectification regress ttest_1samp ttest_ind upsample"
    )
    assert STATISTICS == words.split()


def test_a_table_from_a_statistic_is_a_fex_with_facts_and_sessions(fex):
    by = fex.update_sessions(list("aabbbb"))
    mean = by.aus.extract_mean()
    assert isinstance(mean, Fex) and mean.attrs["au_scale"] == "intensity"
    assert mean.sessions.tolist() == ["a", "b"]
    expected = fex["AU12"].iloc[:2].astype(float).mean()
    assert mean.loc["a", "mean_AU12"] == pytest.approx(expected)
    again = mean.update_sessions({"a": "all", "b": "all"}).extract_mean()
    assert list(again.aus) == [f"mean_mean_{name}" for name in AUS]


def test_a_fex_of_a_fex_is_the_same_table(fex):
    told = fex.update_sessions(fex["frame"] % 3)
    again = Fex(told)
    assert again.sessions.tolist() == told.sessions.tolist()
    assert again.attrs == told.attrs and again.attrs is not told.attrs
    some = Fex(told, index=told.index[[4, 1]], columns=["frame"])
    assert some.sessions.tolist() == (some["frame"] % 3).tolist()
    plain = pd.DataFrame({"AU01": [0.5]})
    plain.attrs = {"fps": 25.0}
    assert Fex(plain).attrs == {"fps": 25.0} and Fex(plain).sessions is None


@pytest.mark.parametrize(
    "windows",
    [lambda t: t.rolling(2), lambda t: t.expanding(), lambda t: t.ewm(2)],
    ids=["rolling", "expanding", "ewm"],
)
def test_windows_say_that_they_know_no_sessions(fex, windows):
    windows(fex.aus).mean()  # without sessions there is nothing to say
    with pytest.warns(UserWarning, match="borders of sessions"):
        windows(fex.update_sessions(fex["frame"]).aus)


def test_sessions_that_were_lost_are_not_written_in_silence(fex, tmp_path):
    lost = pd.concat([fex.update_sessions(fex["frame"]), fex], ignore_index=True)
    with pytest.warns(UserWarning, match="written without sessions"):
        lost.write(tmp_path / "lost.csv")
