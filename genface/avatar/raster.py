"""Triangles to pixels: a deterministic z-buffer rasteriser in batches of numpy.

A triangle is cut into one span of pixels per image row, and all spans of all triangles
are filled at once; there is no loop over triangles, rows or pixels.
"""

from dataclasses import dataclass

import numpy as np

BLOCK = 1 << 14  # fragments worked on at a time, so that they stay in the cache
FAR = np.float32(-1e9)  # depth where nothing is


@dataclass(frozen=True)
class Fragments:
    """The nearest surface at each covered pixel.

    ``pixel`` (P,) is the flat index row * W + column; ``triangle`` (P,) is never
    falling; ``values`` (C, P) are what the vertices carry, linear on each triangle.
    ``depth`` is that of each pixel of the picture (or of ``cells``), ``FAR`` where
    there is nothing.
    """

    pixel: np.ndarray
    triangle: np.ndarray
    values: np.ndarray
    depth: np.ndarray


def rasterize(
    points: np.ndarray,
    triangles: np.ndarray,
    values: np.ndarray,
    shape: tuple[int, int],
    cull: bool = True,
    cells: np.ndarray | None = None,
) -> Fragments:
    """Visible fragments of a mesh.

    ``points`` (V, 3) are column and row in pixels (y down; the first pixel's centre is
    .5, .5) and depth, larger is nearer. ``values`` (V, C) are interpolated. A pixel
    belongs to the triangle that holds its centre; on a shared edge exactly one of both
    does. Of equally near triangles the later one is seen. With ``cull``, triangles
    that run counter-clockwise as seen on screen face the viewer and others are left
    out. Triangles with a vertex that is not finite are left out. ``cells`` are the flat
    indices, rising, of the only pixels that are wanted.
    """
    front = _facing(points, triangles, cull)
    faces = triangles[front]
    spans = _spans(points, faces, shape)
    place, length = spans.first, spans.length
    if cells is not None:
        spans, place, length = _within(spans, cells)
    planes = _planes(points, faces, shape[1])
    start, slope = planes.along_spans(points[:, 2], spans)
    # Whole indices are intp throughout: numpy would convert others at every use.
    index = np.repeat(np.arange(len(length)), length)
    place = (place - np.cumsum(length) + length)[index]
    place += np.arange(len(index))
    pixel = place if cells is None else cells[place]
    depth = (pixel - spans.first[index]).astype(np.float32)
    depth *= slope[index]
    depth += start[index]
    size = shape[0] * shape[1] if cells is None else len(cells)
    buffer, seen = _nearest(depth, place, size)
    if len(seen) < len(pixel):
        pixel, index = pixel[seen], index[seen]
    which = spans.triangle[index]
    found = planes.interpolate(np.asarray(values, np.float32), pixel, which)
    return Fragments(pixel, front[which], found, buffer)


@dataclass(frozen=True)
class _Spans:
    """Runs of pixels: first flat index, length and triangle of each (S,)."""

    first: np.ndarray
    length: np.ndarray
    triangle: np.ndarray


def _facing(points, triangles, cull):
    """Indices of the triangles that are finite, not flat, and face the viewer."""
    x, y = points[:, 0][triangles.T], points[:, 1][triangles.T]
    turn = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    # y runs down, so that counter-clockwise on screen has a negative sign.
    return np.flatnonzero((turn < 0) if cull else (np.isfinite(turn) & (turn != 0)))


def _spans(points, triangles, shape) -> _Spans:
    """The non-empty runs of pixels of each triangle, a triangle's rows together."""
    height, width = shape
    x, y = _by_height(points, triangles)
    top = np.ceil(np.clip(y[0] - 0.5, 0, height)).astype(np.intp)
    rows = np.ceil(np.clip(y[2] - 0.5, 0, height)).astype(np.intp) - top
    which = np.repeat(np.arange(len(triangles)), rows)
    row = np.repeat(top - np.cumsum(rows) + rows, rows)
    row += np.arange(len(which))
    centre = row + 0.5
    # Both triangles at an edge work out its crossing in the same way, upper end
    # first, so that rounding leaves neither gaps nor doubly covered pixels.
    edges = _edges(x, y)
    long = _crossing(edges, which, centre)
    under = (centre >= y[1][which]) + np.intp(1)
    short = _crossing(edges, which + len(triangles) * under, centre)
    left = np.ceil(np.clip(np.minimum(long, short) - 0.5, 0, width)).astype(np.intp)
    right = np.ceil(np.clip(np.maximum(long, short) - 0.5, 0, width)).astype(np.intp)
    length = right - left
    full = np.flatnonzero(length > 0)
    return _Spans((row * width + left)[full], length[full], which[full])


