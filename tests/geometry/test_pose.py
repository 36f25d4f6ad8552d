"""Similarity fits undone exactly, and one test for each sign."""

import numpy as np
import pytest

from genface.errors import ShapeError
from genface.geometry import (
    euler_from_rotation,
    mesh_to_head_axes,
    pinhole_position,
    rotation_from_euler,
    similarity,
)

NOSE, CROWN, RIGHT_EAR = (
    np.array([0.0, 0, 1]),
    np.array([0.0, 1, 0]),
    np.array([-1, 0, 0]),
)


def cloud(n=30, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 3))


def test_angles_survive_a_round_trip():
    angles = np.random.default_rng(1).uniform(-1.2, 1.2, (50, 3))
    rotation = rotation_from_euler(angles)
    np.testing.assert_allclose(np.linalg.det(rotation), 1)
    np.testing.assert_allclose(euler_from_rotation(rotation), angles, atol=1e-12)


def test_rotation_is_yaw_after_pitch_after_roll():
    pitch, roll, yaw = 0.3, -0.4, 0.5
    alone = [
        rotation_from_euler(np.array(angles))
        for angles in ([0, 0, yaw], [pitch, 0, 0], [0, roll, 0])
    ]
    both = rotation_from_euler(np.array([pitch, roll, yaw]))
    np.testing.assert_allclose(both, alone[0] @ alone[1] @ alone[2], atol=1e-12)


def test_positive_pitch_lifts_the_nose():
    assert (rotation_from_euler(np.array([0.2, 0, 0])) @ NOSE)[1] > 0


def test_positive_yaw_turns_the_nose_to_the_image_left():
    assert (rotation_from_euler(np.array([0, 0, 0.2])) @ NOSE)[0] < 0


def test_positive_roll_tilts_the_crown_to_the_image_left():
    assert (rotation_from_euler(np.array([0, 0.2, 0])) @ CROWN)[0] < 0
    assert (rotation_from_euler(np.array([0, 0.2, 0])) @ RIGHT_EAR)[1] < 0


def test_similarity_finds_what_was_applied():
    source, rng = cloud(), np.random.default_rng(2)
    angles = rng.uniform(-1, 1, (4, 3))
    scale, shift = rng.uniform(0.5, 30, 4), rng.normal(size=(4, 3)) * 100
    target = (
        scale[:, None, None] * source @ rotation_from_euler(angles).swapaxes(1, 2)
        + shift[:, None]
    )
    fit = similarity(source, target)
    np.testing.assert_allclose(fit.scale, scale)
    np.testing.assert_allclose(euler_from_rotation(fit.rotation), angles, atol=1e-9)
    np.testing.assert_allclose(fit.translation, shift, atol=1e-9)
    np.testing.assert_allclose(fit.undo(target), np.broadcast_to(source, (4, 30, 3)))


def test_similarity_is_no_mirror_image():
    source = cloud()
    fit = similarity(source, source * np.array([-1.0, 1, 1]))
    assert np.isclose(np.linalg.det(fit.rotation), 1)


def test_similarity_is_the_least_squares_optimum():
    source = cloud()
    target = 3 * source + np.random.default_rng(3).normal(size=source.shape)
    fit = similarity(source, target)

    def loss(scale, rotation, shift):
        return ((scale * source @ rotation.T + shift - target) ** 2).sum()

    best = loss(*fit)
    rng = np.random.default_rng(4)
    for _ in range(50):
        turn = rotation_from_euler(rng.normal(size=3) * 0.01)
        near = loss(
            fit.scale + rng.normal() * 0.01,
            turn @ fit.rotation,
            fit.translation + rng.normal(size=3) * 0.01,
        )
        assert near >= best


def test_weights_of_zero_leave_points_out():
    source = cloud()
    target = 2 * source
    target[:5] += 9
    weights = np.ones(len(source))
    weights[:5] = 0
    assert np.isclose(similarity(source, target, weights).scale, 2)


def test_a_nan_target_gives_nan_and_spares_the_others():
    source = cloud()
    target = np.stack([source, source])
    target[0, 3, 1] = np.nan
    fit = similarity(source, target)
    assert np.isnan(fit.rotation[0]).all() and np.isnan(fit.scale[0])
    np.testing.assert_allclose(fit.rotation[1], np.eye(3), atol=1e-9)


def test_points_that_do_not_pair_are_refused():
    with pytest.raises(ShapeError, match="expected"):
        similarity(cloud(5), cloud(6))


def test_position_undoes_a_pinhole_camera():
    source = cloud() * 0.001  # so small that perspective is weak
    height, width, focal = 480, 640, 640
    position = np.array([3.0, -2.0, 90.0])  # X right, Y down, Z away
    points = source * np.array([1, -1, -1]) + position
    pixels = np.column_stack(
        [
            focal * points[:, 0] / points[:, 2] + width / 2,
            focal * points[:, 1] / points[:, 2] + height / 2,
            focal * (points[:, 2] - position[2]) / position[2],
        ]
    )
    fit = similarity(source, mesh_to_head_axes(pixels))
    np.testing.assert_allclose(
        pinhole_position(fit, height, width), position, rtol=2e-3
    )
