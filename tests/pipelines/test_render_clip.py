"""A table drawn as a moving face: panels, length, rate, notes, and files."""

import sys
from fractions import Fraction

import av
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from genface.avatar.overlay import greyed, mark_faces
from genface.avatar.rig import Rig
from genface.errors import InputError, MediaError
from genface.fex import Fex
from genface.files import sha256
from genface.pipelines.au_tracks import read_tracks
from genface.pipelines.faces import au_scale
from genface.pipelines.motions import cast_of, face_rows, motion_of
from genface.pipelines.render_clip import render_clip
from genface.pipelines.source_panel import SourcePanel
from genface.pipelines.thumbnails import Thumbnails
from genface.table import write_table
from genface.video.writer import write_clip

FPS = Fraction(24000, 1001)
SIZE = (64, 54)


def table(n_frames=12, fps=FPS, scale="intensity", faces=1):
    frame = np.arange(n_frames)
    rig = Rig.default()
    parts = []
    for face in range(faces):
        rows = {
            "frame": frame,
            "time": frame / float(fps),
            "face_id": face,
            "status": "ok",
            "AU12": np.linspace(0, 1, n_frames),
            "AU26": np.linspace(1, 0, n_frames),
            "AU04": np.nan,
            "Pitch": 0.1,
            "Roll": 0.0,
            "Yaw": 0.0,
        }
        box = (20.0 + 60 * face, 20.0, 40.0, 50.0)
        names = ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight")
        rows |= dict(zip(names, box, strict=True))
        mesh = rig.neutral[:478]
        low, high = mesh.min(axis=0), mesh.max(axis=0)
        place = (mesh - low) / (high - low)
        for k, (x, y, _) in enumerate(place):
            rows[f"mesh_x_{k}"] = box[0] + x * box[2]
            rows[f"mesh_y_{k}"] = box[1] + (1 - y) * box[3]
        parts.append(pd.DataFrame(rows))
    parts[-1] = parts[-1] if faces == 1 else parts[-1].iloc[: n_frames // 2]
    made = pd.concat(parts, ignore_index=True)
    made.attrs = {"au_scale": scale, "fps": float(fps)}
    return made


def decoded(path):
    with av.open(str(path)) as container:
        rate = container.streams.video[0].average_rate
        return rate, [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]


@pytest.fixture
def source(tmp_path):
    """Frame k is grey of level 10 k, with noise on the right so that it has bytes."""
    grey = np.stack([np.full((90, 160, 3), 10 * k, np.uint8) for k in range(14)])
    grey[:, :, 60:] += np.random.default_rng(0).integers(
        0, 60, (14, 90, 100, 3), np.uint8
    )
    return write_clip(tmp_path / "source.mp4", grey, FPS)


def test_an_avatar_alone_lasts_as_long_as_its_table(tmp_path):
    result = render_clip(table(), tmp_path / "face.mp4", size=SIZE)
    rate, frames = decoded(tmp_path / "face.mp4")
    assert result.paths == (tmp_path / "face.mp4",)
    assert result.n_frames == len(frames) == 12 and rate == FPS
    assert frames[0].shape == (*SIZE, 3)
    assert np.abs(frames[0].astype(int) - frames[-1]).max() > 40  # it moves
    assert any("AU04" in line for line in result.lines)


@pytest.mark.parametrize("fps, expected", [(12, 6), (48, 24), (None, 12)])
def test_other_rates_keep_the_length(tmp_path, fps, expected):
    made = table(fps=24)
    result = render_clip(made, tmp_path / "face.mp4", size=SIZE, fps=fps)
    assert result.n_frames == expected


def test_panels_side_by_side_at_the_sources_rate(tmp_path, source):
    calls = []
    result = render_clip(
        table(),
        tmp_path / "both.mp4",
        source=source,
        synthetic=table(8),
        size=(90, 76),
        progress=lambda *call: calls.append(call),
    )
    rate, frames = decoded(tmp_path / "both.mp4")
    assert rate == FPS and len(frames) == result.n_frames == 12
    assert calls[-1] == ("render", 12, 12)
    height, width = frames[0].shape[:2]
    assert width == 160 + 2 * 76 and height > 26 + 90 + 40
    for k, frame in enumerate(frames):  # each panel shows the frame of its time
        assert abs(frame[30:40, 4:10].mean() - 10 * k) <= 4, k
    assert result.paths[1] == tmp_path / "both.gif"
    with Image.open(result.paths[1]) as gif:
        assert gif.n_frames == 12 and b"AU04: NaN" in gif.info["comment"]
    assert result.paths[1].stat().st_size < 6_000_000
    synthetic = [line for line in result.lines if "synthetic" in line]
    assert all("without a face" not in line for line in synthetic)


def test_a_table_that_starts_later_shows_the_source_from_there(tmp_path, source):
    made = table().iloc[5:]
    made.attrs = table().attrs
    render_clip(made, tmp_path / "late.mp4", source=source, size=(90, 76), gif=False)
    _, frames = decoded(tmp_path / "late.mp4")
    assert len(frames) == 7
    assert abs(frames[0][30:40, 4:10].mean() - 50) <= 4


def test_only_the_chosen_face_is_followed(tmp_path, source):
    made = table(faces=2)
    made.loc[made["face_id"] == 1, "AU12"] = 0.0
    first = render_clip(made, tmp_path / "a.mp4", size=SIZE)
    second = render_clip(made, tmp_path / "b.mp4", size=SIZE, face="1")
    assert not any("without a face" in line for line in first.lines)
    assert any("6 of 12 frames without a face" in line for line in second.lines)
    write_table(made, tmp_path / "two.csv")
    with pytest.raises(InputError, match=r"two\.csv: no face 7"):
        render_clip(tmp_path / "two.csv", tmp_path / "c.mp4", face="7")
    with pytest.raises(InputError, match="one face"):
        render_clip(made, tmp_path / "c.mp4", face="all")
    assert not (tmp_path / "c.mp4").exists()


def test_panels_without_a_face_are_greyed(tmp_path, source):
    made = table(60)
    made.loc[10:49, ["AU12", "AU26"]] = np.nan
    result = render_clip(made, tmp_path / "a.mp4", size=(90, 76))
    assert any("frames are greyed" in line for line in result.lines)
    _, frames = decoded(tmp_path / "a.mp4")
    colour = [np.ptp(f.astype(int), axis=2).mean() for f in (frames[5], frames[34])]
    assert colour[0] > 10 and colour[1] < 3
    empty = np.full((90, 76, 3), (200, 150, 100), np.uint8)
    with_words = greyed(empty, "no face")
    assert (with_words.max(axis=2) == with_words.min(axis=2)).mean() > 0.8
    assert with_words.min() < 100 < with_words[0, 0, 0]


def test_a_table_of_several_inputs_needs_a_choice(tmp_path):
    other = table(6).assign(input="x/b.mp4")
    both = pd.concat([table().assign(input="x/a.mp4"), other])
    both.attrs = table().attrs
    with pytest.raises(InputError, match="2 inputs .*--input"):
        render_clip(both, tmp_path / "face.mp4")
    result = render_clip(both, tmp_path / "face.mp4", input_name="b.mp4", size=SIZE)
    assert result.n_frames == 6
    with pytest.raises(InputError, match=r"no input c\.mp4 in it; it has x/a\.mp4"):
        render_clip(both, tmp_path / "c.mp4", input_name="c.mp4")


def test_a_clip_that_is_not_the_tables_own_is_said(tmp_path, source):
    made = table().assign(input="own.mp4")
    for digest, notes in ((sha256(source), 0), ("another", 1)):
        made.attrs["source_sha256"] = {"own.mp4": digest}
        out = tmp_path / f"{notes}.mp4"
        result = render_clip(made, out, source=source, size=(90, 76), gif=False)
        assert sum("is not own.mp4" in line for line in result.lines) == notes


def test_frame_numbers_count_at_the_rate_that_is_asked_for(tmp_path):
    made = table().drop(columns="time").assign(frame=2 * np.arange(12))
    made.attrs = {"au_scale": "intensity"}
    result = render_clip(made, tmp_path / "a.mp4", size=SIZE, fps=12)
    assert result.n_frames == 24 and made.attrs == {"au_scale": "intensity"}
    assert not any("assumed" in line for line in result.lines)
    result = render_clip(made, tmp_path / "b.mp4", size=SIZE)
    assert any("30 a second assumed" in line for line in result.lines)
    assert "12 frames, 0.8 s at 15" in result.lines[-1]


def test_tables_of_openface_can_be_drawn(tmp_path):
    path = tmp_path / "openface.csv"
    rows = [f"{i + 1}, {i / 25}, 0.9, {int(i != 4)}, 0.1, 0, 0, 2" for i in range(10)]
    head = "frame, timestamp, confidence, success, pose_Rx, pose_Ry, pose_Rz, AU12_r"
    path.write_text("\n".join([head, *rows]))
    result = render_clip(path, tmp_path / "a.mp4", size=SIZE)
    assert result.n_frames == 10 and "0.4 s at 25" in result.lines[-1]
    assert not any("assumed" in line for line in result.lines)


def test_a_pose_of_unknown_sign_is_drawn_with_a_note(tmp_path):
    made = table()
    made[["Pitch", "Roll", "Yaw"]] = 0.1
    for unit, told in (("radians", "may nod the wrong way"), ("degrees", "left out")):
        made.attrs |= {"pose_sign": "unknown", "pose_unit": unit}
        result = render_clip(made, tmp_path / f"{unit}.mp4", size=SIZE)
        assert sum(told in line for line in result.lines) == 1


def test_tables_of_py_feat_can_be_drawn(shared, tmp_path):
    clip = shared / "data" / "news_sample" / "001.csv"
    result = render_clip(clip, tmp_path / "a.mp4", size=SIZE, fps=25)
    assert result.n_frames == 40


def test_presence_is_calibrated_and_says_so(tmp_path):
    made = table(scale="presence")
    made["AU12"] = 0.6 + 0.3 * made["AU12"]
    result = render_clip(made, tmp_path / "a.mp4", size=SIZE)
    raw = render_clip(made, tmp_path / "b.mp4", size=SIZE, calibrate=False)
    assert sum("calibrated" in line for line in result.lines) == 1
    assert not any("calibrated" in line for line in raw.lines)
    _, calm = decoded(tmp_path / "a.mp4")
    _, smiling = decoded(tmp_path / "b.mp4")
    assert np.abs(calm[0].astype(int) - smiling[0]).max() > 40


def test_synthetic_presence_is_calibrated_as_the_real_one():
    made = table(60, scale="presence")
    calm = table(60, scale="presence")
    calm["AU12"] = 0.2 + 0.1 * calm["AU12"]
    real, synthetic = face_rows(Fex(made)), face_rows(Fex(calm))
    real.attrs, synthetic.attrs = made.attrs, calm.attrs
    motion = motion_of(synthetic, FPS, reference=real)
    smile = motion.aus[:, motion.au_names.index("AU12")]
    low, high = np.percentile(made["AU12"], [5, 95])
    expected = (calm["AU12"] - low) * high / (high - low)
    np.testing.assert_allclose(smile, expected, atol=1e-9)
    assert "the real person's range" in motion.notes[0]


def test_a_table_without_a_scale_is_read_as_by_a_fit():
    made = table()
    made.attrs = {"fps": float(FPS)}
    motion = motion_of(face_rows(Fex(made)), FPS)
    assert motion.notes[0] == read_tracks(made)[0].notes[0].removeprefix("table: ")
    assert "presence assumed" in motion.notes[0]


@pytest.mark.parametrize(
    ("value", "rows", "scale"),
    [(1.02, 1, "presence"), (np.inf, 1, "presence"), (1.1, 600, "presence"),
     (9.0, 1, "presence"), (1.5, 20, "facs"), (3.0, 600, "facs")],
)  # fmt: skip
def test_few_values_above_one_are_no_scale_of_five(value, rows, scale):
    made = pd.DataFrame({"AU12": np.linspace(0, 0.9, 600)})
    made.loc[: rows - 1, "AU12"] = value
    found, (note,) = au_scale(made)
    assert found == scale and scale in note
    if scale == "facs":
        assert f"values reach {value:g}" in note and "au_scale" in note
    photo = pd.DataFrame({"AU12": [2.0], "AU06": [np.nan]})
    assert au_scale(photo)[0] == "facs"


def test_a_face_that_is_left_out_is_told():
    other = table().assign(face_id=3, AU12=0.1)
    both = pd.concat([table().assign(face_id=1), other]).sort_values("frame")
    told = "of 2 faces the longest, 1, is taken; left out: 3"
    assert told in cast_of(both).notes
    assert f"synthetic: {told}" in cast_of(table(), both).notes
    assert read_tracks(both)[0].notes == (f"table: {told}",)
    assert not any("left out" in note for note in cast_of(both, face=3).notes)
    assert read_tracks(both, "all")[0].notes == ()


def test_marks_stay_through_the_frames_that_a_table_skips(source):
    made = table().iloc[::3]
    rows = face_rows(Fex(made))
    panel = SourcePanel(source, Fex(made), rows, 90)
    for frame in range(12):
        assert panel._marks_at(frame) == panel._marks[frame // 3 * 3] or frame % 3
        assert panel._marks_at(frame)[1] is not None
    assert panel._marks_at(12)[1] is None  # beyond the table


def test_an_interrupt_while_a_gif_shrinks_leaves_none(tmp_path, source, monkeypatch):
    passes = []

    def write(path, *args, **options):
        if path.suffix == ".gif":
            passes.append(path)
        if len(passes) == 2:
            raise KeyboardInterrupt
        return write_clip(path, *args, **options)

    job = sys.modules[Thumbnails.__module__]
    monkeypatch.setattr(job, "GIF_BYTES", 10)
    monkeypatch.setattr(job, "write_clip", write)
    out, gif = tmp_path / "a.mp4", tmp_path / "a.gif"
    given = {"source": source, "synthetic": table(), "size": (90, 76)}
    with pytest.raises(KeyboardInterrupt):
        render_clip(table(), out, **given)
    assert out.exists() and not gif.exists() and len(passes) == 2
    monkeypatch.undo()
    assert render_clip(table(), out, **given).n_frames == 12  # it goes on
    assert gif.exists()


def test_facs_scale_is_a_fifth(tmp_path):
    fifth = table(scale="facs")
    fifth[["AU12", "AU26"]] *= 5
    render_clip(table(), tmp_path / "a.mp4", size=SIZE)
    render_clip(fifth, tmp_path / "b.mp4", size=SIZE)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_the_same_job_again_is_up_to_date_and_another_needs_force(tmp_path):
    write_table(table(), tmp_path / "faces.csv")
    out = tmp_path / "face.mp4"
    render_clip(tmp_path / "faces.csv", out, size=SIZE)
    again = render_clip(tmp_path / "faces.csv", out, size=SIZE)
    assert "up to date" in again.lines[0]
    with pytest.raises(InputError, match="--force"):
        render_clip(tmp_path / "faces.csv", out, size=SIZE, fps=5)
    assert render_clip(tmp_path / "faces.csv", out, size=SIZE, fps=5, force=True)


def test_a_gif_alone(tmp_path):
    result = render_clip(table(), tmp_path / "face.gif", size=SIZE)
    assert result.paths == (tmp_path / "face.gif",)
    with Image.open(result.paths[0]) as gif:
        assert gif.n_frames == 12


def test_a_gif_says_how_many_frames_it_keeps(tmp_path):
    result = render_clip(table(13, 24), tmp_path / "face.gif", size=SIZE, fps=60)
    with Image.open(result.paths[0]) as gif:
        assert gif.n_frames == result.n_frames == 16
    assert "16 frames, 0.5 s at 30 frames/s: 1 of 2 at 60" in result.lines[-1]


def test_a_truncated_source_keeps_its_last_frame_and_is_named(tmp_path, source):
    whole = source.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: int(0.6 * len(whole))])
    made = table()
    result = render_clip(made, tmp_path / "a.mp4", source=cut, size=(90, 76), gif=False)
    assert result.n_frames == 12
    assert any("cut.mp4" in line for line in result.lines)


