"""Faces to numbers, stage by stage: what a preset is made of, and its runner.

A stage reads a batch of faces and what earlier stages left for it, and gives columns
of the table, or something for later stages, or both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import jax
import numpy as np

from genface.errors import InputError
from genface.geometry import Pixels

SIZES = (1, 2, 4, 8, 16)  # faces measured at once: few sizes, few compilations

Found = dict[str, np.ndarray | jax.Array]


@dataclass(frozen=True)
class FaceBatch:
    """Faces as a finder, or the last frame, told where they are.

    ``pixels`` (N) has the picture of each face, the same object for faces of one
    frame; ``boxes`` (N, 4) float64 are x1, y1, x2, y2 in its pixels and may reach over
    the edge; ``scores`` (N,) in 0-1; ``poses`` (N, 6) of a finder that tells them.
    ``found`` is what stages leave for later ones, each with N first: ``squares``
    (N, 3) x, y and side, ``chips`` (N, 256, 256, 3) in 0-1, ``crop_boxes`` (N, 4)
    whole numbers, ``crops`` (N, 112, 112, 3) in 0-1, ``landmarks`` (N, 68, 2) and
    ``mesh`` (N, 478, 3) in pixels of the picture.
    """

    pixels: Sequence[Pixels]
    boxes: np.ndarray
    scores: np.ndarray
    poses: np.ndarray | None = None
    found: Found = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pixels)

    def at(self, rows: Sequence[int]) -> "FaceBatch":
        """The faces of these rows, of which nothing is found yet."""
        chosen = np.asarray(rows, int)
        return FaceBatch(
            [self.pixels[row] for row in chosen],
            self.boxes[chosen],
            self.scores[chosen],
            None if self.poses is None else self.poses[chosen],
        )


class Stage(Protocol):
    """One step of a preset.

    It gives ``columns`` of the table; of ``FaceBatch.found`` it reads the keys
    ``needs`` and writes the keys ``gives``.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the values."""

    @property
    def needs(self) -> tuple[str, ...]:
        """What has to be found before."""

    @property
    def gives(self) -> tuple[str, ...]:
        """What is left for later stages."""

    def __call__(self, faces: FaceBatch) -> np.ndarray:
        """Values (N, C) of the columns; NaN where there is nothing to tell."""


class Measures(NamedTuple):
    """Values (N, C) of the columns ``names``, and what was asked to be kept."""

    values: np.ndarray
    names: tuple[str, ...]
    kept: dict[str, np.ndarray]


def names_of(stages: Sequence[Stage]) -> tuple[str, ...]:
    """Columns that the stages give, in their order.

    A stage that needs what none before it gives, or a column that two give, is an
    InputError.
    """
    given: set[str] = set()
    names: list[str] = []
    for stage in stages:
        kind = type(stage).__name__
        if missing := sorted(set(stage.needs) - given):
            raise InputError(
                f"the stage {kind} needs {', '.join(missing)}; put a stage that gives "
                "it before this one."
            )
        if twice := sorted(set(stage.columns) & set(names)):
            raise InputError(
                f"the stage {kind} gives {', '.join(twice)}, as one before it does; "
                "leave one of them out."
            )
        given |= set(stage.gives)
        names += stage.columns
    return tuple(names)


def measure(
    stages: Sequence[Stage],
    faces: FaceBatch,
    keep: Sequence[str] = (),
    at_once: int = SIZES[-1],
) -> Measures:
    """All columns of the faces, ``at_once`` of them at a time at most.

    Each group is padded with a face of its own to one of :data:`SIZES`, so that no
    stage ever sees another number of faces. ``keep`` names what of ``found`` to
    return; without any face there is none of it.
    """
    names = names_of(stages)
    parts = [
        _measured(
            stages, faces.at(range(first, min(first + at_once, len(faces)))), keep
        )
        for first in range(0, len(faces), at_once)
    ]
    if not parts:
        return Measures(np.empty((0, len(names))), names, {})
    kept = {key: np.concatenate([part[1][key] for part in parts]) for key in keep}
    return Measures(np.concatenate([part[0] for part in parts]), names, kept)


def _measured(
    stages: Sequence[Stage], faces: FaceBatch, keep: Sequence[str]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    count = len(faces)
    size = next(size for size in SIZES if size >= count)
    padded = faces.at([*range(count), *[0] * (size - count)])
    values = [np.asarray(stage(padded), np.float64)[:count] for stage in stages]
    kept = {key: np.asarray(padded.found[key])[:count] for key in keep}
    return np.concatenate(values, axis=1), kept
