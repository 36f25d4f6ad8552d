"""Tables of other programs: recognised, read as they are, converted when asked."""

import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import genface
from genface.errors import InputError
from genface.geometry import rotation_from_euler
from genface.geometry.mesh_points import LANDMARKS_68
from genface.table import au_strengths, read_any, recognise, to_feat
from genface.table.columns import AUS, BLENDSHAPES, EMOTIONS, FACEBOX, LANDMARKS, MESH

V1 = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
POSE = ("Pitch", "Roll", "Yaw", "X", "Y", "Z")
GAZE = ("gaze_pitch", "gaze_yaw", "gaze_angle")
MP = tuple(f"{axis}_{i}" for i in range(478) for axis in "xyz")
META = ("FrameHeight", "FrameWidth", "input", "frame")
HEADERS = {
    "feat-v1": (*FACEBOX, *LANDMARKS, *POSE, *AUS, *V1, *GAZE, *META),
    "feat-v2": (
        *(*FACEBOX, *LANDMARKS, *POSE, *AUS, *EMOTIONS, "valence", "arousal"),
        *(*GAZE, *MESH, *BLENDSHAPES, *META),
    ),
    "mpdetector": (*FACEBOX, *MP, *POSE, *BLENDSHAPES, *AUS, *V1, *GAZE, *META),
    "openface": ("frame", "timestamp", "confidence", "success", "AU01_r", "AU01_c"),
    "libreface": ("frame_idx", "frame_time_in_ms", "au_1", "au_1_intensity"),
    "mediapipe": ("timestamp_ms", *BLENDSHAPES),
    "genface": (*FACEBOX, *AUS, "input", "frame", "time", "face_id", "status"),
    "unknown": ("subject", "rating", "AU01"),
}


def write(path: Path, names, values=None, rows: int = 3) -> Path:
    """A CSV with fractions that are a little different in each cell."""
    numbers = np.linspace(0.1, 0.9, rows * len(names)).reshape(rows, -1)
    table = pd.DataFrame(numbers, columns=list(names))
    for name, value in {
        "frame": range(rows),
        "input": "a.mp4",
        **(values or {}),
    }.items():
        if name in table:
            table[name] = value
    table.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("dialect", HEADERS)
def test_dialects_are_recognised_from_their_columns(dialect, tmp_path):
    assert recognise(HEADERS[dialect]) == dialect
    assert recognise([f" {name}" for name in HEADERS[dialect]]) == dialect
    path = write(tmp_path / "t.csv", HEADERS[dialect])
    context = (
        pytest.warns(UserWarning, match="signs of Pitch")
        if dialect.startswith("feat")
        else pytest.MonkeyPatch.context()
    )
    with context:
        assert genface.read_table(path).attrs["dialect"] == dialect


@pytest.mark.parametrize(
    ("version", "sign", "pitch", "kept"),
    [
        (None, "unknown", 1, True),
        ("2.0.3", "genface", -1, False),
        ("2.1.0", "genface", -1, False),
        ("2.1.1", "genface", 1, True),
        ("2.1.5rc1", "genface", 1, True),
    ],
)
@pytest.mark.filterwarnings("ignore:the signs of Pitch")
def test_signs_of_detectorv2_turn_only_when_the_version_says_so(
    version, sign, pitch, kept, tmp_path
):
    path = write(tmp_path / "t.csv", HEADERS["feat-v2"])
    raw = pd.read_csv(path)
    fex = genface.read_feat(path, pyfeat_version=version)
    assert fex.attrs["pose_sign"] == sign
    assert fex.detector == "Detectorv2" and fex.attrs["au_scale"] == "presence"
    for name in ("Pitch", "gaze_pitch"):
        assert (fex[name] == pitch * raw[name]).all()
    turned = [] if kept else ["Pitch", "gaze_pitch"]
    pd.testing.assert_frame_equal(
        pd.DataFrame(fex).drop(columns=turned),
        raw.drop(columns=turned),
        check_dtype=False,
        check_exact=True,
    )


def test_a_sidecar_settles_the_signs_too(tmp_path):
    path = write(tmp_path / "t.csv", HEADERS["feat-v2"])
    (tmp_path / "t.meta.json").write_text(
        '{"genface_table": 1, "attrs": {"pyfeat_version": "2.0.3"}}'
    )
    fex = genface.read_feat(path)
    assert fex.attrs["pose_sign"] == "genface"
    assert (fex["Pitch"] == -pd.read_csv(path)["Pitch"]).all()


