"""The Action Units of FACS: what each is, how it is written, which exclude each other.

Numbers, names and muscles after Ekman, Friesen and Hager, Facial Action Coding
System (2002). 41, 42 and 44 are levels of 43 and 7 since that edition. Left out are the
codes of visibility (70 to 74) and of the neutral face (0), which are no actions.
"""

import re
from dataclasses import dataclass
from typing import Literal

from genface.errors import InputError

Region = Literal[
    "brow", "eye", "nose", "cheek", "mouth", "jaw", "neck", "head", "gaze", "body"
]


@dataclass(frozen=True)
class ActionUnit:
    """One Action Unit; ``bilateral`` means that each side can act alone."""

    number: int
    name: str
    muscles: tuple[str, ...]
    region: Region
    bilateral: bool = True

    @property
    def column(self) -> str:
        """Name of its table column, such as ``AU06``."""
        return f"AU{self.number:02d}"

    @property
    def excludes(self) -> tuple[int, ...]:
        """Numbers of the units that cannot be shown at the same time."""
        return tuple(
            other
            for pair in EXCLUSIVE
            for other in pair
            if self.number in pair and other != self.number
        )

    @property
    def detectors(self) -> tuple[str, ...]:
        """Programs of :data:`DETECTORS` that emit it."""
        return tuple(name for name, seen in DETECTORS.items() if self.number in seen)


_BOTH: tuple[tuple[int, str, str, Region], ...] = (
    (1, "inner brow raiser", "frontalis (medial)", "brow"),
    (2, "outer brow raiser", "frontalis (lateral)", "brow"),
    (
        4,
        "brow lowerer",
        "corrugator supercilii; procerus; depressor supercilii",
        "brow",
    ),
    (5, "upper lid raiser", "levator palpebrae superioris", "eye"),
    (6, "cheek raiser", "orbicularis oculi (orbital)", "cheek"),
    (7, "lid tightener", "orbicularis oculi (palpebral)", "eye"),
    (9, "nose wrinkler", "levator labii superioris alaeque nasi", "nose"),
    (10, "upper lip raiser", "levator labii superioris", "mouth"),
    (11, "nasolabial deepener", "zygomaticus minor", "mouth"),
    (12, "lip corner puller", "zygomaticus major", "mouth"),
    (13, "sharp lip puller", "levator anguli oris", "mouth"),
    (14, "dimpler", "buccinator", "mouth"),
    (15, "lip corner depressor", "depressor anguli oris", "mouth"),
    (16, "lower lip depressor", "depressor labii inferioris", "mouth"),
    (18, "lip pucker", "incisivii labii", "mouth"),
    (20, "lip stretcher", "risorius; platysma", "mouth"),
    (22, "lip funneler", "orbicularis oris", "mouth"),
    (23, "lip tightener", "orbicularis oris", "mouth"),
    (24, "lip pressor", "orbicularis oris", "mouth"),
    (25, "lips part", "depressor labii inferioris; mentalis (relaxed)", "mouth"),
    (28, "lip suck", "orbicularis oris", "mouth"),
    (32, "lip bite", "", "mouth"),
    (33, "cheek blow", "buccinator", "cheek"),
    (34, "cheek puff", "buccinator", "cheek"),
    (35, "cheek suck", "buccinator", "cheek"),
    (36, "tongue bulge", "", "cheek"),
    (38, "nostril dilator", "nasalis (alar)", "nose"),
    (39, "nostril compressor", "nasalis (transverse); depressor septi", "nose"),
    (41, "lid droop", "levator palpebrae superioris (relaxed)", "eye"),
    (42, "slit", "orbicularis oculi (palpebral)", "eye"),
    (43, "eyes closed", "levator palpebrae superioris (relaxed)", "eye"),
    (44, "squint", "orbicularis oculi (palpebral)", "eye"),
    (45, "blink", "levator palpebrae superioris; orbicularis oculi", "eye"),
    (46, "wink", "orbicularis oculi", "eye"),
    (82, "shoulder shrug", "trapezius", "body"),
)
_WHOLE: tuple[tuple[int, str, str, Region], ...] = (
    (8, "lips toward each other", "orbicularis oris", "mouth"),
    (17, "chin raiser", "mentalis", "mouth"),
    (19, "tongue show", "genioglossus", "mouth"),
    (21, "neck tightener", "platysma", "neck"),
    (26, "jaw drop", "masseter (relaxed); pterygoids", "jaw"),
    (27, "mouth stretch", "pterygoids; digastric", "jaw"),
    (29, "jaw thrust", "pterygoids", "jaw"),
    (30, "jaw sideways", "pterygoids", "jaw"),
    (31, "jaw clencher", "masseter", "jaw"),
    (37, "lip wipe", "genioglossus", "mouth"),
    (40, "sniff", "", "nose"),
    (50, "speech", "", "mouth"),
    (51, "head turn left", "", "head"),
    (52, "head turn right", "", "head"),
    (53, "head up", "", "head"),
    (54, "head down", "", "head"),
    (55, "head tilt left", "", "head"),
    (56, "head tilt right", "", "head"),
    (57, "head forward", "", "head"),
    (58, "head back", "", "head"),
    (61, "eyes turn left", "", "gaze"),
    (62, "eyes turn right", "", "gaze"),
    (63, "eyes up", "", "gaze"),
    (64, "eyes down", "", "gaze"),
    (65, "walleye", "", "gaze"),
    (66, "cross-eye", "", "gaze"),
    (68, "eyes roll upward", "", "gaze"),
    (69, "eyes on another person", "", "gaze"),
    (80, "swallow", "", "neck"),
    (81, "chewing", "masseter; temporalis; pterygoids", "jaw"),
    (84, "head shake", "", "head"),
    (85, "head nod", "", "head"),
    (91, "flash", "", "body"),
    (92, "partial flash", "", "body"),
    (97, "shiver", "", "body"),
    (98, "fast look up and down", "", "gaze"),
)


