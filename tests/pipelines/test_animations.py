"""Animations of every format: length, content, states, and what is refused."""

import csv
import json
import struct
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from genface.avatar.animation import retime
from genface.avatar.curves import VRM_EXPRESSIONS
from genface.avatar.livelink import read_livelink
from genface.avatar.rig import Rig
from genface.avatar.strip import CURSOR, StateRibbon, Strip
from genface.behavior import BehaviorModel, PoissonHMM
from genface.errors import InputError
from genface.fex import Fex
from genface.files import shipped_model
from genface.pipelines import render_clip
from genface.pipelines.clip_formats import FORMATS, clip_format, picture_size
from genface.pipelines.clip_states import leading_emotion, states_of
from genface.pipelines.motions import cast_of, face_rows, motion_of
from genface.pipelines.scene import Layout
from genface.table import write_table

SIZE = (64, 54)


def table(n_frames=12, fps=24.0, **columns):
    frame = np.arange(n_frames)
    made = pd.DataFrame(
        {
            "frame": frame,
            "time": frame / fps,
            "face_id": 0,
            "AU12": np.linspace(0, 1, n_frames),
            "AU26": np.linspace(0.5, 0, n_frames),
            **columns,
        }
    )
    made.attrs = {"au_scale": "intensity", "fps": fps}
    return made


def n_frames_of(path):
    if path.is_dir():
        return len(list(path.glob("*.png")))
    if path.suffix == ".csv":
        return len(read_livelink(path).times)
    if path.suffix == ".json":
        return len(json.loads(path.read_text())["messages"])
    with Image.open(path) as image:
        return image.n_frames


@pytest.mark.parametrize(
    "name", ["a.webp", "a.apng", "a.gif", "frames", "a.csv", "a.json"]
)
def test_every_format_has_every_frame(tmp_path, name):
    kind = "png" if name == "frames" else None
    result = render_clip(table(), tmp_path / name, format=kind, fps=12)
    assert result.n_frames == 6 == n_frames_of(tmp_path / name)
    assert result.paths == (tmp_path / name,)
    assert "6 frames, 0.5 s at 12 frames/s" in result.lines[-1]


def test_a_model_lasts_as_long_and_has_what_moves(tmp_path):
    render_clip(table(), tmp_path / "a.glb", max_targets=4)
    data = (tmp_path / "a.glb").read_bytes()
    (size,) = struct.unpack("<I", data[12:16])  # of the first chunk, JSON
    facts = json.loads(data[20 : 20 + size])
    (clip,) = facts["animations"]
    ends = {facts["accessors"][s["input"]]["max"][0] for s in clip["samplers"]}
    assert max(ends) == pytest.approx(11 / 24)
    targets = facts["meshes"][0]["extras"]["targetNames"]
    assert 1 <= len(targets) <= 4


def test_a_page_holds_the_notes(tmp_path):
    made = table(AU04=np.nan)
    render_clip(made, tmp_path / "a.html", smooth=0.1)
    page = (tmp_path / "a.html").read_text()
    assert "AU04: NaN throughout" in page and "sd 0.1 s" in page


