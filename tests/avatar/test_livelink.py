"""Curves for other programs: Live Link Face, long CSV, VRM names, openFACS."""

import csv
import json
from fractions import Fraction

import numpy as np
import pytest

from genface.avatar import (
    Motion,
    read_livelink,
    write_blendshapes,
    write_livelink,
    write_openfacs,
)
from genface.avatar.curves import VRM_EXPRESSIONS, vrm_curves
from genface.avatar.livelink import COLUMNS, SHAPES, timecode
from genface.errors import InputError
from genface.facs import ARKIT_SHAPES, blendshapes_from_aus

AUS = ("AU01", "AU04", "AU12_L", "AU12_R", "AU26", "AU45")


def motion(aus, names, fps=30, pose=None, gaze=None) -> Motion:
    aus = np.atleast_2d(np.asarray(aus, float))
    count, rate = len(aus), Fraction(fps)
    seen = np.ones(count, bool)
    times = np.arange(count) / float(rate)
    pose = None if pose is None else np.broadcast_to(pose, (count, 3)).astype(float)
    gaze = None if gaze is None else np.broadcast_to(gaze, (count, 2)).astype(float)
    return Motion(times, rate, tuple(names), aus, pose, gaze, seen, ~seen)


@pytest.fixture
def clip() -> Motion:
    rng = np.random.default_rng(0)
    turns = rng.normal(0, 0.2, (90, 5))
    return motion(rng.random((90, len(AUS))), AUS, 30, turns[:, :3], turns[:, 3:])


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def test_a_file_has_63_columns_in_the_order_of_the_app(clip, tmp_path):
    write_livelink(tmp_path / "a.csv", clip)
    header, *rows = rows_of(tmp_path / "a.csv")
    assert len(header) == 63 and len(rows) == 90
    assert header[:4] == [
        "Timecode",
        "BlendShapeCount",
        "EyeBlinkLeft",
        "EyeLookDownLeft",
    ]
    assert header.index("JawRight") + 1 == header.index("JawLeft")
    assert header.index("MouthRight") + 1 == header.index("MouthLeft")
    assert header[53:57] == ["TongueOut", "HeadYaw", "HeadPitch", "HeadRoll"]
    assert {row[1] for row in rows} == {"61"} and {len(row) for row in rows} == {63}
    assert set(SHAPES) == set(ARKIT_SHAPES)


@pytest.mark.parametrize(
    "fps", [24, 25, 30, 60, Fraction(30000, 1001), Fraction(25, 2)]
)
def test_timecode_rises_and_runs_true(tmp_path, fps):
    made = motion(np.zeros((200, 1)), ["AU12"], fps)
    write_livelink(tmp_path / "a.csv", made)
    codes = [row[0] for row in rows_of(tmp_path / "a.csv")[1:]]
    assert codes == sorted(codes) and len(set(codes)) == 200
    read = read_livelink(tmp_path / "a.csv", fps)
    assert np.allclose(read.times, made.times, atol=1e-4)


def test_timecodes_of_known_frames():
    assert timecode(Fraction(0), Fraction(60)) == "00:00:00:00.000"
    assert (
        timecode(Fraction(3661) + Fraction(29, 30), Fraction(30)) == "01:01:01:29.000"
    )
    assert timecode(Fraction(1001, 30000), Fraction(30000, 1001)) == "00:00:00:01.001"


def test_the_rate_is_told_from_the_frames_of_a_second(tmp_path):
    for fps in (24, 25, 30, 60):
        write_livelink(tmp_path / "a.csv", motion(np.zeros((70, 1)), ["AU12"], fps))
        assert read_livelink(tmp_path / "a.csv").fps == fps


