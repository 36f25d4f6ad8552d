"""Poses in a box and in the whole picture: projections, and the original's numbers."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from genface.geometry.box_pose import euler_of, head_boxes, pose_in_picture
from genface.nets.img2pose_faces import POSE_MEAN, POSE_STD

HEIGHT, WIDTH = 100, 140
FACE = np.random.default_rng(0).uniform(-1, 1, (30, 3)) * [0.7, 0.9, 0.3]


def pixels(points, focal, middle):
    return points[:, :2] / points[:, 2:] * focal + middle


def moved(pose):
    return Rotation.from_rotvec(pose[:3]).apply(FACE) + pose[3:]


@pytest.mark.parity
def test_equals_the_original(shared):
    with np.load(shared / "parity/img2pose.npz") as file:
        given = file["pose_dofs_normalised"] * POSE_STD + POSE_MEAN
        poses = pose_in_picture(given, file["proposals"], 128, 160)
        np.testing.assert_allclose(poses, file["pose_global"], atol=1e-5)
        boxes = head_boxes(file["pose_global"], file["threed_68"], 128, 160)
        np.testing.assert_array_equal(boxes, file["pose_boxes"])
        angles = euler_of(file["pose_global"][:, :3])
        np.testing.assert_allclose(angles, file["pose_euler"], atol=1e-5)


def test_the_whole_picture_as_box_scales_only_the_distance():
    poses = np.array([[0.2, -0.4, 0.1, 0.3, -0.2, 4.0], [0, 0, 0, 0, 0, 3.0]])
    found = pose_in_picture(poses, [[0, 0, WIDTH, HEIGHT]] * 2, HEIGHT, WIDTH)
    np.testing.assert_allclose(found, poses, atol=1e-12)


def test_a_face_straight_ahead_projects_into_its_box():
    box = np.array([20.0, 10, 60, 70])
    pose = np.array([0, 0, 0, 0, 0, 50.0])  # far: no perspective
    whole = pose_in_picture(pose[None], box[None], HEIGHT, WIDTH)[0]
    focal, (across, down) = HEIGHT + WIDTH, box[2:] - box[:2]
    centre = (FACE - FACE).mean(0) + whole[3:]
    np.testing.assert_allclose(
        pixels(centre[None], focal, [WIDTH // 2, HEIGHT // 2])[0], [40, 40]
    )
    # As large in the picture as a camera of focal length w + h of the box sees it.
    size = np.ptp(pixels(moved(whole), focal, 0), axis=0)
    np.testing.assert_allclose(
        size, np.ptp(pixels(moved(pose), across + down, 0), axis=0), rtol=0.05
    )


@pytest.mark.parametrize(
    ("about_z", "side"), [(0.0, 1), (0.9, 1), (1.5, 2), (-1.5, 0), (3.0, 3), (-3.0, 3)]
)
def test_the_forehead_is_where_the_top_of_the_head_is(about_z, side):
    pose = np.array([[0, 0, about_z, 0, 0, 10.0]])
    points = pixels(moved(pose[0]), HEIGHT + WIDTH, [WIDTH // 2, HEIGHT // 2])
    low, high = points.min(0), points.max(0)
    margin = 0.05 * (high - low)
    expected = np.concatenate([low - margin, high + margin])
    extra = 0.3 * (high - low)
    expected[side] += [-extra[0], -extra[1], extra[0], extra[1]][side]
    found = head_boxes(pose, FACE, HEIGHT, WIDTH)[0]
    np.testing.assert_array_equal(found, np.trunc(expected))


def test_boxes_end_with_the_picture():
    near = np.array([[0, 0, 0, 0, 0, 1.5]])
    assert head_boxes(near, FACE, HEIGHT, WIDTH).tolist() == [[0, 0, WIDTH, HEIGHT]]
