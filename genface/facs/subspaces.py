"""The subspace of AU space, and the cone in it, that each prototype spans.

Action Units of any intensity (``*``) are axes of their own, the others share one axis
with equal parts: ``6+12*`` is the plane of AU06 and AU12, ``6+12`` its diagonal. The
axes are orthogonal and not negative, so that for faces without negative AUs the
projection onto the subspace lies in the cone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from genface.errors import InputError
from genface.facs.prototype_tables import PrototypeTable
from genface.facs.prototypes import Action, Prototype, parse_prototype
from genface.facs.units import UNITS, au_name


@dataclass(frozen=True)
class Subspace:
    """What one prototype without a choice spans among the AUs that are seen.

    ``basis`` (A, k) has orthonormal columns, the generators of the cone; the first
    ``n_own`` of them are the prototype's, the others those of AUs that may be absent or
    join. ``required`` (A,) is 1 at each required AU, or half at each of its sides where
    those have columns of their own; ``pattern`` (A,) is what the prototype shows, at
    its letters' intensities. ``seen`` and ``unseen`` are its
    required AUs, ``optional_unseen`` the others that no column is there for.
    ``left_out`` says why it is not used, and is empty for one that is.
    """

    emotion: str
    prototype: str
    basis: np.ndarray
    n_own: int
    required: np.ndarray
    pattern: np.ndarray
    seen: tuple[str, ...]
    unseen: tuple[str, ...]
    optional_unseen: tuple[str, ...] = ()
    left_out: str = ""

    @property
    def coverage(self) -> float:
        """Share of the required AUs that are seen."""
        return len(self.seen) / max(len(self.seen) + len(self.unseen), 1)

    @property
    def projector(self) -> np.ndarray:
        """Orthogonal projector (A, A) onto the span."""
        return self.basis @ self.basis.T

    def angles(self, faces: np.ndarray) -> np.ndarray:
        """Principal angle to each face's line, (T, A) to (T,) radians; zero gives NaN.

        By the arc tangent, which is exact for small angles where the cosine is not.
        """
        along = faces @ self.basis
        across = np.linalg.norm(faces - along @ self.basis.T, axis=1)
        angles = np.arctan2(across, np.linalg.norm(along, axis=1))
        return np.where(np.any(faces, axis=1), angles, np.nan)

    def spans_same(self, other: "Subspace") -> bool:
        """Whether both projectors are equal."""
        return bool(np.allclose(self.projector, other.projector, atol=1e-12))


def judged_subspaces(
    table: PrototypeTable, au_names: Sequence[str], variants: bool = False
) -> tuple[Subspace, ...]:
    """Subspace of every prototype of a table, each with the verdict on its use.

    One is left out with under half of its required AUs seen, or one of several; when
    what is seen of it is what a better-seen prototype of another emotion asks for; or
    when its span is already there. ``au_names`` are columns (:func:`au_columns`).
    """
    spaces = [
        _subspace(emotion, prototype, au_names, table.may_join)
        for emotion, texts in table.rows(variants).items()
        for text in texts
        for prototype in parse_prototype(text).alternatives()
    ]
    return _judge(spaces, {UNITS[number].column for number in table.may_join})


def au_columns(au_names: Sequence[str]) -> tuple[str, ...]:
    """Column names however they are spelled; each unit at most once, whole or sided."""
    columns = tuple(au_name(name) for name in au_names)
    sided = {column[:4] for column in columns if column.endswith(("_L", "_R"))}
    if len(set(columns)) < len(columns):
        raise InputError(f"Action Units appear twice in {list(au_names)}.")
    if both := sorted(sided & set(columns)):
        raise InputError(f"{both[0]} is there whole and with sides; give one of them.")
    return columns


def _subspace(
    emotion: str,
    prototype: Prototype,
    au_names: Sequence[str],
    may_join: tuple[int, ...],
) -> Subspace:
    shared, required, pattern = np.zeros((3, len(au_names)))
    own: list[np.ndarray] = []
    others: list[np.ndarray] = []
    missing: list[str] = []
    members = [(slot.actions[0], slot.optional) for slot in prototype.slots]
    for action, optional in members:
        columns = _columns(action, au_names)
        if optional:
            others.append(columns)
            missing += [] if columns.any() else [action.column]
            continue
        required += columns / max(columns.sum(), 1.0)
        pattern += columns * action.intensity
        if action.level == "*":
            own.append(columns)
        else:
            shared += columns
    others += [
        _columns(Action(number), au_names)
        for number in may_join
        if _may_join(number, members, au_names)
    ]
    own.insert(0, shared)
    axes = [axis / np.linalg.norm(axis) for axis in own + others if axis.any()]
    names = {
        action.column: _columns(action, au_names).any()
        for action, optional in members
        if not optional
    }
    return Subspace(
        emotion,
        str(prototype),
        np.stack(axes, axis=1) if axes else np.zeros((len(au_names), 0)),
        sum(bool(axis.any()) for axis in own),
        required,
        pattern,
        tuple(name for name, seen in names.items() if seen),
        tuple(name for name, seen in names.items() if not seen),
        tuple(missing),
    )


def _columns(action: Action, au_names: Sequence[str]) -> np.ndarray:
    """Columns (A,) that show an action, as ones; all zero if it is not emitted.

    An action of both sides needs both where sides have columns of their own.
    """
    wanted = {action.column}
    if not action.side and action.column not in au_names:
        wanted = {f"{action.column}_L", f"{action.column}_R"}
    found = np.array([name in wanted for name in au_names], dtype=float)
    return found if found.sum() == len(wanted) else np.zeros(len(au_names))


def _may_join(
    number: int, members: list[tuple[Action, bool]], au_names: Sequence[str]
) -> bool:
    """Whether the unit is not a member, and no member that is seen excludes it."""
    return not any(
        action.number == number
        or (
            action.number in UNITS[number].excludes and _columns(action, au_names).any()
        )
        for action, _ in members
    )


def _judge(spaces: list[Subspace], joining: set[str]) -> tuple[Subspace, ...]:
    judged: list[Subspace] = []
    for space in spaces:
        asked = set(space.seen) - joining
        twins = [other for other in spaces if set(other.seen) - joining == asked]
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
        elif len(space.seen) == 1 and space.unseen:
            reason = f"only {space.seen[0]} of it is seen"
        elif better:
            reason = f"looks like {better[0].emotion} {better[0].prototype}"
        elif same:
            reason = f"spans the same as {same[0].prototype}"
        judged.append(replace(space, left_out=reason))
    return tuple(judged)
