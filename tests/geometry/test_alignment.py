"""Aligned faces and their masks: the original's numbers, and geometry by hand."""

import numpy as np
import pytest
from scipy.spatial import Delaunay

from genface.errors import ShapeError
from genface.geometry.alignment import (
    aligned_faces,
    alignment,
    face_masks,
    hulls,
    moved,
    warped,
)

RANDOM = np.random.default_rng(0)


def pictures(*shape, seed):
    channels_first = np.random.default_rng(seed).random(shape).astype(np.float32)
    return np.moveaxis(channels_first, 1, -1)


def landmarks_at(eyes, nose, mouth):
    """68 points: the eyes' and mouth's where given, the others at the nose."""
    points = np.tile(np.array(nose, float), (68, 1))
    points[36:42], points[42:48] = eyes
    points[48], points[54] = mouth
    return points


@pytest.fixture
def kept(shared):
    with np.load(shared / "parity/preprocess.npz") as file:
        yield file


@pytest.mark.parity
def test_equals_the_original(kept):
    landmarks = kept["landmarks01"] * np.float32(112)
    matrices = alignment(landmarks.astype(float))
    np.testing.assert_allclose(matrices, kept["align_M"], atol=1e-6)
    given = pictures(2, 3, 112, 112, seed=5)
    whole = np.moveaxis(np.asarray(warped(given, matrices)), -1, 1)
    np.testing.assert_allclose(whole[..., ::4, ::4], kept["aligned"], atol=5e-5)
    found = aligned_faces(given, landmarks)
    np.testing.assert_array_equal(found.landmarks, kept["align_lm_int"])
    np.testing.assert_array_equal(found.masks.sum((1, 2)), kept["mask_area"])
    sums = found.pictures.sum((1, 2))
    np.testing.assert_allclose(sums, kept["masked_sum"], rtol=1e-6)


def test_eyes_become_level_and_the_face_fills_the_middle():
    upright = landmarks_at([(40, 40), (70, 40)], (55, 55), [(45, 70), (65, 70)])
    angle = 0.4
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    tilted = upright @ turn.T + [30, 5]
    found = moved(np.stack([upright, tilted]), alignment(np.stack([upright, tilted])))
    # The anchors span 30 x 30 pixels, a share of 1 / 2.5 of the 111 between pixels.
    expected = (upright - [55, 55]) * 111 / 75 + 55.5
    np.testing.assert_allclose(found, [expected, expected], atol=1e-9)


def test_warping_shifts_by_parts_of_pixels_and_fills_the_outside():
    picture = RANDOM.random((1, 112, 112, 3)).astype(np.float32)
    shift = np.array([[[1.0, 0, 3], [0, 1, 0.25]]])  # right by 3, down by a quarter
    found = np.asarray(warped(picture, shift))[0]
    averaged = 0.75 * picture[0, 1:-1, :-3] + 0.25 * picture[0, :-2, :-3]
    np.testing.assert_allclose(found[1:-1, 3:], averaged, atol=1e-6)
    np.testing.assert_array_equal(found[:, :3], 128)
    # A quarter of a pixel beyond the edge, a quarter is black.
    np.testing.assert_allclose(found[0, 3:], picture[0, 0, :-3] * 0.75, atol=1e-6)


@pytest.mark.parametrize("n_points", [3, 8, 68])
def test_hulls_hold_the_points_that_a_triangulation_holds(n_points):
    points = RANDOM.integers(-5, 45, (4, n_points, 2)).astype(np.int32)
    row, column = np.mgrid[:40, :40]
    grid = np.stack([column, row], -1).reshape(-1, 2)
    for found, corners in zip(hulls(points, 40), points, strict=True):
        inside = Delaunay(corners).find_simplex(grid, tol=1e-9) >= 0
        np.testing.assert_array_equal(np.asarray(found).ravel(), inside)


def test_hulls_of_points_in_a_line_or_in_one_place():
    line, dot = [(2, 2), (6, 4), (4, 3)], [(3, 1)] * 3
    found = hulls(np.array([line, dot], np.int32), 8)
    places = [np.argwhere(mask)[:, ::-1].tolist() for mask in np.asarray(found)]
    assert places == [[[2, 2], [4, 3], [6, 4]], [[3, 1]]]


def test_the_forehead_is_as_wide_as_the_jaw_up_to_the_top():
    points = np.full((1, 68, 2), 60, np.int32)
    points[0, 0], points[0, 16] = (20, 50), (90, 45)
    mask = np.asarray(face_masks(points))[0]
    assert mask[:45, 20:90].all()
    assert not mask[:45, :20].any() and not mask[:45, 90:].any()
    assert not mask[100].any()


def test_another_number_of_landmarks_is_refused():
    with pytest.raises(ShapeError, match=r"\(N, 68, 2\)"):
        aligned_faces(np.zeros((1, 112, 112, 3)), np.zeros((1, 5, 2)))