def test_a_file_of_ours_is_read_once_and_for_all(tmp_path):
    path = write(tmp_path / "t.csv", HEADERS["feat-v2"])
    first = genface.read_feat(path, pyfeat_version="2.0.3")
    again = genface.read_table(first.write(tmp_path / "again.csv", columns="all"))
    assert (again["Pitch"] == first["Pitch"]).all()  # not turned a second time
    assert again.attrs == first.attrs


def test_signs_of_detectorv1_did_not_change(tmp_path):
    path = write(tmp_path / "t.csv", HEADERS["feat-v1"])
    fex = genface.read_feat(path, pyfeat_version="2.0.3")
    assert (fex["Pitch"] == pd.read_csv(path)["Pitch"]).all()
    assert fex.attrs["pose_sign"] == "genface"
    assert fex.detector == "Detectorv1"
    assert list(fex.emotions) == list(V1) and list(fex.gazes) == list(GAZE)
    with pytest.raises(InputError, match="pyfeat_version='latest'"):
        genface.read_feat(path, pyfeat_version="latest")


@pytest.mark.filterwarnings("ignore:the signs of Pitch")
def test_decisions_are_no_beliefs(tmp_path):
    path = write(tmp_path / "t.csv", HEADERS["feat-v1"], dict.fromkeys(AUS, [0, 1, 1]))
    assert genface.read_feat(path).attrs["au_scale"] == "occurrence"


def test_mpdetector_is_no_detectorv1(tmp_path):
    path = write(tmp_path / "t.csv", HEADERS["mpdetector"])
    raw, fex = pd.read_csv(path), genface.read_feat(path)
    assert fex.detector == "MPDetector" and fex.attrs["pose_sign"] == "mpdetector"
    assert fex.mesh.shape == (3, 1434) and fex.landmarks.shape == (3, 136)
    assert (fex["mesh_y_400"] == raw["y_400"]).all()
    assert (fex["x_0"] == raw[f"x_{LANDMARKS_68[0]}"]).all()
    assert (fex["y_67"] == raw[f"y_{LANDMARKS_68[67]}"]).all()
    assert fex.blendshapes.shape == (3, 52)


@pytest.mark.parametrize(
    ("name", "turn", "expected"),
    [
        ("Pitch", 0.3, ("Pitch", -0.3)),  # about the line through the ears: down
        ("Roll", 0.3, ("Yaw", -0.3)),  # about the vertical axis: to image right
        ("Yaw", 0.3, ("Roll", 0.3)),  # about the line of sight: top to image left
    ],
)
def test_mpdetectors_angles_get_their_names(name, turn, expected, tmp_path):
    angles = dict.fromkeys(("Pitch", "Roll", "Yaw"), 0.0) | {name: turn}
    path = write(tmp_path / "t.csv", HEADERS["mpdetector"], angles)
    feat = genface.read_feat(path).to_feat()
    wanted = dict.fromkeys(("Pitch", "Roll", "Yaw"), 0.0) | dict([expected])
    for angle, value in wanted.items():
        np.testing.assert_allclose(feat[angle], value, atol=1e-12)
    assert feat.attrs["pose_sign"] == "genface" and "X" not in feat


@pytest.mark.filterwarnings("ignore:the signs of Pitch")
def test_unknown_signs_are_not_converted(tmp_path):
    fex = genface.read_table(write(tmp_path / "t.csv", HEADERS["feat-v2"]))
    with pytest.raises(InputError, match="which version of py-feat"):
        fex.to_feat()
    known = genface.read_table(tmp_path / "t.csv", pyfeat_version="2.1.5")
    pd.testing.assert_frame_equal(known.to_feat(), known)


LIBREFACE = """\
frame_idx,frame_time_in_ms,pitch,yaw,roll,lm_mp_0_x,au_12,au_12_intensity,au_4_intensity
0,0.0,1.0,2.0,3.0,0.5,1,2.5,0
1,0.04,1.0,2.0,3.0,0.5,0,5,1
"""


def test_libreface_is_read_and_its_slips_are_put_right(tmp_path):
    (tmp_path / "t.csv").write_text(LIBREFACE)
    fex = genface.read_libreface(tmp_path / "t.csv")
    assert fex.attrs["au_scale"] == "facs"
    assert list(fex.aus) == ["au_12", "au_12_intensity", "au_4_intensity"]
    assert list(fex.poses) == ["pitch", "yaw", "roll"]
    feat = fex.to_feat()
    assert feat["AU12"].tolist() == [0.5, 1.0] and feat["AU04"].tolist() == [0, 0.2]
    assert feat["time"].tolist() == [0, 0.04]  # seconds, whatever the name says
    assert feat.poses.empty and feat.attrs["au_scale"] == "intensity"
    with pytest.raises(InputError, match="expected a table of OpenFace.*LibreFace"):
        genface.read_openface(tmp_path / "t.csv")


