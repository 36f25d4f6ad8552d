"""The runner of stages, with stages that only count and add."""

import numpy as np
import pytest

from genface.detect.stages import FaceBatch, measure, names_of
from genface.errors import InputError
from genface.geometry import Pixels


class Widths:
    columns = ("width",)
    needs = ()
    gives = ("squares",)

    def __init__(self):
        self.sizes = []

    def __call__(self, faces):
        self.sizes.append(len(faces))
        faces.found["squares"] = faces.boxes[:, :3]
        return (faces.boxes[:, 2] - faces.boxes[:, 0])[:, None]


class Scores:
    columns = ("score", "left")
    needs = ("squares",)
    gives = ()

    def __call__(self, faces):
        return np.column_stack([faces.scores, faces.found["squares"][:, 0]])


def faces(count):
    boxes = np.array([[k, 2 * k, 3 * k + 1, 4 * k + 2] for k in range(count)], float)
    pixels = [Pixels(None, 4, 4)] * count
    return FaceBatch(pixels, boxes.reshape(-1, 4), np.arange(count) / 100)


@pytest.mark.parametrize("count", [1, 3, 16, 21])
def test_columns_are_those_of_the_stages_whatever_the_number_of_faces(count):
    widths = Widths()
    values, names, kept = measure([widths, Scores()], faces(count), ["squares"])
    assert names == ("width", "score", "left")
    k = np.arange(count)
    np.testing.assert_allclose(values, np.column_stack([2 * k + 1, k / 100, k]))
    np.testing.assert_allclose(kept["squares"], faces(count).boxes[:, :3])


def test_stages_see_a_handful_of_sizes_only():
    widths = Widths()
    for count in range(1, 40):
        measure([widths], faces(count))
    assert set(widths.sizes) == {1, 2, 4, 8, 16}
    measure([widths], faces(7), at_once=2)
    assert widths.sizes[-4:] == [2, 2, 2, 1]


def test_no_face_is_no_row_and_no_call():
    widths = Widths()
    values, names, kept = measure([widths, Scores()], faces(0), ["squares"])
    assert values.shape == (0, 3) and kept == {} and widths.sizes == []


def test_stages_in_a_wrong_order_are_refused():
    with pytest.raises(InputError, match="Scores needs squares"):
        names_of([Scores(), Widths()])
    with pytest.raises(InputError, match="Widths gives width, as one before"):
        names_of([Widths(), Widths()])
