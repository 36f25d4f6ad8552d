"""How much a face shows each emotion: its direction in the space of Action Units.

A face belongs to an emotion as far as its AU vector points into the cone that the
axes of one of its prototypes span, and as far as the AUs it requires are there.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from genface.errors import InputError, ShapeError
from genface.facs.emotions import EMOTIONS
from genface.facs.prototype_tables import PROTOTYPE_TABLES
from genface.facs.subspaces import SPEECH, Subspace, judged_subspaces
from genface.facs.units import au_name, au_number

PRESENT = 0.25
"""A required AU counts fully from this share of the face's strongest AU on."""

EXPRESSED = 0.6
"""Intensity (FACS level C) from which a face counts as fully expressive."""

BLINK = (43, 45, 46)
"""Closed eyes interrupt every expression and say nothing of it: left out."""

NULL_FACES, NULL_SHARE, NULL_SEED = 20_000, 0.35, 0
"""The random faces of the calibration: how many, and how often an AU shows."""

CHUNK = 4096  # faces at a time, so that they stay in the processor's cache


class EmotionSpace:
    """The subspaces of a table of prototypes among the AUs of one detector.

    ``subspaces[emotion]`` are those in use; ``report`` holds all of them, with the AUs
    that each lacks and why it is left out. A prototype with unseen AUs is judged on
    the rest.
    """

    def __init__(
        self, table: Mapping[str, Sequence[str]], au_names: Sequence[str]
    ) -> None:
        self.au_names = tuple(_bilateral(name) for name in au_names)
        if len(set(self.au_names)) < len(self.au_names):
            raise InputError(f"Action Units appear twice in {list(au_names)}.")
        self.emotions = tuple(table)
        self.report = judged_subspaces(table, self.au_names)
        self.subspaces: dict[str, tuple[Subspace, ...]] = {
            emotion: tuple(
                space
                for space in self.report
                if space.emotion == emotion and not space.left_out
            )
            for emotion in self.emotions
        }
        null = self.cone_scores(null_faces(len(self.au_names)))
        self._knots = [_percentiles(column) for column in null.T]
        self._handicaps = _fair_handicaps(_odds(self._ranks(null)))

    @classmethod
    def from_table(cls, name: str, au_names: Sequence[str]) -> "EmotionSpace":
        """Space of a shipped table; ``au_names`` are the AUs that the detector sees."""
        if name not in PROTOTYPE_TABLES:
            known = ", ".join(PROTOTYPE_TABLES)
            raise InputError(f"no emotion table {name!r}; there are {known}.")
        return cls(PROTOTYPE_TABLES[name], au_names)

    def score(self, aus: np.ndarray) -> np.ndarray:
        """Calibrated scores in [0, 1) that compare between emotions: (T, A) to (T, E).

        The share of random sparse faces (:func:`null_faces`) with a lower cone score,
        its odds multiplied by one constant per emotion with which all emotions are the
        highest equally often among them. Rows do not sum to 1. A zero face scores 0, a
        face with a NaN is NaN, and so is the column of an emotion without a subspace.
        """
        return self._calibrated(self.cone_scores(aus))

    def cone_scores(self, aus: np.ndarray) -> np.ndarray:
        """Best uncalibrated score of each emotion's prototypes: (T, A) to (T, E).

        The cosine to the prototype's cone, times ``2 s - 1`` (at least 0), where s is
        the share of its required AUs that are present. Negative AUs count as 0.
        """
        faces = self._expressive(aus).T
        scores = np.full((len(self.emotions), faces.shape[1]), np.nan)
        for start in range(0, faces.shape[1], CHUNK):
            part = slice(start, start + CHUNK)
            self._score_into(scores[:, part], np.ascontiguousarray(faces[:, part]))
        scores[:, np.isnan(faces).any(axis=0)] = np.nan
        return scores.T

    def angles(self, aus: np.ndarray) -> np.ndarray:
        """Smallest principal angle to each emotion, in radians: (T, A) to (T, E).

        As in linear algebra, so a face and its negative have the same. NaN for a zero
        face, a face with a NaN, and an emotion without a subspace.
        """
        faces = self._checked(aus)
        angles = np.full((len(faces), len(self.emotions)), np.nan)
        for column, emotion in zip(angles.T, self.emotions, strict=True):
            for space in self.subspaces[emotion]:
                along = faces @ space.basis
                across = np.linalg.norm(faces - along @ space.basis.T, axis=1)
                angle = np.arctan2(across, np.linalg.norm(along, axis=1))
                np.fmin(column, angle, out=column)
        angles[~np.any(faces, axis=1) | np.isnan(faces).any(axis=1)] = np.nan
        return angles

    def strength(self, aus: np.ndarray) -> np.ndarray:
        """How expressive a face is, (T,) in [0, 1], where 1 is FACS level C or more.

        Its strongest AU counts, blinks and speech aside.
        """
        faces = self._expressive(aus)
        quiet = [i for i, name in enumerate(self.au_names) if au_number(name) in SPEECH]
        faces[:, quiet] *= 0.0
        return np.minimum(faces.max(axis=1, initial=0.0) / EXPRESSED, 1.0)

    def neutral(self, aus: np.ndarray) -> np.ndarray:
        """Faces (T,) without any AU above 0, blinks aside; False where one is NaN."""
        return (self._expressive(aus) == 0).all(axis=1)

    def _score_into(self, scores: np.ndarray, faces: np.ndarray) -> None:
        """Cone scores (E, T) of expressive faces (A, T), in place."""
        length = np.linalg.norm(faces, axis=0)
        length = np.where(length > 0, length, 1.0)
        strongest = faces.max(axis=0, initial=0.0)
        for row, emotion in zip(scores, self.emotions, strict=True):
            for space in self.subspaces[emotion]:
                along = np.linalg.norm(space.basis.T @ faces, axis=0)
                cosine = np.clip(along / length, 0.0, 1.0)
                required = faces[[self.au_names.index(name) for name in space.seen]]
                np.fmax(row, cosine * _presence(required, strongest), out=row)

    def _ranks(self, cone_scores: np.ndarray) -> np.ndarray:
        columns = zip(cone_scores.T, self._knots, strict=True)
        return np.stack([np.interp(column, *knots) for column, knots in columns], 1)

    def _calibrated(self, cone_scores: np.ndarray) -> np.ndarray:
        odds = _odds(self._ranks(cone_scores)) * self._handicaps
        return odds / (1.0 + odds)

    def _checked(self, aus: np.ndarray) -> np.ndarray:
        faces = np.asarray(aus, dtype=np.float64)
        if faces.ndim != 2 or faces.shape[1] != len(self.au_names):
            raise ShapeError(
                f"expected AUs of shape (T, {len(self.au_names)}), got {faces.shape}."
            )
        return faces

    def _expressive(self, aus: np.ndarray) -> np.ndarray:
        faces = np.maximum(self._checked(aus), 0.0)
        shut = [i for i, name in enumerate(self.au_names) if au_number(name) in BLINK]
        faces[:, shut] *= 0.0  # a NaN stays one
        return faces


