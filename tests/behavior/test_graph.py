"""The state graph: probabilities, shares, labels, places, and what is written."""

import json
import re

import numpy as np
import pytest

from genface.behavior.graph import (
    au_label,
    dwell_text,
    long_run_share,
    marking_aus,
    state_graph,
)
from genface.behavior.graph_layout import circle_layout, circular_order
from genface.behavior.visits import geometric_law, visits_of
from genface.errors import InputError, ShapeError

COLUMNS = ("AU01", "AU12", "AU25")


def chain(K, seed=0, stay=0.9):
    rng = np.random.default_rng(seed)
    return stay * np.eye(K) + (1 - stay) * rng.dirichlet(np.full(K, 0.4), K)


def out_mass(graph):
    mass = np.zeros(len(graph.nodes))
    for edge in graph.edges:
        mass[edge.source] += edge.probability
    return mass


@pytest.mark.parametrize("K", [2, 3, 7, 20])
@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5, 1.0])
def test_each_states_edges_add_up_to_one(K, threshold):
    graph = state_graph(chain(K), 25.0, threshold=threshold)
    np.testing.assert_allclose(out_mass(graph), 1.0, atol=1e-12)
    named = [edge for edge in graph.edges if edge.target is not None]
    assert all(edge.probability >= threshold for edge in named)
    assert all(edge.source != edge.target for edge in named)


def test_edges_are_given_leaving_and_the_rest_is_other():
    trans = np.array([[0.8, 0.15, 0.01, 0.04], [0.5, 0.5, 0, 0], *np.eye(4)[:2]])
    graph = state_graph(trans, 10.0, threshold=0.1)
    found = {(e.source, e.target): e.probability for e in graph.edges}
    assert found[0, 1] == pytest.approx(0.75)
    assert found[0, 3] == pytest.approx(0.2)
    assert found[0, None] == pytest.approx(0.05)
    assert found[1, 0] == pytest.approx(1.0)
    assert (1, None) not in found


def test_dwell_is_the_mean_of_the_geometric_law():
    graph = state_graph(np.array([[0.9, 0.1], [0.4, 0.6]]), 20.0)
    law = geometric_law(0.9, 5000)
    mean = (np.arange(1, 5001) * law).sum()
    assert graph.nodes[0].dwell_seconds == pytest.approx(mean / 20)
    assert graph.nodes[1].dwell_seconds == pytest.approx(2.5 / 20)


@pytest.mark.parametrize("K", [2, 5, 20])
def test_share_is_the_stationary_distribution(K):
    trans = chain(K, seed=K)
    values, vectors = np.linalg.eig(trans.T)
    stationary = np.real(vectors[:, np.argmax(values.real)])
    graph = state_graph(trans, 25.0)
    found = [node.share for node in graph.nodes]
    np.testing.assert_allclose(found, stationary / stationary.sum(), atol=1e-10)


def test_share_of_a_semi_markov_chain_equals_a_simulation():
    moves = np.array([[0, 0.7, 0.3], [0.2, 0, 0.8], [1, 0, 0]])
    dwell = np.array([1.0, 4.0, 0.5])
    rng, state, time = np.random.default_rng(1), 0, np.zeros(3)
    for draw in rng.random(20000):
        time[state] += dwell[state]
        state = int(np.searchsorted(np.cumsum(moves[state]), draw))
    np.testing.assert_allclose(
        long_run_share(moves, dwell), time / time.sum(), atol=0.01
    )


def test_a_state_that_is_never_left_takes_all_the_time_and_has_no_edge():
    trans = np.array([[0.9, 0.1, 0], [0.05, 0.9, 0.05], [0, 0, 1]])
    graph = state_graph(trans, 25.0, np.eye(3), COLUMNS)
    assert [node.share for node in graph.nodes] == pytest.approx([0, 0, 1])
    np.testing.assert_allclose(out_mass(graph), [1, 1, 0])
    assert graph.nodes[2].dwell_seconds == np.inf
    assert graph.to_dict()["nodes"][2]["dwell_seconds"] is None
    assert dwell_text(np.inf) == "stays"


def test_given_dwell_and_share_are_kept():
    graph = state_graph(
        chain(2), 25.0, dwell_seconds=[3.0, 1.0], share=[0.25, 0.75], threshold=0
    )
    assert [node.dwell_seconds for node in graph.nodes] == [3.0, 1.0]
    assert [node.share for node in graph.nodes] == [0.25, 0.75]
    assert graph.nodes[1].radius == 1.0 > graph.nodes[0].radius
    derived = state_graph(chain(2), 25.0, dwell_seconds=[3.0, 1.0])
    assert [node.share for node in derived.nodes] == pytest.approx([0.75, 0.25])


def test_labels_name_what_stands_out_against_the_other_states():
    means = np.array([[0.5, 0.9, 0.8], [0.5, 0.1, 0.8], [0.5, 0.2, 0.1]])
    marks = marking_aus(means, COLUMNS)
    assert [name for name, _ in marks[0]] == ["AU12", "AU25"]
    assert marks[0][0][1] == pytest.approx(0.9 - 0.15)
    assert [au_label(m) for m in marks] == ["AU12+AU25", "AU25", "low AU25"]


def test_an_au_without_a_mean_labels_nothing():
    means = np.array([[np.nan, 0.9, 0.0], [np.nan, 0.1, 0.0]])
    labels = [node.label for node in state_graph(chain(2), 1.0, means, COLUMNS).nodes]
    assert labels == ["AU12", "low AU12"]
    assert state_graph(chain(2), 1.0).nodes[0].label == ""
    assert au_label(marking_aus(np.ones((2, 3)), COLUMNS)[0]) == ""


