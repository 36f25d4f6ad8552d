"""Measured series of AUs, pose and gaze as even frames to draw: timing, gaps, scale."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from genface.errors import InputError, ShapeError
from genface.facs import PersonCalibration

HOLD = 0.4  # seconds that the last expression stays when the face is lost
FADE = 0.6  # seconds in which it then gives way to the neutral face
MOST_FRAMES = 10_000_000  # days of video; more is a mistake in the times
BRIDGED = 0.5  # seconds without a face over which a straight line is drawn


@dataclass(frozen=True)
class Motion:
    """A series at a constant frame rate, ready to draw.

    ``aus`` (T, A) are named by ``au_names``; ``pose`` (T, 3) and ``gaze`` (T, 2) are
    None where not wanted. Nothing is NaN. ``seen`` (T,) is False where a gap was
    bridged, ``away`` (T,) True where the gap was too long for that and no expression is
    left: what is drawn there is no measurement. Where a face is seen, ``bridged``
    (T, A) tells the AUs that are none either (None: no AU). ``notes`` say in one line
    each what was changed.
    """

    times: np.ndarray
    fps: Fraction
    au_names: tuple[str, ...]
    aus: np.ndarray
    pose: np.ndarray | None
    gaze: np.ndarray | None
    seen: np.ndarray
    away: np.ndarray
    notes: tuple[str, ...] = ()
    bridged: np.ndarray | None = None

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
    that are NaN throughout are left out. A frame without any AU is a gap, as is a leap
    in time: up to half a second of it is bridged, in a longer one the face holds its
    last expression, then fades to neutral (pose and gaze too). An AU, pose or gaze that
    is NaN beside known AUs (eyes closed) is bridged by itself, however long.
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
    count = max(1, round(lasts * float(rate)))
    if count > MOST_FRAMES:
        raise InputError(
            f"it lasts {lasts:.3g} s, {count:.3g} frames; times must be in seconds."
        )
    even = np.arange(count) / float(rate)
    names = tuple(n for n, k in zip(au_names, known, strict=True) if k)
    told = ~np.isnan(aus[:, known])
    valid = told.any(axis=1)
    parts = [*np.split(aus[:, known], len(names), axis=1), pose, gaze]
    *columns, pose, gaze = (_filled(part, relative) for part in parts)
    series = [part for part in (*columns, pose, gaze) if part is not None]
    joined = np.concatenate(series, axis=1)
    gaps = _Gaps(relative, valid)
    seen = gaps.seen(even)
    drawn, away = _bridged(relative[valid], joined[valid], even, seen)
    notes += gaps.notes(float(even[-1]))
    if away.any():
        notes.append(f"{away.sum()} of {len(even)} frames are greyed: no face to draw")
    bridged = None
    if not told[valid].all():
        notes.append(_unknown(told[valid], names))
        apart = [_Gaps(relative, column).seen(even) for column in told.T]
        bridged = ~np.stack(apart, axis=1)
    a = len(names)
    rest = drawn[:, a:]
    return Motion(
        times=even,
        fps=rate,
        au_names=names,
        aus=drawn[:, :a],
        pose=None if pose is None else rest[:, :3],
        gaze=None if gaze is None else rest[:, -2:],
        seen=seen,
        away=away,
        notes=tuple(notes),
        bridged=bridged,
    )


def calibrate_presence(
    aus: np.ndarray, reference: np.ndarray | None = None
) -> np.ndarray:
    """Presence (T, A) as an intensity, by the person's own range; NaN stays NaN.

    The range is that of ``reference`` (N, A), where it has values, so that two series
    of one person compare: :class:`genface.facs.PersonCalibration`.
    """
    aus = np.asarray(aus, np.float64)
    if reference is None:
        return PersonCalibration.fitted(aus).intensity(aus)
    known = ~np.isnan(reference).all(axis=0)
    return np.where(
        known,
        PersonCalibration.fitted(reference).intensity(aus),
        PersonCalibration.fitted(aus).intensity(aus),
    )


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
    if not np.isfinite(times).all():
        raise InputError("a frame has no time; leave it out, or number all frames.")
    if (np.diff(times) <= 0).any():
        row = int(np.argmax(np.diff(times) <= 0))
        raise InputError(
            f"time must rise from frame to frame, but {times[row + 1]:.6g} s follow on "
            f"{times[row]:.6g} s; pass one face of one clip."
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


def _unknown(told: np.ndarray, names: Sequence[str]) -> str:
    """Which AUs are not told (T, A) in how many of the frames with a face."""
    counts = zip(names, (~told).sum(axis=0), strict=True)
    each = ", ".join(f"{name} in {count}" for name, count in counts if count)
    return f"{each} of {len(told)} frames with a face: unknown there, bridged"


class _Gaps:
    """Where a series of rows says nothing: rows that are not valid, leaps in time."""

    def __init__(self, times: np.ndarray, valid: np.ndarray) -> None:
        self.times, self.valid = times, valid
        steps = np.diff(times)
        # A leap is longer than the steps beside it: a slow camera makes none.
        beside = np.maximum(np.append(0, steps[:-1]), np.append(steps[1:], 0))
        leap = (steps > BRIDGED) & (steps > 1.5 * beside) & (beside > 0)
        self._whole = valid[:-1] & valid[1:] & ~leap
        self._last = steps[-1] if len(steps) else 0.0

    def seen(self, even: np.ndarray) -> np.ndarray:
        """Whether each of the times lies between, or on, valid rows."""
        at = np.searchsorted(self.times, even + 1e-9, side="right") - 1
        onto = np.minimum(at + 1, len(self.times) - 1)
        exact = self.valid[at] & (even - self.times[at] < 1e-6)
        exact |= self.valid[onto] & (np.abs(self.times[onto] - even) < 1e-6)
        ended = at == len(self.times) - 1
        lasting = self.valid[at] & (even - self.times[-1] <= 1.5 * self._last)
        between = np.append(self._whole, False)[at]
        return exact | np.where(ended, lasting, between)

    def notes(self, end: float) -> list[str]:
        """What the avatar does about the gaps of an animation up to ``end`` seconds."""
        notes = []
        known = self.times[self.valid]
        gaps = np.diff(known)[~self._joined()]
        edges = [known[0] - self.times[0], self.times[-1] - known[-1]]
        longest = max([*gaps, *edges])
        if longest > 0:
            lost = int((~self.valid).sum())
            what = f"{lost} of {len(self.valid)} frames without a face"
            what = what if lost else "frames are missing"
            notes.append(f"{what} (longest gap {longest:.1f} s): {_measures(longest)}")
        short = end - self.times[-1]
        if short > BRIDGED and short > 1.5 * self._last:
            notes.append(
                f"the table ends {short:.1f} s before the clip: {_measures(short)}"
            )
        return notes

    def _joined(self) -> np.ndarray:
        """Whether each valid row goes on unbroken to the next valid one."""
        rows = np.flatnonzero(self.valid)
        return (np.diff(rows) == 1) & np.append(self._whole, False)[rows[:-1]]


def _measures(seconds: float) -> str:
    if seconds <= BRIDGED:
        return "bridged"
    return f"the avatar holds for {HOLD:g} s, then fades to neutral"


def _bridged(
    known: np.ndarray, series: np.ndarray, even: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Series (T, C) known at some times drawn at ``even`` times, gaps filled.

    Also where (T,) nothing of an expression is left.
    """
    drawn = np.stack([np.interp(even, known, c) for c in series.T], axis=1)
    after = np.searchsorted(known, even + 1e-9)  # the next sample that is known
    before = np.clip(after - 1, 0, None)
    after = np.clip(after, None, len(known) - 1)
    since, until = np.abs(even - known[before]), np.abs(known[after] - even)
    at_end = even > known[-1] + 1e-9
    at_start = even < known[0] - 1e-9
    gap = np.where(at_end | at_start, np.inf, known[after] - known[before])
    # Forget the last expression over FADE after HOLD; take up the next one likewise.
    leaving = np.clip(1 - (since - HOLD) / FADE, 0, 1)
    coming = np.clip(1 - until / FADE, 0, 1)
    leaving[at_start] = 0.0
    coming[at_end] = 0.0
    coming[at_start] = np.clip(1 - (until - HOLD) / FADE, 0, 1)[at_start]
    last, following = series[before], series[after]
    faded = last * _ease(leaving)[:, None]
    faded = faded + _ease(coming)[:, None] * (following - faded)
    long = (gap > BRIDGED) & ~seen
    away = long & (leaving == 0) & (coming == 0)
    return np.where(long[:, None], faded, drawn), away


def _ease(share):
    return share * share * (3 - 2 * share)
