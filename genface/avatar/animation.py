"""Measured series of AUs, pose and gaze as even frames to draw: timing, gaps, scale."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from genface.errors import InputError, ShapeError

HOLD = 0.4  # seconds that the last expression stays when the face is lost
FADE = 0.6  # seconds in which it then gives way to the neutral face
LOW_PERCENTILE = 5  # where a presence series has its zero
HIGH_PERCENTILE = 95  # and its fixed point


@dataclass(frozen=True)
class Motion:
    """A series at a constant frame rate, ready to draw.

    ``aus`` (T, A) are named by ``au_names``; ``pose`` (T, 3) and ``gaze`` (T, 2) are
    None where not wanted. Nothing is NaN. ``seen`` (T,) is False where a gap was
    bridged. ``notes`` say in one line each what was changed.
    """

    times: np.ndarray
    fps: Fraction
    au_names: tuple[str, ...]
    aus: np.ndarray
    pose: np.ndarray | None
    gaze: np.ndarray | None
    seen: np.ndarray
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.times)


def retime(
    times: np.ndarray,
    aus: np.ndarray,
    au_names: Sequence[str],
    fps: Fraction | float,
    pose: np.ndarray | None = None,
    gaze: np.ndarray | None = None,
    duration: float | None = None,
) -> Motion:
    """Resample by time, linearly, so that the animation lasts as long as the data.

    ``times`` (T,) are seconds, rising, at any rate; the first becomes 0. The last
    sample lasts one median interval, unless ``duration`` says how long all is. AUs
    that are NaN throughout are left out. A frame with NaN in any other AU is a gap: up
    to half a second of it is bridged, in a longer one the face holds its last
    expression, then fades to neutral (pose and gaze too). Pose or gaze that is NaN
    beside known AUs (eyes closed) is bridged by itself.
    """
    times = np.asarray(times, np.float64)
    aus = np.asarray(aus, np.float64)
    _check(times, aus, au_names)
    rate = fps if isinstance(fps, Fraction) else Fraction(fps).limit_denominator(1001)
    if rate <= 0:
        raise InputError(f"fps is {fps}; expected a positive number.")
    known = ~np.isnan(aus).all(axis=0)
    if not known.any():
        raise InputError("every AU is NaN in every frame: there is nothing to animate.")
    notes = []
    if not known.all():
        left_out = [n for n, k in zip(au_names, known, strict=True) if not k]
        notes.append(f"{', '.join(left_out)}: NaN throughout, drawn at rest")
    relative = times - times[0]
    step = float(np.median(np.diff(relative))) if len(times) > 1 else float(1 / rate)
    lasts = relative[-1] + step if duration is None else duration
    even = np.arange(max(1, round(lasts * float(rate)))) / float(rate)
    valid = ~np.isnan(aus[:, known]).any(axis=1)
    pose, gaze = (_filled(part, relative) for part in (pose, gaze))
    series = [aus[:, known]] + [part for part in (pose, gaze) if part is not None]
    joined = np.concatenate(series, axis=1)
    if not valid.any():
        raise InputError("no frame has all of its values: there is nothing to animate.")
    drawn, seen, longest = _bridge(relative, joined, valid, even, step)
    if not valid.all() or not seen.all():
        notes.append(
            f"{(~valid).sum()} of {len(valid)} frames without a face (longest gap "
            f"{longest:.1f} s): the avatar holds for {HOLD:g} s, then fades to neutral"
        )
    a = int(known.sum())
    rest = drawn[:, a:]
    return Motion(
        times=even,
        fps=rate,
        au_names=tuple(n for n, k in zip(au_names, known, strict=True) if k),
        aus=drawn[:, :a],
        pose=None if pose is None else rest[:, :3],
        gaze=None if gaze is None else rest[:, -2:],
        seen=seen,
        notes=tuple(notes),
    )


def calibrate_presence(aus: np.ndarray) -> np.ndarray:
    """Presence (0-1) as an intensity per person: 5th percentile to 0, 95th kept.

    Each AU of one person's series (T, A) is stretched on its own; NaN stays NaN. An AU
    that hardly varies (percentiles within .01) has no rest to be told from and is 0.
    """
    aus = np.asarray(aus, np.float64)
    result = np.full_like(aus, np.nan)
    for column in np.flatnonzero(~np.isnan(aus).all(axis=0)):
        series = aus[:, column]
        low, high = np.nanpercentile(series, [LOW_PERCENTILE, HIGH_PERCENTILE])
        gain = high / (high - low) if high - low > 0.01 else 0.0
        result[:, column] = np.clip((series - low) * gain, 0, 1)
    return result


def smoothed(motion: Motion, seconds: float) -> Motion:
    """Gaussian smoothing in time without delay; recorded in the notes.

    ``seconds`` is the standard deviation. The ends are mirrored.
    """
    if seconds <= 0:
        return motion
    sigma = seconds * float(motion.fps)
    reach = max(1, round(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()

    def filtered(series):
        if series is None:
            return None
        padded = np.pad(series, ((reach, reach), (0, 0)), "symmetric")
        columns = [np.convolve(column, kernel, "valid") for column in padded.T]
        return np.stack(columns, axis=1)

    return replace(
        motion,
        aus=filtered(motion.aus),
        pose=filtered(motion.pose),
        gaze=filtered(motion.gaze),
        notes=(*motion.notes, f"smoothed in time (Gaussian, sd {seconds:g} s)"),
    )


def _check(times, aus, au_names):
    if aus.ndim != 2 or len(aus) != len(times) or aus.shape[1] != len(au_names):
        raise ShapeError(
            f"aus {aus.shape} do not fit {len(times)} times and {len(au_names)} names."
        )
    if len(times) == 0:
        raise InputError("the table has no rows: there is nothing to animate.")
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InputError(
            "time must rise from frame to frame; pass one face of one clip."
        )


def _filled(series, times):
    """Rows with NaN replaced by their neighbours in time; None if all have NaN."""
    if series is None:
        return None
    series = np.asarray(series, np.float64)
    known = ~np.isnan(series).any(axis=1)
    if not known.any():
        return None
    columns = [np.interp(times, times[known], c) for c in series[known].T]
    return np.stack(columns, axis=1)


def _bridge(times, series, valid, even, step):
    """Series at ``even`` times, where it was seen, and the longest gap in seconds."""
    known = times[valid]
    drawn = np.stack([np.interp(even, known, c) for c in series[valid].T], axis=1)
    after = np.searchsorted(known, even + 1e-9)  # the next sample that is known
    before = np.clip(after - 1, 0, None)
    after = np.clip(after, None, len(known) - 1)
    since, until = even - known[before], known[after] - even
    since, until = np.abs(since), np.abs(until)
    at_end = even > known[-1] + 1e-9
    at_start = even < known[0] - 1e-9
    gap = np.where(at_end | at_start, np.inf, known[after] - known[before])
    gap[at_end & (since <= 1.5 * step)] = step
    seen = (gap <= 1.5 * step) | (np.minimum(since, until) < 1e-6)
    lost = gap > 0.5
    # Forget the last expression over FADE after HOLD; take up the next one likewise.
    leaving = np.clip(1 - (since - HOLD) / FADE, 0, 1)
    coming = np.clip(1 - until / FADE, 0, 1)
    leaving[at_start] = 0.0
    coming[at_end] = 0.0
    coming[at_start] = 1.0
    last, following = series[valid][before], series[valid][after]
    faded = last * _ease(leaving)[:, None]
    arriving = _ease(coming)[:, None]
    faded = faded + arriving * (following - faded)
    drawn = np.where(lost[:, None] & ~seen[:, None], faded, drawn)
    missing = np.diff(np.concatenate([[times[0] - step], known, [times[-1] + step]]))
    return drawn, seen, float(missing.max())


def _ease(share):
    return share * share * (3 - 2 * share)