def test_reading_gives_back_what_was_written(clip, tmp_path):
    write_livelink(tmp_path / "a.csv", clip)
    read = read_livelink(tmp_path / "a.csv")
    looks = [name for name in SHAPES if "Look" not in name]
    expected = blendshapes_from_aus(clip.aus, clip.au_names)
    for name in looks:
        found = read.shapes[:, read.names.index(name)]
        assert np.abs(found - expected[:, ARKIT_SHAPES.index(name)]).max() < 5e-7
    assert np.abs(read.pose - clip.pose).max() < 5e-7
    assert np.abs(read.gaze - clip.gaze).max() < 5e-7


def test_angles_have_the_signs_of_the_app(tmp_path):
    # Head up, tilted to the subject's right, turned to the subject's right; eyes too.
    made = motion([[0]], ["AU12"], pose=(0.1, 0.2, 0.3), gaze=(0.12, 0.06))
    write_livelink(tmp_path / "a.csv", made)
    header, row = rows_of(tmp_path / "a.csv")
    value = dict(zip(header, row, strict=True))
    assert float(value["HeadPitch"]) == 0.1
    assert float(value["HeadRoll"]) == 0.2
    assert float(value["HeadYaw"]) == -0.3
    for side in ("Left", "Right"):
        assert float(value[f"{side}EyePitch"]) == -0.12
        assert float(value[f"{side}EyeYaw"]) == 0.06
        assert float(value[f"EyeLookUp{side}"]) == pytest.approx(0.2)
        assert float(value[f"EyeLookDown{side}"]) == 0
    # To the subject's right: the right eye outward, the left one toward the nose.
    assert float(value["EyeLookOutRight"]) == pytest.approx(0.1)
    assert float(value["EyeLookInLeft"]) == pytest.approx(0.1)
    assert float(value["EyeLookOutLeft"]) == float(value["EyeLookInRight"]) == 0


def test_columns_may_be_shuffled_and_spelled_either_way(clip, tmp_path):
    write_livelink(tmp_path / "a.csv", clip)
    table = np.array(rows_of(tmp_path / "a.csv"))
    order = np.random.default_rng(1).permutation(63)
    table = table[:, order]
    table[0] = [name[0].lower() + name[1:] for name in table[0]]
    table[0][table[0] == "blendShapeCount"] = "BlendshapeCount"
    with open(tmp_path / "b.csv", "w", newline="", encoding="utf-8-sig") as stream:
        csv.writer(stream).writerows(table)
    one, other = read_livelink(tmp_path / "a.csv"), read_livelink(tmp_path / "b.csv")
    assert one.names == other.names
    assert np.array_equal(one.shapes, other.shapes)
    assert np.array_equal(one.pose, other.pose)
    assert np.array_equal(one.times, other.times)


