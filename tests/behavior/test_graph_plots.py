"""What the figures show: widths, clear links, bands, expected visits."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Circle, Polygon

from genface.behavior.forecast_plots import (
    band_coverage,
    draw_dwell,
    draw_forecast,
    dwell_edges,
    law_in_bars,
    predictive_bands,
)
from genface.behavior.graph import state_graph
from genface.behavior.graph_plots import draw_graph, edge_curve
from genface.behavior.plots import draw_states
from genface.behavior.visits import geometric_law, visits_of
from genface.errors import InputError, ShapeError


def graph_of(K, concentration=0.4, **options):
    rng = np.random.default_rng(K)
    moves = rng.dirichlet(np.full(K, concentration), K)
    columns = [f"AU{n:02d}" for n in range(1, 9)]
    means = rng.random((K, 8)) ** 3
    return state_graph(0.9 * np.eye(K) + 0.1 * moves, 25.0, means, columns, **options)


def rendered(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


@pytest.mark.parametrize("K", [1, 2, 3, 8, 20])
def test_every_state_and_edge_is_drawn_inside_the_picture(K):
    graph = graph_of(K)
    figure = draw_graph(graph)
    rendered(figure)
    ax = figure.axes[0]
    assert sum(isinstance(p, Circle) for p in ax.patches) == K
    arrows = [p for p in ax.patches if isinstance(p, Polygon)]
    assert len(arrows) == sum(edge.target is not None for edge in graph.edges)
    assert len(ax.lines) == sum(edge.target is None for edge in graph.edges)
    for text in ax.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.y0 >= 0
        assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
    for node in graph.nodes:
        assert any(t.get_text() == str(node.state) for t in ax.texts)


def test_labels_of_neighbours_do_not_cover_each_other():
    figure = draw_graph(graph_of(20))
    rendered(figure)
    boxes = [
        text.get_window_extent()
        for text in figure.axes[0].texts
        if "\n" in text.get_text()
    ]
    assert len(boxes) == 20
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


@pytest.mark.parametrize("K", [3, 6, 12, 20])
def test_links_keep_clear_of_other_discs(K):
    graph = graph_of(K, concentration=2.0, threshold=0.02)
    nodes = graph.nodes
    for edge in graph.edges:
        if edge.target is None:
            continue
        others = [n for n in nodes if n.state not in (edge.source, edge.target)]
        curve = edge_curve(nodes[edge.source], nodes[edge.target], others)
        for node in others:
            apart = np.hypot(*(curve - [node.x, node.y]).T).min()
            assert apart > node.radius


def test_a_link_runs_from_rim_to_rim_and_not_along_the_link_back():
    a, b = graph_of(2).nodes
    there, back = edge_curve(a, b), edge_curve(b, a)
    start = np.hypot(*(there[0] - [a.x, a.y]))
    end = np.hypot(*(there[-1] - [b.x, b.y]))
    assert a.radius <= start < a.radius + 0.1
    assert b.radius < end < b.radius + 0.2
    gap = np.linalg.norm(there[:, None] - back[None], axis=2).min(1)
    assert gap[len(gap) // 2] > 0.25


def test_probable_moves_have_wider_arrows():
    trans = np.array([[0.9, 0.07, 0.03], [0.05, 0.9, 0.05], [0.1, 0, 0.9]])
    ax = draw_graph(state_graph(trans, 25.0)).axes[0]
    widths = {}
    for patch in ax.patches:
        if isinstance(patch, Polygon):
            outline = patch.get_xy()  # closed: the first point again at the end
            width = round(float(np.hypot(*(outline[0] - outline[-2]))), 3)
            widths.setdefault(patch.get_facecolor(), []).append(width)
    assert sorted(len(w) for w in widths.values()) == [1, 2, 2]
    zero = next(w for w in widths.values() if len(w) == 2 and w[0] != w[1])
    only = next(w for w in widths.values() if len(w) == 1)
    assert min(zero) < max(zero) < only[0]


def test_pictures_fill_the_discs():
    graph = graph_of(3)
    red = np.zeros((3, 40, 30, 3), np.uint8)
    red[..., 0] = 251
    before, after = rendered(draw_graph(graph)), rendered(draw_graph(graph, red))
    assert not (before[..., :3] == (251, 0, 0)).all(-1).any()
    inside = (after[..., :3] == (251, 0, 0)).all(-1).sum()
    assert inside > 0.03 * after[..., 0].size
    with pytest.raises(ShapeError, match="pictures"):
        draw_graph(graph, red[:2])
    with pytest.raises(ShapeError, match="colours"):
        draw_graph(graph, colours=["red"])


def test_bands_are_quantiles():
    rng = np.random.default_rng(0)
    paths = rng.normal(size=(4000, 3, 2)) * [1, 5] + [[0, 1]]
    bands = predictive_bands(paths)
    assert bands.shape == (5, 3, 2)
    normal = np.array([-1.6449, -0.6745, 0, 0.6745, 1.6449])
    expected = normal[:, None] * [1, 5] + [[0, 1]]
    np.testing.assert_allclose(bands.mean(1), expected, atol=0.25)
    ranked = np.sort(np.arange(101.0))
    exact = predictive_bands(ranked[::-1, None, None])[:, 0, 0]
    np.testing.assert_allclose(exact, [5, 25, 50, 75, 95])


def test_coverage_counts_known_values_in_the_band():
    bands = predictive_bands(np.random.default_rng(0).random((500, 400, 3)))
    real = np.random.default_rng(1).random((400, 3))
    real[:, 1] = 2.0
    real[:, 2] = np.nan
    inside = band_coverage(real, bands)
    assert inside[0] == pytest.approx(0.9, abs=0.05)
    assert inside[1] == 0 and np.isnan(inside[2])


def test_forecast_figure_takes_gaps_and_short_truth():
    rng = np.random.default_rng(0)
    paths = rng.random((30, 50, 5))
    paths[:, 7, 2] = np.nan
    history = rng.random((20, 5))
    history[3] = np.nan
    columns = [f"AU{n:02d}" for n in range(5)]
    figure = draw_forecast(paths, columns, 25.0, rng.random((40, 5)), history)
    rendered(figure)
    first = figure.axes[0]
    assert first.get_title().startswith("AU00")
    median = first.lines[0].get_xydata()
    np.testing.assert_allclose(median[:, 0], (np.arange(50) + 0.5) / 25)
    np.testing.assert_allclose(median[:, 1], np.median(paths[..., 0], axis=0))
    rendered(draw_forecast(paths[:, :, :2], columns[:2], 25.0, example=None))
    with pytest.raises(ShapeError, match="paths"):
        predictive_bands(paths[0])
    with pytest.raises(ShapeError, match="history"):
        draw_forecast(paths, columns, 25.0, history=history[:, :3])


def test_expected_visits_add_up_to_the_law():
    law = geometric_law(0.9, 400)
    edges = dwell_edges(np.array([3, 40]), law)
    assert edges[0] == 1 and edges[-1] > 40
    mass = law_in_bars(law, edges)
    np.testing.assert_allclose(mass, 0.9 ** (edges[:-1] - 1) - 0.9 ** (edges[1:] - 1))
    short = np.array([0.25, 0.75])  # a law with an end
    np.testing.assert_allclose(law_in_bars(short, np.arange(1, 6)), [0.25, 0.75, 0, 0])


def test_dwell_figure_counts_whole_visits_and_marks_cut_ones():
    path = np.repeat([0, 1, 0, 1, 0], [4, 10, 6, 10, 9])
    laws = [geometric_law(0.8, 200), geometric_law(0.9, 200)]
    figure = draw_dwell(visits_of(path), 25.0, laws, ["AU12", "AU25"])
    rendered(figure)
    first, second = figure.axes
    assert sum(bar.get_height() for bar in first.patches[:-1]) == 1
    assert sum(bar.get_height() for bar in second.patches[:-1]) == 2
    np.testing.assert_allclose(np.sort(first.lines[0].get_xdata()), [4 / 25, 9 / 25])
    assert "1 + 2 cut" in first.get_title()
    with pytest.raises(InputError, match="laws"):
        draw_dwell(visits_of(path), 25.0, laws[:1])


def test_sequences_of_states_share_a_scale_of_time():
    short, long = np.arange(3) / 10, np.arange(50) / 10
    paths = {"real": (short, np.zeros(3)), "synthetic": (long, np.zeros(50))}
    limits = {ax.get_xlim() for ax in draw_states(paths, 2).axes}
    assert limits == {(0.0, 5.0)}