def emotion_columns(
    aus: np.ndarray, au_names: Sequence[str], unseen: Sequence[str] = ()
) -> np.ndarray:
    """Shares of Neutral and the six emotions, (T, A) to (T, 7), in EMOTIONS order.

    From the Investigator's Guide prototypes. How far the face is from Neutral is its
    best cone score times its strength; that much is divided among the emotions by the
    odds of their calibrated scores. Rows sum to 1; a NaN in an AU that is not
    ``unseen`` makes the row NaN.

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
    odds = _odds(space._calibrated(cone))
    total = np.nansum(odds, axis=1, keepdims=True)
    # fmax over no emotion at all would be NaN for a face that can be judged.
    level = np.fmax.reduce(cone, axis=1, initial=0.0) * space.strength(faces[:, seen])
    emotions = level[:, None] * odds / np.where(total > 0, total, 1.0)
    order = [space.emotions.index(name) for name in EMOTIONS[1:]]
    return np.column_stack([1.0 - level, emotions[:, order]])


def null_faces(size: int) -> np.ndarray:
    """The random sparse faces (N, ``size``) against which emotions are calibrated.

    Each AU shows with the probability NULL_SHARE, at an intensity uniform in [0, 1].
    """
    rng = np.random.default_rng(NULL_SEED)
    strengths = rng.random((NULL_FACES, size))
    return strengths * (rng.random((NULL_FACES, size)) < NULL_SHARE)


@lru_cache(maxsize=16)
def _guide_space(au_names: tuple[str, ...]) -> EmotionSpace:
    return EmotionSpace.from_table("investigators_guide", au_names)


def _bilateral(name: str) -> str:
    column = au_name(name)
    if column.endswith(("_L", "_R")):
        raise InputError(f"{name}: emotions take both sides; average them first.")
    return column


def _presence(required: np.ndarray, strongest: np.ndarray) -> np.ndarray:
    """How far more than half of the required AUs (R, T) are present: (T,) in [0, 1]."""
    floor = np.where(strongest > 0, PRESENT * strongest, 1.0)
    share = np.minimum(required / floor, 1.0).mean(axis=0)
    return np.maximum(2.0 * share - 1.0, 0.0)


def _percentiles(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Knots of the map from a score to the share of ``scores`` (N,) that are lower.

    It climbs between the knots, from 0 at 0 to at most ``N / (N + 1)`` at 1.
    """
    if np.isnan(scores).all():
        return np.array([0.0, 1.0]), np.array([np.nan, np.nan])
    values, lower = np.unique(np.sort(scores), return_index=True)
    inside = (values > 0) & (values < 1)
    at_one = lower[-1] if values[-1] >= 1 else len(scores)
    return (
        np.concatenate([[0.0], values[inside], [1.0]]),
        np.concatenate([[0.0], lower[inside], [at_one]]) / (len(scores) + 1),
    )


def _odds(shares: np.ndarray) -> np.ndarray:
    return shares / (1.0 - shares)


def _fair_handicaps(odds: np.ndarray) -> np.ndarray:
    """Factors (E,) with which each column of (T, E) is the highest equally often.

    Emotions that are all NaN take no part. Steps shrink, so that it always ends.
    """
    size = odds.shape[1]
    able = ~np.isnan(odds).all(axis=0)
    shown = np.nan_to_num(odds)
    shown = shown[shown.max(axis=1, initial=0.0) > 0]
    logs = np.zeros(size)
    for turn in range(200 if len(shown) else 0):
        winners = np.argmax(shown * np.exp(logs), axis=1)
        shares = np.bincount(winners, minlength=size) / len(shown)
        logs -= np.where(able, shares - 1.0 / able.sum(), 0.0) * 4.0 / (1 + turn / 30)
    return np.exp(logs)
