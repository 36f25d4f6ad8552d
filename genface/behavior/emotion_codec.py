"""Action Units as strengths of emotions, and back: what a model of emotions is fed.

A face is told by how strongly it shows each emotion of a table of prototypes: the
emotion's calibrated score (:meth:`genface.facs.EmotionSpace.score`) times the
expression's intensity. The way back gives the mixture of the emotions' faces with
those scores, at the intensity of the strongest emotion. Strengths that come from one
emotion's face are kept by a round trip; what a face shows beyond emotions is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from genface.behavior.transform import scale_top
from genface.errors import InputError, ShapeError, WeightError
from genface.facs import EmotionSpace, PersonCalibration, PrototypeTable
from genface.facs.emotions import known_emotion


@dataclass(frozen=True, eq=False)
class EmotionCodec:
    """AUs (T, A) on a scale to strengths of emotions (T, E) in [0, 1], and back.

    AUs that sit high at rest, as presence does, need the person's ``calibration`` (of
    AUs in terms of the scale's end). With a ``seed``, expressions are drawn inside the
    cones of the emotions' prototypes; else they are the typical ones.
    """

    space: EmotionSpace
    au_scale: str
    calibration: PersonCalibration | None = None
    seed: int | None = None

    @classmethod
    def of(
        cls,
        table: PrototypeTable,
        au_names: Sequence[str],
        au_scale: str = "intensity",
        calibration: PersonCalibration | None = None,
        variants: bool = False,
    ) -> "EmotionCodec":
        """Codec of a table among these AUs; ``variants`` count as its prototypes too.

        An :class:`InputError` if no emotion can be told from the AUs.
        """
        merged = replace(table, prototypes=table.rows(variants), variants={})
        made = cls(EmotionSpace(merged, au_names), au_scale, calibration)
        if not made.emotions:
            raise InputError(
                f"{', '.join(au_names)}: no emotion of the table "
                f"{table.name or 'given'} can be told from these AUs; give faces with "
                "more of them, or another --emotion-table."
            )
        return made

    @property
    def au_names(self) -> tuple[str, ...]:
        """AUs of the columns on one side."""
        return self.space.au_names

    @property
    def emotions(self) -> tuple[str, ...]:
        """Emotions of the columns on the other: those that the AUs can show."""
        return tuple(name for name in self.space.emotions if self.space.subspaces[name])

    @property
    def left_out(self) -> tuple[str, ...]:
        """Emotions of the table that the AUs cannot show."""
        return tuple(e for e in self.space.emotions if e not in self.emotions)

    def encode(self, aus: np.ndarray) -> np.ndarray:
        """AUs (T, A) to strengths (T, E); a NaN among the AUs makes the row NaN."""
        faces = self.intensities(aus)
        scores = self.space.score(faces)[:, self._used]
        return scores * self.space.intensity(faces)[:, None]

    def intensities(self, aus: np.ndarray) -> np.ndarray:
        """AUs (T, A) as what they show, 0-1: calibrated, on their scale."""
        faces = self._checked(aus) / scale_top(self.au_scale)
        if self.calibration is not None:
            return self.calibration.intensity(faces)
        return np.clip(faces, 0.0, 1.0)

    def decode(self, strengths: np.ndarray) -> np.ndarray:
        """Strengths (T, E) to AUs (T, A) on their scale; zeros give the face at rest.

        A NaN makes the row NaN.
        """
        strengths = np.asarray(strengths, np.float64)
        if strengths.ndim != 2 or strengths.shape[1] != len(self.emotions):
            raise ShapeError(
                f"expected {len(self.emotions)} emotions ({', '.join(self.emotions)}), "
                f"got strengths of shape {strengths.shape}."
            )
        strengths = np.clip(strengths, 0.0, 1.0)
        strongest = strengths.max(axis=1)
        whole = np.where(strongest > 0, strongest, 1.0)
        scores = np.zeros((len(strengths), len(self.space.emotions)))
        scores[:, self._used] = strengths / whole[:, None]
        faces = self.space.decode(scores, strongest, self.seed)
        return self._on_scale(faces)

    def face(self, emotion: str) -> np.ndarray:
        """The face (A,) that shows an emotion with all its strength, on the scale.

        An emotion that is not among :attr:`emotions` is an :class:`InputError`.
        """
        row = self.space.emotions.index(self.known(emotion))
        return self._on_scale(self.space.faces(self.seed)[row])

    def known(self, emotion: str) -> str:
        """An emotion's name among :attr:`emotions`, however it is spelled."""
        word = known_emotion(emotion).lower()
        for name in self.emotions:
            if name.lower() == word:
                return name
        why = "the emotion table does not have it"
        for name in self.left_out:
            if name.lower() == word:
                why = f"the AUs here cannot show it ({self._lacking(name)})"
        known = ", ".join(self.emotions)
        raise InputError(f"{emotion}: {why}; choose from {known}.")

    def describe(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What makes a codec, for a model's files: plain facts, and arrays.

        The table of prototypes travels with them, and each emotion's face both ways.
        """
        table = asdict(self.space.table)
        del table["variants"]  # none: they are among the prototypes
        facts = {"table": table, "columns": self.au_names, "au_scale": self.au_scale}
        range_ = vars(self.calibration) if self.calibration else {}
        arrays = {f"codec/range/{name}": array for name, array in range_.items()}
        return facts, {**arrays, **self._golden()}

    @classmethod
    def restore(
        cls, facts: Mapping[str, Any] | None, arrays: Mapping[str, np.ndarray]
    ) -> "EmotionCodec | None":
        """The codec that :meth:`describe` took apart; None if ``facts`` are.

        A :class:`WeightError` if its faces are no longer those that it was saved with.
        """
        if facts is None:
            return None
        told = dict(facts["table"], variants={})
        told |= {name: tuple(told[name]) for name in ("may_join", "ignored")}
        rows = {emotion: tuple(row) for emotion, row in told["prototypes"].items()}
        table = PrototypeTable(**{**told, "prototypes": rows})
        names = ("rest", "peak", "gain")
        calibration = None
        if "codec/range/rest" in arrays:
            known = [arrays[f"codec/range/{name}"] for name in names]
            calibration = PersonCalibration(*known)
        made = cls.of(table, facts["columns"], facts["au_scale"], calibration)
        for name, array in made._golden().items():
            saved = arrays[name]
            if saved.shape != array.shape or not np.allclose(saved, array, atol=1e-6):
                raise WeightError(f"{name}: not what this version makes of emotions")
        return made

    def _golden(self) -> dict[str, np.ndarray]:
        """Faces of the emotions, and what is read from them."""
        faces = replace(self, seed=None).decode(np.eye(len(self.emotions)))
        return {"codec/faces": faces, "codec/strengths": self.encode(faces)}

    @property
    def _used(self) -> list[int]:
        return [self.space.emotions.index(name) for name in self.emotions]

    def _on_scale(self, faces: np.ndarray) -> np.ndarray:
        """The inverse of :meth:`intensities`; an occurrence is half of it and more."""
        faces = np.clip(faces, 0.0, 1.0)
        if self.calibration is not None:
            faces = self.calibration.presence(faces)
        if self.au_scale == "occurrence":
            faces = np.where(np.isnan(faces), np.nan, faces >= 0.5)
        return faces * scale_top(self.au_scale)

    def _lacking(self, emotion: str) -> str:
        rows = [space for space in self.space.report if space.emotion == emotion]
        names = dict.fromkeys(name for space in rows for name in space.unseen)
        return f"without {', '.join(names)}" if names else "it looks like another"

    def _checked(self, aus: np.ndarray) -> np.ndarray:
        aus = np.asarray(aus, np.float64)
        if aus.ndim != 2 or aus.shape[1] != len(self.au_names):
            raise ShapeError(
                f"expected {len(self.au_names)} AUs ({', '.join(self.au_names)}), "
                f"got an array of shape {aus.shape}."
            )
        return aus