def test_blendshapes_from_a_file_in_any_spelling(tmp_path):
    names = [name[0].upper() + name[1:] for name in BLENDSHAPES]
    path = write(tmp_path / "t.csv", ["timestamp_ms", *names])
    fex = genface.read_mediapipe(path)
    assert list(fex.blendshapes) == list(BLENDSHAPES)
    feat = fex.to_feat()
    smile = fex[["mouthSmileLeft", "mouthSmileRight"]].mean(axis=1)
    np.testing.assert_allclose(feat["AU12"], smile, rtol=1e-15)
    np.testing.assert_allclose(feat["AU01"], fex["browInnerUp"], rtol=1e-15)
    assert feat.attrs["au_scale"] == "presence"
    assert "AU23" not in feat  # no shape is a lip tightener
    assert (feat["time"] == fex["timestamp_ms"] / 1000).all()


def test_blendshapes_from_results():
    def shape(name, score):
        return SimpleNamespace(category_name=name, score=score)

    two = [[shape("jawOpen", 0.25)], [shape("jawOpen", 0.75)]]
    results = [SimpleNamespace(face_blendshapes=faces) for faces in (two, [])]
    fex = genface.read_mediapipe(results, times=[0.0, 0.5])
    assert fex["jawOpen"].tolist()[:2] == [0.25, 0.75]
    assert fex["face_id"].tolist()[:2] == [0, 1]
    assert fex["status"].tolist() == ["ok", "ok", "no_face"]
    assert fex["time"].tolist() == [0, 0, 0.5]
    assert fex.blendshapes.iloc[2].isna().all()
    with pytest.raises(InputError, match="1 times for 2 results"):
        genface.read_mediapipe(results, times=[0.0])
    with pytest.raises(InputError, match="frame 0 is a int"):
        genface.read_mediapipe([3])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("frame,AU01\n0,high\n", "AU01|high"),
        (" frame, AU01_r,AU01_r \n0,1,2\n", "appear twice: AU01_r"),
        ("frame,timestamp\n0,0.5\n", "expected a table of OpenFace"),
        ("day,weather\n1,rain\n", "no column of a face table"),
    ],
)
def test_tables_that_are_not_what_they_should_be(text, problem, tmp_path):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=problem):
        genface.read_openface(tmp_path / "t.csv")