def _unit(row: tuple[int, str, str, Region], bilateral: bool) -> ActionUnit:
    number, name, muscles, region = row
    parts = tuple(part for part in muscles.split("; ") if part)
    return ActionUnit(number, name, parts, region, bilateral)


UNITS: dict[int, ActionUnit] = {
    unit.number: unit
    for unit in sorted(
        [_unit(row, True) for row in _BOTH] + [_unit(row, False) for row in _WHOLE],
        key=lambda unit: unit.number,
    )
}

AU_NAMES: tuple[str, ...] = tuple(
    UNITS[number].column
    for number in (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26)
    + (28, 43)
)

EXCLUSIVE: tuple[tuple[int, int], ...] = (
    (26, 27),
    (43, 45),
    (43, 46),
    (45, 46),
    (51, 52),
    (53, 54),
    (55, 56),
    (57, 58),
    (61, 62),
    (63, 64),
    (65, 66),
    (61, 65),
    (61, 66),
    (62, 65),
    (62, 66),
)
"""Pairs that one face cannot show at the same time (FACS, table 9-1)."""

_PYFEAT = tuple(int(name[2:]) for name in AU_NAMES)
_OPENFACE = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)

DETECTORS: dict[str, tuple[int, ...]] = {
    "genface facemesh": tuple(n for n in _PYFEAT if n not in (4, 9, 17)),
    "py-feat Detectorv1": _PYFEAT,
    "py-feat Detectorv2": _PYFEAT,
    "OpenFace _r": _OPENFACE,
    "OpenFace _c": tuple(sorted((*_OPENFACE, 28))),
    "LibreFace intensity": (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26),
    "LibreFace occurrence": (1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24),
}
"""Numbers of the units that each program emits; no one-sided ones, nor AU16 or AU22.

From the programs' own lists of columns: py-feat 0.6 and 2, OpenFace 2.2, LibreFace 2.
``genface facemesh`` writes the other three of py-feat's with ``all_aus``.
"""

_SPELLING = re.compile(
    r"\s*(?:[Aa][Uu])?_?0*(?P<number>[1-9]\d?)"
    r"(?:_?(?P<side>[LR])|_(?:r|c)|_?(?P<word>[Ll]eft|[Rr]ight))?\s*"
)


def au_name(text: str | int) -> str:
    """Column name of an Action Unit however it is spelled.

    ``AU12``, ``au12``, ``12`` and OpenFace's ``AU12_r`` and ``AU12_c`` are ``AU12``;
    ``AU12L``, ``AU12_L`` and ``AU12Left`` are ``AU12_L``, the subject's left. An
    unknown number, or a side of a unit that has none, is an :class:`InputError`.
    """
    match = _SPELLING.fullmatch(str(text))
    if not match:
        raise InputError(f"{text!r} is no Action Unit; write it like AU12 or AU12_L.")
    number = int(match["number"])
    if number not in UNITS:
        raise InputError(f"{text!r}: FACS has no Action Unit {number}.")
    side = match["side"] or (match["word"] or "")[:1].upper()
    if side and not UNITS[number].bilateral:
        raise InputError(f"{text!r}: Action Unit {number} has no sides.")
    return UNITS[number].column + (f"_{side}" if side else "")


def au_number(text: str | int) -> int:
    """Number of an Action Unit however it is spelled; its side is dropped."""
    return int(au_name(text)[2:4])
