"""Surrogate series: what chance would give if nothing were shared between series.

Each keeps part of what a series is and breaks its tie to the clock. Series are the
columns of (T, N); draws come back as (n, T, N).
"""

from collections.abc import Callable

import numpy as np

from genface.errors import InputError

ITERATIONS = 30
"""Of IAAFT at most, for series up to ``20 ITERATIONS`` rows; longer ones take more."""

SEGMENTS = 4
"""At least so many are shuffled; three can hardly change places."""


def circular_shifts(
    x: np.ndarray, n: int, rng: np.random.Generator, together: bool = False
) -> np.ndarray:
    """Each series turned round by its own random number of steps.

    Keeps values and their order, but for one seam. ``together`` turns all series of a
    draw alike, so that they keep what they share.
    """
    T, N = x.shape
    shift = rng.integers(0, T, (n, 1, 1 if together else N))
    return x[(np.arange(T)[:, None] + shift) % T, np.arange(N)]


def segment_shuffles(
    x: np.ndarray, n: int, rng: np.random.Generator, length: int
) -> np.ndarray:
    """All series cut into segments of about ``length`` rows, put into another order.

    Keeps values, what the series share, and what happens within a segment. Cuts begin
    at a random row (the last segment goes on at the start). Segments may stay in their
    place: without such orders the null's mean would lie on the other side of 0 than the
    data, and the test would find too much. After Ramseyer & Tschacher 2010, J Pers Soc
    Psychol 100:284, who draw pseudo-interactions so.
    """
    T = len(x)
    count = round(T / length)
    if count < SEGMENTS:
        raise InputError(
            f"{T} rows hold {count} segments of {length}, and at least {SEGMENTS} are "
            "shuffled; take shorter segments (--segment, in seconds) or another null "
            "(--null circular)."
        )
    cuts = np.linspace(0, T, count + 1).round().astype(np.intp)
    pieces = [np.arange(*ends) for ends in zip(cuts[:-1], cuts[1:], strict=True)]
    drawn = np.empty((n, *x.shape), x.dtype)
    for out in drawn:
        order = rng.permutation(count)
        start = rng.integers(T)
        rows = np.concatenate([pieces[i] for i in order])
        out[:] = np.roll(x[(start + rows) % T], start, axis=0)
    return drawn


def phase_surrogates(x: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Each series with the same power spectrum and random phases.

    Keeps mean, variance and autocorrelation, not the values: surrogates of sparse,
    non-negative AUs are Gaussian and go below zero (then :func:`iaaft_surrogates`).
    Theiler et al. 1992, Physica D 58:77.
    """
    T = len(x)
    spectrum = np.fft.rfft(x.T)
    phases = np.exp(2j * np.pi * rng.random((n, *spectrum.shape)))
    phases[..., 0] = 1
    if T % 2 == 0:
        phases[..., -1] = 1  # the Nyquist frequency is real
    return np.swapaxes(np.fft.irfft(spectrum * phases, T), 1, 2)


def iaaft_surrogates(
    x: np.ndarray, n: int, rng: np.random.Generator, together: bool = False
) -> np.ndarray:
    """Each series with exactly its values, and its power spectrum as near as can be.

    Iterative amplitude-adjusted Fourier transform (Schreiber & Schmitz 1996, Phys Rev
    Lett 77:635): impose the spectrum, then the values by rank, until ranks stay. It
    starts from values in any order; ``together`` from the series with the same random
    phases added to all, so that they keep most of what they share.
    """
    rows = x.T
    ranked = np.broadcast_to(np.sort(rows), (n, *rows.shape))
    spectra = np.fft.rfft(rows)
    size = np.abs(spectra)
    if together:
        turned = spectra * np.exp(2j * np.pi * rng.random((n, 1, size.shape[1])))
        drawn = np.empty(ranked.shape)
        start = np.argsort(np.fft.irfft(turned, len(x)), axis=-1)
        np.put_along_axis(drawn, start, ranked, axis=-1)
    else:
        drawn = rng.permuted(ranked, axis=-1)
    order: np.ndarray = np.empty(0, np.intp)
    for _ in range(max(ITERATIONS, len(x) // 20)):
        spectrum = np.fft.rfft(drawn)
        length = np.abs(spectrum)
        spectrum *= size / np.where(length > 0, length, 1)
        before = order
        order = np.argsort(np.fft.irfft(spectrum, len(x)), axis=-1)
        if np.array_equal(before, order):
            break
        np.put_along_axis(drawn, order, ranked, axis=-1)
    return np.swapaxes(drawn, 1, 2)


def shuffles(x: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Each series with its values in any order: a null that is wrong for behaviour.

    It takes neighbouring frames for independent; kept to show what that does.
    """
    return rng.permuted(np.broadcast_to(x, (n, *x.shape)), axis=1)


SURROGATES: dict[str, Callable[[np.ndarray, int, np.random.Generator], np.ndarray]] = {
    "circular": circular_shifts,
    "phase": phase_surrogates,
    "iaaft": iaaft_surrogates,
    "shuffle": shuffles,
}


def p_value(
    observed: float | np.ndarray, draws: np.ndarray, side: str = "two-sided"
) -> np.ndarray:
    """Part of the draws (first axis) at least as extreme, the observed one included.

    (b + 1) / (B + 1), never 0 (Phipson & Smyth 2010); ``two-sided`` is twice the
    smaller tail. NaN draws are left out; NaN where nothing was observed.
    """
    draws = np.asarray(draws, np.float64)
    count = np.isfinite(draws).sum(0)
    above = (1 + (draws >= observed).sum(0)) / (count + 1)
    below = (1 + (draws <= observed).sum(0)) / (count + 1)
    tails = {
        "greater": above,
        "less": below,
        "two-sided": np.minimum(1.0, 2 * np.minimum(above, below)),
    }
    if side not in tails:
        raise InputError(f"side={side!r}: use 'two-sided', 'greater' or 'less'.")
    return np.where(np.isfinite(observed), tails[side], np.nan)
