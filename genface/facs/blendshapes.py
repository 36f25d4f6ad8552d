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
    is an AU that they cannot tell from others (:func:`ambiguous_aus`).
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
    """AUs whose shapes are mixtures of other AUs', or are not there, in order.

    Of AUs that stand for one another the one with fewest shapes is clear, then the
    first: among py-feat's AUs, AU11 and AU23 are ambiguous; after AU26, AU27 is.
    """
    matrix = shape_matrix(au_names, shape_names)
    told: list[int] = []
    for au in np.argsort((matrix != 0).sum(axis=1), kind="stable"):
        if np.linalg.matrix_rank(matrix[[*told, au]]) > len(told):
            told.append(int(au))
    return tuple(au_name(au_names[i]) for i in range(len(matrix)) if i not in told)


def shape_matrix(au_names: Sequence[str], shape_names: Sequence[str]) -> np.ndarray:
    """Weights (A, S) of each AU's shapes."""
    columns = [arkit_weights(name) for name in au_names]
    return np.array([[one.get(name, 0.0) for name in shape_names] for one in columns])
