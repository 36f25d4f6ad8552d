"""The state graph: how long each state lasts, what marks it, where it leads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genface.behavior.graph_layout import circle_layout
from genface.errors import InputError, ShapeError

SMALLEST = 0.6  # radius of a state that is hardly ever visited; 1 is the largest
NAMED = 2  # AUs in a label
WEAK = 1 / 3  # an AU is named if it stands out by this part of the strongest one


@dataclass(frozen=True)
class Node:
    """One state.

    ``aus`` are the AUs that set it apart, each with how far its mean lies above the
    other states' (below, if negative), and ``label`` names them. ``share`` is its
    part of the time in the long run, ``dwell_seconds`` the mean length of a visit
    (infinite if it is never left). ``x``, ``y`` and ``radius`` place its disc.
    """

    state: int
    label: str
    aus: tuple[tuple[str, float], ...]
    share: float
    dwell_seconds: float
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Edge:
    """Where a state leads when it is left; target None: to other states, each rare."""

    source: int
    target: int | None
    probability: float


@dataclass(frozen=True)
class StateGraph:
    """States and moves between them; each state's edges add up to 1.

    Only a state that is never left has no edge. Moves of probability under
    ``threshold`` are summed in the state's edge to None.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    threshold: float

    def to_dict(self) -> dict:
        """The graph as plain values for JSON; an infinite dwell is None."""
        nodes = [
            {
                "state": node.state,
                "label": node.label,
                "aus": [{"au": au, "difference": d} for au, d in node.aus],
                "share": node.share,
                "dwell_seconds": _finite(node.dwell_seconds),
                "x": node.x,
                "y": node.y,
                "radius": node.radius,
            }
            for node in self.nodes
        ]
        edges = [
            {
                "source": edge.source,
                "target": "other" if edge.target is None else edge.target,
                "probability": edge.probability,
            }
            for edge in self.edges
        ]
        return {"threshold": self.threshold, "nodes": nodes, "edges": edges}

    def to_dot(self) -> str:
        """The graph in the DOT language, with its places (for ``neato -n``)."""
        lines = [
            "digraph states {",
            "  node [shape=circle, fixedsize=true, fontsize=10];",
            "  edge [fontsize=9];",
        ]
        for node in self.nodes:
            rows = (str(node.state), node.label, dwell_text(node.dwell_seconds))
            text = "\\n".join(_escaped(row) for row in rows if row)
            lines.append(
                f'  s{node.state} [label="{text}", width={2 * node.radius:.3f}, '
                f'pos="{72 * node.x:.1f},{72 * node.y:.1f}"];'
            )
        if any(edge.target is None for edge in self.edges):
            lines.append('  other [label="other", shape=plaintext, pos="0.0,0.0"];')
        for edge in self.edges:
            target = "other" if edge.target is None else f"s{edge.target}"
            style = ", style=dashed" if edge.target is None else ""
            lines.append(
                f'  s{edge.source} -> {target} [label="{edge.probability:.2f}", '
                f"weight={edge.probability:.6f}, "
                f"penwidth={0.5 + 5 * edge.probability:.2f}{style}];"
            )
        return "\n".join([*lines, "}"]) + "\n"


def state_graph(
    trans: np.ndarray,
    fps: float,
    means: np.ndarray | None = None,
    columns: Sequence[str] = (),
    *,
    threshold: float = 0.1,
    dwell_seconds: np.ndarray | None = None,
    share: np.ndarray | None = None,
) -> StateGraph:
    """The graph of transitions ``trans`` (K, K) per frame at ``fps``.

    Edges are probabilities given that the state is left: the diagonal is told by the
    dwell alone. ``means`` (K, A) of the AUs ``columns`` label the states; NaN is an AU
    that says nothing. ``dwell_seconds`` (K,) replaces the geometric mean visit where a
    model has other durations; ``share`` (K,) the long-run share of time that follows
    from visits and their lengths.
    """
    trans = _transitions(trans)
    K = len(trans)
    if not fps > 0:
        raise InputError(f"fps must be positive, got {fps}.")
    if not 0 <= threshold <= 1:
        raise InputError(f"threshold must be from 0 to 1, got {threshold}.")
    moves = moves_given_leaving(trans)
    left = moves.sum(1) > 0
    if dwell_seconds is None:
        stay = np.where(left, np.diag(trans), 0.0)
        dwell = np.where(left, 1 / (1 - stay) / fps, np.inf)
    else:
        dwell = _vector("dwell_seconds", dwell_seconds, K)
    if share is None:
        share = long_run_share(moves, dwell)
    share = _vector("share", share, K)
    kept = np.where(moves >= max(threshold, 1e-12), moves, 0.0)
    radii = SMALLEST + (1 - SMALLEST) * np.sqrt(share / max(share.max(), 1e-300))
    places = circle_layout(kept, radii)
    marks = marking_aus(means, columns) if means is not None else [()] * K
    if len(marks) != K:
        raise ShapeError(f"trans has {K} states, means has {len(marks)} rows.")
    nodes = tuple(
        Node(
            k,
            au_label(marks[k]),
            marks[k],
            float(share[k]),
            float(dwell[k]),
            float(places[k, 0]),
            float(places[k, 1]),
            float(radii[k]),
        )
        for k in range(K)
    )
    return StateGraph(nodes, tuple(_edges(kept, left)), float(threshold))


