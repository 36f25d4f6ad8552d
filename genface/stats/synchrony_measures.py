"""Measures of how two faces move together, each as features of a face and a score.

Features are made once per series and compared with those of many others. Arrays are
(..., A, T): one series per Action Unit, time last.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from genface.errors import InputError
from genface.stats.isc_matrix import fisher_z
from genface.stats.lags import (
    lag_correlations,
    pick_peaks,
    standard,
    window_correlations,
)
from genface.stats.phases import band_phases, phase_agreement
from genface.stats.warping import warping_cost


@dataclass(frozen=True)
class Settings:
    """How far measures look, in seconds (frequencies in Hz).

    ``max_lag``: latest answer of one face to the other. ``window`` and ``hop``: of the
    windowed lags; ``hop`` a quarter window if left out. ``warp``: how far an alignment
    may be off. ``band``: frequencies whose phase is compared. ``segment``: length of
    the pieces that a segment shuffle moves.
    """

    max_lag: float = 2.0
    window: float = 5.0
    hop: float | None = None
    warp: float = 1.0
    band: tuple[float, float] = (0.1, 1.0)
    segment: float = 5.0

    def __post_init__(self) -> None:
        lengths = {
            name: getattr(self, name) for name in ("max_lag", "window", "segment")
        }
        for name, seconds in {**lengths, "hop": self.hop or self.window}.items():
            if not 0 < seconds < math.inf:
                raise InputError(f"{name} {seconds:g}: expected seconds above 0.")
        if not 0 <= self.warp < math.inf:
            raise InputError(f"warp {self.warp:g}: expected seconds, 0 or more.")
        if not 0 < self.band[0] < self.band[1]:
            told = "-".join(f"{edge:g}" for edge in self.band)
            raise InputError(f"band {told}: expected Hz, 0 < low < high.")

    def samples(self, name: str, rate: float) -> int:
        """One of the lengths in samples."""
        seconds = self.window / 4 if name == "hop" and not self.hop else None
        length = getattr(self, name) if seconds is None else seconds
        return max(0 if name == "warp" else 1, round(length * rate))


@dataclass(frozen=True)
class SynchronyMeasure:
    """One measure: what it means, and its three steps.

    ``prepare(series, settings, rate)`` makes features; ``score(a, b, settings, rate)``
    one number (..., A) of two of them, on a scale on which means can be taken;
    ``details`` more of the same. ``shown`` turns a mean score into the unit of
    ``meaning``. ``side`` says which scores are more than chance, ``needed`` how many
    seconds a series must last.
    """

    key: str
    meaning: str
    side: str
    prepare: Callable[[np.ndarray, Settings, float], np.ndarray]
    score: Callable[[np.ndarray, np.ndarray, Settings, float], np.ndarray]
    shown: Callable[[np.ndarray], np.ndarray]
    needed: Callable[[Settings], float]
    details: Callable[..., dict[str, np.ndarray]] | None = None

    def strength(self, score: np.ndarray) -> np.ndarray:
        """The score with its sign turned so that more is more synchronous."""
        turned: dict[str, Any] = {"greater": np.positive, "less": np.negative}
        return turned.get(self.side, np.abs)(score)


def _standard(x: np.ndarray, settings: Settings, rate: float) -> np.ndarray:
    return standard(x)


def _pearson(
    a: np.ndarray, b: np.ndarray, settings: Settings, rate: float
) -> np.ndarray:
    return fisher_z((a * b).mean(-1))


def _curve(a: np.ndarray, b: np.ndarray, settings: Settings, rate: float) -> np.ndarray:
    return lag_correlations(a, b, settings.samples("max_lag", rate))


def _lagged(
    a: np.ndarray, b: np.ndarray, settings: Settings, rate: float
) -> np.ndarray:
    return fisher_z(np.fmax.reduce(_curve(a, b, settings, rate), axis=-1))


def _lagged_details(
    a: np.ndarray, b: np.ndarray, settings: Settings, rate: float
) -> dict[str, np.ndarray]:
    curve = _curve(a, b, settings, rate)
    place = np.where(np.isnan(curve), -np.inf, curve).argmax(-1)
    return {"lag": (place - settings.samples("max_lag", rate)) / rate}


def _peaks(
    a: np.ndarray, b: np.ndarray, settings: Settings, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Height and lag (..., W) of the peak in each window; NaN without one."""
    lengths = (settings.samples(name, rate) for name in ("window", "max_lag", "hop"))
    curves = window_correlations(a, b, *lengths)
    reach = settings.samples("max_lag", rate)
    place = pick_peaks(curves, max(1, reach // 4))
    height = np.take_along_axis(curves, place[..., None], -1)[..., 0]
    none = place < 0
    lag = (place - reach) / rate
    return np.where(none, np.nan, height), np.where(none, np.nan, lag)


def _windowed(
    a: np.ndarray, b: np.ndarray, settings: Settings, rate: float
) -> np.ndarray:
    return _mean(fisher_z(_peaks(a, b, settings, rate)[0]))


def _windowed_details(
    a: np.ndarray, b: np.ndarray, settings: Settings, rate: float
) -> dict[str, np.ndarray]:
    height, lag = _peaks(a, b, settings, rate)
    mean = _mean(lag)
    spread = np.sqrt(_mean((lag - mean[..., None]) ** 2))
    share = np.isfinite(height).mean(-1)
    return {"lag": mean, "lag_sd": spread, "peaks": share}


def _dtw(a: np.ndarray, b: np.ndarray, settings: Settings, rate: float) -> np.ndarray:
    return warping_cost(a, b, settings.samples("warp", rate))


def _phases(x: np.ndarray, settings: Settings, rate: float) -> np.ndarray:
    return band_phases(x, rate, settings.band)


def _phase(a: np.ndarray, b: np.ndarray, settings: Settings, rate: float) -> np.ndarray:
    return phase_agreement(a, b).mean(-1)


def _mean(x: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is known; NaN where nothing is."""
    known = np.isfinite(x)
    count = known.sum(-1)
    total = np.where(known, x, 0).sum(-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


MEASURES: dict[str, SynchronyMeasure] = {
    measure.key: measure
    for measure in (
        SynchronyMeasure(
            "pearson",
            "correlation at the same moment",
            "two-sided",
            _standard,
            _pearson,
            np.tanh,
            lambda settings: 0.0,
        ),
        SynchronyMeasure(
            "lagged",
            "highest correlation of any lag up to max_lag",
            "greater",
            _standard,
            _lagged,
            np.tanh,
            lambda settings: 3 * settings.max_lag,
            _lagged_details,
        ),
        SynchronyMeasure(
            "windowed",
            "mean of the correlations at the peak nearest to lag 0, window by window",
            "greater",
            _standard,
            _windowed,
            np.tanh,
            lambda settings: 2 * (settings.window + settings.max_lag),
            _windowed_details,
        ),
        SynchronyMeasure(
            "dtw",
            "mean distance along the best alignment, in standard deviations",
            "less",
            _standard,
            _dtw,
            np.positive,
            lambda settings: 3 * settings.warp,
        ),
        SynchronyMeasure(
            "phase",
            "agreement of phases, 0 by chance and 1 at best",
            "greater",
            _phases,
            _phase,
            np.positive,
            lambda settings: 2 / settings.band[0],
        ),
    )
}
