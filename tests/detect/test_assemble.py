"""Columns of made-up meshes: a rig turned, moved and scaled by known amounts."""

import numpy as np
import pytest

from genface.avatar import Rig
from genface.detect.assemble import Sighting, face_table
from genface.detect.facemesh import Mesh
from genface.detect.sources import Source
from genface.detect.tracking import Face
from genface.facs import AU_NAMES, EMOTIONS
from genface.geometry import rotation_from_euler
from genface.geometry.mesh_points import LANDMARKS_68

HEIGHT, WIDTH = 480, 640


class Scale:
    """Stands in for the AU model: AU12 is the mesh's size against the baseline."""

    unseen = ("AU04",)

    def neutral(self, mesh):
        return np.full((478, 2), np.ptp(mesh[:, :, 0], axis=1).min())

    def aus(self, mesh, neutral=None, all_aus=False):
        aus = np.zeros((len(mesh), 20))
        size = np.ptp(mesh[:, :, 0], axis=1)
        aus[:, AU_NAMES.index("AU12")] = size / (
            1 if neutral is None else neutral[0, 0]
        )
        aus[:, AU_NAMES.index("AU04")] = 0.5 if all_aus else np.nan
        return aus


def seen(pose=(0, 0, 0), position=(0, 0, 60)):
    """The neutral head at a place in camera axes (cm), as a mesh in pixels."""
    head = Rig.default().neutral[:478] @ rotation_from_euler(np.array(pose, float)).T
    scale = max(HEIGHT, WIDTH) / position[2]
    pixels = (head * [1, -1, -1] + [position[0], position[1], 0]) * scale
    return (pixels + [WIDTH / 2, HEIGHT / 2, 0]).astype(np.float32)


def row(mesh=None, frame=0, face_id=0, source=None, time=None):
    face = None if mesh is None else Face(face_id, Mesh(mesh, 0.75))
    time = frame / 25 if time is None else time
    return Sighting(source or CLIP, frame, time, HEIGHT, WIDTH, face)


CLIP = Source("a.mp4", "video", None)
PICTURE = Source("b.png", "image", None)


def table(*rows, **options):
    return face_table(rows, Rig.default().neutral[:478], Scale(), **options)


def test_columns_are_detectorv2s_without_what_nothing_measures():
    columns = list(table(row(seen())).columns)
    ends = [columns.index(name) for name in ("FaceRectX", "x_0", "y_67", "Pitch")]
    assert ends == [0, 5, 140, 141]
    assert columns[147:167] == list(AU_NAMES) and columns[167:174] == list(EMOTIONS)
    assert columns[174:178] == ["gaze_pitch", "gaze_yaw", "gaze_angle", "mesh_x_0"]
    assert columns[-9:-7] == ["mesh_z_477", "FrameHeight"]
    assert columns[-7:] == [
        "FrameWidth",
        "input",
        "frame",
        "approx_time",
        "time",
        "face_id",
        "status",
    ]
    assert len(columns) == 5 + 136 + 6 + 20 + 7 + 3 + 3 * 478 + 8


@pytest.mark.parametrize(
    "pose", [(0.3, 0, 0), (0, 0.3, 0), (0, 0, 0.3), (-0.2, 0.1, -0.4)]
)
def test_pose_and_position_are_those_that_were_set(pose):
    found = table(row(seen(pose, (5, -3, 70)))).iloc[0]
    np.testing.assert_allclose(
        found[["Pitch", "Roll", "Yaw"]].tolist(), pose, atol=1e-5
    )
    np.testing.assert_allclose(found[["X", "Y", "Z"]].tolist(), [5, -3, 70], atol=1e-3)


def test_boxes_landmarks_and_mesh_are_the_meshs_points():
    mesh = seen((0.1, 0.2, 0.3))
    found = table(row(mesh)).iloc[0]
    x, y, w, h = (found[f"FaceRect{n}"] for n in ("X", "Y", "Width", "Height"))
    np.testing.assert_allclose([x, y], mesh[:468, :2].min(0))
    np.testing.assert_allclose([x + w, y + h], mesh[:468, :2].max(0), rtol=1e-6)
    assert found["FaceScore"] == 0.75
    for i, vertex in enumerate(LANDMARKS_68):
        assert (found[f"x_{i}"], found[f"y_{i}"]) == tuple(mesh[vertex, :2])
    depth = [found[f"mesh_z_{i}"] * w for i in range(478)]
    np.testing.assert_allclose(depth, mesh[:, 2], rtol=1e-4, atol=1e-3)


def test_a_frame_without_a_face_is_a_row_of_nan():
    found = table(row(seen(), 0), row(None, 1))
    empty = found.iloc[1]
    assert list(found["status"]) == ["ok", "no_face"] and empty["frame"] == 1
    known = {"FrameHeight", "FrameWidth", "input", "frame", "time", "approx_time"}
    assert set(empty.dropna().index) == known | {"status"}
    assert table(row(None))["FaceRectX"].isna().all()  # also when nobody is there


def test_a_rest_position_looks_straight_ahead_however_the_head_is_turned():
    found = table(row(seen((0.2, 0.1, 0.3))))
    np.testing.assert_allclose(found[["gaze_pitch", "gaze_yaw"]], 0, atol=1e-4)


def test_gaze_is_the_rigs_in_sign_and_about_in_size():
    rig = Rig.default()
    looked = np.array([[0.2, 0.0], [0.0, 0.3]])
    turned = rig.vertices(np.zeros((2, 1)), gaze=looked)[:, :478]
    meshes = turned * [1, -1, -1] * 10 + [WIDTH / 2, HEIGHT / 2, 0]
    found = table(*(row(m.astype(np.float32), i) for i, m in enumerate(meshes)))
    pitch, yaw = found["gaze_pitch"], found["gaze_yaw"]
    assert 0.1 < pitch[0] < 0.4 and abs(yaw[0]) < 0.02
    assert 0.2 < yaw[1] < 0.5 and abs(pitch[1]) < 0.02


def test_people_of_a_clip_have_their_own_baselines_and_pictures_have_none():
    near, far = seen(position=(0, 0, 50)), seen(position=(0, 0, 100))
    found = table(
        row(near, 0, face_id=0),
        row(near, 1, face_id=0),
        row(far, 0, face_id=1),
        row(near, 1, face_id=1),
        row(near, 0, source=PICTURE, time=np.nan),
    )
    assert found["AU12"].iloc[:4].round(3).tolist() == [1.0, 1.0, 1.0, 2.0]
    assert np.isclose(found["AU12"].iloc[4], np.ptp(near[:, 0]))
    assert found["AU04"].isna().all()


def test_a_face_in_a_single_frame_of_a_clip_is_read_as_in_a_picture():
    found = table(row(seen(), 0), row(None, 1))
    assert np.isclose(found["AU12"].iloc[0], np.ptp(seen()[:, 0]))


def test_all_aus_are_written_when_asked_for_and_change_no_emotion():
    some, every = table(row(seen())), table(row(seen()), all_aus=True)
    assert every["AU04"].tolist() == [0.5] and some["AU04"].isna().all()
    np.testing.assert_array_equal(some[list(EMOTIONS)], every[list(EMOTIONS)])


def test_times_are_seconds_and_cut_to_whole_ones_for_readers_of_py_feat():
    found = table(row(seen(), 0, time=61.9), row(seen(), 1, time=5.0))
    assert found["approx_time"].tolist() == ["01:01", "00:05"]
    assert "approx_time" not in table(row(seen(), 0, source=PICTURE, time=np.nan))