def _by_height(points, triangles):
    """Columns and rows of the corners (3, M) each, the upper corner first."""
    corners = [(points[:, 0][ids], points[:, 1][ids]) for ids in triangles.T]
    for a, b in ((0, 1), (1, 2), (0, 1)):
        (xa, ya), (xb, yb) = corners[a], corners[b]
        swap = yb < ya
        corners[a] = np.where(swap, xb, xa), np.where(swap, yb, ya)
        corners[b] = np.where(swap, xa, xb), np.where(swap, ya, yb)
    return zip(*corners, strict=True)


def _edges(x, y):
    """Column and row of the upper end, and slope, of long, upper and lower edges."""
    ends = ((0, 2), (0, 1), (1, 2))
    tall = [y[below] - y[above] for above, below in ends]
    slopes = [
        (x[below] - x[above]) / np.where(height > 0, height, 1.0)
        for (above, below), height in zip(ends, tall, strict=True)
    ]
    return (
        np.concatenate([x[0], x[0], x[1]]),
        np.concatenate([y[0], y[0], y[1]]),
        np.concatenate(slopes),
    )


def _crossing(edges, which, centre):
    """Column at which edges cross a row's centre."""
    x, y, slope = edges
    return x[which] + (centre - y[which]) * slope[which]


def _within(spans: _Spans, cells):
    """Spans that hold wanted cells, their first cell's number and how many."""
    start = np.searchsorted(cells, spans.first)
    stop = np.searchsorted(cells, spans.first + spans.length)
    some = np.flatnonzero(stop > start)
    kept = _Spans(spans.first[some], spans.length[some], spans.triangle[some])
    return kept, start[some], (stop - start)[some]


@dataclass(frozen=True)
class _Planes:
    """How values change over triangles (M,) on screen, from the first corner of each.

    ``across`` and ``down`` (2, M) are the shares of the sides to the second and third
    corner in one step along a row and a column of a picture ``width`` pixels wide.
    """

    triangles: np.ndarray
    corner: tuple[np.ndarray, np.ndarray]
    across: np.ndarray
    down: np.ndarray
    width: int

    def slopes(self, value: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Value at the first corner, and its slopes along rows and columns (M,)."""
        first, second, third = value[self.triangles.T]
        second, third = second - first, third - first
        across = second * self.across[0] + third * self.across[1]
        return first, across, second * self.down[0] + third * self.down[1]

    def along_spans(self, value: np.ndarray, spans: _Spans):
        """Values at the first pixel of spans (S,) and their slopes along them."""
        first, across, down = self.slopes(value.astype(np.float32))
        dx, dy = self.offsets(spans.first, spans.triangle)
        slope = across[spans.triangle]
        return first[spans.triangle] + dx * slope + dy * down[spans.triangle], slope

    def offsets(self, pixel, which):
        """Columns and rows from the first corner to the centres of pixels (P,)."""
        row, column = np.divmod(pixel, self.width)
        x, y = self.corner
        dx = column.astype(np.float32)
        dx -= x[which]
        dy = row.astype(np.float32)
        dy -= y[which]
        return dx, dy

    def interpolate(self, values, pixel, which) -> np.ndarray:
        """Values (C, P), from those of the vertices (V, C), at pixels of triangles."""
        planes = [self.slopes(channel) for channel in values.T]
        found = np.empty((len(planes), len(pixel)), np.float32)
        spare = np.empty(BLOCK, np.float32)
        for block in range(0, len(pixel), BLOCK):
            part = slice(block, block + BLOCK)
            where = which[part]
            dx, dy = self.offsets(pixel[part], where)
            term = spare[: len(where)]
            for (first, across, down), out in zip(planes, found[:, part], strict=True):
                # With "wrap" it writes into the array without a copy in between.
                np.take(across, where, out=out, mode="wrap")
                out *= dx
                np.take(down, where, out=term, mode="wrap")
                term *= dy
                out += term
                np.take(first, where, out=term, mode="wrap")
                out += term
        return found


def _planes(points, triangles, width) -> _Planes:
    ax, bx, cx = points[:, 0][triangles.T]
    ay, by, cy = points[:, 1][triangles.T]
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    area = np.where(area == 0, 1.0, area)
    across = np.array([cy - ay, ay - by]) / area
    down = np.array([ax - cx, bx - ax]) / area
    corner = (ax - 0.5).astype(np.float32), (ay - 0.5).astype(np.float32)
    single = np.float32
    return _Planes(triangles, corner, across.astype(single), down.astype(single), width)


def _nearest(depth, place, size):
    """Nearest depth of each place, and the fragments seen: of equals, the latest."""
    buffer = np.full(size, FAR, np.float32)
    np.maximum.at(buffer, place, depth)
    seen = np.flatnonzero(depth == buffer[place])
    if len(seen) == np.count_nonzero(buffer > FAR):
        return buffer, seen
    winner = np.empty(size, np.intp)
    winner[place[seen]] = seen  # where an index is repeated, the last one stays
    return buffer, seen[winner[place[seen]] == seen]
