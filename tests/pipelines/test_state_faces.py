"""Faces of states: the right AUs move, on every scale, and equal states look equal."""

import numpy as np
import pytest

from genface.behavior.graph import state_graph
from genface.behavior.graph_plots import draw_graph
from genface.errors import InputError, ShapeError
from genface.pipelines.state_faces import drawable_aus, state_pictures

COLUMNS = ("AU01", "AU12", "AU25", "AU26")
SMILE, JAW = [0, 0.9, 0.3, 0], [0, 0, 1, 1]
REST = [0, 0, 0, 0]


@pytest.fixture(scope="module")
def pictures():
    return state_pictures([REST, SMILE, JAW, REST], COLUMNS, size=96)


def test_one_square_picture_per_state(pictures):
    assert pictures.shape == (4, 96, 96, 3) and pictures.dtype == np.uint8
    np.testing.assert_array_equal(pictures[0], pictures[3])


def test_states_differ_where_their_aus_act(pictures):
    change = np.abs(pictures[1:3].astype(int) - pictures[0]).sum(-1)
    upper, lower = change[:, :40].mean((1, 2)), change[:, 50:].mean((1, 2))
    assert (lower > 2).all() and (lower > 3 * upper).all()


def test_scales_and_spellings():
    facs, names = drawable_aus(np.array([[5.0, 2.5]]), ["AU12_r", "AU06"], "facs")
    np.testing.assert_allclose(facs, [[1.0, 0.5]])
    assert names == ["AU12", "AU06"]
    means = np.array([[0.2, np.nan, 7.0]])
    drawn, names = drawable_aus(means, ["AU12", "AU01", "mood"], "intensity")
    np.testing.assert_allclose(drawn, [[0.2, 0.0]])
    assert names == ["AU12", "AU01"]


def test_presence_is_calibrated_with_a_reference():
    reference = np.linspace(0.4, 0.8, 1001)[:, None]
    low, high = 0.42, 0.78  # its percentiles 5 and 95
    drawn, _ = drawable_aus(np.array([[0.4], [0.6]]), ["AU12"], "presence", reference)
    assert drawn[0, 0] == 0
    assert drawn[1, 0] == pytest.approx((0.6 - low) * high / (high - low), abs=0.01)
    raw, _ = drawable_aus(np.array([[0.4]]), ["AU12"], "presence")
    assert raw[0, 0] == 0.4


def test_gain_enlarges_differences(pictures):
    plain = state_pictures([REST, [0, 0.3, 0, 0]], COLUMNS, size=64)
    more = state_pictures([REST, [0, 0.3, 0, 0]], COLUMNS, size=64, gain=2.0)
    difference = [np.abs(p[1].astype(int) - p[0]).sum() for p in (plain, more)]
    assert difference[1] > 1.3 * difference[0]


def test_faces_go_on_the_graph(pictures):
    trans = 0.9 * np.eye(4) + 0.025
    graph = state_graph(trans, 25.0, [REST, SMILE, JAW, REST], COLUMNS)
    figure = draw_graph(graph, pictures)
    assert len(figure.axes[0].images) == 4


def test_bad_input_is_named():
    with pytest.raises(ShapeError, match="means"):
        state_pictures(np.zeros(4), COLUMNS)
    with pytest.raises(InputError, match="scale"):
        state_pictures([REST], COLUMNS, "volts")
    with pytest.raises(InputError, match="no AU"):
        state_pictures([[1.0]], ["mood"])
    with pytest.raises(InputError, match="size"):
        state_pictures([REST], COLUMNS, size=3)
    with pytest.raises(ShapeError, match="reference"):
        state_pictures([REST], COLUMNS, "presence", reference=np.zeros((5, 2)))
