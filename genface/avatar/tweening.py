"""Series of AUs between two faces, eased in and out."""

from collections.abc import Callable

import numpy as np

from genface.errors import InputError, ShapeError


def cubic_ease(share: np.ndarray) -> np.ndarray:
    """Slow, fast, slow: 0 to 1 for 0 to 1, a cubic in each half."""
    share = np.asarray(share, np.float64)
    return np.where(share < 0.5, 4 * share**3, 1 - 4 * (1 - share) ** 3)


def interpolate_aus(
    start: np.ndarray,
    end: np.ndarray,
    num_frames: int,
    interp_func: Callable[[np.ndarray], np.ndarray] | None = None,
    num_padding_frames: int | None = None,
    include_reverse: bool = True,
) -> np.ndarray:
    """Frames (T, A) that go from ``start`` (A,) to ``end`` (A,), and back.

    ``interp_func`` takes shares of the time in [0, 1] to shares of the way
    (:func:`cubic_ease` if left out). Start and end each stand still for
    ``num_padding_frames`` more frames; with ``include_reverse`` all is followed by
    itself backwards, so that T is ``2 * (num_frames + 2 * num_padding_frames)``.
    """
    first, last = np.asarray(start, np.float64), np.asarray(end, np.float64)
    if first.ndim != 1 or first.shape != last.shape:
        raise ShapeError(
            f"start and end: expected two vectors of one length, got {first.shape} "
            f"and {last.shape}."
        )
    padding = num_padding_frames or 0
    if num_frames < 2 or padding < 0:
        raise InputError(
            f"num_frames is {num_frames} and num_padding_frames {padding}; expected at "
            "least 2 and 0."
        )
    way = (interp_func or cubic_ease)(np.linspace(0.0, 1.0, num_frames))
    frames = first + np.asarray(way, np.float64)[:, None] * (last - first)
    frames = np.pad(frames, [(padding, padding), (0, 0)], "edge")
    return np.concatenate([frames, frames[::-1]]) if include_reverse else frames
