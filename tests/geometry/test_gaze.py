"""Gaze of a synthetic head whose eyes are turned by known angles."""

import numpy as np
import pytest

from genface.geometry import eye_angles, gaze_angle, in_camera, rotation_from_euler
from genface.geometry import mesh_points as points
from genface.geometry.gaze import IRIS_DISTANCE
from genface.geometry.pose import similarity


def head(opening=0.3):
    """A made-up neutral mesh with plausible eyes; the rest is a random cloud."""
    mesh = np.random.default_rng(0).uniform(-7, 7, (478, 3))
    for side, upper, lower, iris in (
        (-1, points.RIGHT_LID_UPPER, points.RIGHT_LID_LOWER, points.RIGHT_IRIS),
        (1, points.LEFT_LID_UPPER, points.LEFT_LID_LOWER, points.LEFT_IRIS),
    ):
        across = np.linspace(-1.4, 1.4, 9)
        arch = opening * 1.4 * np.sin(np.linspace(0, np.pi, 9))
        for path, sign in ((upper, 1), (lower, -1)):
            mesh[list(path)] = np.stack(
                [side * 3.1 + across, 2.6 + sign * arch, np.full(9, 3.4)], axis=1
            )
        mesh[list(iris)] = [side * 3.1, 2.7, 3.9]
    return mesh


def looking(neutral, pitch, yaw):
    """Turn both eyeballs; +pitch up, +yaw to the subject's right (image left)."""
    mesh = neutral.copy()
    ahead = np.array([0, 0, IRIS_DISTANCE])
    there = IRIS_DISTANCE * np.array(
        [-np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)]
    )
    for iris in points.IRISES:
        mesh[list(iris)] += there - ahead
    return mesh


def seen(mesh, pose=(0, 0, 0), scale=20.0):
    rotation = rotation_from_euler(np.array(pose, float))
    return scale * mesh @ rotation.T + np.array([300, -200, 0])


def angles(neutral, mesh):
    rigid = np.ones(478)
    rigid[468:] = 0  # the eyes turn, the head does not
    return eye_angles(mesh, similarity(neutral, mesh, rigid), neutral)


def test_looking_up_is_positive_pitch():
    pitch, yaw = angles(head(), seen(looking(head(), 0.25, 0)))
    assert np.isclose(pitch, 0.25, atol=1e-6) and np.isclose(yaw, 0, atol=1e-6)


def test_looking_to_the_subjects_right_is_positive_yaw():
    mesh = seen(looking(head(), 0, 0.3))
    assert mesh[468, 0] < seen(head())[468, 0]  # image left
    pitch, yaw = angles(head(), mesh)
    assert np.isclose(pitch, 0, atol=1e-6) and np.isclose(yaw, 0.3, atol=1e-6)


@pytest.mark.parametrize(
    "pose", [(0.3, 0, 0), (0, 0.4, 0), (0, 0, -0.5), (0.2, -0.3, 0.4)]
)
def test_turning_the_head_leaves_the_eyes_in_it(pose):
    mesh = seen(looking(head(), -0.1, 0.2), pose)
    np.testing.assert_allclose(angles(head(), mesh), [-0.1, 0.2], atol=1e-6)


def test_the_depth_of_the_irises_is_not_used():
    mesh = seen(looking(head(), 0.1, -0.2), (0.1, 0.2, 0.3))
    mesh[468:, 2] += 37
    np.testing.assert_allclose(angles(head(), mesh), [0.1, -0.2], atol=1e-6)


def test_closed_eyes_tell_nothing():
    shut = head(opening=0.01)
    assert np.isnan(angles(shut, seen(shut))).all()


def test_gaze_angle_is_the_angle_to_straight_ahead():
    assert np.isclose(gaze_angle(np.array([0.0, 0.0])), 0)
    assert np.isclose(gaze_angle(np.array([0.3, 0.0])), 0.3)
    assert np.isclose(gaze_angle(np.array([0.0, -0.4])), 0.4)


def test_eyes_that_counter_the_head_look_into_the_camera():
    rotation = rotation_from_euler(np.array([0, 0, 0.3]))
    np.testing.assert_allclose(
        in_camera(np.array([0.0, -0.3]), rotation), [0, 0], atol=1e-12
    )
    np.testing.assert_allclose(in_camera(np.zeros(2), rotation), [0, 0.3], atol=1e-12)