def moves_given_leaving(trans: np.ndarray) -> np.ndarray:
    """Probabilities (K, K) of the next other state; a row of 0 where there is none."""
    moves = np.asarray(trans, np.float64).copy()
    np.fill_diagonal(moves, 0.0)
    leaving = moves.sum(1, keepdims=True)
    return np.where(leaving > 0, moves / np.where(leaving > 0, leaving, 1.0), 0.0)


def long_run_share(moves: np.ndarray, dwell: np.ndarray) -> np.ndarray:
    """Share of time (K,) in each state, however long visits last (semi-Markov).

    Visits in the long run from a state drawn evenly, times ``dwell`` (K,) of a visit.
    ``moves`` (K, K) are given leaving; states that are never left take all of the time
    if they can be reached.
    """
    ends = moves.sum(1) == 0
    chain = np.where(np.diag(ends), 1.0, moves)
    # Half of the steps wait: the powers then converge for periodic chains too.
    chain = (chain + np.eye(len(chain))) / 2
    for _ in range(60):
        chain = chain @ chain
        chain /= chain.sum(1, keepdims=True)
    visits = chain.mean(0)
    endless = np.isinf(dwell) & (visits > 1e-9)
    if endless.any():
        time = np.where(endless, visits, 0.0)
    else:
        time = visits * np.where(np.isinf(dwell), 0.0, dwell)
    return time / time.sum()


def marking_aus(
    means: np.ndarray, columns: Sequence[str], most: int = NAMED
) -> list[tuple[tuple[str, float], ...]]:
    """The AUs that set each state apart from the others, the strongest first.

    For each state at most ``most`` AUs whose mean exceeds the average over the other
    states, in AU units, by at least a third of what the first one does. A state in
    which no AU is higher is marked by the one that is lowest.
    """
    means = np.asarray(means, np.float64)
    if means.ndim != 2 or means.shape[1] != len(columns):
        raise ShapeError(
            f"means: expected (K, {len(columns)}) for {len(columns)} columns, "
            f"got {means.shape}."
        )
    K = len(means)
    seen = np.nan_to_num(means)
    others = (seen.sum(0) - seen) / max(K - 1, 1)
    differences = np.where(np.isfinite(means), seen - others, 0.0)
    return [_marks(row, columns, most) for row in differences]


def au_label(marks: Sequence[tuple[str, float]]) -> str:
    """``AU06+AU12`` for AUs that are higher, ``low AU25`` for one that is lower."""
    if not marks:
        return ""
    if marks[0][1] < 0:
        return f"low {marks[0][0]}"
    return "+".join(sorted(name for name, _ in marks))


def dwell_text(seconds: float) -> str:
    """Length of a visit in words: ``0.42 s``, ``12 s``, or ``stays``."""
    if not np.isfinite(seconds):
        return "stays"
    digits = 0 if seconds >= 9.95 else 1 if seconds >= 0.995 else 2
    return f"{seconds:.{digits}f} s"


def _edges(kept: np.ndarray, left: np.ndarray) -> list[Edge]:
    edges = []
    for source, row in enumerate(kept):
        for target in np.argsort(-row, kind="stable"):
            if row[target] > 0:
                edges.append(Edge(source, int(target), float(row[target])))
        rest = 1.0 - float(row.sum())
        if left[source] and rest > 1e-9:
            edges.append(Edge(source, None, rest))
    return edges


def _marks(
    row: np.ndarray, columns: Sequence[str], most: int
) -> tuple[tuple[str, float], ...]:
    order = np.argsort(-row, kind="stable")
    if not len(row) or not row.any():
        return ()
    high = row[order[0]]
    if high <= 0:
        lowest = int(np.argmin(row))
        return ((columns[lowest], float(row[lowest])),)
    strong = [k for k in order[:most] if row[k] >= WEAK * high]
    return tuple((columns[k], float(row[k])) for k in strong)


def _transitions(trans: np.ndarray) -> np.ndarray:
    trans = np.asarray(trans, np.float64)
    if trans.ndim != 2 or trans.shape[0] != trans.shape[1] or not trans.size:
        raise ShapeError(f"trans: expected (K, K), got {trans.shape}.")
    wrong = ~(np.isclose(trans.sum(1), 1, atol=1e-6) & (trans >= 0).all(1))
    if wrong.any():
        raise InputError(
            f"trans: row {int(np.argmax(wrong))} is not a row of probabilities that "
            "add up to 1."
        )
    return trans


def _vector(name: str, values: np.ndarray, K: int) -> np.ndarray:
    values = np.asarray(values, np.float64)
    if values.shape != (K,):
        raise ShapeError(f"{name}: expected ({K},), got {values.shape}.")
    if not (values >= 0).all():
        raise InputError(f"{name}: expected numbers of at least 0, got {values}.")
    return values


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
