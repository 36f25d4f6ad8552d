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
from genface.facs import EmotionSpace, PrototypeTable, emotion_name


@dataclass(frozen=True, eq=False)
class EmotionCodec:
    """AUs (T, A) on a scale to strengths of emotions (T, E) in [0, 1], and back.

    ``rest`` (A,) are the AUs of the neutral face on ``au_scale``: 0 for AUs that are
    true intensities. With a ``seed``, expressions are drawn inside the cones of the
    emotions' prototypes; else they are the typical ones.
    """

    space: EmotionSpace
    au_scale: str
    rest: np.ndarray
    seed: int | None = None

    @classmethod
    def of(
        cls,
        table: PrototypeTable,
        au_names: Sequence[str],
        au_scale: str = "intensity",
        rest: np.ndarray | None = None,
        variants: bool = False,
    ) -> "EmotionCodec":
        """Codec of a table among these AUs.

        ``variants`` counts the table's variants as prototypes. An
        :class:`InputError` if no emotion can be told from the AUs.
        """
        merged = replace(table, prototypes=table.rows(variants), variants={})
        space = EmotionSpace(merged, au_names)
        zero = np.zeros(len(space.au_names))
        rest = zero if rest is None else np.asarray(rest, np.float64)
        if rest.shape != zero.shape:
            raise ShapeError(f"rest: expected ({len(zero)},) AUs, got {rest.shape}.")
        top = scale_top(au_scale)
        if not ((rest >= 0) & (rest < top)).all():
            raise InputError(f"rest: a neutral face has AUs from 0 to under {top:g}.")
        made = cls(space, au_scale, rest)
        if not made.emotions:
            raise InputError(
                f"{', '.join(space.au_names)}: no emotion of the table "
                f"{table.name or 'given'} can be told from these AUs; give a table "
                "with more of them, or another --emotion-table."
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
        top = scale_top(self.au_scale)
        faces = np.clip((self._checked(aus) - self.rest) / (top - self.rest), 0.0, 1.0)
        scores = self.space.score(faces)[:, self._used]
        return scores * self.space.intensity(faces)[:, None]

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
        wanted = emotion if emotion in self.space.emotions else emotion_name(emotion)
        if wanted not in self.emotions:
            why = "the emotion table does not have it"
            if wanted in self.space.emotions:
                why = f"the AUs here cannot show it ({self._lacking(wanted)})"
            known = ", ".join(self.emotions)
            raise InputError(f"{wanted}: {why}; choose from {known}.")
        return wanted

    def describe(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What makes a codec, for a model's files: plain facts, and arrays.

        The table of prototypes travels with them, and each emotion's face both ways.
        """
        table = asdict(self.space.table)
        del table["variants"]  # none: they are among the prototypes
        facts = {"table": table, "columns": self.au_names, "au_scale": self.au_scale}
        return facts, {"codec/rest": self.rest, **self._golden()}

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
        made = cls.of(table, facts["columns"], facts["au_scale"], arrays["codec/rest"])
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
        top = scale_top(self.au_scale)
        return self.rest + np.clip(faces, 0.0, 1.0) * (top - self.rest)

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
