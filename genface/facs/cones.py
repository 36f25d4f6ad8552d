"""How far faces point into the cones of an emotion's prototypes.

Pure array functions of stacked subspaces. They run on numpy arrays as well as on JAX
arrays, where they can be compiled, batched and differentiated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genface.facs.subspaces import Subspace

PRESENT = 0.25
"""A required AU counts fully from this share of the face's strongest AU on."""


@dataclass(frozen=True)
class Cones:
    """Cones of several emotions, stacked for matrix products.

    ``counted`` (A,) is 0 for AUs that are ignored; ``axes`` (A, M) has the generators
    of all P cones, ``owner`` (M, P) says whose each is; ``required`` (A, P) and
    ``n_required`` (P,) say which AUs a prototype asks for and how many; ``spans`` has
    each emotion's slice of the P.
    """

    counted: np.ndarray
    axes: np.ndarray
    owner: np.ndarray
    required: np.ndarray
    n_required: np.ndarray
    spans: tuple[slice, ...]

    @classmethod
    def stacked(
        cls, subspaces: Sequence[Sequence[Subspace]], counted: np.ndarray
    ) -> "Cones":
        """Cones of the subspaces of each emotion."""
        spaces = [space for group in subspaces for space in group]
        ends = np.cumsum([0, *(len(group) for group in subspaces)])
        sizes = np.array([space.basis.shape[1] for space in spaces], dtype=int)
        rows = [axis for space in spaces for axis in space.basis.T]
        n = len(counted)
        return cls(
            counted,
            np.array(rows).reshape(-1, n).T,
            np.repeat(np.eye(len(spaces)), sizes, axis=0),
            np.array([space.required for space in spaces]).reshape(-1, n).T,
            np.array([float(len(space.seen)) for space in spaces]),
            tuple(slice(a, b) for a, b in zip(ends[:-1], ends[1:], strict=True)),
        )

    def scores(self, faces: Any) -> Any:
        """Best score of each emotion's cones, (T, A) to (T, E).

        The cosine to the cone, times ``2 s - 1`` (at least 0), where s is the share of
        the required AUs that are present. A zero face scores 0, a NaN makes its row
        NaN, and an emotion without a cone is NaN.
        """
        xp = faces.__array_namespace__()
        # Fresh copies: JAX keeps constants by identity, of the type of first use.
        counted, axes, owner, required, n_required = (
            np.array(constant, faces.dtype)
            for constant in (
                self.counted,
                self.axes,
                self.owner,
                self.required,
                self.n_required,
            )
        )
        # XLA does not carry NaN through a product with 0: it is put back at the end.
        shown = xp.maximum(xp.nan_to_num(faces), 0.0) * counted
        squares = xp.sum(shown**2, axis=1)[:, None]
        squares = xp.where(squares == 0, 1.0, squares)  # of a zero face
        inside = (shown @ axes) ** 2 @ owner
        # The square root of 0 has no derivative; the second root keeps it finite.
        cosine = xp.where(
            inside > 0, xp.sqrt(xp.where(inside > 0, inside / squares, 1.0)), inside
        )
        strongest = xp.max(shown, axis=1)[:, None]
        floor = xp.where(strongest == 0, 1.0, PRESENT * strongest)
        present = xp.minimum(shown / floor, 1.0) @ required / n_required
        best = xp.minimum(cosine, 1.0) * xp.maximum(2.0 * present - 1.0, 0.0)
        missing = xp.where(xp.any(xp.isnan(faces), axis=1), np.nan, 0.0)
        columns = [
            missing
            + (xp.max(best[:, span], axis=1) if span.stop > span.start else np.nan)
            for span in self.spans
        ]
        return xp.stack(columns, axis=1)