def test_a_column_of_words_in_parquet_is_named(tmp_path):
    pd.DataFrame({"AU01_r": ["high", "low"]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match="AU01_r should hold numbers.*'high'"):
        genface.read_openface(tmp_path / "t.parquet")


@pytest.mark.filterwarnings("ignore:the signs of Pitch")
def test_a_column_without_any_value_is_nan(tmp_path):
    path = write(tmp_path / "t.csv", HEADERS["feat-v1"], {"AU04": np.nan})
    fex = genface.read_feat(path)
    assert fex["AU04"].isna().all() and fex["AU04"].dtype == np.float64


@pytest.mark.filterwarnings("ignore:the signs of Pitch")
def test_news_sample_is_read_as_it_is(shared):
    for path in sorted((shared / "data" / "news_sample").glob("0*.csv"))[:3]:
        fex, raw = genface.read_feat(path), pd.read_csv(path)
        assert fex.attrs["dialect"] == "feat-v2"
        pd.testing.assert_frame_equal(
            pd.DataFrame(fex), raw, check_dtype=False, check_exact=True
        )
        assert fex.identity_embeddings.isna().all(axis=None)


@pytest.mark.filterwarnings("ignore:the signs of Pitch")
def test_an_old_table_of_py_feat(shared):
    fex = genface.read_table(shared / "data" / "tables" / "Feat_Test.csv")
    assert fex.attrs["dialect"] == "feat-v1" and fex.shape == (1, 173)
    assert fex.attrs["pose_unit"] == "degrees"
    assert list(fex.poses) == ["Pitch", "Roll", "Yaw"] and fex.aus.shape == (1, 20)
    assert fex.emotions["happiness"].item() == pytest.approx(0.987, abs=1e-3)


# OpenFace

OPENFACE = """\
frame, face_id, timestamp, confidence, success, gaze_0_x, gaze_0_y, gaze_0_z, \
gaze_1_x, gaze_1_y, gaze_1_z, gaze_angle_x, gaze_angle_y, pose_Tx, pose_Ty, pose_Tz, \
pose_Rx, pose_Ry, pose_Rz, AU12_r, AU45_r, AU12_c
1, 0, 0.0, 0.98, 1, 0, 0, -1, 0, 0, -1, 0, 0, 10, 20, 600, 0.2, 0, 0, 2.5, 5, 1
2, 0, 0.04, 0.98, 1, -0.6, 0, -0.8, -0.6, 0, -0.8, 0, 0, 10, 20, 600, 0, 0.2, 0, 1, 0, 0
3, 0, 0.08, 0.98, 1, 0, -0.6, -0.8, 0, -0.6, -0.8, 0, 0, 10, 20, 600, 0, 0, 0.2, 0, 0, 0
4, 0, 0.12, 0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
"""


@pytest.fixture
def openface(tmp_path) -> Path:
    path = tmp_path / "of.csv"
    path.write_bytes(OPENFACE.replace("\n", "\r\n").encode())
    return path


def test_openface_is_read_as_it_is(openface):
    fex = genface.read_openface(openface)
    raw = pd.read_csv(io.StringIO(OPENFACE), skipinitialspace=True)
    pd.testing.assert_frame_equal(
        pd.DataFrame(fex)[raw.columns.tolist()], raw, check_dtype=False
    )
    assert (fex.inputs == str(openface)).all()
    assert list(fex.aus) == ["AU12_r", "AU45_r", "AU12_c"]
    assert len(fex.poses.columns) == 6 and len(fex.gazes.columns) == 8
    assert list(fex.time) == ["frame", "timestamp"]
    assert fex.attrs["au_scale"] == "facs"
    some = genface.read_openface(openface, features=["frame", "AU12_r"])
    assert list(some) == ["frame", "AU12_r"]
    with pytest.raises(InputError, match="no columns AU99_r"):
        genface.read_openface(openface, features=["AU99_r"])


def test_openface_in_our_terms(openface):
    feat = genface.read_openface(openface).to_feat()
    assert feat["AU12"].tolist()[:3] == [0.5, 0.2, 0.0]
    assert feat["AU45"].tolist()[0] == 1.0
    assert feat.loc[3, ["AU12", "Pitch", "gaze_yaw"]].isna().all()  # not zero
    assert feat["status"].tolist() == ["ok", "ok", "ok", "no_face"]
    assert feat["frame"].tolist() == [0, 1, 2, 3]
    assert feat["time"].tolist() == [0, 0.04, 0.08, 0.12]
    assert feat.loc[0, ["X", "Y", "Z"]].tolist() == [1, 2, 60]  # centimetres
    # Turning about x (right) tips the nose down; about y (down) turns it to image
    # left; about z (away) tips the top of the head to image right.
    np.testing.assert_allclose(feat["Pitch"][:3], [-0.2, 0, 0], atol=1e-15)
    np.testing.assert_allclose(feat["Yaw"][:3], [0, 0.2, 0], atol=1e-15)
    np.testing.assert_allclose(feat["Roll"][:3], [0, 0, -0.2], atol=1e-15)
    assert feat["gaze_yaw"][1] == pytest.approx(np.arctan(0.75))  # image left
    assert feat["gaze_pitch"][2] == pytest.approx(np.arctan(0.75))  # up
    assert feat.attrs["au_scale"] == "intensity"
    assert feat.attrs["pose_sign"] == "genface" and "dialect" not in feat.attrs


def test_openfaces_pose_agrees_with_its_own_points_in_space(shared):
    """Where the face points, from the 3-D landmarks alone."""
    raw = genface.read_openface(shared / "data" / "tables" / "OpenFace_Test.csv")
    assert raw.shape == (100, 432)
    points = np.stack(
        [raw[[f"{a}_{i}" for i in range(68)]].to_numpy() for a in "XYZ"], -1
    ) * [1, -1, -1]
    right, left = points[:, 36:42].mean(1), points[:, 42:48].mean(1)
    across = left - right
    down = points[:, [48, 54]].mean(1) - (left + right) / 2
    forward = np.cross(down, across)
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    turn = rotation_from_euler(raw.to_feat()[["Pitch", "Roll", "Yaw"]].to_numpy())
    angle = np.arccos(np.einsum("ti,ti->t", turn[:, :, 2], forward))
    assert angle.max() < np.radians(12)  # eyes and mouth are not quite in one plane
    tilt = np.arctan2(across[:, 1], across[:, 0])
    top = np.arctan2(turn[:, 1, 0], turn[:, 0, 0])
    assert np.abs(tilt - top).max() < np.radians(5)


def test_openface_there_and_back(shared, tmp_path):
    raw = genface.read_openface(shared / "data" / "tables" / "OpenFace_Test.csv")
    path = genface.write_openface(raw.to_feat(), tmp_path / "back.csv")
    assert b" " not in path.read_bytes().split(b"\n")[0]
    back = genface.read_openface(path)
    kept = [name for name in back if name in raw and "gaze" not in name]
    kept.remove("input")
    assert sum(name.endswith("_r") for name in kept) == 17
    assert {"pose_Rx", "pose_Tz", "x_67", "frame", "success"} <= set(kept)
    pd.testing.assert_frame_equal(
        pd.DataFrame(back[kept]),
        pd.DataFrame(raw[kept]),
        check_dtype=False,
        rtol=0,
        atol=1e-9,
    )
    eyes = raw[["gaze_0_x", "gaze_1_x"]].mean(axis=1)
    np.testing.assert_allclose(back["gaze_0_x"], eyes, atol=0.01)
    as_is = genface.write_openface(raw, tmp_path / "as_is.csv")
    assert pd.read_csv(as_is).shape == (100, 431)


def ours(scale: str = "intensity") -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "Pitch": [0.3, 0.0],
            "Roll": 0.0,
            "Yaw": [0.0, 0.2],
            "AU12": [0.5, np.nan],
            "gaze_pitch": [0.1, 0.0],
            "gaze_yaw": 0.0,
            "input": "a.mp4",
            "frame": [0, 1],
        }
    )
    table.attrs = {"au_scale": scale, "fps": 25.0, "gaze_frame": "head"}
    return table


