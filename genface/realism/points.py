"""Clips as points: their frames, or one summary each, on the scale of the real data."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from genface.realism.measure import Clips, Context


@dataclass(frozen=True, eq=False)
class Points:
    """Points (N, D) and the clip that each belongs to, in rising order (N,)."""

    rows: np.ndarray
    clip: np.ndarray
    n_clips: int

    @property
    def counts(self) -> np.ndarray:
        """Points per clip (n_clips,)."""
        return np.bincount(self.clip, minlength=self.n_clips).astype(float)

    @property
    def membership(self) -> sparse.csr_array:
        """1 where a point (column) belongs to a clip (row)."""
        where = (self.clip, np.arange(len(self.clip)))
        shape = (self.n_clips, len(self.clip))
        return sparse.csr_array((np.ones(len(self.clip)), where), shape=shape)


def frame_points(
    clips: Clips, context: Context, most: int | None = None, gap: int = 0
) -> Points:
    """Frames without a missing value, in real standard deviations about their mean.

    ``most``: about how many to keep, at an even stride within each clip. With ``gap``
    a point is a movement: the frame, the one ``gap`` and the one 2 ``gap`` later.
    """
    scaled = scale_clips(clips, context)
    if gap:
        scaled = [_movements(clip, gap) for clip in scaled]
    whole = [x[np.isfinite(x).all(1)] for x in scaled]
    total = sum(map(len, whole))
    stride = 1 if most is None else max(1, -(-total // most))
    kept = [x[::stride] for x in whole]
    clip = np.repeat(np.arange(len(clips)), [len(x) for x in kept])
    rows = np.concatenate(kept)
    return Points(rows - (rows.mean(0) if len(rows) else 0.0), clip, len(clips))


def _movements(clip: np.ndarray, gap: int) -> np.ndarray:
    n = max(0, len(clip) - 2 * gap)
    return np.hstack([clip[i * gap : i * gap + n] for i in range(3)])


def scale_clips(clips: Clips, context: Context) -> Clips:
    """Clips in real standard deviations; an AU without any keeps its unit."""
    scale = np.where(context.scale > 0, context.scale, 1.0)
    return [clip / scale for clip in clips]


def summaries(clips: Clips, context: Context) -> np.ndarray:
    """One point per clip (n_clips, 3 A): means, spreads and mean steps of its AUs.

    A step is the change between neighbouring frames. Every feature has mean 0 and
    variance 1 over all clips, or is 0 if it does not vary; what a clip does not show
    counts as the mean.
    """
    parts = [_summary(clip) for clip in scale_clips(clips, context)]
    table = np.array(parts)
    seen = np.isfinite(table)
    count = np.maximum(seen.sum(0), 1)
    centred = np.where(seen, table - np.where(seen, table, 0.0).sum(0) / count, 0.0)
    spread = np.sqrt((centred**2).sum(0) / count)
    return np.where(spread > 1e-9, centred / np.where(spread > 1e-9, spread, 1.0), 0.0)


def _summary(clip: np.ndarray) -> np.ndarray:
    mean = average(clip)
    spread = np.sqrt(average((clip - mean) ** 2))
    return np.concatenate([mean, spread, average(np.abs(np.diff(clip, axis=0)))])


def average(rows: np.ndarray) -> np.ndarray:
    """Mean (A,) of the values that are there; NaN where there are none."""
    seen = np.isfinite(rows)
    count = seen.sum(0)
    total = np.where(seen, rows, 0.0).sum(0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
