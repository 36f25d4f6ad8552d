"""The sections of a page that hold the realism card."""

from collections.abc import Sequence

import numpy as np

from genface.pipelines.au_tracks import Track, columns_of
from genface.pipelines.page import Section
from genface.realism import Card, Row
from genface.realism import plots as realism_plots
from genface.realism.catalogue import FAMILIES

HEADLINES = {
    "told apart": "The synthetic behaviour can be told from the real one.",
    "copies": "The synthetic behaviour is made of copies of the real one.",
    "not told apart": "Nothing here tells the synthetic behaviour from the real one.",
    "not judged": "There are too few clips to judge whether sides differ.",
}


def short_section(card: Card) -> Section:
    """The verdict, and how much it rests on."""
    section = Section("In short").strong(HEADLINES[card.verdict.kind])
    section.notes(card.verdict.reasons)
    judged = [row for row in card.rows if row.times_floor is not None]
    near = sum(bool(row.within_floor) for row in judged)
    if judged:
        section.text(
            f"{near} of {len(judged)} measures are within what 95 % of real halves "
            "stay below."
        )
    rate = f" at {card.fps:.4g} frames a second" if card.fps else ""
    section.text(
        f"{card.n_real} real and {card.n_synthetic} synthetic clips, "
        f"{card.frames_real} and {card.frames_synthetic} frames{rate}. Neighbouring "
        "frames repeat each other: they are worth about "
        f"{card.effective_real:.0f} and {card.effective_synthetic:.0f} independent "
        f"ones. {len(card.columns)} columns: {', '.join(card.columns)}."
    )
    if card.verdict.kind == "not told apart":
        section.text(
            "That is no proof of realism: with more clips, or by eye, a difference may "
            "show."
        )
    return section


def card_sections(
    card: Card, real: Sequence[Track], synthetic: Sequence[Track]
) -> list[Section]:
    """Where each measure stands, the numbers, the baselines, and what it all means."""
    sections = [_standing(card, real, synthetic), _numbers(card)]
    if any(row.baselines for row in card.rows):
        sections.append(_baselines(card))
    if card.challenge:
        sections.append(_challenge(card))
    return [*sections, _glossary(card), Section("Notes").notes(card.notes)]


def _standing(card: Card, real: Sequence[Track], synthetic: Sequence[Track]) -> Section:
    section = Section("Real against synthetic")
    section.figure(
        realism_plots.draw_card(card),
        "Each line is a measure. On the blue band a dot is as near to the real clips "
        "as 95 % of real halves are to each other; to the right of it, farther. The "
        "other marks are simple ways to make behaviour: a model should be left of them "
        "and near the block bootstrap, which pastes real clips together.",
    )
    if any(any(row.per_au.values()) for row in card.rows):
        section.figure(
            realism_plots.draw_parts(card),
            "Dark cells are the AUs that a difference comes from; a row adds up to 100 "
            "%, so compare cells within a row.",
        )
    left = [columns_of(track, card.columns).values for track in real]
    right = [columns_of(track, card.columns).values for track in synthetic]
    return section.figure(
        realism_plots.draw_structure(left, right, card.columns, card.fps),
        "The two squares should show the same pattern of AUs that go together, and the "
        "two curves should fall alike.",
    )


def _numbers(card: Card) -> Section:
    section = Section("The numbers")
    tested = any(row.p is not None for row in card.rows)
    section.text(
        "Value with the interval that holds 95 %; what equal sets would have; the same "
        "between two halves of the real clips (mean, and where 90 % of them are); the "
        "distance from equal sets in multiples of what 95 % of real halves stay below "
        "(at most 1: as near as real to real)"
        + ("; p with all measures accounted for; " if tested else "; ")
        + "where each side stands, if it stands anywhere. The unit is that of the "
        "value; sides may have another, told where it says what each measure is."
    )
    header = ["measure", "value", "equal", "real halves", "times floor"]
    header += (["p"] if tested else []) + ["real", "synthetic", "unit"]
    for family, title in FAMILIES.items():
        rows = [row for row in card.rows if row.family == family]
        far = [i for i, row in enumerate(rows) if row.within_floor is False]
        section.text(f"{title}. Tinted: beyond the floor.")
        section.table(header, [_line(row, tested) for row in rows], far=far)
    items = "clips" if card.block_frames is None else "blocks"
    return section.text(
        f"All from {card.items_real} real and {card.items_synthetic} synthetic "
        f"{items}. Effective n: these where {items} are counted (classifier, precision "
        f"to clipped coverage), else {card.effective_real:.0f} and "
        f"{card.effective_synthetic:.0f} independent frames."
    )


def _line(row: Row, tested: bool) -> list[str]:
    return [
        row.label,
        _with(row.value, row.interval),
        number(row.null),
        _with(row.floor, row.floor_range),
        number(row.times_floor, 2),
        *([number(row.p)] if tested else []),
        number(row.real),
        number(row.synthetic),
        row.unit,
    ]


def _baselines(card: Card) -> Section:
    names = list(dict.fromkeys(name for row in card.rows for name in row.baselines))
    section = Section("Between floor and ceiling")
    section.text(
        "The same measures for simple ways to make behaviour from these real clips, in "
        "multiples of the floor. A mean face stands still; the frame bootstrap has "
        "real faces in random order; VAR(1) is a linear model; the mean path of a "
        "Poisson HMM jumps between the mean faces of its states. The block bootstrap, "
        "real clips cut up and pasted, is about as well as one can do; that it copies "
        "shows in its authenticity."
    )
    rows = [
        [
            row.label,
            number(row.times_floor, 2),
            *(number(row.baselines_times_floor.get(name), 2) for name in names),
        ]
        for row in card.rows
        if row.times_floor is not None
    ]
    return section.table(["measure", "synthetic", *names], rows)


def _challenge(card: Card) -> Section:
    section = Section("Challenge metrics")
    section.text(
        "As REACT and the Learning2Listen papers define them. The published mode "
        "repeats what their code does, errors included, for comparison with printed "
        "tables; believe the corrected one, and only beside that of the real people."
    )
    rows = [
        [
            row.label,
            number(row.fixed),
            number(row.people),
            number(row.published),
            row.aim,
            row.meaning,
        ]
        for row in card.challenge
    ]
    header = "metric corrected people published better".split()
    return section.table([*header, "what it looks at"], rows, wide=[5])


def _glossary(card: Card) -> Section:
    section = Section("What each measure is")
    rows = [[row.label, row.meaning, row.source, row.unit] for row in card.rows]
    header = ["measure", "what it looks at", "source", "unit"]
    return section.table(header, rows, wide=[1, 2])


def _with(value: float | None, span: tuple[float, float] | None) -> str:
    if value is None or span is None:
        return number(value)
    return f"{number(value)} ({number(span[0])} to {number(span[1])})"


def number(value: float | None, digits: int = 3) -> str:
    """So many significant digits, four places at most; a dash for None."""
    if value is None:
        return "-"
    if abs(value) < 5e-5:
        return "0"
    places = max(0, digits - 1 - int(np.floor(np.log10(abs(value)))))
    return f"{value:.{min(places, 4)}f}"