def test_writing_openface(tmp_path):
    written = pd.read_csv(genface.write_openface(ours(), tmp_path / "t.csv"))
    assert written["AU12_r"].tolist() == [2.5, 0.0]
    assert written["success"].tolist() == [1, 0]
    assert written["frame"].tolist() == [1, 2]
    assert written["timestamp"].tolist() == [0, 0.04]
    assert written["pose_Rx"].tolist() == pytest.approx([-0.3, 0])
    # The eyes' 0.1 up, in a head that is 0.3 up, is 0.4 up for the camera (y is down).
    assert written["gaze_0_y"][0] == pytest.approx(-np.sin(0.4))
    assert written["gaze_angle_y"][0] == pytest.approx(-0.4)
    beliefs = pd.read_csv(genface.write_openface(ours("presence"), tmp_path / "p.csv"))
    assert "AU12_r" not in beliefs and beliefs["AU12_c"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda t: t.attrs.pop("au_scale"), "au_scale is None"),
        (lambda t: t.attrs.update(pose_sign="unknown"), "signs of this table's pose"),
        (lambda t: t.pop("AU12"), "no AU columns"),
        (lambda t: t.__setitem__("input", ["a", "b"]), "2 inputs"),
    ],
)
def test_what_openface_could_not_have_written(change, problem, tmp_path):
    table = ours()
    change(table)
    with pytest.raises(InputError, match=problem):
        genface.write_openface(table, tmp_path / "t.csv")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match=r"ends in \.csv"):
        genface.write_openface(table, tmp_path / "t.parquet")


def test_conversion_leaves_our_own_tables_alone(tmp_path):
    table = ours()
    pd.testing.assert_frame_equal(to_feat(table), table)
    path = write(tmp_path / "t.csv", HEADERS["genface"])
    assert read_any(path).attrs == {"dialect": "genface"}


def test_action_units_may_be_spelled_without_their_zero(tmp_path):
    path = write(tmp_path / "t.csv", ["AU1", "AU6_L", "AU12"])
    table = read_any(path)
    assert list(table) == ["AU01", "AU06_L", "AU12"]
    assert list(genface.Fex(pd.read_csv(path)).aus) == ["AU1", "AU6_L", "AU12"]
    assert list(au_strengths(["AU1", "AU12"])) == ["AU01", "AU12"]
    with pytest.raises(InputError, match="twice: AU1, AU01"):
        read_any(write(path, ["AU1", "AU01", "AU12"]))
