"""Action Units to ARKit's 52 face shapes and back, by the default table."""

from collections.abc import Sequence

import numpy as np

from genface.errors import InputError, ShapeError
from genface.facs.arkit import ARKIT_SHAPES, arkit_weights
from genface.facs.units import au_name


def blendshapes_from_aus(aus: np.ndarray, au_names: Sequence[str]) -> np.ndarray:
    """Weights (T, 52) of ARKIT_SHAPES, in [0, 1], for AU intensities (T, A) in 0-1.

    One-sided AUs drive their side. Weights add up and are cut off at 0 and 1. A NaN
    makes those shapes NaN that the AU drives.
    """
    aus = np.asarray(aus, dtype=np.float64)
    if aus.ndim != 2 or aus.shape[1] != len(au_names):
        raise ShapeError(f"expected (T, {len(au_names)}) AUs, got {aus.shape}.")
    matrix = shape_matrix(au_names, ARKIT_SHAPES)
    driven = (np.isnan(aus) @ (matrix != 0)).astype(bool)
    shapes = np.clip(np.nan_to_num(aus) @ matrix, 0.0, 1.0)
    return np.where(driven, np.nan, shapes)


def aus_from_blendshapes(
    shapes: np.ndarray, shape_names: Sequence[str], au_names: Sequence[str]
) -> np.ndarray:
    """AU intensities (T, A) in [0, 1] whose shapes are nearest to ``shapes`` (T, S).

    Non-negative least squares over the shapes that ARKit knows; others, such as
    MediaPipe's ``_neutral``, are not read. A frame with a NaN in those is NaN, and so
    is an AU that they cannot tell from those before it (:func:`ambiguous_aus`).
    """
    from scipy.optimize import nnls  # slow to import

    shapes = np.asarray(shapes, dtype=np.float64)
    if shapes.ndim != 2 or shapes.shape[1] != len(shape_names):
        raise ShapeError(
            f"expected (T, {len(shape_names)}) shapes, got {shapes.shape}."
        )
    known = [i for i, name in enumerate(shape_names) if name in ARKIT_SHAPES]
    if not known:
        raise InputError(f"none of {list(shape_names)[:4]} ... is a shape of ARKit.")
    names = [shape_names[i] for i in known]
    unclear = ambiguous_aus(au_names, names)
    told = [i for i, name in enumerate(au_names) if au_name(name) not in unclear]
    matrix = shape_matrix([au_names[i] for i in told], names)
    aus = np.full((len(shapes), len(au_names)), np.nan)
    seen = shapes[:, known]
    for row in np.flatnonzero(~np.isnan(seen).any(axis=1)):
        aus[row, told] = np.minimum(nnls(matrix.T, seen[row])[0], 1.0)
    return aus


def ambiguous_aus(
    au_names: Sequence[str], shape_names: Sequence[str] = ARKIT_SHAPES
) -> tuple[str, ...]:
    """AUs whose shapes are a mixture of those of AUs before them, or are not there.

    AU11 after AU09 and AU10, for example, and AU27 after AU26.
    """
    matrix = shape_matrix(au_names, shape_names)
    ranks = [np.linalg.matrix_rank(matrix[: n + 1]) for n in range(len(matrix))]
    grows = np.diff([0, *ranks]) > 0
    return tuple(
        au_name(name) for name, told in zip(au_names, grows, strict=True) if not told
    )


def shape_matrix(au_names: Sequence[str], shape_names: Sequence[str]) -> np.ndarray:
    """Weights (A, S) of each AU's shapes."""
    columns = [arkit_weights(name) for name in au_names]
    return np.array([[one.get(name, 0.0) for name in shape_names] for one in columns])