def test_bad_inputs_are_one_line_and_leave_no_file(tmp_path, source):
    out = tmp_path / "out.mp4"
    with pytest.raises(InputError, match="no such file"):
        render_clip(tmp_path / "none.csv", out)
    with pytest.raises(InputError, match="no AU column"):
        render_clip(table()[["frame", "time", "Pitch"]], out)
    with pytest.raises(InputError, match="no rows"):
        render_clip(table().iloc[:0], out)
    with pytest.raises(InputError, match=r"written as \.apng, \.csv, .*; not \.avi"):
        render_clip(table(), tmp_path / "out.avi")
    with pytest.raises(MediaError, match="is it the table's source"):
        made = table()
        made["time"] += 100
        render_clip(made, out, source=source, gif=False)
    names = {path.name for path in tmp_path.iterdir() if path.name[0] != "."}
    assert names == {"source.mp4"}


def test_marks_highlight_the_followed_face_and_box_the_others():
    black = np.zeros((90, 160, 3), np.uint8)
    made = table(1)
    mesh = made[[f"mesh_{a}_{k}" for a in "xy" for k in range(478)]].to_numpy()
    mesh = mesh.reshape(2, 478).T
    marked = mark_faces(black, mesh, (20, 20, 40, 50), [(100, 10, 30, 30)])
    assert not black.any()
    green = marked[..., 1].astype(int) - marked[..., 0]
    rows, columns = np.nonzero(green > 20)
    assert columns.min() >= 18 and columns.max() <= 62
    assert rows.min() >= 18 and rows.max() <= 72
    assert (marked[10, 100:130] == marked[10, 100, 0]).all() and marked[10, 100, 0]
    assert not marked[12:38, 103:128].any()
    outside = mark_faces(black, mesh - 1000, None)
    assert not outside.any()
    assert not mark_faces(black, None, (np.nan,) * 4).any()
    boxed = mark_faces(black, None, (20, 20, 40, 50))
    assert boxed[20, 20:60].any() and not boxed[30, 30:50].any()
