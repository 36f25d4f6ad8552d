"""Sizes of effects in standard deviations, and how sure they are."""

import numpy as np
import scipy.special

from genface.errors import InputError

Values = float | np.ndarray

FAR = 10.0
"""Standard deviations of a normal variable beyond which there is nothing."""

NODES = 60
"""Places at which an integral is evaluated."""


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
    (1 - level) / 2 (Steiger & Fouladi 1997). NaN where t is NaN or infinite.
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
    """The nc at which P(T <= t) = chance; it falls as nc grows.

    By Newton's steps, or by bisection where they leave what is known to hold it.
    """
    ok = np.isfinite(t) & (df > 0)
    side = np.where(t < 0, -1.0, 1.0)
    wanted = np.where(t < 0, 1 - chance, chance)
    t, df = np.where(ok, np.abs(t), 1.0), np.where(ok, df, 1.0)
    slow, fast = _reach(df)
    low, high = t * slow - FAR, t * fast + FAR
    nc = t - scipy.special.ndtri(wanted) * np.sqrt(1 + t**2 / df / 2)
    quadrature = np.polynomial.legendre.leggauss(NODES)
    for _ in range(60):
        value, slope = _noncentral_t(t, df, nc, *quadrature)
        above = value > wanted
        low, high = np.where(above, nc, low), np.where(above, high, nc)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            newton = nc + (value - wanted) / slope
        held = (newton >= low) & (newton <= high)
        before, nc = nc, np.where(held, newton, (low + high) / 2)
        if np.all(np.abs(nc - before) <= 1e-10 * (1 + np.abs(nc))):
            break
    return np.where(ok, side * nc, np.nan)


def _noncentral_t(
    t: np.ndarray,
    df: np.ndarray,
    nc: np.ndarray,
    nodes: np.ndarray,
    weights: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """P(T <= t) for t >= 0, and how fast it falls with nc.

    It is the mean of Phi(t s - nc) over s = chi / sqrt(df), an integral where neither
    factor is flat, so that it takes as long for any t. (The series of scipy's nctdtr
    take longer the larger t is; nctdtrinc misses the third digit of some small t.)
    """
    slow, fast = _reach(df)
    tiny = np.finfo(float).tiny
    t = np.maximum(t, tiny)
    with np.errstate(over="ignore"):
        start, end = (np.clip((nc + far) / t, slow, fast) for far in (-FAR, FAR))
    s = start[..., None] + (end - start)[..., None] * (nodes + 1) / 2
    s = np.maximum(s, tiny)
    z = t[..., None] * s - nc[..., None]
    half = df[..., None] / 2
    scale = np.log(2) + half * np.log(half) - scipy.special.gammaln(half)
    density = np.exp(scale + (2 * half - 1) * np.log(s) - half * s**2)
    density = density * ((end - start) / 2)[..., None] * weights
    value = (density * scipy.special.ndtr(z)).sum(-1)
    slope = (density * np.exp(-(z**2) / 2)).sum(-1) / np.sqrt(2 * np.pi)
    return value + scipy.special.chdtrc(df, df * end**2), slope


def _reach(df: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where chi / sqrt(df) lies, but for a chance that no float can tell from 0."""
    return np.maximum(1 - FAR / np.sqrt(df), 0), 1 + FAR / np.sqrt(df)
