"""Curves and nearest points on a triangle mesh."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree


@dataclass(frozen=True)
class Nearest:
    """The points of a surface nearest to P given ones."""

    triangle: np.ndarray  # (P,) index into the triangles given
    weights: np.ndarray  # (P, 3) barycentric
    position: np.ndarray  # (P, 3)
    distance: np.ndarray  # (P,)


def nearest_on_surface(
    points: np.ndarray, vertices: np.ndarray, triangles: np.ndarray
) -> Nearest:
    """Nearest point among the 40 triangles whose centres are closest.

    Barycentric case analysis of Ericson, Real-Time Collision Detection (2005), 5.1.5.
    """
    centres = cKDTree(vertices[triangles].mean(1))
    _, near = centres.query(points, k=min(40, len(triangles)))
    a, b, c = (vertices[triangles[near, k]] for k in range(3))
    weights = _barycentric(points[:, None], a, b, c)
    found = weights[..., :1] * a + weights[..., 1:2] * b + weights[..., 2:] * c
    squared = ((found - points[:, None]) ** 2).sum(-1)
    best = squared.argmin(1)
    row = np.arange(len(points))
    return Nearest(
        near[row, best],
        weights[row, best],
        found[row, best],
        np.sqrt(squared[row, best]),
    )


def _barycentric(p, a, b, c):
    """Weights (..., 3) of the point of triangle abc nearest to p."""
    ab, ac = b - a, c - a
    d1, d2 = _dot(ab, p - a), _dot(ac, p - a)
    d3, d4 = _dot(ab, p - b), _dot(ac, p - b)
    d5, d6 = _dot(ab, p - c), _dot(ac, p - c)
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    total = va + vb + vc + 1e-12
    weights = np.stack([1 - (vb + vc) / total, vb / total, vc / total], -1)
    on_bc = _ratio(d4 - d3, d5 - d6)
    on_ac = _ratio(d2, -d6)
    on_ab = _ratio(d1, -d3)
    zero, one = np.zeros_like(d1), np.ones_like(d1)
    # Edges first, corners last: a corner's region overrides the edges beside it.
    for where, value in (
        ((va <= 0) & (d4 >= d3) & (d5 >= d6), (zero, 1 - on_bc, on_bc)),
        ((vb <= 0) & (d2 >= 0) & (d6 <= 0), (1 - on_ac, zero, on_ac)),
        ((vc <= 0) & (d1 >= 0) & (d3 <= 0), (1 - on_ab, on_ab, zero)),
        ((d6 >= 0) & (d5 <= d6), (zero, zero, one)),
        ((d3 >= 0) & (d4 <= d3), (zero, one, zero)),
        ((d1 <= 0) & (d2 <= 0), (one, zero, zero)),
    ):
        weights = np.where(where[..., None], np.stack(value, -1), weights)
    return weights


def _dot(u, v):
    return (u * v).sum(-1)


def _ratio(part, rest):
    return part / (part + rest + 1e-12)


def quad_graph(vertices: np.ndarray, quads: np.ndarray) -> coo_array:
    """Edges of the quads (no diagonals), weighted by their length."""
    pairs = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    pairs = np.unique(np.sort(pairs, 1), axis=0)
    length = np.linalg.norm(vertices[pairs[:, 0]] - vertices[pairs[:, 1]], axis=1)
    count = int(quads.max()) + 1
    return coo_array((length, (pairs[:, 0], pairs[:, 1])), shape=(count, count))


def shortest_path(graph: coo_array, stops: np.ndarray, allowed: np.ndarray | None):
    """Vertices of the shortest way through ``stops``, inside ``allowed`` (V,) if given.

    The stops themselves are always allowed.
    """
    if allowed is not None:
        allowed = allowed[: graph.shape[0]].copy()
        allowed[stops] = True
        keep = allowed[graph.row] & allowed[graph.col]
        graph = coo_array(
            (graph.data[keep], (graph.row[keep], graph.col[keep])), shape=graph.shape
        )
    path = [int(stops[0])]
    for start, end in zip(stops[:-1], stops[1:], strict=True):
        _, before = dijkstra(
            graph, directed=False, indices=start, return_predecessors=True
        )
        leg = [int(end)]
        while leg[-1] != start:
            leg.append(int(before[leg[-1]]))
        path += leg[::-1][1:]
    return np.array(path)


def arc_fractions(polyline: np.ndarray) -> np.ndarray:
    """Arc length at each point (P, 3), 0 at the first and 1 at the last."""
    steps = np.linalg.norm(np.diff(polyline, axis=0), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    return length / length[-1]


def along(polyline: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Points (Q, 3) of a polyline (P, 3) at the given fractions of its length."""
    own = arc_fractions(polyline)
    return np.stack([np.interp(fractions, own, axis) for axis in polyline.T], 1)
