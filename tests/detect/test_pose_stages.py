"""Head pose stages: signs and positions by projecting faces with a pinhole camera."""

import numpy as np
import pytest
import stand_ins
from scipy.spatial.transform import Rotation
from scipy.special import erf
from seeded_ports import seeded, seeded_port, shapes_of
from stand_ins import Told

from genface.detect.pose_stages import ORIGIN, UNIT, FinderPose, LandmarkPose
from genface.geometry import rotation_from_euler

MEAN, SPREAD = np.linspace(-0.1, 0.1, 6), np.linspace(0.5, 1.5, 6)
HEIGHTS, WIDTHS = np.array([150, 150, 150, 120]), np.array([200, 200, 200, 160])
POINTS = stand_ins.canonical_points()


def in_camera(angles):
    """Angles of img2pose (..., 3) about x, y, z as a rotation: x right, y down."""
    return Rotation.from_euler("xyz", angles).as_matrix()


def seen_at(rotations, position):
    """Landmarks (4, 68, 2) of far canonical faces, weakly in perspective."""
    turned = (POINTS @ np.swapaxes(rotations, 1, 2)) * [1, -1, -1]
    scale = np.maximum(HEIGHTS, WIDTHS) / position[:, 2]
    middle = position[:, :2] * scale[:, None] + np.stack([WIDTHS, HEIGHTS], 1) / 2
    return turned[..., :2] * scale[:, None, None] + middle[:, None]


def landmark_pose(angles, landmarks):
    """What the stage says if the network says angles (4, 3) in camera axes."""
    raw = np.concatenate([angles, np.full((4, 3), 7)], axis=1)
    stage = LandmarkPose(Told(out=(raw - MEAN) / SPREAD), MEAN, SPREAD, POINTS)
    faces = stand_ins.batch()
    faces.found["landmarks"] = landmarks
    return stage(faces)


def finder_pose(angles, position):
    """What the stage says of poses as img2pose tells them."""
    vectors = Rotation.from_euler("xyz", angles).as_rotvec()
    return FinderPose()(stand_ins.batch(np.concatenate([vectors, position], axis=1)))


FAR = np.tile([0.0, 0, 8], (4, 1))


@pytest.fixture(params=["landmarks", "finder"])
def told(request):
    """Angles Pitch, Roll, Yaw of a stage for angles about the camera's axes."""
    if request.param == "finder":
        return lambda angles: finder_pose(angles, FAR)[:, :3]
    return lambda angles: landmark_pose(angles, stand_ins.face_shares() * 100)[:, :3]


def test_pitch_is_positive_when_the_nose_points_up(told):
    angles = np.tile([0.3, 0, 0], (4, 1))
    nose = in_camera(angles)[0] @ [0, 0, -1]  # toward the camera is -z
    np.testing.assert_allclose(told(angles), [[-0.3, 0, 0]] * 4, atol=1e-6)
    assert nose[1] > 0  # y points down: the nose does, and Pitch is negative


def test_yaw_is_positive_when_the_nose_points_to_image_left(told):
    angles = np.tile([0, 0.25, 0], (4, 1))
    nose = in_camera(angles)[0] @ [0, 0, -1]
    np.testing.assert_allclose(told(angles), [[0, 0, 0.25]] * 4, atol=1e-6)
    assert nose[0] < 0


def test_roll_is_positive_when_the_crown_tilts_to_image_left(told):
    angles = np.tile([0, 0, -0.2], (4, 1))
    crown = in_camera(angles)[0] @ [0, -1, 0]
    np.testing.assert_allclose(told(angles), [[0, 0.2, 0]] * 4, atol=1e-6)
    assert crown[0] < 0


def test_angles_together_are_those_of_the_same_rotation(told):
    angles = np.array([[0.3, -0.5, 0.2], [-0.2, 0.7, 0.4], [0.1, 0.1, -0.6], [0, 0, 0]])
    flip = np.diag([1, -1, -1])
    expected = flip @ in_camera(angles) @ flip
    np.testing.assert_allclose(rotation_from_euler(told(angles)), expected, atol=1e-6)


def test_positions_are_found_again_from_landmarks():
    angles = np.array([[0.3, -0.5, 0.2], [-0.2, 0.7, 0.4], [0.1, 0.1, -0.6], [0, 0, 0]])
    position = np.array([[3, -2, 60], [-6, 4, 90], [0, 0, 40], [10, 10, 200.0]])
    flip = np.diag([1, -1, -1])
    landmarks = seen_at(flip @ in_camera(angles) @ flip, position)
    found = landmark_pose(angles, landmarks)
    np.testing.assert_allclose(found[:, 3:], position, rtol=1e-4, atol=1e-4)


