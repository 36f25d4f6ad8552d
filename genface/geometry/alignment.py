"""Faces turned upright and scaled by five anchor points, with all but the face masked.

The picture that AU classifiers on histograms of gradients see: eyes level, the face in
the middle, everything outside the hull of the landmarks black but for the forehead.
As in py-feat (Cheong et al. 2023), from Baltrusaitis et al. 2015.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genface.errors import ShapeError

SIZE = 112  # pixels, of a side
ROOM = 2.5  # side of the picture by the anchors' extent
OUTSIDE = 128.0  # what the original fills in, though colours are in 0-1
# Of the 68 landmarks: the two eyes (averaged), tip of the nose, corners of the mouth.
EYES, NOSE_AND_MOUTH = (slice(36, 42), slice(42, 48)), (30, 48, 54)
JAW_ENDS = (0, 16)


class Aligned(NamedTuple):
    """Faces ``pictures`` (N, 112, 112, 3) black outside of ``masks`` (N, 112, 112).

    ``landmarks`` (N, 68, 2) are whole pixels, cut off toward 0.
    """

    pictures: jax.Array
    landmarks: np.ndarray
    masks: jax.Array


def aligned_faces(pictures: np.ndarray | jax.Array, landmarks: np.ndarray) -> Aligned:
    """Align pictures (N, H, W, 3) by their landmarks (N, 68, 2), x and y in pixels."""
    landmarks = np.asarray(landmarks, np.float64)
    if landmarks.ndim != 3 or landmarks.shape[1:] != (68, 2):
        raise ShapeError(f"expected landmarks (N, 68, 2), got {landmarks.shape}.")
    matrices = alignment(landmarks)
    points = np.trunc(moved(landmarks, matrices)).astype(np.int32)
    masks = face_masks(points)
    upright = warped(pictures, matrices)
    return Aligned(upright * masks[..., None], points, masks)


def alignment(landmarks: np.ndarray) -> np.ndarray:
    """Matrices (N, 2, 3) that take pixels of pictures to those of aligned ones."""
    eyes = [landmarks[:, eye].mean(1, keepdims=True) for eye in EYES]
    anchors = np.concatenate([*eyes, landmarks[:, NOSE_AND_MOUTH]], axis=1)
    across, down = (anchors[:, 1] - anchors[:, 0]).T
    length = np.hypot(across, down)
    cosine, sine = across / length, down / length
    turn = np.stack([[cosine, sine], [-sine, cosine]]).transpose(2, 0, 1)
    upright = anchors @ turn.transpose(0, 2, 1)
    low, high = upright.min(1), upright.max(1)
    half = ROOM * (high - low).max(1)[:, None] / 2
    scale = (SIZE - 1) / 2 / half
    shift = scale * (half - (low + high) / 2)
    return np.concatenate([scale[..., None] * turn, shift[..., None]], axis=2)


def moved(points: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Points (N, V, 2) by matrices (N, 2, 3)."""
    turned = points @ matrices[:, :, :2].transpose(0, 2, 1)
    return turned + matrices[:, None, :, 2]


def warped(pictures: np.ndarray | jax.Array, matrices: np.ndarray) -> jax.Array:
    """Pictures (N, H, W, 3) resampled bilinearly to (N, 112, 112, 3) by matrices.

    Nothing lies beyond the edge but black; what reads more than half a pixel beyond is
    filled with 128. Places are found in double precision: a histogram's bin may hang on
    the sixth digit of a colour.
    """
    matrices = matrices.astype(np.float32).astype(np.float64)  # so rounded originally
    back = np.linalg.inv(matrices[:, :, :2])
    steps = np.arange(SIZE)
    across, down = (
        (steps - matrices[:, axis, 2:])[..., None] * back[:, None, :, axis]
        for axis in (0, 1)
    )
    places = across[:, None] + down[:, :, None]
    corners = np.floor(places)
    shares = (places - corners).astype(np.float32)
    return _sampled(jnp.asarray(pictures, jnp.float32), corners.astype(int), shares)


@jax.jit
def _sampled(pictures: jax.Array, corners: jax.Array, shares: jax.Array) -> jax.Array:
    """Bilinear values right and below of corners (N, 112, 112, 2), x and y."""
    limits = np.array(pictures.shape[2:0:-1])
    total = jnp.zeros((*corners.shape[:3], pictures.shape[3]), jnp.float32)
    colours = jax.vmap(lambda picture, place: picture[place[..., 1], place[..., 0]])
    for step in ((0, 0), (1, 0), (0, 1), (1, 1)):
        place = corners + np.array(step)
        share = jnp.where(np.array(step), shares, 1 - shares).prod(-1)
        inside = ((place >= 0) & (place < limits)).all(-1)
        found = colours(pictures, jnp.clip(place, 0, limits - 1))
        total = total + found * (share * inside)[..., None]
    # The nearest pixel is one of the picture's.
    nearest = corners + (shares > 0.5)
    seen = ((nearest >= 0) & (nearest < limits)).all(-1)
    return jnp.where(seen[..., None], total, OUTSIDE)


def face_masks(points: np.ndarray) -> jax.Array:
    """Hulls of landmarks (N, 68, 2), and the forehead above them: (N, 112, 112) bool.

    The forehead is the box from the top down to the higher end of the jaw, as wide as
    the jaw's ends are apart.
    """
    return hulls(points, SIZE) | _foreheads(points)


def _foreheads(points: np.ndarray) -> np.ndarray:
    ends = points[:, JAW_ENDS]
    below = ends[:, :, 1].min(1)[:, None, None]
    left, right = ends[:, :, 0].T[..., None, None]
    row, column = np.mgrid[:SIZE, :SIZE]
    return (row < below) & (column >= left) & (column < right)


@partial(jax.jit, static_argnames=("size",))
def hulls(points: jax.Array, size: int) -> jax.Array:
    """Pixels (N, size, size) in the convex hulls of whole points (N, V, 2), with edges.

    Exact: a row of a hull reaches as far as the segments between all pairs of points
    do in that row, rounded inward.
    """
    points = jnp.take_along_axis(points, jnp.argsort(points[..., 1:], 1), 1)
    upper, lower = np.triu_indices(points.shape[1])  # a point alone is a pair, too
    x_above, above = jnp.moveaxis(points[:, upper, :, None], 2, 0)
    x_below, below = jnp.moveaxis(points[:, lower, :, None], 2, 0)
    row = jnp.arange(size)
    crossing = (above <= row) & (row <= below)
    across = x_above * (below - row) + x_below * (row - above)
    height = jnp.maximum(below - above, 1)
    flat = below == above
    floor = _floor_divide(across, height)
    ceiling = floor + (floor * height < across)
    low = jnp.where(flat, jnp.minimum(x_above, x_below), ceiling)
    high = jnp.where(flat, jnp.maximum(x_above, x_below), floor)
    left = jnp.where(crossing, low, size).min(1)
    right = jnp.where(crossing, high, -1).max(1)
    column = jnp.arange(size)
    return (column >= left[..., None]) & (column <= right[..., None])


def _floor_divide(a: jax.Array, b: jax.Array) -> jax.Array:
    """``a // b`` for b > 0, which processors do one after another, by way of floats."""
    near = jnp.floor(a.astype(jnp.float32) / b.astype(jnp.float32)).astype(a.dtype)
    rest = a - near * b  # one off, where the float was rounded across a whole number
    return near + (rest >= b) - (rest < 0)
