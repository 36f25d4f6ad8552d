"""Which AUs go together, and which follows which: correlations at lag 0 and beyond."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.windows import common_length

SHARES = (0.0, 0.1, 0.25, 0.5, 1.0)
"""Lags in seconds; of 25 frames where the frame rate is unknown."""


@dataclass(frozen=True, eq=False)
class CrossSums:
    """Sums per clip of standardised AUs.

    ``products`` and ``pairs`` (n_clips, lags, A, A): AU i against AU j later.
    ``totals`` and ``counts`` (n_clips, A) of single values.
    """

    products: np.ndarray
    pairs: np.ndarray
    totals: np.ndarray
    counts: np.ndarray


def measures(fps: float | None) -> list[Measure]:
    """Distances of the correlations at lag 0, and of those at later lags."""
    span = "1 s" if fps else "25 frames"
    return [
        Measure(
            "correlation",
            "cross-AU correlation distance",
            "r",
            "time",
            "whether the same AUs go together",
            prepare,
            partial(value, lagged=False),
            source="root mean square of C_real - C_syn off the diagonal",
        ),
        Measure(
            "lagged_correlation",
            "lagged cross-AU distance",
            "r",
            "time",
            f"whether AUs follow each other in the same way (up to {span} later)",
            prepare,
            partial(value, lagged=True),
            source="root mean square of C_real(l) - C_syn(l) off the diagonal, l > 0",
        ),
    ]


def lags(fps: float | None, longest: int) -> list[int]:
    """Lags in frames, 0 first, each once, none beyond ``longest``."""
    found = {round(share * (fps or 25)) for share in SHARES}
    return sorted(lag for lag in found | {1} if lag <= max(1, longest))


def prepare(clips: Clips, context: Context) -> CrossSums:
    """Sums of products of standardised AUs at each lag."""
    rows = np.concatenate(clips)
    seen = np.isfinite(rows)
    count = np.maximum(seen.sum(0), 1)
    centre = np.where(seen, rows, 0.0).sum(0) / count
    spread = np.sqrt((np.where(seen, rows - centre, 0.0) ** 2).sum(0) / count)
    spread = np.where(spread > 1e-12, spread, 1.0)
    steps = lags(context.fps, common_length(clips) // 2)
    shape = (len(clips), len(steps), rows.shape[1], rows.shape[1])
    products, pairs = np.zeros(shape), np.zeros(shape)
    totals, counts = np.zeros((2, len(clips), rows.shape[1]))
    for i, clip in enumerate(clips):
        here = np.isfinite(clip)
        mask = here.astype(float)
        z = np.where(here, (clip - centre) / spread, 0.0)
        totals[i], counts[i] = z.sum(0), mask.sum(0)
        for j, lag in enumerate(steps):
            begin = max(0, len(z) - lag)
            products[i, j] = z[:begin].T @ z[lag:]
            pairs[i, j] = mask[:begin].T @ mask[lag:]
    return CrossSums(products, pairs, totals, counts)


def value(prepared: CrossSums, a: np.ndarray, b: np.ndarray, lagged: bool) -> Reading:
    """Root mean square difference; each side stands at its typical correlation."""
    chosen = slice(1, None) if lagged else slice(0, 1)
    real, synthetic = (correlations(prepared, side)[chosen] for side in (a, b))
    off = ~np.eye(real.shape[-1], dtype=bool)
    if not off.any() or not len(real):
        return Reading(np.nan)
    squares = np.where(off, (real - synthetic) ** 2, 0.0).mean(0)
    parts = np.sqrt((squares.sum(0) + squares.sum(1)) / (2 * (len(off) - 1)))
    left, right = (float(np.sqrt((m[:, off] ** 2).mean())) for m in (real, synthetic))
    return Reading(float(np.sqrt(squares[off].mean())), parts, left, right)


def correlations(prepared: CrossSums, picks: np.ndarray) -> np.ndarray:
    """Correlations (lags, A, A) of AU i with AU j later; 0 with a constant AU."""
    weights = clip_weights(len(prepared.products), picks)
    products = np.tensordot(weights, prepared.products, 1)
    pairs = np.tensordot(weights, prepared.pairs, 1)
    mean = weights @ prepared.totals / np.maximum(weights @ prepared.counts, 1.0)
    covariance = products / np.maximum(pairs, 1.0) - np.outer(mean, mean)
    power = np.diag(covariance[0])
    scale = np.where(power > 1e-9, 1 / np.sqrt(np.maximum(power, 1e-9)), 0.0)
    return covariance * scale[:, None] * scale * (pairs > 0)
