"""The report card as records: one row per measure, and what limits them all."""

import json
from dataclasses import asdict, dataclass

from genface.errors import InputError
from genface.realism.challenge import ChallengeRow
from genface.realism.verdict import Verdict

SCHEMA = "genface.card/2"


@dataclass(frozen=True)
class Row:
    """One measure; None stands for what could not be computed.

    ``null`` is the value of equal sets. ``interval`` holds 95 % by a bootstrap of
    clips. ``floor`` is the mean over splits of the real clips in two halves,
    ``floor_range`` holds 90 % of them. ``times_floor``: how far the value is from its
    null, over what 95 % of real halves stay below; at most 1 is as near as real is to
    real. ``p`` permutes clips and holds for all measures together (max-T), ``p_alone``
    for this one; both only with 6 clips a side or more. ``real`` and ``synthetic`` say
    where each side stands, ``per_au`` how far each AU is, ``parts`` are named extras.
    ``baselines`` and ``baselines_times_floor`` are the same readings of the baselines.
    ``n_real`` and ``n_synthetic`` are what was resampled, clips or blocks of them;
    ``effective_real`` and ``effective_synthetic`` are independent items: clips where
    clips are counted, else frames over their integrated autocorrelation time.
    """

    key: str
    label: str
    unit: str
    family: str
    meaning: str
    source: str
    value: float | None
    null: float
    interval: tuple[float, float] | None
    floor: float | None
    floor_range: tuple[float, float] | None
    times_floor: float | None
    p: float | None
    p_alone: float | None
    real: float | None
    synthetic: float | None
    n_real: int
    n_synthetic: int
    effective_real: float
    effective_synthetic: float
    per_au: dict[str, float | None]
    parts: dict[str, float | None]
    baselines: dict[str, float | None]
    baselines_times_floor: dict[str, float | None]

    @property
    def within_floor(self) -> bool | None:
        """Whether real halves are as far from each other; None if unknown."""
        return None if self.times_floor is None else self.times_floor <= 1


@dataclass(frozen=True)
class Card:
    """Real against synthetic: rows of measures, a verdict, notes on what limits them.

    ``n_*`` are clips as given and ``items_*`` what was resampled (the same, or blocks
    of ``block_frames`` or more), ``effective_*`` frames over their integrated
    autocorrelation time.
    """

    rows: tuple[Row, ...]
    challenge: tuple[ChallengeRow, ...]
    verdict: Verdict
    notes: tuple[str, ...]
    columns: tuple[str, ...]
    fps: float | None
    unit: str
    n_real: int
    n_synthetic: int
    items_real: int
    items_synthetic: int
    frames_real: int
    frames_synthetic: int
    effective_real: float
    effective_synthetic: float
    block_frames: int | None
    resamples: int
    seed: int

    @property
    def realistic(self) -> bool | None:
        """False if samples were told apart or are copies; None if not judged."""
        return self.verdict.realistic

    def row(self, key: str) -> Row:
        """The row of one measure."""
        found = {row.key: row for row in self.rows}
        if key not in found:
            raise InputError(f"no measure {key!r} on this card; it has {list(found)}.")
        return found[key]

    def to_dict(self) -> dict:
        """The card as plain values; no NaN."""
        return {"schema": SCHEMA, "realistic": self.realistic, **asdict(self)}

    def to_json(self) -> str:
        """The card as JSON."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)
