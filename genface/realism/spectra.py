"""At which frequencies AUs move: distances of Welch spectra."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.signal import welch

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights
from genface.realism.windows import common_length
from genface.stats.signals import bridged

SECONDS = 4.0
"""Of a segment at most; half of it overlaps the next."""
QUIET = 1e-4
"""Added to every spectrum: white noise this small beside the real variance."""


@dataclass(frozen=True, eq=False)
class Spectra:
    """``power`` (n_clips, F, A) times frames, ``frames`` (n_clips, A) that count.

    ``frequencies`` (F,) without 0, since segments are centred; ``least`` (A,) is the
    white noise of :data:`QUIET`.
    """

    power: np.ndarray
    frames: np.ndarray
    frequencies: np.ndarray
    least: np.ndarray


def measures(fps: float | None) -> list[Measure]:
    """Log-spectral distance, and Wasserstein distance of the normalised spectra."""
    return [
        Measure(
            "spectrum",
            "log-spectral distance",
            "dB",
            "time",
            "whether AUs move as much at every frequency",
            prepare,
            log_distance,
            source="sqrt mean_f (10 log10 P / Q)^2 of Welch spectra (Welch 1967)",
        ),
        Measure(
            "spectral_shift",
            "spectral Wasserstein distance",
            "Hz" if fps else "cycles/frame",
            "time",
            "how far movement would have to be shifted in frequency",
            prepare,
            shift,
            source="Wasserstein-1 of normalised Welch spectra",
        ),
    ]


def prepare(clips: Clips, context: Context) -> Spectra:
    """Welch spectra of each clip: Hann window, mean taken out, gaps bridged by lines.

    An AU with under half of a clip's frames does not count there. Clips shorter than
    a segment are padded, so that all share their frequencies.
    """
    rate = context.fps or 1.0
    seconds = SECONDS * rate if context.fps else 100.0
    size = max(4, min(common_length(clips), round(seconds)))
    F, A = size // 2, clips[0].shape[1]
    power, frames = np.zeros((len(clips), F, A)), np.zeros((len(clips), A))
    for i, clip in enumerate(clips):
        seen = np.isfinite(clip).mean(0)
        frames[i] = np.where(seen >= 0.5, seen * len(clip), 0.0)
        power[i] = _welch(bridged(clip), rate, size) * frames[i]
    frequencies = np.fft.rfftfreq(size, 1 / rate)[1:]
    least = QUIET * np.maximum(context.scale, 1e-9) ** 2 / (rate / 2)
    return Spectra(power, frames, frequencies, least)


def _welch(clip: np.ndarray, rate: float, size: int) -> np.ndarray:
    """Power per unit of frequency (F, A), frequency 0 left out."""
    length = min(size, len(clip))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a clip of a frame or two
        return welch(clip, rate, nperseg=length, nfft=size, axis=0)[1][1:]


def spectrum(prepared: Spectra, picks: np.ndarray) -> np.ndarray:
    """Mean power (F, A) of some clips, weighted by frames, above the quiet level."""
    weights = clip_weights(len(prepared.power), picks)
    frames = np.maximum(weights @ prepared.frames, 1e-9)
    return np.tensordot(weights, prepared.power, 1) / frames + prepared.least


def log_distance(prepared: Spectra, a: np.ndarray, b: np.ndarray) -> Reading:
    """Root mean square difference in decibels, the mean over AUs."""
    real, synthetic = (10 * np.log10(spectrum(prepared, side)) for side in (a, b))
    parts = np.sqrt(((real - synthetic) ** 2).mean(0))
    return Reading(float(parts.mean()), parts)


def shift(prepared: Spectra, a: np.ndarray, b: np.ndarray) -> Reading:
    """Wasserstein distance of the shares of power; sides: their mean frequencies."""
    shares = []
    for side in (a, b):
        power = spectrum(prepared, side)
        shares.append(power / power.sum(0))
    step = prepared.frequencies[1] - prepared.frequencies[0]
    parts = np.abs(np.cumsum(shares[0] - shares[1], axis=0)).sum(0) * step
    left, right = (float((prepared.frequencies @ share).mean()) for share in shares)
    return Reading(float(parts.mean()), parts, left, right)