def test_files_of_51_shapes_alone_are_read(clip, tmp_path):
    write_livelink(tmp_path / "a.csv", clip)
    kept = [k for k, name in enumerate(COLUMNS) if k < 53]
    with open(tmp_path / "b.csv", "w", newline="", encoding="utf-8") as stream:
        for row in rows_of(tmp_path / "a.csv"):
            csv.writer(stream).writerow([row[k] for k in kept])
    read = read_livelink(tmp_path / "b.csv")
    assert len(read.names) == 51 and "tongueOut" not in read.names
    assert read.pose is None and read.gaze is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no frames"),
        ("Timecode,EyeBlinkLeft\n", "no frames"),
        ("a,b\n1,2\n", "no file of Live Link"),
        ("Timecode,EyeBlinkLeft\n1.5,0\n", "expected HH:MM:SS:FF"),
        ("Timecode,EyeBlinkLeft\n00:00:00:01.0,x\n", "not a number"),
        ("Timecode,EyeBlinkLeft\n00:00:00:01.0,0,7\n", "3 values"),
        ("Timecode,EyeBlinkLeft\n00:00:01:00,0\n00:00:00:00,0\n", "does not rise"),
    ],
)
def test_other_files_are_told(tmp_path, text, message):
    (tmp_path / "bad.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_livelink(tmp_path / "bad.csv")
    assert "\n" not in str(caught.value)


def test_binary_and_missing_files_are_told(tmp_path):
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a CSV"):
        read_livelink(tmp_path / "bad.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_livelink(tmp_path / "none.csv")


def test_aus_without_a_shape_come_back_as_a_note(tmp_path):
    (note,) = write_livelink(tmp_path / "a.csv", motion([[1, 1]], ["AU12", "AU30"]))
    assert note.startswith("AU30")


def test_the_long_csv_has_one_row_per_curve_and_frame(clip, tmp_path):
    write_blendshapes(tmp_path / "a.csv", clip)
    header, *rows = rows_of(tmp_path / "a.csv")
    assert header == ["curve_name", "frame_number", "value"]
    assert len(rows) == 52 * 90 and len({(r[0], r[1]) for r in rows}) == 52 * 90
    jaw = [float(value) for name, _, value in rows if name == "JawOpen"]
    assert np.allclose(jaw, 0.5 * clip.aus[:, AUS.index("AU26")], atol=1e-6)
    write_blendshapes(tmp_path / "b.csv", clip, "arkit")
    assert {r[0] for r in rows_of(tmp_path / "b.csv")[1:]} == set(ARKIT_SHAPES)
    with pytest.raises(InputError, match="livelink, arkit, vrm"):
        write_blendshapes(tmp_path / "c.csv", clip, "maya")
    assert not (tmp_path / "c.csv").exists()


@pytest.mark.parametrize(
    ("aus", "strongest"),
    [
        ({"AU12": 1, "AU06": 1}, "happy"),
        ({"AU04": 1, "AU07": 1}, "angry"),
        ({"AU01": 1, "AU15": 1}, "sad"),
        ({"AU01": 1, "AU02": 1, "AU05": 1}, "surprised"),
        ({"AU12": 0.6, "AU43": 1}, "blink"),
        ({"AU27": 1}, "aa"),
        ({"AU27": 0.7, "AU18": 0.7}, "oh"),
        ({"AU18": 1}, "ou"),
        ({"AU20": 1, "AU25": 1}, "ee"),
        ({"AU25": 0.5}, "ih"),
        ({"AU45_L": 1}, "blinkLeft"),
        ({"AU46_R": 0, "AU45_R": 1}, "blinkRight"),
    ],
)
def test_vrm_expressions_answer_to_their_aus(aus, strongest):
    curves = vrm_curves(motion([list(aus.values())], list(aus)))[0]
    assert VRM_EXPRESSIONS[int(curves.argmax())] == strongest
    assert (curves >= 0).all() and (curves <= 1).all()


def test_vrm_looks_follow_the_gaze(tmp_path):
    curves = vrm_curves(motion([[0]], ["AU12"], gaze=(0.3, -0.6)))[0]
    value = dict(zip(VRM_EXPRESSIONS, curves, strict=True))
    assert value["lookUp"] == pytest.approx(0.5) and value["lookDown"] == 0
    assert value["lookLeft"] == pytest.approx(1) and value["lookRight"] == 0
    write_blendshapes(tmp_path / "a.csv", motion([[1]], ["AU12"]), "vrm")
    rows = rows_of(tmp_path / "a.csv")[1:]
    assert [row[0] for row in rows] == VRM_EXPRESSIONS
    assert [float(row[2]) for row in rows if row[0] == "happy"] == [1]


def test_openfacs_takes_whole_numbers_of_its_18_aus(tmp_path):
    made = motion([[0.5, 1, 0, 1], [0, 0, 0.4, 0]], ["AU12", "AU43", "AU01", "AU18"])
    (note,) = write_openfacs(tmp_path / "a.json", made, speed=0.5)
    assert note.startswith("AU18")
    facts = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert facts["fps"] == 30 and len(facts["messages"]) == 2
    message = facts["messages"][0]
    assert len(message) == 19 and message["Speed"] == 0.5
    assert (message["AU12"], message["AU45"], message["AU1"]) == (2, 5, 0)
    assert facts["messages"][1]["AU1"] == 2
