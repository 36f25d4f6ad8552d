"""AU45 from AU43: which closings of the lids are blinks, when they begin and end."""

from typing import NamedTuple

import numpy as np
from scipy.signal import find_peaks, peak_widths

from genface.detect.courses import unbroken
from genface.errors import ShapeError

# A blink stands out this much from what the lids did just before and after.
DEPTH = 0.3
# Longest width at half of that, in seconds: from there on FACS codes 43, closed eyes.
LONGEST = 0.5
# Share of the depth at which it begins and ends.
EDGE = 0.1
# Frames within that time, under which blinks are missed.
MEASURES = 4


class Blink(NamedTuple):
    """Times in seconds; ``depth`` is how far AU43 rises above what is around it."""

    onset: float
    apex: float
    offset: float
    depth: float


def find_blinks(
    closure: np.ndarray, times: np.ndarray, step: float | None = None
) -> list[Blink]:
    """Blinks in AU43 (T,) of one face at times (T,) in seconds, rising.

    A rise and fall of :data:`DEPTH` or more, no longer than :data:`LONGEST` at half
    height; it begins and ends at a tenth of its depth, between frames. Eyes that close
    for longer, or fall into a gap or an end of the clip while closed, are no blink. A
    gap is NaN, or frames missing: more than 1.5 times ``step`` seconds, by default the
    median step of ``times``. Under some 10 frames a second most blinks are missed.
    """
    closure, times = np.asarray(closure, np.float64), np.asarray(times, np.float64)
    if closure.ndim != 1 or closure.shape != times.shape:
        raise ShapeError(
            f"closure of {closure.shape} and times of {times.shape} came; expected "
            "(T,) and (T,)."
        )
    found: list[Blink] = []
    for run in unbroken(closure, times, step):
        found += _in_run(closure[run], times[run])
    return found


def blink_course(
    closure: np.ndarray, times: np.ndarray, step: float | None = None
) -> np.ndarray:
    """AU45 (T,): AU43 from the onset to the offset of each blink, 0 elsewhere.

    Arguments as for :func:`find_blinks`; NaN where AU43 is.
    """
    closure, times = np.asarray(closure, np.float64), np.asarray(times, np.float64)
    during = np.zeros(len(closure), bool)
    for blink in find_blinks(closure, times, step):
        during |= (times >= blink.onset) & (times <= blink.offset)
    return np.where(np.isnan(closure), np.nan, np.where(during, closure, 0.0))


def _in_run(closure: np.ndarray, times: np.ndarray) -> list[Blink]:
    peaks, facts = find_peaks(closure, prominence=DEPTH)
    depth = facts["prominences"]
    bases = depth, facts["left_bases"], facts["right_bases"]
    frames = np.arange(len(closure))

    def span(height: float) -> tuple[np.ndarray, np.ndarray]:
        _, _, first, last = peak_widths(closure, peaks, 1 - height, bases)
        return np.interp(first, frames, times), np.interp(last, frames, times)

    (rise, fall), (onset, offset) = span(0.5), span(EDGE)
    return [
        Blink(
            float(onset[k]), float(times[peaks[k]]), float(offset[k]), float(depth[k])
        )
        for k in np.flatnonzero(fall - rise <= LONGEST)
    ]
