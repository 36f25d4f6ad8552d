"""Where the rows of tables come from: measured, drawn in step with a clip, or freely.

Facts in ``attrs``: ``synthetic`` is True where a model drew the rows; ``time_locked``
names what ties those to the clock of a real clip (``"posterior"``, ``"forecast"``,
``"infill"``, ``"input"``). Without it they are free samples.
"""

from collections.abc import Iterable, Mapping
from typing import Any

PARTLY = "partly"
"""``synthetic`` of a table that holds free samples together with other rows."""


def mixes_free_samples(facts: Iterable[Mapping[Any, Any]]) -> bool:
    """Whether some of these tables' ``attrs`` are of free samples, and some are not."""
    kinds = set()
    for fact in facts:
        drawn = fact.get("synthetic")
        kinds.add(PARTLY if drawn == PARTLY else bool(drawn and not _locked(fact)))
    return PARTLY in kinds or len(kinds) > 1


def _locked(fact: Mapping[Any, Any]) -> bool:
    return bool(fact.get("time_locked"))
