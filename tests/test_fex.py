"""Fex: groups and facts survive what pandas does; faces over time."""

import copy

import numpy as np
import pandas as pd
import pytest

import genface
from genface.errors import InputError
from genface.fex import Fex, read_fex
from genface.table.columns import AUS, EMOTIONS, FACEBOX, GAZE, LANDMARKS, MESH, POSE

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


def test_faces_of_several_inputs_are_not_mixed(fex):
    both = pd.concat([fex, fex.assign(input="other.mp4")])
    with pytest.raises(InputError, match="2 inputs"):
        both.longest_face()
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
