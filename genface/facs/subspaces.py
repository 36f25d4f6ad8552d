"""The subspace of AU space that each prototype of an emotion spans.

Action Units of any intensity (``*``) are axes of their own, the others share one axis
with equal parts: ``6+12*`` is the plane of AU06 and AU12, ``6+12`` its diagonal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from genface.facs.prototypes import Prototype, parse_prototype
from genface.facs.units import UNITS

SPEECH = (25, 26)
"""Parted lips and a dropped jaw may join any prototype, and express nothing alone."""


@dataclass(frozen=True)
class Subspace:
    """What one prototype without a choice spans among the AUs that are seen.

    ``basis`` (A, k) has orthonormal columns; ``seen`` and ``unseen`` are its required
    AUs; ``left_out`` says why it is not used, and is empty for one that is.
    """

    emotion: str
    prototype: str
    basis: np.ndarray
    seen: tuple[str, ...]
    unseen: tuple[str, ...]
    left_out: str = ""

    @property
    def coverage(self) -> float:
        """Share of the required AUs that are seen."""
        return len(self.seen) / (len(self.seen) + len(self.unseen))

    def spans_same(self, other: "Subspace") -> bool:
        """Whether both projectors are equal."""
        ours, theirs = self.basis @ self.basis.T, other.basis @ other.basis.T
        return bool(np.allclose(ours, theirs, atol=1e-12))


def judged_subspaces(
    table: Mapping[str, Sequence[str]], au_names: Sequence[str]
) -> tuple[Subspace, ...]:
    """Subspace of every prototype of a table, each with the verdict on its use.

    One is left out with under half of its required AUs seen; when what is seen of it
    is what a better-seen prototype of another emotion asks for; or when its span is
    already there. ``table`` maps emotions to prototypes.
    """
    return _judge(
        [
            _subspace(emotion, prototype, au_names)
            for emotion, texts in table.items()
            for text in texts
            for prototype in parse_prototype(text).alternatives()
        ]
    )


def _subspace(emotion: str, prototype: Prototype, au_names: Sequence[str]) -> Subspace:
    place = {name: index for index, name in enumerate(au_names)}
    shared = np.zeros(len(au_names))
    axes: list[np.ndarray] = []
    required: list[str] = []
    for slot in prototype.slots:
        action = slot.actions[0]
        name = UNITS[action.number].column
        if not slot.optional:
            required.append(name)
        if name not in place:
            continue
        if slot.optional or action.level == "*":
            axes.append(np.eye(len(au_names))[place[name]])
        else:
            shared[place[name]] = 1.0
    for number in SPEECH:
        name = UNITS[number].column
        if name in place and name not in required:
            axes.append(np.eye(len(au_names))[place[name]])
    if shared.any():
        axes.insert(0, shared / np.linalg.norm(shared))
    basis = np.stack(axes, axis=1) if axes else np.zeros((len(au_names), 0))
    seen = tuple(name for name in required if name in place)
    unseen = tuple(name for name in required if name not in place)
    return Subspace(emotion, str(prototype), basis, seen, unseen)


def _judge(spaces: list[Subspace]) -> tuple[Subspace, ...]:
    judged: list[Subspace] = []
    for space in spaces:
        twins = [other for other in spaces if _asks_same(space, other)]
        own = max(other.coverage for other in twins if other.emotion == space.emotion)
        better = [other for other in twins if other.coverage > own]
        same = [
            other
            for other in judged
            if other.emotion == space.emotion
            and not other.left_out
            and other.spans_same(space)
        ]
        reason = ""
        if space.coverage < 0.5:
            reason = "under half of its Action Units are seen"
        elif better:
            reason = f"looks like {better[0].emotion} {better[0].prototype}"
        elif same:
            reason = f"spans the same as {same[0].prototype}"
        judged.append(replace(space, left_out=reason))
    return tuple(judged)


def _asks_same(one: Subspace, other: Subspace) -> bool:
    """Whether two prototypes require the same seen AUs, but for those of speech."""
    speech = {UNITS[number].column for number in SPEECH}
    return set(one.seen) - speech == set(other.seen) - speech