@pytest.mark.parametrize("K", range(1, 21))
def test_discs_are_placed_apart_and_always_the_same(K):
    rng = np.random.default_rng(K)
    radii, weights = rng.uniform(0.6, 1, K), rng.random((K, K))
    places = circle_layout(weights, radii)
    assert np.isfinite(places).all()
    for i in range(K):
        for j in range(i):
            apart = np.hypot(*(places[i] - places[j]))
            assert apart >= radii[i] + radii[j] + 0.5 * radii.max()
    np.testing.assert_array_equal(places, circle_layout(weights, radii))


def test_order_finds_a_hidden_ring():
    rng = np.random.default_rng(3)
    ring = np.concatenate([[0], rng.permutation(np.arange(1, 9))])
    weights = np.zeros((9, 9))
    weights[ring, np.roll(ring, -1)] = 1
    found = list(circular_order(weights))
    assert found in ([*ring], [ring[0], *ring[:0:-1]])


def parsed(dot):
    """Statements of a DOT text: nodes and edges with their attributes."""
    opening, *lines, closing = dot.splitlines()
    assert re.fullmatch(r"digraph \w+ \{", opening) and closing == "}"
    nodes, edges = {}, {}
    quoted = r'"(?:[^"\\]|\\.)*"'
    for line in lines:
        match = re.fullmatch(r"  (\w+)(?: -> (\w+))? \[(.*)\];", line)
        assert match, line
        pairs = re.findall(rf"(\w+)=({quoted}|[\w.]+)(?:, |$)", match[3])
        assert ", ".join(f"{k}={v}" for k, v in pairs) == match[3]
        values = {k: v.strip('"') for k, v in pairs}
        if match[2]:
            edges[match[1], match[2]] = values
        else:
            nodes[match[1]] = values
    return nodes, edges


def test_dot_text_holds_the_whole_graph():
    means = np.random.default_rng(0).random((5, 3))
    names = ("AU01", 'A"U\\', "AU25")
    graph = state_graph(chain(5), 25.0, means, names, threshold=0.2)
    nodes, edges = parsed(graph.to_dot())
    assert set(nodes) - {"node", "edge", "other"} == {f"s{k}" for k in range(5)}
    assert {end for pair in edges for end in pair} <= set(nodes)
    mass = dict.fromkeys(range(5), 0.0)
    for (source, _), values in edges.items():
        mass[int(source[1:])] += float(values["weight"])
    assert list(mass.values()) == pytest.approx([1.0] * 5, abs=1e-5)


def test_json_holds_the_whole_graph():
    graph = state_graph(chain(4), 25.0, np.eye(4)[:, :3], COLUMNS, threshold=0.3)
    facts = json.loads(json.dumps(graph.to_dict(), allow_nan=False))
    assert len(facts["nodes"]) == 4 and len(facts["edges"]) == len(graph.edges)
    assert {e["target"] for e in facts["edges"]} <= {0, 1, 2, 3, "other"}


def test_bad_input_is_named():
    with pytest.raises(ShapeError, match="trans"):
        state_graph(np.ones((2, 3)), 25.0)
    with pytest.raises(InputError, match="row 1"):
        state_graph(np.array([[1, 0], [0.5, 0.6]]), 25.0)
    with pytest.raises(InputError, match="row 0"):
        state_graph(np.array([[np.nan, 0], [0.5, 0.5]]), 25.0)
    with pytest.raises(InputError, match="fps"):
        state_graph(chain(2), 0.0)
    with pytest.raises(InputError, match="threshold"):
        state_graph(chain(2), 25.0, threshold=2)
    with pytest.raises(ShapeError, match="columns"):
        state_graph(chain(2), 25.0, np.ones((2, 3)), ("AU01",))
    with pytest.raises(ShapeError, match="2 states"):
        state_graph(chain(2), 25.0, np.ones((3, 3)), COLUMNS)
    with pytest.raises(ShapeError, match="dwell_seconds"):
        state_graph(chain(2), 25.0, dwell_seconds=np.ones(3))


def test_visits_and_which_were_cut_off():
    visits = visits_of([np.array([0, 0, 1, 1, 1, 0, -1, 1, 0, 0]), np.array([2])])
    told = zip(visits.states, visits.frames, visits.censored, strict=True)
    assert [(int(s), int(n), bool(c)) for s, n, c in told] == [
        (0, 2, True),
        (1, 3, False),
        (0, 1, True),
        (1, 1, True),
        (0, 2, True),
        (2, 1, True),
    ]
    whole, cut = visits.of(1)
    assert list(whole) == [3] and list(cut) == [1]


def test_geometric_law_is_that_of_a_drawn_chain():
    rng, stay = np.random.default_rng(0), 0.8
    path = (np.cumsum(rng.random(200_000) > stay) % 2).astype(int)
    visits = visits_of(path)
    whole = visits.frames[~visits.censored]
    law = geometric_law(stay, 12)
    seen = np.array([(whole == n).mean() for n in range(1, 13)])
    np.testing.assert_allclose(seen, law, atol=0.008)
    assert geometric_law(0.0, 3).tolist() == [1, 0, 0]
    with pytest.raises(InputError, match="probability"):
        geometric_law(1.2, 3)
