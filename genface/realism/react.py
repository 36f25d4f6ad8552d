"""The metrics of the REACT challenge for facial reactions, as published and corrected.

A speaker is answered by several reactions. Arrays are ``reactions`` (N, alpha, T, D):
alpha generated ones to each of N stimuli; ``real`` (M, T, D): real ones;
``appropriate`` (N, M): whether real reaction m suits stimulus n; ``speaker`` (N, T, D).
None may have NaN. Sources: arXiv 2306.06583 and 2401.05166, and the code of
reactmultimodalchallenge/baseline_react2024. None of these numbers says anything without
that of real people: give ``real[:, None]`` as reactions too, or take
:func:`among_people` for the two that need appropriate ones.

=======  =====================================  =======================================
metric   ``mode="published"``                   ``mode="fixed"``
=======  =====================================  =======================================
frcorr   sum over the alpha reactions, so the   mean over them; ``set_size`` makes sets
         range is +-alpha; the best of a        of all sizes as easy; a dimension that
         large set is better than of a small    is constant on both sides is left out
         one; a constant dimension counts 0
frdist   sum over the alpha reactions; grows    mean over them; root mean square cost
         with the square root of T; paths       along the path; ``radius`` keeps
         as crooked as may be                   paths near the diagonal; ``set_size``
frdiv    0 for a single reaction                NaN for a single reaction
frvar    the same                               the same
frdvs    NaN for a single stimulus              the same
frsyn    only reaction 0 of each stimulus;      all reactions; dimensions that are
         a dimension constant anywhere makes    constant at a lag are left out there;
         the lag 2 s minus a frame              NaN where none varies
=======  =====================================  =======================================

Neither mode heals what the metrics are: white noise has the greatest frdiv, frvar and
frdvs, a reaction that copies the speaker the smallest frsyn.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
from scipy.special import gammaln

from genface.errors import InputError, ShapeError
from genface.realism.alignment import alignment

Mode = Literal["fixed", "published"]
GROUPS = ((0, 15, 1 / 15), (15, 17, 1.0), (17, 25, 1 / 8))
"""Of the challenge's 25 dimensions: 15 AUs, valence and arousal, 8 expressions; each
from, up to, and its weight."""
CONSTANT = 1e-12
"""A variance under this part of the mean square is rounding."""


def frcorr(
    reactions: np.ndarray,
    real: np.ndarray,
    appropriate: np.ndarray,
    mode: Mode = "fixed",
    set_size: int | None = None,
) -> float:
    """Concordance with the nearest appropriate real reaction; higher is nearer.

    ``set_size`` reads the maximum as that over so many of the appropriate reactions, in
    the mean over all ways to choose them; their own number where there are fewer.
    """
    _check_mode(mode)
    score = partial(concordance, mode=mode)
    size = set_size if mode == "fixed" else None
    return _best(reactions, real, appropriate, score, mode, size)


def frdist(
    reactions: np.ndarray,
    real: np.ndarray,
    appropriate: np.ndarray,
    mode: Mode = "fixed",
    set_size: int | None = None,
    groups: tuple[tuple[int, int, float], ...] = GROUPS,
    radius: int | None = None,
) -> float:
    """Warped distance to the nearest appropriate real reaction; lower is nearer.

    ``groups`` of dimensions are aligned one by one, and their distances added with
    their weights. ``radius`` is in frames.
    """
    _check_mode(mode)
    if groups[-1][1] > reactions.shape[-1]:
        raise ShapeError(
            f"groups end at dimension {groups[-1][1]}, the reactions have "
            f"{reactions.shape[-1]}; name the groups of these dimensions."
        )

    def score(y: np.ndarray, x: np.ndarray) -> float:
        return -sum(
            weight * _warped(x[:, low:high], y[:, low:high], mode, radius)
            for low, high, weight in groups
        )

    size = set_size if mode == "fixed" else None
    return -_best(reactions, real, appropriate, score, mode, size)


def among_people(
    metric: Callable[..., float],
    real: np.ndarray,
    appropriate: np.ndarray,
    **settings: Any,
) -> float:
    """What ``frcorr`` or ``frdist`` is for people: each real reaction to a stimulus.

    It is judged by the other appropriate ones, and the mean taken over all. A single
    reaction stands for alpha, so the published sum is that of alpha = 1. Stimuli with
    one appropriate reaction have no other to judge it by: NaN if there are only those.
    """
    suits = np.asarray(appropriate, bool)
    values = []
    for row in suits[suits.sum(1) > 1]:
        for m in np.flatnonzero(row):
            others = row.copy()
            others[m] = False
            values.append(metric(real[m][None, None], real, others[None], **settings))
    return float(np.mean(values)) if values else float("nan")


def frdiv(reactions: np.ndarray, mode: Mode = "fixed") -> float:
    """Mean squared difference between reactions to one stimulus.

    2 s^2 for white noise of variance s^2.
    """
    _check_mode(mode)
    if _check(reactions).shape[1] < 2:
        return 0.0 if mode == "published" else float("nan")
    return float(np.mean([_spread(rows) for rows in reactions]))


def frvar(reactions: np.ndarray, mode: Mode = "fixed") -> float:
    """Variance over time (n - 1), the mean over all; s^2 for white noise.

    An older copy of the code divides by n.
    """
    _check_mode(mode)
    return float(_check(reactions).var(2, ddof=1).mean())


def frdvs(reactions: np.ndarray, mode: Mode = "fixed") -> float:
    """Mean squared difference between the i-th reactions to different stimuli.

    2 s^2 for white noise of variance s^2; NaN for a single stimulus.
    """
    _check_mode(mode)
    if len(_check(reactions)) < 2:
        return float("nan")
    return float(np.mean([_spread(rows) for rows in reactions.swapaxes(0, 1)]))


def frsyn(
    reactions: np.ndarray, speaker: np.ndarray, mode: Mode = "fixed", fps: float = 25.0
) -> float:
    """Mean absolute lag between reactions and speaker, in frames; under 2 s."""
    _check_mode(mode)
    if mode == "published":
        reactions = reactions[:, :1]
    lags = np.abs(reaction_lags(reactions, speaker, mode, fps))
    told = np.isfinite(lags)
    return float(lags[told].mean()) if told.any() else float("nan")


def reaction_lags(
    reactions: np.ndarray, speaker: np.ndarray, mode: Mode = "fixed", fps: float = 25.0
) -> np.ndarray:
    """Frames (N, alpha) by which each reaction follows the speaker; NaN if it is flat.

    Where the mean over dimensions of the correlation is greatest, under 2 s.
    """
    _check_mode(mode)
    N, alpha, T, D = _check(reactions).shape
    _check_whole(speaker, "speaker")
    if np.shape(speaker) != (N, T, D):
        raise ShapeError(f"speaker is {np.shape(speaker)}; expected {(N, T, D)}.")
    reach = int(2 * fps - 1)
    if T < reach + 2:
        raise ShapeError(f"{T} frames; lags up to {reach} need {reach + 2}.")
    steps = np.arange(-reach, reach + 1)
    lags = np.full((N, alpha), np.nan)
    for n in range(N):
        for i in range(alpha):
            curve = [_correlation(reactions[n, i], speaker[n], int(s)) for s in steps]
            lags[n, i] = _peak(np.array(curve), steps, mode)
    return lags


def _peak(curves: np.ndarray, steps: np.ndarray, mode: Mode) -> float:
    """Lag of the maximum of curves (lags, D), NaN where a dimension is constant."""
    if mode == "published":  # argmax takes NaN for the maximum: the first lag wins
        return float(steps[np.argmax(curves.mean(1))])
    told = np.isfinite(curves)
    count = told.sum(1)
    if not count.any():
        return float("nan")
    mean = np.where(told, curves, 0.0).sum(1) / np.maximum(count, 1)
    return float(steps[np.argmax(np.where(count, mean, -np.inf))])


def _correlation(x: np.ndarray, y: np.ndarray, lag: int) -> np.ndarray:
    """Correlations (D,) of x, ``lag`` frames later, with y; NaN with a constant."""
    T = len(x)
    x, y = x[max(lag, 0) : T + min(lag, 0)], y[max(-lag, 0) : T - max(lag, 0)]
    a, b = x - x.mean(0), y - y.mean(0)
    power = (a**2).sum(0), (b**2).sum(0)
    flat = (power[0] <= CONSTANT * (x**2).sum(0)) | (
        power[1] <= CONSTANT * (y**2).sum(0)
    )
    scale = np.sqrt(np.where(flat, 1.0, power[0] * power[1]))
    return np.where(flat, np.nan, (a * b).sum(0) / scale)


def concordance(x: np.ndarray, y: np.ndarray, mode: Mode = "fixed") -> float:
    """Concordance correlation of x and y (T, D), the mean over dimensions.

    2 cov / (var x + var y + (mean x - mean y)^2) (Lin 1989); 0 where one is constant.
    Where both are it is undefined: published 0, fixed left out (NaN if that is all).
    """
    a, b = x - x.mean(0), y - y.mean(0)
    shift = (x.mean(0) - y.mean(0)) ** 2
    below = (a**2).mean(0) + (b**2).mean(0) + shift
    if mode == "published":
        return float((2 * (a * b).mean(0) / (below + 1e-8)).mean())
    square = (x**2).mean(0) + (y**2).mean(0)
    told = below - shift > CONSTANT * square
    if not told.any():
        return float("nan")
    return float((2 * (a * b).mean(0)[told] / below[told]).mean())


def _warped(x: np.ndarray, y: np.ndarray, mode: Mode, radius: int | None) -> float:
    """Root of the summed (published) or mean (fixed) squared cost along the path."""
    if mode == "published":
        return float(np.sqrt(alignment(x, y).cost))
    path = alignment(x, y, radius)
    return float(np.sqrt(path.cost / path.steps))


def _best(
    reactions: np.ndarray,
    real: np.ndarray,
    appropriate: np.ndarray,
    score: Callable[[np.ndarray, np.ndarray], float],
    mode: Mode,
    set_size: int | None,
) -> float:
    """Highest score over the appropriate real reactions, added up over stimuli."""
    N, alpha, T, D = _check(reactions).shape
    real, suits = np.asarray(real), np.asarray(appropriate, bool)
    _check_whole(real, "real")
    if real.ndim != 3 or real.shape[1:] != (T, D):
        raise ShapeError(f"real is {real.shape}; expected (M, {T}, {D}).")
    if suits.shape != (N, len(real)):
        raise ShapeError(f"appropriate is {suits.shape}; expected {(N, len(real))}.")
    if not suits.any(1).all():
        empty = int(suits.any(1).argmin())
        raise InputError(f"stimulus {empty} has no appropriate reaction; leave it out.")
    best = [
        _maximum(np.array([score(y, x) for y in real[suits[n]]]), set_size)
        for n in range(N)
        for x in reactions[n]
    ]
    told = np.array(best)[np.isfinite(best)]
    if not len(told):
        return float("nan")
    return float(told.mean() * (alpha if mode == "published" else 1))


def _maximum(scores: np.ndarray, size: int | None) -> float:
    """Maximum, or its mean over all subsets of ``size``; NaN scores are left out."""
    ranked = np.sort(scores[np.isfinite(scores)])
    n = len(ranked)
    if not n or size is None or size >= n:
        return float(ranked[-1]) if n else float("nan")
    if size < 1:
        raise InputError(f"set_size={size}: expected 1 or more.")
    below = np.arange(size - 1, n)  # so many are smaller than the maximum
    ways = _log_choose(below, size - 1) - _log_choose(n, size)
    return float(np.exp(ways) @ ranked[size - 1 :])


def _log_choose(n: np.ndarray | int, k: int) -> np.ndarray:
    return gammaln(np.add(n, 1)) - gammaln(k + 1) - gammaln(np.add(n, 1 - k))


def _spread(rows: np.ndarray) -> float:
    """Mean squared difference between different rows (R, ...), per number in a row."""
    return float(2 * rows.var(0, ddof=1).mean())


def _check(reactions: np.ndarray) -> np.ndarray:
    if np.ndim(reactions) != 4:
        raise ShapeError(
            f"reactions are {np.shape(reactions)}; expected (N, alpha, T, D)."
        )
    _check_whole(reactions, "reactions")
    return reactions


def _check_whole(values: np.ndarray, name: str) -> None:
    if not np.isfinite(values).all():
        raise InputError(f"{name}: missing values; fill or leave them out.")


def _check_mode(mode: str) -> None:
    if mode not in ("fixed", "published"):
        raise InputError(f"mode={mode!r}: use 'fixed' or 'published'.")
