"""Windows of one length for clips of any: estimates whose bias depends on length agree.

An autocorrelation or a jerk of a short clip is not that of a long one. Both sides are
therefore read in windows of the same number of frames.
"""

import numpy as np

from genface.realism.measure import Clips


def common_length(clips: Clips) -> int:
    """Frames that three quarters of the clips have: the lower quartile of lengths."""
    return int(np.quantile([len(clip) for clip in clips], 0.25, method="lower"))


def windows(clip: np.ndarray, length: int) -> np.ndarray:
    """Windows (W, length, A) that cover a clip (T, A), evenly spread over it.

    They overlap where T is no multiple of ``length``. A shorter clip is one window with
    NaN at its end.
    """
    T, A = clip.shape
    if T < length:
        return np.concatenate([clip, np.full((length - T, A), np.nan)])[None]
    starts = np.linspace(0, T - length, -(-T // length)).round().astype(int)
    return clip[starts[:, None] + np.arange(length)]


def all_windows(clips: Clips, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows (W, length, A) of all clips, and the number of the clip of each (W,)."""
    parts = [windows(clip, length) for clip in clips]
    owner = np.repeat(np.arange(len(clips)), [len(part) for part in parts])
    return np.concatenate(parts), owner


def by_clip(values: np.ndarray, owner: np.ndarray, n_clips: int) -> np.ndarray:
    """Sums (n_clips, ...) of the values (W, ...) of each clip's windows."""
    sums = np.zeros((n_clips, *values.shape[1:]))
    np.add.at(sums, owner, values)
    return sums