def test_curves_by_name(tmp_path):
    render_clip(table(), tmp_path / "a.csv")
    live = read_livelink(tmp_path / "a.csv")
    smile = live.shapes[:, live.names.index("mouthSmileLeft")]
    np.testing.assert_allclose(smile, np.linspace(0, 1, 12), atol=1e-6)
    result = render_clip(table(), tmp_path / "b.csv", format="vrm")
    with open(tmp_path / "b.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["curve_name"] for row in rows} == set(VRM_EXPRESSIONS)
    assert len(rows) == 12 * len(VRM_EXPRESSIONS)
    assert any("--format livelink, blendshapes" in line for line in result.lines)


@pytest.mark.parametrize("fps", [7, 23.976, 30, 60])
@pytest.mark.parametrize("every", [1, 3])
def test_length_is_the_datas_within_a_frame(fps, every):
    made = table(97, 25.0).iloc[::every]
    cast = cast_of(made, fps=fps)
    lasts = len(cast.motions[0]) / float(cast.rate)
    of_data = made["time"].max() + every / 25
    assert abs(lasts - of_data) <= 1 / fps


def test_an_uneven_rate_is_drawn_by_time():
    steps = np.random.default_rng(0).uniform(0.01, 0.09, 80)
    time = np.concatenate([[0], np.cumsum(steps)])
    made = table(81).assign(time=time, AU12=time / time[-1])
    (motion,) = cast_of(made, fps=30).motions
    assert abs(len(motion) / 30 - time[-1] - np.median(steps)) <= 1 / 30
    smile = motion.aus[:, motion.au_names.index("AU12")]
    inside = motion.times <= time[-1]
    np.testing.assert_allclose(
        smile[inside], motion.times[inside] / time[-1], atol=1e-9
    )


def test_rows_count_at_a_rate_that_is_told():
    made = table(50, 1000.0).assign(frame=2 * np.arange(50))
    cast = cast_of(made)
    assert cast.rate == 1000 and "--table-fps" in cast.notes[0]
    cast = cast_of(made, table_fps=30)
    assert cast.rate == 15 and len(cast.motions[0]) == 50 and not cast.notes


def test_values_beyond_the_scale_count_as_its_end():
    made = table(20)
    made.loc[3, "AU12"], made.loc[4, "AU26"] = 3.5, -np.inf
    motion = motion_of(face_rows(Fex(made)), 24)
    smile, jaw = (motion.aus[:, motion.au_names.index(n)] for n in ("AU12", "AU26"))
    assert smile[3] == 1 and jaw[4] == 0
    assert motion.notes == (
        "2 values outside intensity (0-1), from -inf to 3.5, count as its ends: "
        "AU12, AU26",
    )
    odd = table(20)
    odd.attrs["au_scale"] = "percent"
    with pytest.raises(InputError, match="percent"):
        motion_of(face_rows(Fex(odd)), 24)


def test_a_gaze_in_degrees_is_left_out_with_a_note():
    made = table(20, gaze_pitch=0.2, gaze_yaw=np.linspace(-0.3, 0.3, 20))
    motion = motion_of(face_rows(Fex(made)), 24)
    np.testing.assert_allclose(motion.gaze, made[["gaze_pitch", "gaze_yaw"]])
    made["gaze_yaw"] *= 57.3
    motion = motion_of(face_rows(Fex(made)), 24)
    assert motion.gaze is None
    assert "gaze of up to 17.2 cannot be radians, left out" in motion.notes[0]


def test_presence_of_a_picture_is_drawn_raw():
    made = table(1)
    made["AU12"] = 0.9
    made.attrs["au_scale"] = "presence"
    motion = motion_of(face_rows(Fex(made)), 24)
    assert motion.aus[0, motion.au_names.index("AU12")] == 0.9
    assert "drawn raw" in motion.notes[0]


def test_aus_that_nobody_knows_are_left_out_with_a_note(tmp_path):
    result = render_clip(table(AU99=0.5), tmp_path / "a.csv")
    assert any("AU99: not in the rig" in line for line in result.lines)
    made = table()[["frame", "time"]].assign(AU99=1.0)
    write_table(made, tmp_path / "c.csv")
    with pytest.raises(InputError, match=r"c\.csv: no AU column .* only AU99"):
        render_clip(tmp_path / "c.csv", tmp_path / "b.csv")


def test_smoothing_is_recorded_and_bounded(tmp_path):
    made = table(60, AU01=np.arange(60) % 2)
    cast = cast_of(made, smooth=0.1)
    assert any("sd 0.1 s" in note for note in cast.notes)
    (motion,) = cast.motions
    assert np.ptp(motion.aus[5:-5, motion.au_names.index("AU01")]) < 0.05
    for wrong in (-1, np.nan, np.inf):
        with pytest.raises(InputError, match="smooth"):
            cast_of(made, smooth=wrong)


def test_states_of_a_column_follow_their_rows():
    made = table(10, 10.0, state=[0, 0, 2, 2, 2, 1, 1, 1, 0, np.nan])
    made.loc[5:7, ["AU12", "AU26"]] = np.nan
    rows = face_rows(Fex(made))
    motion = motion_of(rows, 20)
    path = states_of(rows, motion)
    assert path.tolist() == [*[0] * 4, *[2] * 5, *[-1] * 7, *[0] * 2, -1, -1]
    words = table(3, state=["calm", "wild", "calm"])
    rows = face_rows(Fex(words))
    assert states_of(rows, motion_of(rows, 24)).tolist() == [0, 1, 0]
    rows = face_rows(Fex(table(3)))
    assert states_of(rows, motion_of(rows, 24)) is None


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    values = np.repeat([[0.1, 0.1], [0.8, 0.6]] * 4, 15, axis=0)
    values = np.clip(values + 0.03 * rng.standard_normal(values.shape), 0, 1)
    return BehaviorModel.fit(
        PoissonHMM(2, random_state=0), values, columns=("AU12", "AU26"), fps=24.0
    )


def test_states_of_a_model_are_its_path(model):
    values = np.repeat([[0.1, 0.1], [0.8, 0.6], [0.1, 0.1]], 20, axis=0)
    made = table(60, AU12=values[:, 0], AU26=values[:, 1])
    rows = face_rows(Fex(made))
    path = states_of(rows, motion_of(rows, 24), model)
    assert (path == model.states(values)).all() and len(set(path)) == 2
    slow = face_rows(Fex(table(60, 12.0)))
    with pytest.raises(InputError, match="12 frames a second, the model 24"):
        states_of(slow, motion_of(slow, 12), model)
    made.attrs["au_scale"] = "facs"
    rows = face_rows(Fex(made))
    with pytest.raises(InputError, match="on the scale intensity"):
        states_of(rows, motion_of(rows, 24), model)
    other = table(60).rename(columns={"AU12": "AU01", "AU26": "AU02"})
    rows = face_rows(Fex(other))
    with pytest.raises(InputError, match="none of the model's AUs"):
        states_of(rows, motion_of(rows, 24), model)


def test_the_leading_emotion_is_steady_and_absent_in_gaps():
    made = table(48, happiness=0.8, anger=0.1)
    made.loc[20, ["happiness", "anger"]] = 0.1, 0.9  # a single frame
    made.loc[30:, ["AU12", "AU26"]] = np.nan
    rows = face_rows(Fex(made))
    motion = motion_of(rows, 24)
    names, scores = leading_emotion(rows, motion)
    assert names[:30] == ["Happy"] * 30 and names[31:] == [""] * 17
    assert scores[0] == pytest.approx(0.8) and np.isnan(scores[40])
    rows = face_rows(Fex(table(24, AU06=1.0, AU12=1.0, AU26=0.0)))
    names, _ = leading_emotion(rows, motion_of(rows, 24))
    assert set(names) == {"Happy"}  # of the AUs themselves


def test_strip_ribbon_label_and_caption_take_their_room(tmp_path, model):
    made = table(12, AU06=0.7)
    bare, full = tmp_path / "bare", tmp_path / "full"
    render_clip(made, bare, format="png", size=(200, 160))
    result = render_clip(
        made, full, format="png", size=(200, 160), model=model, caption="A face"
    )
    first = np.asarray(Image.open(bare / "00011.png"))
    second = np.asarray(Image.open(full / "00011.png"))
    assert first.shape == (200, 160, 3)
    assert second.shape[1] == 160 and second.shape[0] > 200 + 3 * 12 + 24
    same = (first == second[:200]).all(axis=2)
    assert same[:150].all() and not same[150:, :80].all()  # the label
    assert result.n_frames == 12


@pytest.mark.parametrize("width", [200, 431, 1244])
def test_ribbons_lie_under_their_part_of_the_strip(width):
    series = [np.zeros((20, 3))] * 2
    strip = Strip(width, ["AU01", "AU04", "AU12"], series, ["real", "synthetic"], 2.0)

    def cursors(picture):
        return np.flatnonzero((picture == CURSOR).all(axis=2).any(axis=0))

    ribbons = [StateRibbon(width, np.zeros(20), 2.0, block=(k, 2)) for k in (0, 1)]
    for time in (0.0, 0.7, 2.0):
        below = np.concatenate([cursors(ribbon.at(time)) for ribbon in ribbons])
        np.testing.assert_array_equal(below, cursors(strip.at(time)))


@pytest.mark.parametrize("name", ["a.avi", "a", "a.txt"])
def test_other_endings_list_what_there_is(tmp_path, name):
    with pytest.raises(InputError) as caught:
        render_clip(table(), tmp_path / name)
    words = str(caught.value)
    for kind in FORMATS.values():
        assert (kind.suffix or "folder") in words
    assert "\n" not in words and not list(tmp_path.iterdir())


def test_formats_by_ending_and_by_name(tmp_path):
    assert clip_format(tmp_path / "a.csv").name == "livelink"
    assert clip_format(tmp_path / "a.CSV", "vrm").name == "vrm"
    with pytest.raises(InputError, match=r"must end in \.csv"):
        clip_format(tmp_path / "a.mp4", "livelink")
    with pytest.raises(InputError, match="that of a folder"):
        clip_format(tmp_path / "a.png", "png")
    with pytest.raises(InputError, match="expected one of mp4, gif"):
        clip_format(tmp_path / "a.mp4", "mpeg")


def test_sizes_by_height_or_both_sides():
    assert picture_size("720") == 720 and picture_size("640x720") == (720, 640)
    assert Layout(720).panel(False) == (720, 604)
    assert Layout(16).panel(False) == (16, 16)
    for wrong in ("big", "640*720", "-5", "720x", ""):
        with pytest.raises(InputError, match="WIDTHxHEIGHT .* 16 to 4096"):
            picture_size(wrong)
    for wrong, told in ((0, "0"), ((8, 720), "720x8"), (picture_size("100000"),) * 2):
        with pytest.raises(InputError, match=f"size {told}: expected 16 to 4096"):
            Layout(wrong).panel(False)


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("a.csv", {"rig": "mine.glb"}, "rig"),
        ("a.glb", {"size": 100, "caption": "x"}, "size, caption"),
        ("a.html", {"synthetic": "b.csv"}, "^synthetic: nothing"),
        ("a.html", {"strip": True}, "^strip: nothing"),
        ("a.html", {"max_targets": 8}, "max_targets"),
        ("a.mp4", {"rig": "mine.obj"}, "expected default, a .glb"),
        ("a.mp4", {"rig": "none.glb"}, "no such file"),
        (
            "a.mp4",
            {"rig": shipped_model("au", "au_model.npz")},
            "npz: no rig; expected",
        ),
    ],
)
def test_options_that_a_format_cannot_show_are_refused(tmp_path, name, options, told):
    with pytest.raises(InputError, match=told):
        render_clip(table(), tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_pictures_is_replaced_by_force_only(tmp_path):
    out = tmp_path / "frames"
    render_clip(table(), out, format="png", size=SIZE, fps=6)
    assert render_clip(table(), out, format="png", size=SIZE, fps=6).n_frames == 0
    with pytest.raises(InputError, match="--force"):
        render_clip(table(), out, format="png", size=SIZE, fps=4)
    render_clip(table(), out, format="png", size=SIZE, fps=4, force=True)
    assert n_frames_of(out) == 2
    (out / "mine.txt").touch()
    for force in (True, False):  # no advice that leads nowhere
        with pytest.raises(InputError, match="something else; name another folder"):
            render_clip(table(), out, format="png", size=SIZE, fps=6, force=force)
    assert (out / "mine.txt").exists() and n_frames_of(out) == 2


def test_what_is_read_is_not_written_over(tmp_path):
    path = tmp_path / "a.csv"
    table().to_csv(path, index=False)
    kept = path.read_bytes()
    with pytest.raises(InputError, match="is read for this"):
        render_clip(path, tmp_path / "." / "a.csv", force=True)
    assert path.read_bytes() == kept and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"time": np.arange(12) * 1e9}, "--table-fps"),
        ({"time": np.arange(12) * 1e-12}, "--table-fps"),
        ({"time": np.arange(12)[::-1] / 24}, "time must rise.*--table-fps"),
    ],
)
def test_tables_that_cannot_be_drawn_are_refused(tmp_path, changed, told):
    with pytest.raises(InputError, match=told):
        render_clip(table(12, **changed), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_too_small_a_strip_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match="too narrow for a strip"):
        render_clip(table(), tmp_path / "a.gif", size=(16, 16), strip=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_another_rig_is_another_job(tmp_path, shared):
    ict = shared / "data" / "ict_facekit.npz"
    out = tmp_path / "a"
    render_clip(table(2), out, format="png", size=SIZE)
    with pytest.raises(InputError, match="--force"):
        render_clip(table(2), out, format="png", size=SIZE, rig=ict)
    before = np.asarray(Image.open(out / "00001.png")).astype(int)
    render_clip(table(2), out, format="png", size=SIZE, rig=ict, force=True)
    after = np.asarray(Image.open(out / "00001.png")).astype(int)
    assert np.abs(after - before).mean() > 5


def test_the_same_animation_has_the_same_bytes(tmp_path):
    for name in ("a.webp", "a.apng", "a.glb", "a.csv"):
        options = {"size": SIZE} if name[2:] in ("webp", "apng") else {}
        first = render_clip(table(3), tmp_path / "x" / name, **options).paths[0]
        second = render_clip(table(3), tmp_path / "y" / name, **options).paths[0]
        assert first.read_bytes() == second.read_bytes()


def test_retimed_gaze_and_pose_are_not_lost():
    time = np.arange(20) / 10
    turn = np.stack([time, 2 * time, -time], axis=1)
    aus = np.zeros((20, 1))
    motion = retime(time, aus, ["AU12"], Fraction(30), turn, turn[:, :2])
    np.testing.assert_allclose(motion.pose[30], [1, 2, -1], atol=1e-9)
    np.testing.assert_allclose(motion.gaze[30], [1, 2], atol=1e-9)
    moved = Rig.default().vertices(motion.aus, motion.pose, None, motion.au_names)
    assert np.abs(moved[30] - moved[0]).max() > 1
