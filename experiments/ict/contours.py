"""Lips and lids of the mesh on curves of the set's own edges."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.ict.facekit import FACE_VERTICES, ICT
from experiments.ict.surface import (
    Nearest,
    along,
    arc_fractions,
    nearest_on_surface,
    quad_graph,
    shortest_path,
)
from genface.avatar.contact import LOWER_LIDS, LOWER_LIP, UPPER_LIDS, UPPER_LIP

# Landmarks (of the 68) through which each curve runs, from image left to right.
UPPER_LIP_MARKS = (48, 49, 50, 51, 52, 53, 54), (60, 61, 62, 63, 64)
LOWER_LIP_MARKS = (48, 59, 58, 57, 56, 55, 54), (60, 67, 66, 65, 64)
UPPER_LID_MARKS = (36, 37, 38, 39), (42, 43, 44, 45)
LOWER_LID_MARKS = (36, 41, 40, 39), (42, 47, 46, 45)


@dataclass(frozen=True)
class Skin:
    """Triangles of the face area by what may lie on them."""

    vertices: np.ndarray
    everything: np.ndarray
    upper_lip: np.ndarray
    lower_lip: np.ndarray
    outside: np.ndarray  # all but the inside of the mouth
    lower: np.ndarray  # (V,) bool: moves with the jaw

    @classmethod
    def of(cls, ict: ICT) -> "Skin":
        opening = np.linalg.norm(ict.shape("jawOpen"), axis=1)
        lower = opening > 0.5 * opening[ict.landmarks68[66]]
        triangles = ict.triangles
        x, y, z = ict.neutral[triangles].mean(1).T
        mouth = (abs(x) < 2.9) & (y > -5.2) & (y < -1.9) & (z > 9.3)
        inside = mouth & (z < 10.2) & (abs(x) < 2.2) & (abs(y + 3.4) < 0.7)
        low = lower[triangles].sum(1) >= 2
        return cls(
            vertices=ict.neutral,
            everything=triangles,
            upper_lip=triangles[mouth & ~low],
            lower_lip=triangles[mouth & low],
            outside=triangles[~inside],
            lower=lower,
        )

    def nearest(self, points: np.ndarray, triangles: np.ndarray) -> Nearest:
        return nearest_on_surface(points, self.vertices, triangles)


@dataclass(frozen=True)
class Contours:
    """Where the lip and lid vertices lie, and the part to which each belongs."""

    positions: dict[int, np.ndarray]
    part: dict[int, str]  # "upper lip", "lower lip" or "lids"


def place_contours(ict: ICT, skin: Skin, shape: np.ndarray) -> Contours:
    """Put lips and lids on the set's edges at the arc fractions of ``shape`` (468, 3).

    A vertex that two curves share (a corner) lies at the mean of both places.
    """
    placing = _Placing(ict, skin, shape)
    placing.lip("upper lip", UPPER_LIP, UPPER_LIP_MARKS, ~skin.lower, skin.upper_lip)
    placing.lip("lower lip", LOWER_LIP, LOWER_LIP_MARKS, skin.lower, skin.lower_lip)
    placing.mouth_corners()
    for row, marks in zip(
        (*UPPER_LIDS, *LOWER_LIDS), (*UPPER_LID_MARKS, *LOWER_LID_MARKS), strict=True
    ):
        line = ict.neutral[placing.curve(marks)]
        placing.put("lids", row, along(line, placing.fractions(row)))
    means = {i: np.mean(places, axis=0) for i, places in placing.found.items()}
    return Contours(means, placing.part)


class _Placing:
    """The contours found so far."""

    def __init__(self, ict: ICT, skin: Skin, shape: np.ndarray) -> None:
        inside = (ict.quads >= 0) & (ict.quads < FACE_VERTICES)
        self.graph = quad_graph(ict.neutral, ict.quads[inside.all(1)])
        self.ict, self.skin, self.shape = ict, skin, shape
        self.found: dict[int, list[np.ndarray]] = {}
        self.part: dict[int, str] = {}

    def put(self, part: str, vertices: Sequence[int], positions: np.ndarray) -> None:
        for vertex, position in zip(vertices, positions, strict=True):
            self.found.setdefault(int(vertex), []).append(position)
            self.part.setdefault(int(vertex), part)

    def curve(self, marks: Sequence[int], allowed: np.ndarray | None = None):
        return shortest_path(self.graph, self.ict.landmarks68[list(marks)], allowed)

    def fractions(self, vertices: Sequence[int]) -> np.ndarray:
        return arc_fractions(self.shape[list(vertices)])

    def lip(self, part: str, rows, marks, own: np.ndarray, triangles) -> None:
        """Outer and inner row on curves, the two between by tracing the skin."""
        outer = self._in_halves(marks[0], rows[0])
        inner = self._in_halves(marks[1], rows[3], own)
        self.put(part, rows[0], outer)
        self.put(part, rows[3], inner)
        for k in range(1, len(rows[0]) - 1):
            column = [row[k] for row in rows]
            trace = _over_the_lip(self.skin, outer[k], inner[k], triangles)
            self.put(part, column[1:3], along(trace, self.fractions(column)[1:3]))

    def mouth_corners(self) -> None:
        """The middle rows' ends, where upper and lower rows meet."""
        for k in (0, -1):
            column = [row[k] for row in UPPER_LIP]
            ends = np.stack([np.mean(self.found[column[j]], axis=0) for j in (0, 3)])
            fractions = self.fractions(column)[1:3]
            self.put("upper lip", column[1:3], along(ends, fractions))

    def _in_halves(self, marks, vertices, allowed=None) -> np.ndarray:
        """Positions on a lip's curve, each half by its own fractions."""
        path = self.curve(marks, allowed)
        middle = self.ict.landmarks68[marks[len(marks) // 2]]
        at = int(np.flatnonzero(path == middle)[0])
        line, half = self.ict.neutral[path], len(vertices) // 2
        right = along(line[: at + 1], self.fractions(vertices[: half + 1]))
        left = along(line[at:], self.fractions(vertices[half:]))
        return np.concatenate([right, left[1:]])


def _over_the_lip(skin: Skin, outer, inner, triangles) -> np.ndarray:
    """Curve (25, 3) on the skin from the lip's outer edge to its inner one."""
    t = np.linspace(0, 1, 25)[:, None]
    bulge = np.array([0, 0, 0.35]) * np.sin(np.pi * t)
    trace = skin.nearest(outer * (1 - t) + inner * t + bulge, triangles).position
    trace[0], trace[-1] = outer, inner
    return trace
