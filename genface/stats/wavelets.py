"""How strongly columns swing at each frequency: Morlet wavelets and their areas."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pandas as pd
import scipy.signal
from scipy.integrate import simpson

from genface.errors import InputError
from genface.stats.people import need_series
from genface.stats.sessions import like, needed_rate, row_groups, session_labels
from genface.stats.signals import bridged, measured, warn_empty

Mode = Literal["complex", "filtered", "phase", "magnitude", "power"]

MODES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "complex": lambda z: z,
    "filtered": np.real,
    "phase": np.angle,
    "magnitude": np.abs,
    "power": lambda z: np.abs(z) ** 2,
}
BINS = np.logspace(0, 5, 7)
"""Edges of the histogram of areas in :func:`calc_hist_auc`."""


def wavelet(freq: float, num_cyc: float = 3, sampling_freq: float = 30.0) -> np.ndarray:
    """Complex Morlet wavelet exp(2 pi i f t) exp(-t^2 / (2 s^2)), s = cycles/(2 pi f).

    Sampled from -cycles/f to cycles/f seconds; not normalised, so lower frequencies
    give larger values.
    """
    if min(freq, num_cyc, sampling_freq) <= 0:
        raise InputError("wavelet: freq, num_cyc and sampling_freq must be above 0.")
    reach = num_cyc / freq
    times = np.arange(-reach, reach, 1 / sampling_freq)
    spread = num_cyc / (2 * np.pi * freq)
    return np.exp(2j * np.pi * freq * times) * np.exp(-(times**2) / (2 * spread**2))


def extract_wavelet(
    frame: pd.DataFrame,
    freq: float,
    num_cyc: float = 3,
    mode: Mode = "complex",
    ignore_sessions: bool = False,
    *,
    sampling_freq: float | None = None,
    sessions: Any = None,
) -> pd.DataFrame:
    """Every column convolved with a :func:`wavelet`, session by session.

    Columns ``f<freq>_<mode>_<column>``, rows as they were. Modes: the complex values,
    or their real part (``filtered``), angle (``phase``, radians), absolute value
    (``magnitude``) or its square (``power``). Gaps are bridged by straight lines for
    the convolution, and NaN in the result, with a warning.
    """
    bank = [float(freq)]
    return _extract(
        frame, bank, num_cyc, mode, ignore_sessions, sampling_freq, sessions
    )


def extract_multi_wavelet(
    frame: pd.DataFrame,
    min_freq: float = 0.06,
    max_freq: float = 0.66,
    bank: int = 8,
    num_cyc: float = 3,
    mode: Mode = "complex",
    ignore_sessions: bool = False,
    *,
    sampling_freq: float | None = None,
    sessions: Any = None,
) -> pd.DataFrame:
    """:func:`extract_wavelet` at ``bank`` frequencies, from low to high.

    Neighbours have the same ratio (a geometric series).
    """
    freqs = _bank(min_freq, max_freq, bank)
    return _extract(
        frame, freqs, num_cyc, mode, ignore_sessions, sampling_freq, sessions
    )


def extract_boft(
    frame: pd.DataFrame,
    min_freq: float = 0.06,
    max_freq: float = 0.66,
    bank: int = 8,
    ignore_sessions: bool = False,
    *,
    sampling_freq: float | None = None,
    sessions: Any = None,
) -> pd.DataFrame:
    """Bags of temporal features (Bartlett et al. 2014): 12 areas per column and band.

    Each column is convolved with the real part of each wavelet, highest frequency
    first; :func:`calc_hist_auc` counts the areas of its swings: columns
    ``pos0_hz_<freq>_<column>`` to ``pos5``, then ``neg0`` to ``neg5``. One row per
    session. A column with gaps has no features (NaN), with a warning.
    """
    rate = needed_rate(frame, sampling_freq, "extract_boft")
    values = measured(frame, "extract_boft")
    found = row_groups(frame, sessions, ignore_sessions)
    need_series(frame, found, "extract_boft")
    warn_empty(values, "extract_boft")
    freqs = _bank(min_freq, max_freq, bank)[::-1]
    _check_speed(freqs, rate)
    kernels = [np.real(wavelet(freq, sampling_freq=rate)) for freq in freqs]
    labels = [
        f"{sign}{i}_hz_{name}_{column}"
        for column in values.columns
        for name in _names(freqs)
        for sign in ("pos", "neg")
        for i in range(len(BINS) - 1)
    ]
    table = [
        np.concatenate(
            [
                _areas(np.convolve(column, kernel, mode="full"))
                for column in values.to_numpy()[rows].T
                for kernel in kernels
            ]
        )
        for _, rows in found
    ]
    index = [name for name, _ in found]
    result = pd.DataFrame(np.stack(table), index=index, columns=labels)
    known = not ignore_sessions and session_labels(frame, sessions) is not None
    return like(frame, result, index if known else None)


def calc_hist_auc(vals: Any, hist_range: Any = None) -> pd.Series:
    """Counts of the areas between a signal's zero crossings: 6 above 0, then 6 below.

    As py-feat: values are squared and keep their sign; areas by Simpson's rule, in bins
    from 10^0 to 10^5; the piece between the first two crossings is not counted.
    """
    values = np.asarray(vals, dtype=float)
    values = np.sign(values) * values**2
    crossings = np.flatnonzero(np.diff(np.sign(values)))
    pieces = [values[: crossings[0]]] if len(crossings) else []
    if len(crossings) > 1:
        pieces += np.split(values[crossings[1] :], crossings[2:] - crossings[1])
    areas = np.array([simpson(piece) for piece in pieces if len(piece)])
    bins = BINS if hist_range is None else np.asarray(hist_range, dtype=float)
    above, _ = np.histogram(areas[areas > 0], bins)
    below, _ = np.histogram(-areas[areas < 0], bins)
    return pd.Series(np.concatenate([above, below]))


def _areas(values: np.ndarray) -> np.ndarray:
    if np.isnan(values).any():
        return np.full(2 * (len(BINS) - 1), np.nan)
    return calc_hist_auc(values).to_numpy(float)


def _bank(min_freq: float, max_freq: float, bank: int) -> list[float]:
    if bank < 1 or not 0 < min_freq <= max_freq:
        raise InputError(
            f"a bank of {bank} from {min_freq:g} to {max_freq:g} Hz: give at least one "
            "frequency, above 0 and from low to high."
        )
    return [float(freq) for freq in np.geomspace(min_freq, max_freq, bank)]


def _check_speed(freqs: list[float], rate: float) -> None:
    if max(freqs) > rate / 2:
        raise InputError(
            f"{max(freqs):g} Hz is above {rate / 2:g} Hz, half of the table's "
            f"{rate:g} rows per second, so it is not in there."
        )


def _names(freqs: list[float]) -> list[str]:
    """Frequencies with two decimals as in py-feat, or as many as tell them apart."""
    for decimals in range(2, 17):
        names = [str(round(freq, decimals)) for freq in freqs]
        if len(set(names)) == len(names):
            break
    return names


def _extract(
    frame: pd.DataFrame,
    freqs: list[float],
    num_cyc: float,
    mode: str,
    ignore_sessions: bool,
    sampling_freq: float | None,
    sessions: Any,
) -> pd.DataFrame:
    if mode not in MODES:
        raise InputError(f"mode={mode!r}: use one of {', '.join(MODES)}.")
    rate = needed_rate(frame, sampling_freq, "a wavelet")
    values = measured(frame, "a wavelet")
    found = row_groups(frame, sessions, ignore_sessions)
    need_series(frame, found, "a wavelet")
    warn_empty(values, "a wavelet")
    _check_speed(freqs, rate)
    parts = []
    for freq, name in zip(freqs, _names(freqs), strict=True):
        kernel = wavelet(freq, num_cyc, rate)[:, None]
        made = np.full(values.shape, np.nan, dtype=complex)
        for _, rows in found:
            signal = bridged(values.to_numpy()[rows])
            made[rows] = scipy.signal.convolve(signal, kernel, mode="same")
        taken = MODES[mode](made)
        taken[values.isna().to_numpy()] = np.nan
        columns = [f"f{name}_{mode}_{column}" for column in values.columns]
        parts.append(pd.DataFrame(taken, index=frame.index, columns=columns))
    return like(frame, pd.concat(parts, axis=1), session_labels(frame, sessions))
