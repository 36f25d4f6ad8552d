"""When a followed face counts as lost, and where its box goes."""

import numpy as np
import pytest

from genface.detect.faces import Faces
from genface.detect.following import Looks, Placed, piled_up, places
from genface.detect.stages import FaceBatch
from genface.geometry import Pixels

BOX = np.array([40, 30, 80, 80], float)
POINTS = np.array([[45, 40], [75, 42], [60, 75], [52, 60]], float)
PIXELS = Pixels(None, 200, 300)


def looks(seed=0):
    view = np.random.default_rng(seed).standard_normal(256)
    view -= view.mean()
    return view / np.linalg.norm(view)


@pytest.fixture
def first():
    return Placed(BOX, 0.9).measured(POINTS, looks())


def after(first, points, view=None):
    return first.moved().measured(points, looks() if view is None else view)


def test_the_box_goes_along_with_the_points(first):
    points = 1.25 * (POINTS - 50) + [58, 47]
    moved = after(first, points).moved()
    expected = 1.25 * (BOX - 50) + [58, 47, 58, 47]
    np.testing.assert_allclose(moved.box, expected)
    assert moved.score == 0.9 and moved.pose is None
    # And back again, measured from where the finder saw it.
    again = moved.measured(POINTS, looks()).moved()
    np.testing.assert_allclose(again.box, BOX)


def test_a_face_that_goes_on_is_not_lost(first):
    assert not first.lost(after(first, POINTS + [3, -2]), PIXELS)


@pytest.mark.parametrize(
    "points",
    [
        POINTS + [16, 0],  # jumped: a fifth of the square's side is 12
        60 + 1.6 * (POINTS - 60),  # swelled
        60 + 0.5 * (POINTS - 60),  # shrank
        POINTS + [[40, 0], [0, 0], [0, 0], [0, 0]],  # one left the square
    ],
)
def test_points_that_do_not_go_on_are_a_loss(first, points):
    assert first.lost(after(first, points), PIXELS)


def test_another_view_is_a_loss(first):
    assert first.lost(after(first, POINTS, looks(1)), PIXELS)


def test_a_box_outside_of_the_picture_is_a_loss(first):
    assert first.lost(after(first, POINTS), Pixels(None, 200, 55))


def test_two_boxes_on_one_face_are_piled_up():
    boxes = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [1, 1, 11, 11]], float)
    assert piled_up(boxes) and not piled_up(boxes[:2]) and not piled_up(boxes[:0])


def test_looks_of_a_picture_are_those_of_a_brighter_one():
    view = np.random.default_rng(0).random((48, 48, 3)).astype(np.float32)
    crops = np.stack([view, 0.5 * view + 0.2, view[::-1]])
    batch = FaceBatch(
        [PIXELS] * 3, np.zeros((3, 4)), np.ones(3), None, {"chips": crops}
    )
    assert Looks("chips")(batch).shape == (3, 0)
    one, brighter, upside_down = np.asarray(batch.found["looks"])
    assert one @ brighter == pytest.approx(1, abs=1e-5)
    assert abs(one @ upside_down) < 0.3
    cells = view.mean(-1).reshape(16, 3, 16, 3).mean((1, 3)).ravel()
    assert np.corrcoef(cells, one)[0, 1] == pytest.approx(1)


def test_places_are_the_finders():
    faces = Faces(BOX[None], np.zeros((1, 5, 2)), np.array([0.7]), np.ones((1, 6)))
    (place,) = places(faces)
    assert place.score == 0.7 and place.pose.tolist() == [1] * 6
    assert places(faces._replace(poses=None))[0].pose is None
