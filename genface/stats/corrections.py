"""p values corrected for how many of them were looked at."""

from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
import scipy.stats

from genface.errors import InputError

Correction = Literal["bonferroni", "holm", "fdr"]
Values = TypeVar("Values", np.ndarray, pd.Series, pd.DataFrame)


def correct_pvalues(p: Values, method: Correction) -> Values:
    """Corrected p values of one family, or of one family per row of a table.

    ``bonferroni`` multiplies by their number; ``holm`` (Holm 1979) does so step by
    step, and is never weaker: both bound the chance of any false finding. ``fdr``
    (Benjamini & Hochberg 1995) bounds the expected share of false ones among the
    findings, for tests that are independent or positively dependent. NaN stays NaN and
    does not count. Compare the result with the level itself.
    """
    known = {"bonferroni": _bonferroni, "holm": _holm, "fdr": _fdr}
    if method not in known:
        raise InputError(f"correct={method!r}: use one of {', '.join(known)}.")
    values: Any = np.array(p, dtype=float)
    if ((values < 0) | (values > 1)).any():
        raise InputError("p values lie between 0 and 1.")
    for family in np.atleast_2d(values):  # views: this fills `values`
        counted = ~np.isnan(family)
        if counted.any():
            family[counted] = known[method](family[counted])
    if isinstance(p, pd.DataFrame):
        return type(p)(values, index=p.index, columns=p.columns)
    if isinstance(p, pd.Series):
        return type(p)(values, index=p.index, name=p.name)
    return values


def _bonferroni(p: np.ndarray) -> np.ndarray:
    return np.minimum(p * len(p), 1)


def _holm(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1)
    return corrected


def _fdr(p: np.ndarray) -> np.ndarray:
    return scipy.stats.false_discovery_control(p, method="bh")
