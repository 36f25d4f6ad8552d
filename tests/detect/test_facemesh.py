"""Regions of meshes, and when two finds are one face or none, without networks."""

import numpy as np
import pytest

from genface.avatar import Rig
from genface.detect.blazeface import _KEYPOINTS
from genface.detect.facemesh import Mesh, disagreement, region_of_mesh, unlike
from genface.detect.faces import FIVE_POINTS
from genface.geometry import rotation_from_euler


def mesh(x=0.0, y=0.0, scale=10.0, roll=0.0):
    head = Rig.default().neutral[:478] @ rotation_from_euler(np.array([0, roll, 0])).T
    points = head * [1, -1, -1] * scale
    points[:, :2] += [x, y] - points[:468, :2].mean(0)
    return Mesh(points.astype(np.float32), 1.0)


SIX = ((33, 133), (263, 362), (1,), (13, 14), (234,), (454,))
finders = pytest.mark.parametrize("same", [SIX, FIVE_POINTS])


def keypoints(face, same):
    """Where a finder would see its points of a mesh."""
    return np.stack([face.points[list(v), :2].mean(0) for v in same])


def test_a_region_is_half_again_as_large_as_the_face_and_turned_with_it():
    level = mesh(100, 80)
    region = region_of_mesh(level)
    width, height = level.box[2:] - level.box[:2]
    assert np.isclose(region[2], 1.5 * max(width, height)) and abs(region[3]) < 1e-6
    np.testing.assert_allclose(
        region[:2], (level.box[:2] + level.box[2:]) / 2, rtol=1e-6
    )
    # A tilt to the subject's right lowers the image's left eye: anticlockwise.
    assert np.isclose(region_of_mesh(mesh(roll=0.3))[3], -0.3, atol=1e-5)


@finders
def test_networks_that_see_the_same_face_agree(same):
    face = mesh(100, 80, roll=0.4)
    assert disagreement(face, keypoints(face, same), same) < 1e-6
    width, height = face.box[2:] - face.box[:2]
    moved = keypoints(face, same) + [0.2 * np.sqrt(width * height), 0]
    assert np.isclose(disagreement(face, moved, same), 0.2)


@finders
def test_a_turned_or_shrunk_find_disagrees(same):
    face = mesh()
    assert disagreement(face, keypoints(mesh(roll=1.0), same), same) > 0.15
    assert disagreement(face, keypoints(mesh(scale=3.0), same), same) > 0.15


def test_blazeface_tells_six_points_and_the_eyes_come_first():
    assert _KEYPOINTS == SIX
    assert all(kinds[:2] == SIX[:2] for kinds in (_KEYPOINTS, FIVE_POINTS))


def test_two_finds_of_one_face_are_one():
    a, again, b = mesh(0, 0), mesh(5, 5), mesh(400, 0)
    assert unlike([a, again, b], []) == [a, b]
    assert unlike([again, b], [a]) == [b]
