"""Triangles to pixels: a deterministic z-buffer rasteriser in batches of numpy.

A triangle is cut into one span of pixels per image row, and all spans of all triangles
are filled at once; there is no loop over triangles, rows or pixels.
"""

from dataclasses import dataclass

import numpy as np

BLOCK = 1 << 14  # fragments worked on at a time


@dataclass(frozen=True)
class Fragments:
    """The nearest surface at each covered pixel.

    ``pixel`` (P,) is the flat index row * W + column; ``triangle`` (P,) is never
    falling; ``values`` (C, P) are what the vertices carry, linear on each triangle.
    """

    pixel: np.ndarray
    triangle: np.ndarray
    values: np.ndarray


def rasterize(
    points: np.ndarray,
    triangles: np.ndarray,
    values: np.ndarray,
    shape: tuple[int, int],
    cull: bool = True,
) -> Fragments:
    """Visible fragments of a mesh.

    ``points`` (V, 3) are column and row in pixels (y down; the first pixel's centre is
    .5, .5) and depth, larger is nearer. ``values`` (V, C) are interpolated. A pixel
    belongs to the triangle that holds its centre; on a shared edge exactly one of both
    does. Of equally near triangles the later one is seen. With ``cull``, triangles
    that run counter-clockwise as seen on screen face the viewer and others are left
    out. Triangles with a vertex that is not finite are left out.
    """
    front = _facing(points, triangles, cull)
    span, triangle, column, row = _spans(points, triangles[front], shape)
    carried = np.concatenate([points[:, 2:], values], axis=1)
    start, slope = _span_values(
        points, triangles[front], carried, triangle, column, row
    )
    # Whole indices are intp throughout: numpy would convert others at every use.
    index = np.repeat(np.arange(len(span)), span)
    first = np.cumsum(span) - span
    along = np.arange(len(index)) - first[index]
    pixel = (row * shape[1] + column)[index] + along
    along = along.astype(np.float32)
    depth = slope[0][index] * along
    depth += start[0][index]
    seen = _nearest(depth, pixel, shape)
    if len(seen) < len(pixel):
        pixel, index, along = pixel[seen], index[seen], along[seen]
    found = np.empty((values.shape[1], len(pixel)), np.float32)
    # In blocks that stay in the processor's cache.
    for block in range(0, len(pixel), BLOCK):
        part = slice(block, block + BLOCK)
        where, step = index[part], along[part]
        for channel, out in enumerate(found[:, part], start=1):
            np.multiply(slope[channel][where], step, out=out)
            out += start[channel][where]
    return Fragments(pixel, front[triangle][index], found)


def _facing(points, triangles, cull):
    """Indices of the triangles that are finite, not flat, and face the viewer."""
    x, y = points[triangles.T, :2].transpose(2, 0, 1)
    turn = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])
    # y runs down, so that counter-clockwise on screen has a negative sign.
    return np.flatnonzero((turn < 0) if cull else (np.isfinite(turn) & (turn != 0)))


def _spans(points, triangles, shape):
    """Length (S,), triangle, first column and row of each non-empty run of pixels."""
    height, width = shape
    x, y = points[triangles, :2].astype(np.float64).transpose(2, 0, 1)
    order = np.argsort(y, axis=1, kind="stable")
    x, y = (np.take_along_axis(part, order, axis=1).T for part in (x, y))
    top = np.clip(np.ceil(y[0] - 0.5), 0, height).astype(np.int64)
    bottom = np.clip(np.ceil(y[2] - 0.5), 0, height).astype(np.int64)
    rows = bottom - top
    which = np.repeat(np.arange(len(triangles)), rows)
    row = np.arange(len(which)) - np.repeat(np.cumsum(rows) - rows - top, rows)
    centre = row + 0.5
    # Both triangles at an edge work out its crossing in the same way, upper end
    # first, so that rounding leaves neither gaps nor doubly covered pixels.
    long = _crossing(x, y, 0, 2, which, centre)
    upper = _crossing(x, y, 0, 1, which, centre)
    lower = _crossing(x, y, 1, 2, which, centre)
    short = np.where(centre < y[1][which], upper, lower)
    left = np.clip(np.ceil(np.minimum(long, short) - 0.5), 0, width).astype(np.int64)
    right = np.clip(np.ceil(np.maximum(long, short) - 0.5), 0, width).astype(np.int64)
    length = right - left
    full = np.flatnonzero(length > 0)
    return length[full], which[full], left[full], row[full]


def _crossing(x, y, above, below, which, centre):
    """Column at which the edge between two sorted corners crosses a row's centre."""
    height = y[below] - y[above]
    slope = (x[below] - x[above]) / np.where(height > 0, height, 1.0)
    return x[above][which] + (centre - y[above][which]) * slope[which]


def _span_values(points, triangles, carried, triangle, column, row):
    """Values (C, S) at the first pixel of each span and their slopes along it."""
    a, b, c = points[triangles.T, :2]
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    area = ux * vy - vx * uy
    area = np.where(area == 0, 1.0, area)
    at_a, at_b, at_c = carried.T[:, triangles.T].transpose(1, 0, 2)
    to_b, to_c = at_b - at_a, at_c - at_a
    along = ((to_b * vy - to_c * uy) / area).astype(np.float32)
    down = ((to_c * ux - to_b * vx) / area).astype(np.float32)
    base = at_a.astype(np.float32)
    dx = (column + 0.5 - a[triangle, 0]).astype(np.float32)
    dy = (row + 0.5 - a[triangle, 1]).astype(np.float32)
    start, slope = np.empty((2, len(base), len(triangle)), np.float32)
    for channel in range(len(base)):
        np.take(along[channel], triangle, out=slope[channel])
        np.multiply(dx, slope[channel], out=start[channel])
        start[channel] += dy * down[channel][triangle]
        start[channel] += base[channel][triangle]
    return start, slope


def _nearest(depth, pixel, shape):
    """Indices of the fragments that are seen: largest depth, then the latest."""
    buffer = np.full(shape[0] * shape[1], -np.inf, np.float32)
    np.maximum.at(buffer, pixel, depth)
    seen = np.flatnonzero(depth == buffer[pixel])
    if len(seen) == np.count_nonzero(buffer > -np.inf):
        return seen
    winner = np.empty(len(buffer), np.intp)
    winner[pixel[seen]] = seen  # where an index is repeated, the last one stays
    return seen[winner[pixel[seen]] == seen]
