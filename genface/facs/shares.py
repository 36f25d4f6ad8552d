"""The emotion columns of a face table: shares of Neutral and the basic six."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from genface.errors import ShapeError
from genface.facs.calibration import odds
from genface.facs.emotion_space import EmotionSpace
from genface.facs.emotions import EMOTIONS
from genface.facs.units import au_name

EXPRESSED = 0.6
"""Intensity (FACS level C) from which a face counts as fully expressive."""


def emotion_columns(
    aus: np.ndarray, au_names: Sequence[str], unseen: Sequence[str] = ()
) -> np.ndarray:
    """Shares of Neutral and the six emotions, (T, A) to (T, 7), in EMOTIONS order.

    From the Investigator's Guide prototypes. How far the face is from Neutral is its
    best cone score times its intensity in terms of EXPRESSED; that much is divided
    among the emotions by the odds of their calibrated scores. Rows sum to 1; a NaN in
    an AU that is not ``unseen`` makes the row NaN.

    Without AU04, AU09 and AU17 anger is AU05 and AU07 with AU23, AU24 or AU10, disgust
    is AU10 alone, sadness needs AU15, and fear is told from surprise by AU20 alone.
    An emotion of which too little is seen is a column of NaN, left out of the sum.
    """
    faces = np.asarray(aus, dtype=np.float64)
    if faces.ndim != 2 or faces.shape[1] != len(au_names):
        raise ShapeError(f"expected (T, {len(au_names)}) AUs, got {faces.shape}.")
    hidden = {au_name(name) for name in unseen}
    seen = [i for i, name in enumerate(au_names) if au_name(name) not in hidden]
    space = _guide_space(tuple(au_name(au_names[i]) for i in seen))
    cone = space.cone_scores(faces[:, seen])
    chances = odds(space.score(faces[:, seen]))
    total = np.nansum(chances, axis=1, keepdims=True)
    strength = np.minimum(space.intensity(faces[:, seen]) / EXPRESSED, 1.0)
    # fmax over no emotion at all would be NaN for a face that can be judged.
    level = np.fmax.reduce(cone, axis=1, initial=0.0) * strength
    emotions = level[:, None] * chances / np.where(total > 0, total, 1.0)
    order = [space.emotions.index(name) for name in EMOTIONS[1:]]
    return np.column_stack([1.0 - level, emotions[:, order]])


@lru_cache(maxsize=16)
def _guide_space(au_names: tuple[str, ...]) -> EmotionSpace:
    return EmotionSpace.from_table("investigators_guide", au_names)
