"""Clips as points: their frames, or one summary each, on the scale of the real data."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from genface.realism.measure import Clips, Context

REST = 0.05
"""Real standard deviations under which an AU is about at rest."""


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
    """One point per clip (n_clips, 3 A): its AUs' means, spreads and mean steps.

    Means in real standard deviations; spreads and steps (changes between neighbouring
    frames) in doublings, from a floor on that stands for rest. The units depend on no
    other clip, so that clips from afar cannot shrink what lies between the real ones.
    What a clip does not show has the mean over the clips that do.
    """
    table = np.array([_summary(clip) for clip in scale_clips(clips, context)])
    return np.where(np.isfinite(table), table, np.nan_to_num(average(table)))


def _summary(clip: np.ndarray) -> np.ndarray:
    mean = average(clip)
    spread = np.sqrt(average((clip - mean) ** 2))
    step = average(np.abs(np.diff(clip, axis=0)))
    return np.concatenate([mean, np.log2(REST + spread), np.log2(REST + step)])


def average(rows: np.ndarray) -> np.ndarray:
    """Mean (A,) of the values that are there; NaN where there are none."""
    seen = np.isfinite(rows)
    count = seen.sum(0)
    total = np.where(seen, rows, 0.0).sum(0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
