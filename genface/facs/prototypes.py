"""A small language for what a face does in an emotion: ``1+2+4+5B+20*+25,26``.

``+`` joins what must occur together and ``,`` separates alternatives. After a number,
letters A to E give the intensity (``5B``, ``12C/D``), ``*`` says any intensity, and
``?`` at the end says that it may be absent. L or R before it means one side only.
The notation is that of Ekman, Friesen and Hager, FACS Investigator's Guide (2002);
``?`` is added.
"""

import re
from dataclasses import dataclass
from itertools import product

from genface.errors import InputError
from genface.facs.units import UNITS

_ACTION = re.compile(r"(?P<side>[LR]?)(?P<number>\d+)(?P<level>[A-E](/[A-E])?|\*)?")


@dataclass(frozen=True)
class Action:
    """One Action Unit of a prototype; ``level`` is ``""``, ``"*"`` or letters."""

    number: int
    level: str = ""
    side: str = ""

    def __str__(self) -> str:
        return f"{self.side}{self.number}{self.level}"

    @property
    def column(self) -> str:
        """Name of its table column, such as ``AU12`` or ``AU12_R``."""
        return UNITS[self.number].column + (f"_{self.side}" if self.side else "")

    @property
    def intensity(self) -> float:
        """What its letters ask for, A to E being 1 to 5 fifths; 1 without a letter."""
        levels = [
            "ABCDE".index(letter) + 1 for letter in self.level if letter.isalpha()
        ]
        return sum(levels) / (5 * len(levels)) if levels else 1.0

    def overlaps(self, other: "Action") -> bool:
        """Whether both are of one unit and on a common side."""
        return self.number == other.number and (
            self.side == other.side or not (self.side and other.side)
        )


@dataclass(frozen=True)
class Slot:
    """Actions of which one occurs; an optional slot may stay empty."""

    actions: tuple[Action, ...]
    optional: bool = False

    def __str__(self) -> str:
        return ",".join(map(str, self.actions)) + "?" * self.optional


@dataclass(frozen=True)
class Prototype:
    """A combination of slots; ``str()`` writes it as it is parsed."""

    slots: tuple[Slot, ...]

    def __str__(self) -> str:
        return "+".join(map(str, self.slots))

    def alternatives(self) -> list["Prototype"]:
        """Every prototype without a choice that this one stands for, in order."""
        choices = [
            [Slot((action,), slot.optional) for action in slot.actions]
            for slot in self.slots
        ]
        return [Prototype(slots) for slots in product(*choices)]


def parse_prototype(text: str) -> Prototype:
    """Prototype that ``text`` writes; blanks do not count.

    What cannot be read, and a unit that occurs twice, is an :class:`InputError` that
    points at the character.
    """
    slots: list[Slot] = []
    actions: list[Action] = []
    place = 0
    while True:
        place = _skip_blanks(text, place)
        match = _ACTION.match(text, place)
        if match is None:
            raise _error(text, place, "expected an Action Unit")
        action = _action(match, text)
        written = [other for slot in slots for other in slot.actions] + actions
        if any(action.overlaps(other) for other in written):
            raise _error(text, place, f"AU {action.number} is there already")
        actions.append(action)
        place = _skip_blanks(text, match.end())
        optional = text.startswith("?", place)
        place = _skip_blanks(text, place + optional)
        end = text[place : place + 1]
        if end == "," and not optional:
            place += 1
            continue
        slots.append(Slot(tuple(actions), optional))
        actions = []
        if not end:
            return Prototype(tuple(slots))
        if end != "+":
            raise _error(text, place, "expected + or the end")
        place += 1


def _action(match: re.Match[str], text: str) -> Action:
    number = int(match["number"])
    if number not in UNITS:
        raise _error(text, match.start("number"), f"FACS has no AU {number}")
    if match["side"] and not UNITS[number].bilateral:
        raise _error(text, match.start(), f"AU {number} has no sides")
    return Action(number, match["level"] or "", match["side"])


def _skip_blanks(text: str, place: int) -> int:
    while text[place : place + 1].isspace():
        place += 1
    return place


def _error(text: str, place: int, problem: str) -> InputError:
    return InputError(f"prototype {text!r}, character {place + 1}: {problem}.")
