"""Whether the clips of a set run in step with each other as much as real ones do.

Real clips of people who watch the same film do, and a good model of them would. Free
samples follow no clock of a real clip, so that correlating them with one would only
measure chance; what is compared is the mean correlation within each set.
"""

from dataclasses import dataclass

import numpy as np

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.windows import common_length

LEAST = 8
"""Frames that two clips must share."""
CEILING = 0.9999
"""Correlations beyond it count as so much: Fisher's z of equal clips is infinite."""


@dataclass(frozen=True, eq=False)
class PairIsc:
    """Fisher's z of every pair of clips, mean over AUs, and whether it is known (n, n).

    Diagonals are 0.
    """

    z: np.ndarray
    known: np.ndarray


def measures(fps: float | None) -> list[Measure]:
    """The difference of intersubject correlations within sets."""
    return [
        Measure(
            "isc_within",
            "difference of ISC within sets",
            "r",
            "time",
            "whether clips of a set run in step with each other as much",
            prepare,
            value,
            source="mean pairwise r by Fisher's z (Nastase et al. 2019), equal frames",
        )
    ]


def prepare(clips: Clips, context: Context) -> PairIsc:
    """Correlate all clips over the first frames that three quarters of them have."""
    length = common_length(clips)
    n = len(clips)
    z, known = np.zeros((n, n)), np.zeros((n, n))
    told = np.array([len(clip) >= length >= LEAST for clip in clips])
    where = np.ix_(told, told)
    whole = [clip[:length] for clip, here in zip(clips, told, strict=True) if here]
    for x in np.stack(whole, 2).swapaxes(0, 1) if whole else ():  # (T, n) of each AU
        found = _correlations(x.T)
        seen = np.isfinite(found)
        z[where] += np.arctanh(np.clip(np.where(seen, found, 0.0), -CEILING, CEILING))
        known[where] += seen
    z = np.where(known > 0, z / np.maximum(known, 1), 0.0)
    off = ~np.eye(n, dtype=bool)
    return PairIsc(z * off, (known > 0) * off)


def _correlations(x: np.ndarray) -> np.ndarray:
    """Correlations (n, n) of series (n, T) over the frames both have; NaN if flat."""
    seen = np.isfinite(x).astype(float)
    y = np.where(seen > 0, x, 0.0)
    y = y - (y.sum() / max(seen.sum(), 1.0)) * seen  # near zero: less rounding
    count = np.maximum(seen @ seen.T, 1.0)
    mean = y @ seen.T / count
    square = (y**2) @ seen.T / count - mean**2
    covariance = y @ y.T / count - mean * mean.T
    power = square * square.T
    varies = (np.minimum(square, square.T) > 1e-12) & (seen @ seen.T >= LEAST)
    return np.where(varies, covariance / np.sqrt(np.where(varies, power, 1)), np.nan)


def value(prepared: PairIsc, a: np.ndarray, b: np.ndarray) -> Reading:
    """Difference of the means over pairs of different clips; each side's mean r.

    A mean over pairs does not depend on how many clips there are. NaN where a side has
    no pair that varies.
    """
    sides = []
    for picks in (a, b):
        weights = clip_weights(len(prepared.z), picks)
        pairs = weights @ prepared.known @ weights
        sides.append(weights @ prepared.z @ weights / pairs if pairs else np.nan)
    left, right = np.tanh(sides)
    return Reading(float(abs(left - right)), None, float(left), float(right))
