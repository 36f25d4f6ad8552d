"""What a realism measure is: prepared once for all clips, then cheap for any two sets.

Permutations, bootstraps and floors all ask the same question, "how far are these clips
from those?", hundreds of times. A measure therefore does what is costly once, for the
clips of both sides together, and then answers for any two lists of clip numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

Clips = list[np.ndarray]
"""AU sequences (T_i, A) as float64; NaN marks a missing value."""


class Decoder(Protocol):
    """A model that names states: :class:`genface.behavior.BehaviorModel` is one."""

    @property
    def columns(self) -> tuple[str, ...]:
        """AU names of the columns that it decodes."""
        ...

    @property
    def n_states(self) -> int:
        """Number of states."""
        ...

    def states(self, X: np.ndarray) -> np.ndarray:
        """States (T,) of AUs (T, A)."""
        ...


@dataclass(frozen=True, eq=False)
class Context:
    """What measures may know besides the clips.

    ``thresholds`` (A,) above which an AU counts as active: half the real 95th
    percentile. ``scale`` (A,): standard deviation of the real frames. ``fps`` is None
    where the frame rate is unknown. ``model`` decodes states, if there is one.
    """

    columns: tuple[str, ...]
    thresholds: np.ndarray
    scale: np.ndarray
    fps: float | None = None
    seed: int = 0
    model: Decoder | None = None


@dataclass(frozen=True, eq=False)
class Reading:
    """A measure of two sets; NaN where it could not be computed.

    ``per_au`` (A,) are its parts, ``real`` and ``synthetic`` where each side stands.
    ``parts`` are named extras. Where equal sets of just these sizes have a value of
    their own, ``parts["null"]`` is it and takes the place of the measure's target.
    """

    value: float
    per_au: np.ndarray | None = None
    real: float | None = None
    synthetic: float | None = None
    parts: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Measure:
    """A measure with its name, unit and what it looks at, in plain words.

    ``family`` is marginal, distribution or time; ``target`` the value of two equal sets
    (0 for a distance). ``better`` is "low" or "high" where only more or less than the
    target tells of a difference, or "near target"; ``items`` what is counted, "frames"
    or whole "clips". ``prepare(clips, context)`` takes the clips of both sides
    together, real ones first; ``value(prepared, a, b)`` reads clips ``a`` as real and
    ``b`` as synthetic. Both are indices into that list and may repeat (bootstrap);
    a clip is never compared with its own copy as if that were another clip.
    """

    key: str
    label: str
    unit: str
    family: str
    meaning: str
    prepare: Callable[[Clips, Context], Any]
    value: Callable[[Any, np.ndarray, np.ndarray], Reading]
    target: float = 0.0
    better: str = "low"
    source: str = ""
    items: str = "frames"

    def distance(self, reading: Reading) -> float:
        """How far a reading is from that of equal sets; the more, the worse.

        Below 0 where the sides are nearer than equal sets of their sizes would be.
        """
        gap = reading.value - reading.parts.get("null", self.target)
        signs = {"low": gap, "high": -gap}
        return signs.get(self.better, abs(gap))


def clip_weights(n_clips: int, picks: np.ndarray) -> np.ndarray:
    """How often each clip was picked, (n_clips,) float64."""
    return np.bincount(np.asarray(picks, np.intp), minlength=n_clips).astype(float)


def context_of(
    real: Clips,
    columns: tuple[str, ...],
    fps: float | None = None,
    seed: int = 0,
    model: Decoder | None = None,
) -> Context:
    """The context that real clips give: thresholds and scales of their AUs."""
    rows = np.concatenate(real)
    return Context(
        columns,
        0.5 * np.nanpercentile(rows, 95, axis=0),
        np.nanstd(rows, axis=0),
        fps,
        seed,
        model,
    )
