"""Metrics of the Learning2Listen family for listening faces, published and corrected.

Ng et al. 2022 (arXiv 2204.08451) released no metric code; "published" is what the
copies that later papers share compute. ``real`` and ``synthetic`` are lists of clips
(T, D) without NaN; where frames are paired, clip i of one side goes with clip i of the
other, frame by frame.

=========  =====================================  =====================================
metric     ``mode="published"``                   ``mode="fixed"``
=========  =====================================  =====================================
l2         mean squared difference                root of it, in units of the features
fd, p_fd   Frechet distance of the frames, which  its bias taken away, read off the
           is far from 0 for equal sets           clips: 0 on average for equal sets
variation  variance over the pooled frames; one   variance within clips (n - 1), the
           copy takes the mean over dimensions,   mean over dimensions
           another their sum (``total=True``)
si         plug-in entropy, too low in short      Miller-Madow correction; ``memory``
           data, of log2(h + 1e-6)                frames count as one
sts        grows with the square root of T and D  root mean square difference of speed
rpcc       the same                               the same
=========  =====================================  =====================================

``si`` needs its number of clusters: papers use from 9 to 40, and values for different k
do not compare. Some copies also call it with the sides swapped, so that real frames are
put into clusters of synthetic ones.
"""

import numpy as np
from sklearn.cluster import KMeans

from genface.errors import InputError, ShapeError
from genface.realism.frechet import corrected, frechet, moments
from genface.realism.measure import Clips, Context
from genface.realism.react import Mode


def l2(real: Clips, synthetic: Clips, mode: Mode = "fixed") -> float:
    """Difference frame by frame; only for output that is locked to the real clip."""
    _check(real, synthetic, mode, paired=True)
    square = float(((np.concatenate(real) - np.concatenate(synthetic)) ** 2).mean())
    return square if mode == "published" else float(np.sqrt(square))


def fd(real: Clips, synthetic: Clips, mode: Mode = "fixed") -> float:
    """Squared Frechet distance of frames.

    Once corrected it may be below 0, and is NaN for under two clips a side.
    """
    _check(real, synthetic, mode)
    if mode == "published":
        laws = [_law(np.concatenate(side)) for side in (real, synthetic)]
        return frechet(*laws[0], *laws[1])
    D = real[0].shape[1]
    names = tuple(f"dimension {i}" for i in range(D))
    plain = Context(names, np.zeros(D), np.ones(D))
    prepared = moments([*real, *synthetic], plain)
    places = np.arange(len(real) + len(synthetic))
    return corrected(prepared, places[: len(real)], places[len(real) :]).value


def _law(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return rows.mean(0), np.atleast_2d(np.cov(rows, rowvar=False))


def p_fd(real: Clips, synthetic: Clips, speaker: Clips, mode: Mode = "fixed") -> float:
    """Frechet distance of speaker and listener side by side.

    It is large where listeners do not go with their speaker, however real alone.
    """
    _check(real, speaker, mode, paired=True, same_width=False)
    _check(synthetic, speaker, mode, paired=True, same_width=False)
    left, right = (
        [np.concatenate(pair, axis=1) for pair in zip(speaker, side, strict=True)]
        for side in (real, synthetic)
    )
    return fd(left, right, mode)


def variation(clips: Clips, mode: Mode = "fixed", total: bool = False) -> float:
    """Variance over time; compare with that of the real clips, noise has the most.

    ``total`` adds up dimensions instead of averaging them, in the published mode.
    """
    _check(clips, clips, mode)
    if mode == "published":
        variance = np.concatenate(clips).var(0)
        return float(variance.sum() if total else variance.mean())
    if total:
        raise InputError("total=True is a way of the published mode alone.")
    frames = sum(len(clip) - 1 for clip in clips)
    squares = sum(((clip - clip.mean(0)) ** 2).sum(0) for clip in clips)
    return float(np.mean(squares / frames)) if frames else float("nan")


def si(
    real: Clips,
    synthetic: Clips,
    k: int,
    mode: Mode = "fixed",
    memory: float = 1.0,
    seed: int = 0,
) -> float:
    """Shannon index: bits of variety of synthetic frames among k clusters of real ones.

    At most log2(k). Miller & Madow 1955 add (clusters used - 1) / (2 n ln 2), where n
    is the number of frames over ``memory``, their integrated autocorrelation time.
    """
    _check(real, synthetic, mode)
    rows = np.concatenate(real)
    if not 1 <= k <= len(rows):
        raise InputError(f"k={k}: expected 1 to {len(rows)}, the number of frames.")
    clusters = KMeans(n_clusters=k, random_state=seed, n_init=1).fit(rows)
    counts = np.bincount(clusters.predict(np.concatenate(synthetic)), minlength=k)
    return entropy(counts, mode, memory)


def entropy(counts: np.ndarray, mode: Mode = "fixed", memory: float = 1.0) -> float:
    """Bits of the law that these counts (K,) are of; memory as in :func:`si`."""
    share = counts / counts.sum()
    if mode == "published":
        return float(-(share * np.log2(share + 1e-6)).sum())
    used = share[share > 0]
    plain = -(used * np.log2(used)).sum()
    return float(plain + (len(used) - 1) * memory / (2 * counts.sum() * np.log(2)))


def sts(
    real: Clips, synthetic: Clips, mode: Mode = "fixed", step: float = 0.1
) -> float:
    """Difference of changes from frame to frame; only for time-locked output.

    Published: square root of the sum of squares over ``step``. Fixed: root mean square
    per ``step`` seconds between frames.
    """
    _check(real, synthetic, mode, paired=True)
    gaps = [
        np.diff(x, axis=0) - np.diff(y, axis=0)
        for x, y in zip(real, synthetic, strict=True)
    ]
    if mode == "published":
        return float(np.mean([np.sqrt((gap**2).sum() / step) for gap in gaps]))
    return float(np.sqrt((np.concatenate(gaps) ** 2).mean()) / step)


def rpcc(real: Clips, synthetic: Clips, speaker: Clips, mode: Mode = "fixed") -> float:
    """Gap between the correlations of real and synthetic listeners with the speaker.

    Of all numbers of a clip at once, the mean over clips; NaN without variance.
    """
    _check(real, speaker, mode, paired=True)
    _check(synthetic, speaker, mode, paired=True)
    gaps = [
        abs(_pearson(x, s) - _pearson(y, s))
        for x, y, s in zip(real, synthetic, speaker, strict=True)
    ]
    return float(np.mean(gaps))


def _pearson(x: np.ndarray, y: np.ndarray) -> float:
    a, b = x.ravel() - x.mean(), y.ravel() - y.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale > 0 else float("nan")


def _check(
    one: Clips, other: Clips, mode: str, paired: bool = False, same_width: bool = True
) -> None:
    if mode not in ("fixed", "published"):
        raise InputError(f"mode={mode!r}: use 'fixed' or 'published'.")
    for clips in (one, other):
        if not clips or any(clip.ndim != 2 for clip in clips):
            raise ShapeError("expected a list of one clip (T, D) or more.")
        if not all(np.isfinite(clip).all() for clip in clips):
            raise InputError("clips have missing values; fill or leave them out.")
    if paired and [len(clip) for clip in one] != [len(clip) for clip in other]:
        raise ShapeError("paired clips must have the same number of frames, in order.")
    if same_width and len({clip.shape[1] for clip in [*one, *other]}) > 1:
        raise ShapeError("the clips differ in their number of dimensions.")
