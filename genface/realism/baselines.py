"""Baselines between floor and ceiling: what simple ways to make behaviour look like.

Each takes real clips and gives ``n`` synthetic ones, as long as real ones in turn. Gaps
of the real clips are bridged by straight lines before anything is copied from them.
"""

from collections.abc import Callable, Iterator

import numpy as np

from genface.behavior import AUTransform, PoissonHMM, autocorrelation_time
from genface.errors import FitError, InputError
from genface.realism.measure import Clips

Baseline = Callable[[Clips, int, int], Clips]

STATES = 8
RESTARTS = 3
STABLE = 0.999
"""Largest spectral radius of the vector autoregression; larger ones are scaled down."""


def mean_face(real: Clips, n: int, seed: int) -> Clips:
    """The mean of all real frames, standing still."""
    filled = bridge(real)
    face = np.concatenate(filled).mean(0)
    return [np.tile(face, (length, 1)) for length in _lengths(filled, n)]


def frame_bootstrap(real: Clips, n: int, seed: int) -> Clips:
    """Real frames in random order: right faces, no movement."""
    rng, filled = np.random.default_rng(seed), bridge(real)
    rows = np.concatenate(filled)
    return [rows[rng.integers(len(rows), size=T)] for T in _lengths(filled, n)]


def block_bootstrap(real: Clips, n: int, seed: int) -> Clips:
    """Pieces of real clips put together: five integrated autocorrelation times each.

    At most half a clip. Real behaviour with cuts: the ceiling for models that do not
    copy.
    """
    rng, filled = np.random.default_rng(seed), bridge(real)
    sizes = [len(clip) for clip in filled]
    time = autocorrelation_time(np.concatenate(filled), sizes)
    block = max(2, min(int(np.ceil(5 * time)), int(np.median(sizes)) // 2))
    chance = np.array(sizes) / sum(sizes)

    def piece() -> np.ndarray:
        clip = filled[rng.choice(len(filled), p=chance)]
        start = rng.integers(max(1, len(clip) - block + 1))
        return clip[start : start + block]

    return [_join(piece, length) for length in _lengths(filled, n)]


def _join(piece: Callable[[], np.ndarray], length: int) -> np.ndarray:
    parts = [piece()]
    while sum(map(len, parts)) < length:
        parts.append(piece())
    return np.concatenate(parts)[:length]


def vector_autoregression(real: Clips, n: int, seed: int) -> Clips:
    """x_t = c + x_{t-1} B + e_t by least squares, with e_t drawn from its residuals.

    Begun at a real frame; values end where the real ones do.
    """
    rng, filled = np.random.default_rng(seed), bridge(real)
    pairs = [clip for clip in filled if len(clip) > 1]
    if not pairs:
        raise FitError("VAR(1) needs a clip of two frames or more.")
    before = np.concatenate([clip[:-1] for clip in pairs])
    after = np.concatenate([clip[1:] for clip in pairs])
    rows = np.concatenate(filled)
    mean = rows.mean(0)
    steps = np.linalg.lstsq(before - mean, after - mean, rcond=None)[0]
    radius = np.abs(np.linalg.eigvals(steps)).max()
    steps *= min(1.0, STABLE / max(radius, 1e-300))
    left = after - mean - (before - mean) @ steps
    left -= left.mean(0)
    clips = []
    for T in _lengths(filled, n):
        x = rows[rng.integers(len(rows))] - mean
        noise = left[rng.integers(len(left), size=T)]
        path = np.empty((T, len(mean)))
        for t in range(T):
            path[t], x = x, x @ steps + noise[t]
        clips.append(np.clip(path + mean, rows.min(0), rows.max(0)))
    return clips


def poisson_mean_path(real: Clips, n: int, seed: int, n_states: int = STATES) -> Clips:
    """State means along a path drawn from a Poisson HMM, as notebook 004 animates.

    Counts are hundredths of the AU scale (0-1, or 0-5 if values go beyond 1) above the
    smallest value, cut off.
    """
    rows = np.concatenate(real)
    names = [f"column {i}" for i in range(rows.shape[1])]
    top = 5.0 if np.nanmax(rows) > 1 else 1.0
    code = AUTransform.fit("truncated", rows, names, top)
    model = PoissonHMM(n_states, random_state=seed, restarts=RESTARTS)
    model.fit([code.encode(clip) for clip in real])
    means = code.decode(model.lambdas_)
    streams = np.random.SeedSequence(seed).spawn(n)
    return [
        means[model.sample(T, np.random.default_rng(stream))[1]]
        for T, stream in zip(_lengths(real, n), streams, strict=True)
    ]


BASELINES: dict[str, Baseline] = {
    "mean face": mean_face,
    "frame bootstrap": frame_bootstrap,
    "block bootstrap": block_bootstrap,
    "VAR(1)": vector_autoregression,
    "Poisson HMM mean path": poisson_mean_path,
}


def bridge(clips: Clips) -> Clips:
    """Clips (T, A) with missing values bridged by straight lines over time.

    Before the first value and after the last it stays; an AU that a clip never shows
    has its mean over all clips.
    """
    rows = np.concatenate(clips)
    unseen = ~np.isfinite(rows).any(0)
    if not len(rows) or unseen.any():
        raise InputError(
            f"{int(unseen.sum())} AU columns of the real clips have no value; leave "
            "them out."
        )
    mean = np.nanmean(rows, axis=0)
    return [_bridge(clip, mean) for clip in clips]


def _bridge(clip: np.ndarray, mean: np.ndarray) -> np.ndarray:
    filled, times = clip.copy(), np.arange(len(clip))
    for column, seen in enumerate(np.isfinite(clip).T):
        if not seen.any():
            filled[:, column] = mean[column]
        elif not seen.all():
            filled[:, column] = np.interp(times, times[seen], clip[seen, column])
    return filled


def _lengths(clips: Clips, n: int) -> Iterator[int]:
    return (len(clips[i % len(clips)]) for i in range(n))
