"""Scales of Action Units, and what may become what.

``intensity`` 0-1, ``facs`` 0-5 (A to E are 1 to 5), ``presence`` 0-1 (a detector's
belief), ``occurrence`` 0 or 1. Intensity and facs differ by a factor of 5, which is a
convention; a belief is no intensity (Girard et al. 2015) and becomes one only by a
person's own range.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from genface.errors import InputError, ShapeError

Scale = Literal["intensity", "facs", "presence", "occurrence"]

LEVELS = 5.0
"""FACS levels in a full intensity."""

LOW_PERCENTILE, HIGH_PERCENTILE = 5.0, 95.0
STEADY, STEADY_PEAK = 0.01, 0.1


def convert_scale(aus: np.ndarray, source: Scale, target: Scale) -> np.ndarray:
    """AUs on another scale; only intensity and facs convert into each other."""
    factors = {
        ("intensity", "facs"): LEVELS,
        ("facs", "intensity"): 1.0 / LEVELS,
    }
    if source == target:
        return np.array(aus, dtype=np.float64)
    if (source, target) not in factors:
        raise InputError(
            f"{source} does not convert into {target}; "
            "fit a PersonCalibration to make presence an intensity."
        )
    return np.asarray(aus, dtype=np.float64) * factors[source, target]


@dataclass(frozen=True)
class PersonCalibration:
    """One person's range of presence scores, (A,) each, read as intensity.

    ``rest`` becomes 0 and ``peak`` stays what it is. An AU whose ``gain`` is 0 hardly
    varies and has no rest to be told from; one that was never measured is NaN.
    """

    rest: np.ndarray
    peak: np.ndarray
    gain: np.ndarray

    @classmethod
    def fitted(cls, presence: np.ndarray) -> "PersonCalibration":
        """Range in the frames (T, A) of one person: 5th and 95th percentile.

        Of an AU that is rarely on, such as a blink (percentiles within .01), the
        maximum counts instead; if that is within .1 too, its gain is 0.
        """
        presence = np.asarray(presence, dtype=np.float64)
        if presence.ndim != 2:
            raise ShapeError(f"expected presence (T, A), got {presence.shape}.")
        rest, peak, gain = np.full((3, presence.shape[1]), np.nan)
        for au in np.flatnonzero(~np.isnan(presence).all(axis=0)):
            known = presence[:, au]
            low, high = np.nanpercentile(known, [LOW_PERCENTILE, HIGH_PERCENTILE])
            least = STEADY
            if high - low <= STEADY:
                high, least = np.nanmax(known), STEADY_PEAK
            rest[au], peak[au] = low, high
            gain[au] = high / (high - low) if high - low > least else 0.0
        return cls(rest, peak, gain)

    def intensity(self, presence: np.ndarray) -> np.ndarray:
        """Intensity (T, A) in [0, 1] of presence scores (T, A)."""
        return np.clip((np.asarray(presence) - self.rest) * self.gain, 0.0, 1.0)

    def presence(self, intensity: np.ndarray) -> np.ndarray:
        """Presence (T, A) that has this intensity, cut off at 0 and 1; rest for gain 0.

        The inverse of :meth:`intensity` where that did not cut off.
        """
        steps = np.where(self.gain == 0, np.inf, self.gain)
        return np.clip(self.rest + np.asarray(intensity) / steps, 0.0, 1.0)
