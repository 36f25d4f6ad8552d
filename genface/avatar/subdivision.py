"""Loop subdivision as one sparse matrix: a coarse mesh becomes a smooth surface.

Loop, "Smooth subdivision surfaces based on triangles" (1987), with the crease rules of
Hoppe et al. (1994). The topology is fixed, so that refining any expression of a face
is one product with a matrix built once.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class Refined:
    """A finer mesh: ``smooth @ vertices`` are its vertices, ``linear`` unsmoothed.

    The first vertices are the coarse ones in their order; triangles keep their sense
    and stay together by parent (``parent`` (F',) is the coarse triangle of each).
    """

    smooth: sparse.csr_array
    linear: sparse.csr_array
    triangles: np.ndarray
    parent: np.ndarray


def refine(
    triangles: np.ndarray, n_vertices: int, creases: np.ndarray, levels: int
) -> Refined:
    """Split every triangle in four, ``levels`` times.

    ``creases`` (E, 2) are edges at which the surface may fold (lids, lips); the open
    boundary always counts as one. Vertices where other than two creases meet stay
    where they are.
    """
    identity = sparse.eye_array(n_vertices, format="csr")
    done = Refined(identity, identity, triangles, np.arange(len(triangles)))
    sharp = {(int(min(edge)), int(max(edge))) for edge in creases}
    for _ in range(levels):
        smooth, linear, faces, sharp = _split(
            done.triangles, sharp, done.smooth.shape[0]
        )
        done = Refined(
            (smooth @ done.smooth).tocsr(),
            (linear @ done.linear).tocsr(),
            faces,
            np.repeat(done.parent, 4),
        )
    return done


def _split(triangles, sharp, size):
    """One level: smoothing and linear matrices, finer triangles, finer creases."""
    sides = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1)
    edges, which = np.unique(
        np.sort(sides.reshape(-1, 2), axis=1), axis=0, return_inverse=True
    )
    which = which.reshape(triangles.shape)
    opposite = np.roll(triangles, -2, axis=1)
    count = np.bincount(which.ravel(), minlength=len(edges))
    crease = np.array([tuple(edge) in sharp for edge in edges.tolist()]) | (count != 2)
    middle = size + np.arange(len(edges))

    half = _matrix(np.repeat(middle, 2), edges.ravel(), 0.5, size + len(edges), size)
    kept = _matrix(np.arange(size), np.arange(size), 1.0, size + len(edges), size)
    inner = ~crease
    ends = np.where(inner, 0.375, 0.5)
    soft = inner[which.ravel()]
    smooth = _matrix(
        np.repeat(middle, 2), edges.ravel(), np.repeat(ends, 2), size + len(edges), size
    ) + _matrix(
        middle[which.ravel()[soft]],
        opposite.ravel()[soft],
        0.125,
        size + len(edges),
        size,
    )
    smooth = smooth + _old_vertices(edges, crease, size)
    a, b, c = triangles.T
    ab, bc, ca = (size + which).T
    faces = np.stack([a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca], axis=1)
    finer = {
        (int(end), int(mid))
        for edge, mid in zip(edges[crease], middle[crease], strict=True)
        for end in edge
    }
    return smooth, kept + half, faces.reshape(-1, 3).astype(np.int32), finer


def _old_vertices(edges, crease, size):
    """Rows of the coarse vertices: smooth inside and along a crease, else kept."""
    n_rows = size + len(edges)
    both = np.concatenate([edges, edges[:, ::-1]])
    on_crease = np.concatenate([crease, crease])
    valence = np.bincount(both[:, 0], minlength=size)
    creases = np.bincount(both[on_crease, 0], minlength=size)
    near = 0.375 + 0.25 * np.cos(2 * np.pi / np.maximum(valence, 1))
    weight = (0.625 - near**2) / np.maximum(valence, 1)  # of each neighbour
    inside, folded = creases < 2, creases == 2
    own = np.where(inside, 1 - valence * weight, np.where(folded, 0.75, 1.0))
    own[valence == 0] = 1.0
    take_all = inside[both[:, 0]]
    take_crease = folded[both[:, 0]] & on_crease
    return (
        _matrix(np.arange(size), np.arange(size), own, n_rows, size)
        + _matrix(
            both[take_all, 0],
            both[take_all, 1],
            weight[both[take_all, 0]],
            n_rows,
            size,
        )
        + _matrix(both[take_crease, 0], both[take_crease, 1], 0.125, n_rows, size)
    )


def _matrix(rows, columns, weight, n_rows, n_columns):
    weights = np.broadcast_to(weight, np.shape(rows))
    return sparse.csr_array((weights, (rows, columns)), shape=(n_rows, n_columns))
