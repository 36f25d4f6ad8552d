"""Which rows train and which rows judge: folds that respect time and clips."""

from dataclasses import dataclass

import numpy as np

from genface.behavior.runs import Lengths, autocorrelation_time, check_lengths

MIN_BLOCK = 10  # frames; a shorter test block says nothing


@dataclass(frozen=True)
class Fold:
    """Row ranges of one fold: training sequences, and test blocks.

    A test block is (first row of its clip, first test row, end): the rows between the
    first two are known history, which conditions the score.
    """

    train: tuple[tuple[int, int], ...]
    test: tuple[tuple[int, int, int], ...]


def make_folds(
    X: np.ndarray, lengths: Lengths, n_folds: int, seed: int
) -> tuple[list[Fold], str]:
    """Folds by clip when there are several, else contiguous blocks; and a note.

    Blocks leave a gap of one integrated autocorrelation time on either side out of
    training (at most half a block). Too short a clip gives no folds.
    """
    checked = check_lengths(len(X), lengths)
    ends = np.cumsum(checked)
    clips = list(zip((ends - checked).tolist(), ends.tolist(), strict=True))
    if len(clips) > 1:
        n_folds = min(n_folds, len(clips))
        return _by_clip(clips, n_folds, seed), f"{n_folds} folds of whole clips"
    n_folds = min(n_folds, len(X) // MIN_BLOCK)
    if n_folds < 2:
        return [], f"{len(X)} frames are too few to hold any out; chosen by BIC"
    gap = int(min(np.ceil(autocorrelation_time(X)), len(X) // n_folds // 2))
    return _blocks(len(X), n_folds, gap), (
        f"{n_folds} contiguous blocks, {gap} frames beside each left out of training"
    )


def _by_clip(clips: list[tuple[int, int]], n_folds: int, seed: int) -> list[Fold]:
    order = np.random.default_rng(seed).permutation(len(clips))
    folds = []
    for index in range(n_folds):
        held = set(order[index::n_folds].tolist())
        folds.append(
            Fold(
                tuple(clip for i, clip in enumerate(clips) if i not in held),
                tuple((a, a, b) for i, (a, b) in enumerate(clips) if i in held),
            )
        )
    return folds


def _blocks(n_rows: int, n_folds: int, gap: int) -> list[Fold]:
    cuts = np.linspace(0, n_rows, n_folds + 1).round().astype(int).tolist()
    folds = []
    for first, end in zip(cuts[:-1], cuts[1:], strict=True):
        around = [(0, first - gap), (end + gap, n_rows)]
        train = tuple((a, b) for a, b in around if b > a)
        folds.append(Fold(train, ((0, first, end),)))
    return folds