def test_a_face_to_the_right_and_below_is_at_positive_x_and_y():
    ahead = np.tile(np.eye(3), (4, 1, 1))
    landmarks = seen_at(ahead, np.array([[5.0, 8, 50]] * 4))
    found = landmark_pose(np.zeros((4, 3)), landmarks)
    assert (found[:, 3:5] > 0).all()
    found = finder_pose(np.zeros((4, 3)), np.array([[0.5, 0.8, 8]] * 4))
    assert (found[:, 3:5] > 0).all()


def test_a_finders_position_puts_the_canonical_face_where_its_own_is_seen():
    """The two faces' origins project to one place, as large in both cameras."""
    angles = np.array([[0.1, -0.3, 0.2], [-0.2, 0.4, 0], [0, 0, -0.3], [0, 0, 0]])
    there = np.array([[0.5, -0.3, 7], [-1, 0.4, 9], [0, 0, 5], [0.2, 0.1, 12]])
    found = finder_pose(angles, there)[:, 3:]
    origin = np.einsum("nij,j->ni", in_camera(angles), ORIGIN) + there
    before = origin[:, :2] / origin[:, 2:] * (HEIGHTS + WIDTHS)[:, None]
    after = found[:, :2] / found[:, 2:] * np.maximum(HEIGHTS, WIDTHS)[:, None]
    np.testing.assert_allclose(after, before, rtol=1e-9)
    own_size = (HEIGHTS + WIDTHS) / origin[:, 2]  # pixels of its unit
    size = np.maximum(HEIGHTS, WIDTHS) / found[:, 2] * UNIT
    np.testing.assert_allclose(size, own_size, rtol=1e-9)


@pytest.mark.parity
def test_the_canonical_face_is_img2poses_in_centimetres(shared):
    with np.load(shared / "parity/img2pose.npz") as kept:
        own = kept["threed_68"].astype(float) * [1, -1, -1]
    inner = slice(17, None)
    moved = UNIT * (own - ORIGIN * np.array([1, -1, -1]))
    np.testing.assert_allclose(moved[inner].mean(0), POINTS[inner].mean(0), atol=0.2)
    spread = [np.sqrt(x[inner].var(0).sum()) for x in (moved, POINTS)]
    np.testing.assert_allclose(spread[0], spread[1], rtol=0.02)


def test_faces_without_a_pose_are_nan():
    assert np.isnan(FinderPose()(stand_ins.batch())).all()
    poses = np.concatenate([np.zeros((4, 3)), FAR], axis=1)
    poses[1] = np.nan
    missing = np.isnan(FinderPose()(stand_ins.batch(poses)))
    np.testing.assert_array_equal(missing.all(1), [False, True, False, False])
    np.testing.assert_array_equal(missing.any(1), missing.all(1))


def mlp_in_numpy(x):
    """Three dense layers with norms and exact GELUs, and a last one."""
    weights = {k: seeded(k, shape) for k, shape in shapes_of("pose_mlp_v2").items()}

    def dense(x, k):
        return x @ weights[f"net.{k}.weight"].T + weights[f"net.{k}.bias"]

    for k in (0, 4, 8):
        y = dense(x, k)
        y = (y - y.mean(1, keepdims=True)) / np.sqrt(y.var(1, keepdims=True) + 1e-5)
        y = y * weights[f"net.{k + 1}.weight"] + weights[f"net.{k + 1}.bias"]
        x = y * (1 + erf(y / np.sqrt(2))) / 2
    return dense(x, 12)


def test_angles_equal_the_network_in_numpy():
    faces = stand_ins.batch()
    landmarks = stand_ins.face_shares().astype(float) * [80, 110] + [300, -20]
    faces.found["landmarks"] = landmarks
    stage = LandmarkPose(seeded_port("pose_mlp_v2"), MEAN, SPREAD, POINTS)
    x, y = landmarks[..., 0], landmarks[..., 1]
    apart = np.hypot(x[:, 36] - x[:, 45], y[:, 36] - y[:, 45])[:, None]
    given = np.hstack([x - x.mean(1)[:, None], y - y.mean(1)[:, None]]) / apart
    angles = (mlp_in_numpy(given) * SPREAD + MEAN)[:, :3]
    flip = np.diag([1, -1, -1])
    expected = flip @ in_camera(angles) @ flip
    found = rotation_from_euler(stage(faces)[:, :3])
    np.testing.assert_allclose(found, expected, atol=1e-4)
