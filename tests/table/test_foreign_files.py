"""Table files as spreadsheets, R and people leave them."""

import pickle

import numpy as np
import pandas as pd
import pytest

import genface
from genface.errors import InputError
from genface.table import read_any, write_table


def text(path, content: str | bytes):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_byte_order_mark_blanks_and_carriage_returns(tmp_path):
    header = "\ufeffframe, timestamp, confidence, success, AU12_r\r\n"
    path = text(tmp_path / "поля 表.csv", header + "1, 0.0, 0.98, 1, 2.5\r\n")
    fex = genface.read_table(path)
    assert fex.attrs["dialect"] == "openface" and fex["AU12_r"].tolist() == [2.5]
    assert fex.inputs.tolist() == [str(path)]


@pytest.mark.parametrize("nothing", ["NA", "N/A", "#N/A", "NULL", "nan", ""])
def test_cells_in_which_nothing_was_measured(tmp_path, nothing):
    path = text(
        tmp_path / "t.csv", f"frame,face_id,AU12\n0,0,{nothing}\n1,{nothing},1\n"
    )
    table = read_any(path)
    np.testing.assert_array_equal(table["AU12"], [np.nan, 1])
    np.testing.assert_array_equal(table["face_id"], [0, np.nan])


def test_words_of_a_table_of_our_own_stay_words(tmp_path):
    frame = pd.DataFrame({"AU12": [0.5], "input": ["NA"]})
    assert read_any(write_table(frame, tmp_path / "t.csv"))["input"].tolist() == ["NA"]


@pytest.mark.parametrize("label", ["", '""', "Unnamed: 0"])
def test_row_labels_are_no_measurement(tmp_path, label):
    path = text(tmp_path / "t.csv", f"{label},frame,AU12\n7,0,0.5\n")
    assert list(read_any(path)) == ["frame", "AU12"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("frame;AU01;AU12\n1;0,5;0,2\n", "not separated by commas"),
        ("frame\tAU01\n1\t2\n", "not separated by commas"),
        (pickle.dumps({"AU01": 1}), "no UTF-8 text at byte 0"),
        (b"\x89PNG\r\n\x1a\n", "no UTF-8 text at byte 0"),
        ("input,frame,AU01\né.mp4,1,2\n".encode("latin-1"), "no UTF-8 text at byte"),
        ("frame,AU01\nfirst,0.5\n", "frame should hold numbers .*'first'"),
        ("frame,AU01\n1,2\n1,2,3\n", "Expected 2 columns, got 3"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, content, problem):
    with pytest.raises(InputError, match=problem):
        read_any(text(tmp_path / "t.csv", content))


def test_one_feature_of_openface_by_its_name(tmp_path):
    path = text(tmp_path / "t.csv", "frame,AU01_r,AU12_r\n1,0.5,2\n")
    assert list(genface.read_openface(path, "AU12_r")) == ["AU12_r"]


def test_the_pose_of_old_py_feat_is_left_out_on_conversion(tmp_path):
    path = text(
        tmp_path / "t.csv", "frame,AU12,Pitch,Roll,Yaw,anger\n0,0.5,3,4,5,0.1\n"
    )
    fex = genface.read_feat(path, pyfeat_version="0.6.1")
    assert fex.attrs["pose_unit"] == "degrees" and list(fex.poses.iloc[0]) == [3, 4, 5]
    with pytest.warns(UserWarning, match=r"the pose of py-feat 0\.6\.1 is left out"):
        made = fex.to_feat()
    assert list(made) == ["frame", "AU12", "anger"]
    newer = genface.read_feat(path, pyfeat_version="2.0.3")
    assert newer.attrs["pose_unit"] == "radians" and "Pitch" in newer.to_feat()
