"""Whether an intersubject correlation is more than chance would give.

Chance is drawn in five ways. ``bootstrap`` resamples whole series and asks about other
people (Chen et al. 2016, NeuroImage 142:248; conservative for few of them);
``circular``, ``phase`` and ``iaaft`` break the tie between series and the clock and
ask about these people; ``shuffle`` is wrong for behaviour and shows by how much.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from genface.errors import InputError, warn
from genface.stats.isc_courses import complete_courses
from genface.stats.isc_matrix import fisher_z
from genface.stats.nulls import SURROGATES, p_value

Null = Literal["bootstrap", "circular", "phase", "iaaft", "shuffle"]
Kind = Literal["pairwise", "leave-one-out"]
NULLS = ("bootstrap", *SURROGATES)
KINDS = ("pairwise", "leave-one-out")
POOL = 60
"""Phase and IAAFT surrogates per series; each draw combines them anew."""
SHORT = 30
"""Moments below which surrogates of slow series reject too often."""

CHUNK = 4_000_000  # numbers in memory at once


@dataclass(frozen=True)
class IscTest:
    """Mean ISC of ``n_series`` courses of ``n_moments``, and what chance makes of it.

    ``value`` is a mean after Fisher's z, ``low`` and ``high`` its 95 % interval over
    bootstrapped series (NaN for two of them, and for leave-one-out, where resampling
    series underestimates chance); ``p`` the part of ``draws`` that is as extreme.
    Draws of the bootstrap are centred at 0 (Hall & Wilson 1991).
    """

    kind: Kind
    null: Null
    side: str
    value: float
    low: float
    high: float
    p: float
    n_series: int
    n_moments: int
    draws: np.ndarray = field(repr=False)

    def facts(self) -> dict[str, object]:
        """Everything but the draws, for a table or a JSON file."""
        facts = {name: value for name, value in vars(self).items() if name != "draws"}
        return {**facts, "n_draws": len(self.draws)}


def isc_test(
    wide: pd.DataFrame,
    null: Null = "circular",
    kind: Kind = "pairwise",
    method: Literal["pearson", "spearman"] = "pearson",
    n: int = 1000,
    side: str = "two-sided",
    seed: int = 0,
) -> IscTest:
    """Test the mean ISC of courses (columns of ``wide``, as :func:`time_courses`).

    Series of unequal length are cut to what they share, constant ones left out, both
    with a warning; holes are an :class:`InputError`. ``method``: pearson or spearman.
    """
    _check_words(null, kind, method, n)
    courses = complete_courses(wide)
    if method == "spearman":
        courses = courses.rank()
    x = courses.to_numpy()
    rng = np.random.default_rng(seed)
    matrix = np.corrcoef(x.T)
    value = _means(matrix[None], kind)[0]
    resampled = _bootstrap(matrix, n, rng)
    if null == "bootstrap":
        if x.shape[1] < 3 or kind != "pairwise":
            raise InputError(
                "the bootstrap needs pairwise ISC of three series or more (leave-one-"
                "out values share their series); use null='circular'."
            )
        draws = resampled - value
    else:
        if len(x) < SHORT:
            warn(
                f"only {len(x)} moments: surrogates of so short series promise too "
                "much; see null='bootstrap' too.",
            )
        draws = surrogate_means(x, null, kind, n, rng)
    interval = [np.nan, np.nan]
    if x.shape[1] > 2 and kind == "pairwise":
        interval = list(np.tanh(np.nanquantile(resampled, [0.025, 0.975])))
    return IscTest(
        kind=kind,
        null=null,
        side=side,
        value=float(np.tanh(value)),
        low=float(interval[0]),
        high=float(interval[1]),
        p=float(p_value(value, draws, side)),
        n_series=x.shape[1],
        n_moments=len(x),
        draws=np.tanh(draws),
    )


def surrogate_means(
    x: np.ndarray, null: Null, kind: Kind, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Mean Fisher z (n,) of surrogates of the series in the columns of (T, N)."""
    T, N = x.shape
    if null == "circular":
        return _circular_means(x, kind, n, rng)
    if null == "shuffle":
        warn(
            "null='shuffle' takes frames for independent and finds far too much; it "
            "is a negative control.",
        )
        at_once = max(1, CHUNK // x.size)
        parts = [
            _means(_matrices(SURROGATES[null](x, min(at_once, n - start), rng)), kind)
            for start in range(0, n, at_once)
        ]
        return np.concatenate(parts)
    # Surrogates are dear and pairs of them cheap: correlate all, then pick.
    size = min(POOL, n)
    pool = SURROGATES[null](x, size, rng)
    every = _matrices(np.swapaxes(pool, 0, 1).reshape(1, T, size * N))[0]
    picked = rng.integers(0, size, (n, N)) * N + np.arange(N)
    return _means(every[picked[:, :, None], picked[:, None, :]], kind)


def _circular_means(
    x: np.ndarray, kind: Kind, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Means of circularly shifted series, looked up in their cross-correlations."""
    T, N = x.shape
    spectrum = np.fft.rfft(_standard(x[None])[0], axis=0)
    first, second = np.triu_indices(N, 1)
    cross = np.fft.irfft(spectrum[:, first].conj() * spectrum[:, second], T, axis=0)
    shift = rng.integers(0, T, (n, N))
    pairs = cross[(shift[:, second] - shift[:, first]) % T, np.arange(len(first))]
    if kind == "pairwise":
        return fisher_z(pairs).mean(-1)
    matrices = np.ones((n, N, N))
    matrices[:, first, second] = matrices[:, second, first] = pairs
    return _means(matrices, kind)


def _means(matrices: np.ndarray, kind: Kind) -> np.ndarray:
    """Mean Fisher z of each correlation matrix (n, N, N)."""
    N = matrices.shape[-1]
    if kind == "pairwise":
        first, second = np.triu_indices(N, 1)
        return fisher_z(matrices[:, first, second]).mean(-1)
    return fisher_z(_leave_one_out(matrices)).mean(-1)


def _leave_one_out(matrices: np.ndarray) -> np.ndarray:
    """Correlation (n, N) of each series with the sum of the other, standardised ones.

    With S_i the sum of row i without its 1, S_i / sqrt(variance of the others' sum).
    """
    rows = matrices.sum(-1)
    variance = rows.sum(-1)[:, None] - 2 * rows + 1
    return (rows - 1) / np.sqrt(np.maximum(variance, np.finfo(float).tiny))


def _bootstrap(matrix: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Mean pairwise Fisher z (n,) of series drawn with replacement.

    Pairs of a series with itself are left out by who they are, so a true correlation
    of 1 counts; NaN where only one series was drawn.
    """
    N = len(matrix)
    weight = rng.multinomial(N, np.full(N, 1 / N), n).astype(np.float64)
    z = fisher_z(matrix)
    np.fill_diagonal(z, 0)
    pairs = N**2 - (weight**2).sum(1)
    total = ((weight @ z) * weight).sum(1)
    return np.where(pairs > 0, total / np.maximum(pairs, 1), np.nan)


def _matrices(series: np.ndarray) -> np.ndarray:
    """Correlation matrices (n, N, N) of the columns of (n, T, N)."""
    scored = _standard(series)
    return np.swapaxes(scored, 1, 2) @ scored


def _standard(series: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and length 1."""
    series = series - series.mean(1, keepdims=True)
    return series / np.linalg.norm(series, axis=1, keepdims=True)


def _check_words(null: str, kind: str, method: str, n: int) -> None:
    if null not in NULLS:
        raise InputError(f"null={null!r}: use one of {', '.join(NULLS)}.")
    if kind not in KINDS:
        raise InputError(f"kind={kind!r}: use one of {', '.join(KINDS)}.")
    if method not in ("pearson", "spearman"):
        raise InputError(f"method={method!r}: tests use 'pearson' or 'spearman'.")
    if n < 19:
        raise InputError(f"n={n}: at least 19 draws are needed to see p = .05.")
