"""When an AU is shown: events with onset, apex, offset, peak and speeds.

An event starts above one threshold and lasts above a lower one (hysteresis). Its onset
is a ramp from 10 % to 90 % of its height, told as the ramp from 0 to 100 %: a straight
one of .4 s is .4 s long at any frame rate.
"""

from dataclasses import dataclass

import numpy as np

MIN_FRAMES = 3
MERGE_SECONDS = 0.1
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True)
class Event:
    """One showing of an AU, from frame ``start`` up to frame ``stop``.

    ``peak`` is on the AU's scale; ``onset``, ``apex`` and ``offset`` are seconds, the
    speeds are scale units per second, ``asymmetry`` is (offset - onset) / their sum. A
    side that the clip or a gap cuts off is NaN, and what needs it too.
    """

    start: int
    stop: int
    peak: float
    onset: float
    apex: float
    offset: float
    onset_speed: float
    offset_speed: float

    @property
    def asymmetry(self) -> float:
        """From -1 (all the time in the onset) to 1 (all in the offset)."""
        return (self.offset - self.onset) / (self.offset + self.onset)


def find_events(
    x: np.ndarray, high: float, fps: float, low: float | None = None
) -> list[Event]:
    """Events of one AU (T,): they reach ``high`` and last above ``low``, half of it.

    Those under 3 frames are no events, those less than .1 s apart are one. NaN counts
    as below. Without a positive threshold there are none.
    """
    low = 0.5 * high if low is None else low
    if not high > 0:
        return []
    spans = active_spans(x, high, low, MERGE_SECONDS * fps)
    spans = [(start, stop) for start, stop in spans if stop - start >= MIN_FRAMES]
    edges = [0, *(stop for _, stop in spans)]
    nexts = [*(start for start, _ in spans[1:]), len(x)]
    return [
        _event(x, before, start, stop, after, low, fps)
        for before, (start, stop), after in zip(edges, spans, nexts, strict=False)
    ]


def active_spans(
    x: np.ndarray, high: float, low: float, merge: float
) -> list[tuple[int, int]]:
    """Spans (start, stop) above ``low`` that reach ``high``, close ones joined."""
    inside = np.concatenate([[False], x >= low, [False]])
    edges = np.flatnonzero(np.diff(inside.astype(np.int8)))
    spans: list[tuple[int, int]] = []
    for start, stop in edges.reshape(-1, 2).tolist():
        if not (x[start:stop] >= high).any():
            continue
        if spans and start - spans[-1][1] < merge:
            start = spans.pop()[0]
        spans.append((start, stop))
    return spans


def _event(
    x: np.ndarray,
    before: int,
    start: int,
    stop: int,
    after: int,
    low: float,
    fps: float,
) -> Event:
    """The event in frames start ... stop, between its neighbours."""
    peak_at = start + int(np.nanargmax(x[start:stop]))
    rise = _ramp(x[before : peak_at + 1], low)
    fall = _ramp(x[peak_at:after][::-1], low)
    peak = float(x[peak_at])
    onset, offset = rise.frames / fps, fall.frames / fps
    plateau = (peak_at - before - rise.end) + (after - 1 - peak_at - fall.end)
    ends = (1 - HIGH) * (rise.frames + fall.frames)
    return Event(
        start,
        stop,
        peak,
        onset,
        float(np.maximum(plateau - ends, 0.0) / fps),
        offset,
        rise.speed * fps,
        fall.speed * fps,
    )


@dataclass(frozen=True)
class _Ramp:
    """Frames from 0 to 100 %, where 90 % is reached, and the largest step; or NaN."""

    frames: float
    end: float
    speed: float


def _ramp(x: np.ndarray, low: float) -> _Ramp:
    """The way up to the last value of x, from the last time it was near its lowest.

    It is cut off if it does not begin under ``low``.
    """
    gaps = np.flatnonzero(np.isnan(x))
    first = gaps[-1] + 1 if len(gaps) else 0
    lowest = float(x[first:].min())
    if lowest >= low:
        return _Ramp(np.nan, np.nan, np.nan)
    base = max(0.0, lowest)
    height = x[-1] - base
    under = np.flatnonzero(x[first:] < base + LOW * height)
    at = first + int(under[-1])
    top = at + int(np.flatnonzero(x[at:] >= base + HIGH * height)[0])
    begin = _crossing(x, at + 1, base + LOW * height)
    end = _crossing(x, top, base + HIGH * height)
    speed = float(np.diff(x[at:]).max())
    return _Ramp((end - begin) / (HIGH - LOW), end, speed)


def _crossing(x: np.ndarray, at: int, level: float) -> float:
    """Where the line from frame at - 1 to frame ``at`` meets the level."""
    return at - 1 + float((level - x[at - 1]) / (x[at] - x[at - 1]))
