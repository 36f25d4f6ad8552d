"""Edges of a mesh joined to few long lines, which take less room than pairs."""

from collections.abc import Iterable

import numpy as np


def trails(edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Vertices of lines that together run along every undirected edge once.

    From vertices with an odd number of edges first: each of them ends a line.
    """
    neighbours: dict[int, list[int]] = {}
    for one, other in edges:
        neighbours.setdefault(int(one), []).append(int(other))
        neighbours.setdefault(int(other), []).append(int(one))
    odd = [v for v, others in neighbours.items() if len(others) % 2]
    lines = []
    for start in [*odd, *neighbours]:
        while neighbours[start]:
            line = [start]
            while neighbours[line[-1]]:
                following = neighbours[line[-1]].pop()
                neighbours[following].remove(line[-1])
                line.append(following)
            lines.append(line)
    return lines


def with_breaks(lines: list[list[int]]) -> np.ndarray:
    """Vertices (N,) of all lines in a row, -1 between them."""
    return np.array([vertex for line in lines for vertex in (*line, -1)][:-1])
