"""Drawing of a state graph; returns a matplotlib Figure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon
from matplotlib.patheffects import withStroke

from genface.behavior.graph import Edge, Node, StateGraph, dwell_text
from genface.behavior.plots import state_colours
from genface.errors import ShapeError

INCHES = 0.36  # of the largest disc's radius, without pictures
INCHES_PICTURED = 0.55
WIDTHS = (0.03, 0.22)  # of an edge of probability 0 and 1, in radii
INWARD = (1.0, 0.85, 0.7, 0.55, 0.4, 0.25, 0.1)  # the first that keeps a link clear
CLEAR = 0.12  # of other discs, in radii
STUB = 0.7  # length of a stub
ROOM = 0.9  # more than this between two numbers is no better
OTHER = "#8c8c8c"
HALO = [withStroke(linewidth=2.2, foreground="white")]
CROWDED = 8  # states up to which every edge has its number


def draw_graph(
    graph: StateGraph,
    pictures: np.ndarray | Sequence[np.ndarray] | None = None,
    colours: Sequence[str] | None = None,
) -> Figure:
    """The states on a circle, with arrows as wide as moves are probable.

    In each disc the state's number and the mean length of a visit, outside it the AUs
    that set it apart and its share of time. ``pictures`` (K, H, W, 3), uint8 or in
    [0, 1], are drawn in the discs. A dashed stub stands for all rarer moves.
    """
    K = len(graph.nodes)
    if pictures is not None and len(pictures) != K:
        raise ShapeError(f"{K} states, but {len(pictures)} pictures.")
    shades = list(colours) if colours is not None else state_colours(K)
    if len(shades) != K:
        raise ShapeError(f"{K} states, but {len(shades)} colours.")
    figure, ax = _canvas(graph, pictures is not None)
    _draw_moves(ax, graph, shades)
    for node, shade in zip(graph.nodes, shades, strict=True):
        if pictures is None:
            _draw_disc(ax, node, shade)
        else:
            _draw_picture(ax, node, shade, np.asarray(pictures[node.state]))
        _draw_label(ax, node, pictures is not None)
    return figure


def edge_curve(
    source: Node, target: Node, others: Sequence[Node] = (), points: int = 200
) -> np.ndarray:
    """Points (P, 2) of the link between the rims of two discs.

    It bends to the right of its way, so that it differs from the link back, and as
    far to the middle of the circle as it must to keep clear of the discs ``others``.
    """
    a, b = _place(source), _place(target)
    length = max(float(np.linalg.norm(b - a)), 1e-9)
    right = np.array([b[1] - a[1], a[0] - b[0]]) / length
    t = np.linspace(0, 1, points)[:, None]
    # Links that bend inward keep further away, so that way and way back stay apart.
    clear = CLEAR + (0.4 if right @ (a + b) < 0 else 0.0)
    for inward in INWARD:
        bend = (a + b) / 2 * inward + (0.3 + 0.1 * length) * right
        curve = (1 - t) ** 2 * a + 2 * t * (1 - t) * bend + t**2 * b
        if all(_distance(curve, _place(n)) > n.radius + clear for n in others):
            break
    free = np.linalg.norm(curve - a, axis=1) >= source.radius
    free &= np.linalg.norm(curve - b, axis=1) >= target.radius + 0.06
    return curve[free]


def _canvas(graph: StateGraph, pictured: bool) -> tuple[Figure, Axes]:
    inches = INCHES_PICTURED if pictured else INCHES
    places = np.array([_place(node) for node in graph.nodes])
    radii = np.array([[node.radius] for node in graph.nodes])
    sides = np.array([1.4, 0.5]) / inches  # for the labels
    low, high = (places - radii).min(0) - sides, (places + radii).max(0) + sides
    low[1] -= 0.35 / inches  # for the key
    width, height = np.maximum((high - low) * inches, (5.2, 0))
    figure = Figure(figsize=(width, height))
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    middle, half = (low[0] + high[0]) / 2, width / inches / 2
    ax.set(xlim=(middle - half, middle + half), ylim=(low[1], high[1]), aspect="equal")
    ax.axis("off")
    figure.text(
        0.5,
        0.08 / height,
        "Arrows: where a state leads when it is left (width, percent).\n"
        f"Dashed: all moves under {graph.threshold:.0%} together. "
        f"Below a name: share of time{', mean visit' if pictured else ''}.",
        size=7.5,
        color="#555555",
        ha="center",
        va="bottom",
    )
    return figure, ax


def _draw_moves(ax: Axes, graph: StateGraph, shades: Sequence[str]) -> None:
    """Arrows, stubs and their numbers, each where it is free of the others."""
    nodes = {node.state: node for node in graph.nodes}
    numbered = 0.0 if len(nodes) <= CROWDED else 0.25
    curves: dict[Edge, np.ndarray] = {}
    for edge in graph.edges:
        if edge.target is not None:
            ends = (edge.source, edge.target)
            others = [node for k, node in nodes.items() if k not in ends]
            curves[edge] = edge_curve(nodes[ends[0]], nodes[ends[1]], others)
    drawn = [np.zeros((0, 2)), *curves.values()]
    taken: list[np.ndarray] = []
    for edge in sorted(graph.edges, key=lambda e: -e.probability):
        if edge.target is None:
            stub = _stub(nodes[edge.source], graph, np.concatenate(drawn))
            drawn.append(stub)
            width = 1 + 5 * edge.probability
            ax.plot(*stub[:2].T, color=OTHER, lw=width, ls=(0, (1.2, 0.7)), zorder=1)
            spot = stub[2]
            shade = "#666666"
        else:
            shade = shades[edge.source]
            outline = _arrow(curves[edge], _width(edge.probability))
            ax.add_patch(
                Polygon(outline, fc=shade, ec="white", lw=0.5, alpha=0.85, zorder=2)
            )
            spot = _number_spot(curves[edge], taken)
        if edge.probability >= numbered:
            taken.append(spot)
            text = _percent(edge.probability)
            style = {"size": 7, "zorder": 4, "path_effects": HALO}
            _write(ax, spot[0], spot[1], text, color=shade, **style)


def _number_spot(curve: np.ndarray, taken: list[np.ndarray]) -> np.ndarray:
    """The place on a link that is farthest from other numbers, if near the source."""
    spots = curve[[int(part * (len(curve) - 1)) for part in (0.4, 0.3, 0.5, 0.2, 0.6)]]
    if not taken:
        return spots[0]
    room = [min(_distance(np.array(taken), spot), ROOM) for spot in spots]
    return spots[int(np.argmax(room))]


def _stub(node: Node, graph: StateGraph, drawn: np.ndarray) -> np.ndarray:
    """Start, end and place of the number (3, 2) of a stub: not outward, else free."""
    place = _place(node)
    inward = np.arctan2(-node.y, -node.x) if place.any() else -np.pi / 2
    angles = inward + np.radians([0, -25, 25, -50, 50, -75, 75, -100, 100])
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    tips = place + (node.radius + STUB) * ways
    discs = np.array([_place(n) for n in graph.nodes if n is not node])
    room = [
        min(_distance(drawn, tip), _distance(discs, tip) - 1.0, ROOM) for tip in tips
    ]
    way = ways[int(np.argmax(room))]
    return place + (node.radius + np.array([[0.0], [STUB], [STUB + 0.28]])) * way


def _draw_disc(ax: Axes, node: Node, shade: str) -> None:
    x, y, r = node.x, node.y, node.radius
    ax.add_patch(Circle((x, y), r, fc=shade, ec="white", lw=1.5, zorder=5))
    number = {"size": 8 + 4 * r, "weight": "bold", "va": "bottom", "zorder": 6}
    _write(ax, x, y, f"{node.state}", color="white", **number)
    dwell = dwell_text(node.dwell_seconds)
    _write(ax, x, y - 0.08, dwell, color="white", size=4 + 4 * r, va="top", zorder=6)


def _draw_picture(ax: Axes, node: Node, shade: str, picture: np.ndarray) -> None:
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise ShapeError(f"a picture is (H, W, 3), got {picture.shape}.")
    x, y, r = node.x, node.y, node.radius
    height, width = picture.shape[:2]
    # The disc is covered, the longer side cut.
    across, up = r * np.array([width, height]) / min(height, width)
    rim = ax.add_patch(Circle((x, y), r, fc="none", ec=shade, lw=3, zorder=5.5))
    limits = ax.get_xlim(), ax.get_ylim()
    image = ax.imshow(picture, extent=(x - across, x + across, y - up, y + up))
    image.set(zorder=5, clip_path=rim)
    ax.set(xlim=limits[0], ylim=limits[1])
    badge = {"boxstyle": "round,pad=0.25", "fc": shade, "ec": "white"}
    style = {"weight": "bold", "color": "white", "bbox": badge, "zorder": 6}
    _write(ax, x, y - r, f"{node.state}", **style)


def _draw_label(ax: Axes, node: Node, pictured: bool) -> None:
    place = _place(node)
    distance = np.linalg.norm(place)
    out = place / distance if distance > 1e-9 else np.array([0.0, 1.0])
    x, y = place + (node.radius + 0.15) * out
    lines = [_percent(node.share)]
    if node.label:
        lines.insert(0, node.label)
    if pictured:
        lines[-1] += f" · {dwell_text(node.dwell_seconds)}"
    side = "center" if abs(out[0]) < 0.35 else "left" if out[0] > 0 else "right"
    level = "center" if abs(out[1]) < 0.6 else "bottom" if out[1] > 0 else "top"
    _write(ax, x, y, "\n".join(lines), ha=side, va=level, color="#222222")


def _arrow(curve: np.ndarray, width: float) -> np.ndarray:
    """Outline (P, 2) of a band along the curve that ends in a head."""
    steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    to_end = np.append(np.cumsum(steps[::-1])[::-1], 0.0)
    head = min(0.22 + 1.1 * width, 0.6 * to_end[0])
    neck = int(np.argmax(to_end <= head))
    neck = max(1, neck)
    tangent = np.gradient(curve, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-12)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    shaft, across = curve[: neck + 1], normal[: neck + 1] * width / 2
    barb = normal[neck] * (width / 2 + 0.09 + 0.2 * width)
    return np.concatenate(
        [
            shaft + across,
            [curve[neck] + barb, curve[-1], curve[neck] - barb],
            (shaft - across)[::-1],
        ]
    )


def _width(probability: float) -> float:
    return WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * probability


def _place(node: Node) -> np.ndarray:
    return np.array([node.x, node.y])


def _distance(points: np.ndarray, spot: np.ndarray) -> float:
    """From a place to the nearest of points (P, 2)."""
    return float(np.linalg.norm(points - spot, axis=1).min(initial=np.inf))


def _write(ax: Axes, x: float, y: float, text: str, **style: Any) -> None:
    centred: dict[str, Any] = {"size": 8, "ha": "center", "va": "center"}
    ax.text(x, y, text, **(centred | style))


def _percent(part: float) -> str:
    return "<1%" if 0 < part < 0.005 else f"{part:.0%}"
