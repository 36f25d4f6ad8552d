"""What a card says in one sentence: told apart, copied, not told apart, not judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["told apart", "copies", "not told apart", "not judged"]
LEVEL = 0.05


@dataclass(frozen=True)
class Verdict:
    """One of four kinds, and the sentences that say why."""

    kind: Kind
    reasons: tuple[str, ...]

    @property
    def realistic(self) -> bool | None:
        """False where something tells the sides apart or samples are copies.

        True only says that nothing here did; None where it was not judged.
        """
        return None if self.kind == "not judged" else self.kind == "not told apart"


class Judged(Protocol):
    """What is asked of a row of the card."""

    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def value(self) -> float | None: ...  # noqa: D102
    @property
    def null(self) -> float: ...  # noqa: D102
    @property
    def interval(self) -> tuple[float, float] | None: ...  # noqa: D102
    @property
    def p(self) -> float | None: ...  # noqa: D102


def judge(rows: Sequence[Judged], tested: bool, same: bool) -> Verdict:
    """The verdict on these rows.

    ``same``: real clips are among the synthetic ones. No model is called realistic if
    the interval of the classifier's AUC excludes .5, or if any measure differs at .05
    with all measures accounted for.
    """
    by_key = {row.key: row for row in rows}
    auc, novel = by_key.get("c2st"), by_key.get("authenticity")
    copied = _copied(novel)
    if same:
        return Verdict("copies", ("Real clips are among the synthetic ones.",))
    if not tested:
        lines = ["Too few clips to tell anything apart: distances are shown, no test."]
        return Verdict("not judged", tuple(lines + ([copied] if copied else [])))
    reasons = []
    known = auc is not None and auc.value is not None and auc.interval is not None
    if auc is not None and auc.interval is not None and auc.value is not None:
        low, high = auc.interval
        out = not low <= 0.5 <= high
        reasons.append(
            f"A classifier tells clips it has not seen apart with an AUC of "
            f"{auc.value:.2f} ({low:.2f} to {high:.2f}), which "
            f"{'excludes' if out else 'does not exclude'} .5, chance."
        )
        if high < 0.5:
            reasons.append(
                "Below chance a clip resembles the other side more than its own, as it "
                "does where every synthetic clip is made from a real one."
            )
    else:
        out = False
    differ = [row for row in rows if row.p is not None and row.p <= LEVEL]
    if differ:
        named = sorted(differ, key=lambda row: row.p or 0.0)[:4]
        more = f" and {len(differ) - 4} more" if len(differ) > 4 else ""
        listed = ", ".join(row.label for row in named)
        reasons.append(
            f"{len(differ)} of {len(rows)} measures differ at p = .05 with all of them "
            f"accounted for: {listed}{more}."
        )
    else:
        reasons.append("No measure differs at p = .05 with all of them accounted for.")
    if copied:
        reasons.append(copied)
    if out or differ:
        return Verdict("told apart", tuple(reasons))
    if copied:
        return Verdict("copies", tuple(reasons))
    if not known:
        return Verdict("not judged", tuple(reasons))
    return Verdict("not told apart", tuple(reasons))


def _copied(novel: Judged | None) -> str | None:
    """A sentence if synthetic movements are much nearer to real ones than real ones."""
    if novel is None or novel.value is None or novel.value >= 0.5 * novel.null:
        return None
    return (
        f"Only {novel.value:.0%} of synthetic movements are no copies of real ones; of "
        f"one real clip against the others it is {novel.null:.0%}. The samples repeat "
        "training clips, or are averages of them (then density is low too)."
    )
