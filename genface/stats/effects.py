"""Sizes of effects in standard deviations, and how sure they are."""

import numpy as np
import scipy.special

from genface.errors import InputError

Values = float | np.ndarray


def cohens_d(t: Values, n: Values, n_other: Values | None = None) -> Values:
    """Cohen's d of a t statistic: of one sample of ``n``, or of two.

    One sample: mean / std = t / sqrt(n). Two, with pooled std:
    difference / std = t sqrt(1/n + 1/n_other).
    """
    return np.asarray(t) * np.sqrt(_spread(n, n_other))


def hedges_g(d: Values, df: Values) -> Values:
    """Cohen's d without its upward bias in small samples (Hedges 1981, exact).

    g = d * Gamma(df/2) / (sqrt(df/2) * Gamma((df - 1)/2)).
    """
    half = np.asarray(df, dtype=float) / 2
    log = scipy.special.gammaln(half) - scipy.special.gammaln(half - 0.5)
    return np.asarray(d) * np.exp(log) / np.sqrt(half)


def effect_interval(
    t: Values,
    df: Values,
    n: Values,
    n_other: Values | None = None,
    level: float = 0.95,
) -> tuple[np.ndarray, np.ndarray]:
    """Confidence interval of Cohen's d, from the noncentral t distribution.

    The ends are those d under which a t at least as large, or as small, has a chance of
    (1 - level) / 2 (Steiger & Fouladi 1997). NaN where t is NaN, or too large for it.
    """
    if not 0 < level < 1:
        raise InputError(f"level={level}: use a number between 0 and 1, such as .95.")
    tail = (1 - level) / 2
    scale = np.sqrt(_spread(n, n_other))
    t, df = np.broadcast_arrays(np.asarray(t, float), np.asarray(df, float))
    ends = [scale * _noncentrality(t, df, chance) for chance in (1 - tail, tail)]
    return ends[0], ends[1]


def _spread(n: Values, n_other: Values | None) -> np.ndarray:
    other = 0.0 if n_other is None else 1 / np.asarray(n_other, dtype=float)
    return 1 / np.asarray(n, dtype=float) + other


def _noncentrality(t: np.ndarray, df: np.ndarray, chance: float) -> np.ndarray:
    """The nc at which P(T <= t) = chance, by bisection; it falls as nc grows."""
    ok = np.isfinite(t) & (df > 0)
    t, df = np.where(ok, t, 0.0), np.where(ok, df, 1.0)
    reach = 10 + 10 * np.abs(t)
    low, high = t - reach, t + reach
    for _ in range(60):
        middle = (low + high) / 2
        above = scipy.special.nctdtr(df, middle, t) > chance
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    ends = (low + high) / 2
    ok &= np.abs(scipy.special.nctdtr(df, ends, t) - chance) < 1e-6
    return np.where(ok, ends, np.nan)
