"""Instantaneous phase synchrony: whether two series rise and fall at the same time."""

import numpy as np
from scipy.signal import butter, hilbert, sosfiltfilt

from genface.errors import InputError

CHANCE = 1 - 2 / np.pi
"""What phases that have nothing to do with each other agree by: .363, not 0."""

ORDER = 1
"""Of the Butterworth filter; it runs forward and backward."""


def band_phases(
    x: np.ndarray, rate: float, band: tuple[float, float] = (0.1, 1.0)
) -> np.ndarray:
    """Phase (..., T) in radians of the part of x (..., T) between two frequencies (Hz).

    Butterworth band-pass without delay, then the angle of the analytic signal.
    """
    low, high = band
    if not 0 < low < high < rate / 2:
        raise InputError(
            f"band={low:g} to {high:g} Hz: expected 0 < low < high < {rate / 2:g}, "
            f"half of the {rate:g} samples a second."
        )
    filtered = sosfiltfilt(butter(ORDER, band, "bandpass", fs=rate, output="sos"), x)
    return np.angle(hilbert(filtered, axis=-1))


def phase_agreement(
    first: np.ndarray, second: np.ndarray, corrected: bool = True
) -> np.ndarray:
    """Agreement s = 1 - sin(|first - second| / 2) of phases at each moment.

    1 for the same phase and 0 for opposite ones; independent phases have a mean of
    1 - 2/pi (:data:`CHANCE`). ``corrected`` is (s - chance) / (1 - chance): 0 by chance
    and 1 at best, below 0 where phases oppose. Its mean over time is the synchrony of
    two series (J. H. Cheong, Four ways to quantify synchrony, 2019; uncorrected).
    """
    agreement = 1 - np.abs(np.sin((first - second) / 2))
    return (agreement - CHANCE) / (1 - CHANCE) if corrected else agreement
