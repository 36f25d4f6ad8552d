"""From posed triangles to a picture: drawn once, and again more finely at edges."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from genface.avatar.camera import Camera
from genface.avatar.raster import Fragments, rasterize

FINE = 2  # samples along each side of a pixel that an edge runs through
STEEP = 0.6  # cm by which depth jumps at an edge, and
LEAST = 5.0  # at least as many widths of a pixel
BLOCK = 4  # pixels; triangles far from every edge are told by such blocks


@dataclass(frozen=True)
class Posed:
    """A mesh in front of the camera.

    ``points`` (R, 3) are in the scene, ``values`` (R, C) what they carry, from which
    ``paint`` makes the colours (3, P), 0-255, of fragments.
    """

    points: np.ndarray
    values: np.ndarray
    paint: Callable[[Fragments], np.ndarray]


def develop(
    posed: Posed,
    triangles: np.ndarray,
    parts: np.ndarray,
    camera: Camera,
    backdrop: np.ndarray,
) -> np.ndarray:
    """Picture (H, W, 3) uint8 of triangles (M, 3) before a ``backdrop`` of that kind.

    Where depth jumps or ``parts`` (M,) uint8, from 1, differ between neighbours, the
    mean of ``FINE`` x ``FINE`` samples is taken.
    """
    shape = backdrop.shape[:2]
    picture = backdrop.copy()
    flat = picture.reshape(-1, 3)
    screen, values, paint = camera.screen(posed.points), posed.values, posed.paint
    seen = rasterize(screen, triangles, values, shape)
    _store(flat, seen.pixel, paint(seen))
    edges = _edge_pixels(seen, parts, shape, max(STEEP, LEAST / camera.scale))
    if len(edges):
        near = _near(screen, triangles, edges, shape)
        finer = screen * np.array([FINE, FINE, 1], screen.dtype)
        fine_shape = (FINE * shape[0], FINE * shape[1])
        samples = rasterize(
            finer, triangles[near], values, fine_shape, cells=_cells(edges, shape[1])
        )
        samples = Fragments(
            samples.pixel, near[samples.triangle], samples.values, samples.depth
        )
        flat[edges] = _mean(samples, paint(samples), edges, backdrop)
    return picture


def _edge_pixels(seen: Fragments, parts, shape, steep) -> np.ndarray:
    """Flat indices, rising, of pixels beside a jump of depth or another part."""
    if not len(seen.pixel):
        return seen.pixel
    rows = seen.pixel // shape[1]
    top, bottom = max(rows.min() - 1, 0), rows.max() + 2  # all others are empty
    part = np.zeros(shape, np.uint8)
    part.ravel()[seen.pixel] = parts[seen.triangle]
    part = part[top:bottom]
    depth = seen.depth.reshape(shape)[top:bottom]
    edge = np.zeros(part.shape, bool)
    for here, there in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        step = depth[here] - depth[there]
        jump = np.abs(step, out=step) > steep
        jump |= part[here] != part[there]
        edge[here] |= jump
        edge[there] |= jump
    return np.flatnonzero(edge) + top * shape[1]


def _near(screen, triangles, edges, shape) -> np.ndarray:
    """Indices of the triangles whose bounding box touches a block with edges."""
    high = np.array([shape[1], shape[0]]) // BLOCK + 1
    row, column = np.divmod(edges, shape[1])
    count = np.zeros((high[1] + 1, high[0] + 1), np.intp)
    count[row // BLOCK + 1, column // BLOCK + 1] = 1
    count = count.cumsum(axis=0).cumsum(axis=1)
    place = np.nan_to_num(screen[:, :2] / BLOCK, nan=-1.0)
    place = np.floor(np.clip(place, 0, high - 1)).astype(np.intp)
    (x0, x1), (y0, y1) = (_range(side[triangles.T]) for side in place.T)
    inside = count[y1, x1] - count[y0, x1] - count[y1, x0] + count[y0, x0]
    return np.flatnonzero(inside)


def _range(corners):
    """Least and one above the largest of corners (3, M)."""
    a, b, c = corners
    return np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c) + 1


def _cells(edges, width) -> np.ndarray:
    """Flat indices, rising, of the samples of pixels."""
    row, column = np.divmod(edges, width)
    first = (row * FINE) * (width * FINE) + column * FINE
    steps = np.arange(FINE)
    grid = steps[:, None] * (width * FINE) + steps
    return np.sort((first[:, None] + grid.ravel()).ravel())


def _mean(samples: Fragments, colours, edges, backdrop) -> np.ndarray:
    """Colours (E, 3) uint8 of pixels: means of samples, some of the backdrop."""
    height, width = backdrop.shape[:2]
    number = np.empty(height * width, np.intp)
    number[edges] = np.arange(len(edges))
    row, column = np.divmod(samples.pixel, width * FINE)
    owner = number[(row // FINE) * width + column // FINE]
    size = len(edges)
    bare = FINE * FINE - np.bincount(owner, minlength=size)
    total = backdrop.reshape(-1, 3)[edges].T * bare.astype(np.float32)
    for channel, colour in enumerate(np.clip(colours, 0, 255)):
        total[channel] += np.bincount(owner, colour, minlength=size)
    return (total / (FINE * FINE) + 0.5).astype(np.uint8).T


def _store(flat, pixel, colours) -> None:
    """Write colours (3, P), rounded, to pixels of a picture (H * W, 3)."""
    for channel, colour in enumerate(colours):
        # One channel at a time: numpy stores rows of three bytes ten times as slowly.
        flat[:, channel][pixel] = np.clip(colour + np.float32(0.5), 0, 255).astype(
            np.uint8
        )
