"""Intersubject correlation over time: in windows that slide along the courses."""

import numpy as np
import pandas as pd

from genface.errors import InputError
from genface.stats.isc_courses import complete_courses, even_step
from genface.stats.isc_matrix import fisher_z
from genface.stats.nulls import circular_shifts


def isc_windows(
    wide: pd.DataFrame,
    window: float,
    hop: float | None = None,
    n: int = 200,
    min_pairs: float = 0.5,
    seed: int = 0,
) -> pd.DataFrame:
    """Mean pairwise ISC in windows of ``window`` (units of the index), Fisher z.

    Rows are the middles of the windows, ``hop`` apart (a quarter window if left out).
    ``pairs`` is the part of the pairs that have a correlation: in a window where an AU
    never moves there is none, and below ``min_pairs`` ``isc`` is NaN. ``p`` is
    one-sided and corrected for all windows: how often the largest value of any window
    is as large after circular shifts. ``band`` is the value that 5 % of them reach.
    """
    courses = complete_courses(wide)
    step = even_step(courses)
    width = round(window / step)
    stride = max(1, round((window / 4 if hop is None else hop) / step))
    if not 3 <= width <= len(courses):
        raise InputError(
            f"window={window:g}: {width} rows, and 3 to {len(courses)} are possible; "
            f"rows are {step:g} apart."
        )
    x = courses.to_numpy()
    values, pairs = _windowed(x, width, stride, min_pairs)
    rng = np.random.default_rng(seed)
    highest = np.full(n, -np.inf)
    for draw in range(n):
        shifted = circular_shifts(x, 1, rng)[0]
        null = _windowed(shifted, width, stride, min_pairs)[0]
        highest[draw] = np.fmax.reduce(null, initial=-np.inf)
    above = (highest[:, None] >= values).sum(0)
    times = courses.index.to_numpy(np.float64)
    starts = np.arange(len(values)) * stride
    return pd.DataFrame(
        {
            "isc": np.tanh(values),
            "pairs": pairs,
            "p": np.where(np.isfinite(values), (1 + above) / (n + 1), np.nan),
            "band": np.tanh(np.quantile(highest, 0.95, method="higher")),
        },
        index=pd.Index(
            (times[starts] + times[starts + width - 1]) / 2, name=courses.index.name
        ),
    )


def _windowed(
    x: np.ndarray, width: int, stride: int, min_pairs: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean Fisher z of each window, NaN for too few pairs; part of pairs with an r."""
    views = np.lib.stride_tricks.sliding_window_view(x, width, axis=0)[::stride]
    changing = views.max(-1) > views.min(-1)
    scored = views - views.mean(-1, keepdims=True)
    length = np.linalg.norm(scored, axis=-1, keepdims=True)
    scored = scored / np.where(changing[..., None], length, 1)
    first, second = np.triu_indices(x.shape[1], 1)
    z = fisher_z((scored @ np.swapaxes(scored, 1, 2))[:, first, second])
    known = changing[:, first] & changing[:, second]
    count = known.sum(1)
    mean = np.where(known, z, 0).sum(1) / np.maximum(count, 1)
    part = count / len(first)
    return np.where(part >= max(min_pairs, 1e-9), mean, np.nan), part
