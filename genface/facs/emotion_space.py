"""How much a face shows each emotion, and a face that shows it.

A face belongs to an emotion as far as its AU vector points into the cone that the
axes of one of its prototypes span, and as far as the AUs it requires are there. The
way back mixes the emotions' typical faces so that the mixture has the scores asked for.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from genface.errors import ShapeError
from genface.facs.calibration import Calibration, null_faces
from genface.facs.cones import Cones
from genface.facs.emotions import known_emotion
from genface.facs.expressions import mixture, sampled_faces, typical_faces
from genface.facs.prototype_tables import PrototypeTable, prototype_table
from genface.facs.subspaces import Subspace, au_columns, judged_subspaces
from genface.facs.units import au_number

BLOCK = 1024
"""Faces scored at a time: one shape to compile, and they stay in the cache."""


class Reconstruction(NamedTuple):
    """AUs (T, A) after the way to emotions and back, and what that lost.

    ``error`` (T,) is the length of the difference in terms of the face's own; 0 for a
    zero face, NaN for one with a NaN.
    """

    aus: np.ndarray
    error: np.ndarray


class EmotionSpace:
    """The subspaces of a table of prototypes among the AUs of one detector.

    ``emotions`` are in the table's order. ``subspaces[emotion]`` are those in use;
    ``report`` holds all of them, with the AUs that each lacks and why it is left out. A
    prototype with unseen AUs is judged on the rest.

    Numpy faces are scored in float64 by a program that is compiled once. JAX faces stay
    JAX, so that ``jax.jit(space.score)`` and its gradient work.
    """

    def __init__(
        self, table: PrototypeTable, au_names: Sequence[str], variants: bool = False
    ) -> None:
        self.table = table
        self.au_names = au_columns(au_names)
        self.emotions = tuple(table.prototypes)
        self.report = judged_subspaces(table, self.au_names, variants)
        self.subspaces: dict[str, tuple[Subspace, ...]] = _ByEmotion(
            (emotion, tuple(s for s in self.report if _is_used(s, emotion)))
            for emotion in self.emotions
        )
        ignored = [au_number(name) in table.ignored for name in self.au_names]
        joining = [au_number(name) in table.may_join for name in self.au_names]
        self._counted = 1.0 - np.array(ignored, dtype=float)
        self._telling = self._counted * (1.0 - np.array(joining, dtype=float))
        self._cones = Cones.stacked(list(self.subspaces.values()), self._counted)
        self._calibration = Calibration.against(
            self.cone_scores(null_faces(len(self.au_names)))
        )

    @classmethod
    def from_table(
        cls, name: str, au_names: Sequence[str], variants: bool = False
    ) -> "EmotionSpace":
        """Space of a shipped table; ``au_names`` are the AUs that the detector sees."""
        return cls(prototype_table(name), au_names, variants)

    @classmethod
    def from_toml(
        cls, path: Path | str, au_names: Sequence[str], variants: bool = False
    ) -> "EmotionSpace":
        """Space of a user's own table (:mod:`genface.facs.prototype_tables`)."""
        return cls(PrototypeTable.from_toml(path), au_names, variants)

    def score(self, aus: Any) -> Any:
        """Calibrated scores in [0, 1) that compare between emotions: (T, A) to (T, E).

        The share of random sparse faces (:func:`genface.facs.calibration.null_faces`)
        with a lower cone score, its odds multiplied by one constant per emotion with
        which all emotions are the highest equally often among them. Rows do not sum
        to 1. A zero face scores 0, a face with a NaN is NaN, and so is the column of an
        emotion without a subspace.
        """
        return self._calibration.scores(self.cone_scores(aus))

    def cone_scores(self, aus: Any) -> Any:
        """Best uncalibrated score of each emotion's prototypes: (T, A) to (T, E).

        The cosine to the prototype's cone, times ``2 s - 1`` (at least 0), where s is
        the share of its required AUs that are present. Negative AUs count as 0.
        """
        faces = self._checked(aus)
        if not isinstance(faces, np.ndarray):
            return self._cones.scores(faces)
        scores = [np.empty((0, len(self.emotions)))]
        for start in range(0, len(faces), BLOCK):
            block = faces[start : start + BLOCK]
            filled = np.zeros((BLOCK, faces.shape[1]))
            filled[: len(block)] = block
            scores.append(self._program(filled)[: len(block)])
        return np.concatenate(scores)

    def angles(self, aus: np.ndarray) -> np.ndarray:
        """Smallest principal angle to each emotion, in radians: (T, A) to (T, E).

        As in linear algebra, so a face and its negative have the same. NaN for a zero
        face, a face with a NaN, and an emotion without a subspace.
        """
        faces = np.asarray(self._checked(aus))
        angles = np.full((len(faces), len(self.emotions)), np.nan)
        for column, emotion in zip(angles.T, self.emotions, strict=True):
            for space in self.subspaces[emotion]:
                np.fmin(column, space.angles(faces), out=column)
        return angles

    def cosines(self, aus: np.ndarray) -> np.ndarray:
        """Cosines of :meth:`angles`, in [0, 1]."""
        return np.cos(self.angles(aus))

    def intensity(self, aus: Any) -> Any:
        """How strong the expression is, (T,), in the unit of the AUs.

        Its strongest AU counts, but for those that the table ignores or lets join any
        prototype.
        """
        faces = self._checked(aus)
        xp = faces.__array_namespace__()
        telling = np.array(self._telling, faces.dtype)
        return xp.max(xp.maximum(faces, 0.0) * telling, axis=1, initial=0.0)

    def neutral(self, aus: np.ndarray) -> np.ndarray:
        """Faces (T,) with no AU above 0, but ignored ones; False where one is NaN."""
        faces = np.asarray(self._checked(aus))
        return (np.maximum(faces, 0.0) * self._counted == 0).all(axis=1)

    def faces(self, seed: int | None = None) -> np.ndarray:
        """One face for each emotion, (E, A), whose strongest AU is 1.

        Its first prototype of those that are seen best, at its letters' intensities;
        with a seed, one drawn at random inside the cone of any of its prototypes. Zero
        for an emotion without a subspace.
        """
        groups = list(self.subspaces.values())
        if seed is None:
            return typical_faces(groups, self._telling)
        return sampled_faces(groups, self._telling, self.au_names, seed)

    def decode(
        self, scores: np.ndarray, intensity: Any = 1.0, seed: int | None = None
    ) -> np.ndarray:
        """AUs (T, A) that show emotions with calibrated scores (T, E).

        The mixture of :meth:`faces` (T, A) whose cone scores are, to first order, the
        nearest to those asked for; its :meth:`intensity` is as given, one number or
        one per row. Scores of 0 give a zero face, a NaN gives NaN; the columns of
        emotions without a subspace are not read. With a ``seed`` all rows use the same
        drawn expressions, so that a clip does not flicker.
        """
        scores = np.asarray(scores, dtype=np.float64)
        if scores.ndim != 2 or scores.shape[1] != len(self.emotions):
            raise ShapeError(
                f"expected scores of shape (T, {len(self.emotions)}), got "
                f"{scores.shape}."
            )
        faces = self.faces(seed)
        able = faces.any(axis=1)
        cone_scores = self._calibration.cone_scores(scores)[:, able]
        seen = self.cone_scores(faces[able])[:, able]
        aus = mixture(cone_scores, seen, faces[able], self.au_names)
        strength = self.intensity(aus)
        gain = np.asarray(intensity) / np.where(strength > 0, strength, 1.0)
        return aus * np.where(np.isnan(strength), np.nan, gain)[:, None]

    def decode_error(self, aus: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Largest difference (T,) between the scores of decoded AUs and those asked."""
        return np.fmax.reduce(np.abs(self.score(aus) - scores), axis=1)

    def reconstruction(
        self, aus: np.ndarray, seed: int | None = None
    ) -> Reconstruction:
        """AUs (T, A) after the way to scores and intensity and back, with its error."""
        faces = np.asarray(self._checked(aus))
        again = self.decode(self.score(faces), self.intensity(faces), seed)
        length = np.linalg.norm(faces, axis=1)
        error = np.linalg.norm(again - faces, axis=1) / np.where(length > 0, length, 1)
        return Reconstruction(again, error)

    @cached_property
    def _program(self) -> Callable[[np.ndarray], np.ndarray]:
        """Cone scores of one block of faces, compiled at first use."""
        import jax

        from genface.compilation import keep_compiled, quick_options

        keep_compiled()
        program = jax.jit(self._cones.scores, compiler_options=quick_options())

        def run(block: np.ndarray) -> np.ndarray:
            with jax.enable_x64(True):
                return np.asarray(program(block))

        return run

    def _checked(self, aus: Any) -> Any:
        """Faces (T, A): numpy in float64, JAX as it is."""
        is_jax = type(aus).__module__.startswith("jax")
        faces = aus if is_jax else np.asarray(aus, dtype=np.float64)
        if faces.ndim != 2 or faces.shape[1] != len(self.au_names):
            raise ShapeError(
                f"expected AUs of shape (T, {len(self.au_names)}), got {faces.shape}."
            )
        return faces


class _ByEmotion(dict):
    """Values by emotion, found under any spelling of its name."""

    def __missing__(self, spelling: str) -> Any:
        name = known_emotion(spelling)
        if name not in self:
            raise KeyError(f"{spelling!r}: the table has {', '.join(self)}")
        return self[name]


def _is_used(space: Subspace, emotion: str) -> bool:
    return space.emotion == emotion and not space.left_out
