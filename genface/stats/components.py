"""Rows compared with rows, and tables taken apart into components."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.decomposition import NMF, PCA, FactorAnalysis, FastICA
from sklearn.metrics import pairwise_distances

from genface.errors import InputError, warn
from genface.stats.signals import measured

Algorithm = Literal["pca", "ica", "nnmf", "fa"]


def distance(frame: pd.DataFrame, method: str = "euclidean") -> pd.DataFrame:
    """Distance between each two rows (N, N), by any metric name of scikit-learn.

    Over the measurements; columns that say what a row is (input, frame, ...) do not
    count. Columns without any value are left out, and rows with gaps are NaN, with
    warnings.
    """
    values, whole = _complete(frame, "distance")
    table = np.full((len(frame), len(frame)), np.nan)
    if len(whole):
        try:
            table[np.ix_(whole, whole)] = pairwise_distances(
                values.to_numpy()[whole], metric=method
            )
        except ValueError as error:
            raise InputError(f"distance, method={method!r}: {error}") from None
    return pd.DataFrame(table)


def decompose(
    frame: pd.DataFrame,
    algorithm: Algorithm = "pca",
    axis: Literal[0, 1] = 1,
    n_components: int | None = None,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Components of the measurements (N, C): PCA, ICA, NMF or factor analysis.

    ``axis=1`` takes rows as observations: ``components`` (N, k) has the rows' scores
    and ``weights`` (C, k) those of the columns. ``axis=0`` takes columns as
    observations: ``components`` (C, k), ``weights`` (N, k). Columns are ``c1`` to
    ``ck``; k is ``n_components`` or as many as there can be.
    ``decomposition_object`` is scikit-learn's. Columns without any value are left out,
    and rows with gaps are NaN, with warnings.
    """
    if axis not in (0, 1):
        raise InputError(f"axis={axis!r}: use 1 (rows are observed) or 0 (columns).")
    values, whole = _complete(frame, "decompose")
    observed = values.to_numpy()[whole]
    if axis == 0:
        observed = observed.T
    if len(observed) < 2:
        raise InputError(
            f"decompose: {len(observed)} complete {('columns', 'rows')[axis]}, and two "
            "are needed at least."
        )
    most = min(observed.shape)
    k = most if n_components is None else n_components
    if k != int(k) or not 1 <= k <= most:
        raise InputError(
            f"n_components={n_components}: {most} at most, of complete rows and "
            f"columns {observed.shape if axis == 1 else observed.shape[::-1]}."
        )
    model = _model(algorithm, int(k), seed)
    if algorithm == "nnmf" and (observed < 0).any():
        raise InputError("nnmf takes no values below 0; use pca, ica or fa.")
    scores, loadings = model.fit_transform(observed), model.components_.T
    names = [f"c{i + 1}" for i in range(int(k))]
    by_row = pd.DataFrame(np.nan, index=frame.index, columns=names)
    by_row.iloc[whole] = scores if axis == 1 else loadings
    other = loadings if axis == 1 else scores
    by_column = pd.DataFrame(other, index=values.columns, columns=names)
    return {
        "decomposition_object": model,
        "components": by_row if axis == 1 else by_column,
        "weights": by_column if axis == 1 else by_row,
    }


def _model(algorithm: str, k: int, seed: int) -> Any:
    known = {
        "pca": lambda: PCA(n_components=k),
        "ica": lambda: FastICA(n_components=k, random_state=seed),
        "nnmf": lambda: NMF(n_components=k, random_state=seed),
        "fa": lambda: FactorAnalysis(n_components=k, random_state=seed),
    }
    if algorithm not in known:
        raise InputError(f"algorithm={algorithm!r}: use one of {', '.join(known)}.")
    return known[algorithm]()


def _complete(frame: pd.DataFrame, what: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Columns with values, and which rows (positions) miss none of them."""
    values = measured(frame, what)
    empty = values.isna().all().to_numpy()
    if empty.all():
        raise InputError(f"{what}: no column has a value.")
    if empty.any():
        names = ", ".join(map(str, values.columns[empty][:5]))
        warn(f"{what}: {empty.sum()} columns without any value are left out: {names}.")
        values = values.loc[:, ~empty]
    gaps = values.isna().any(axis=1).to_numpy()
    if gaps.any():
        warn(
            f"{what}: {gaps.sum()} of {len(gaps)} rows have gaps and are NaN; the "
            f"first is row {np.flatnonzero(gaps)[0]}."
        )
    return values, np.flatnonzero(~gaps)
