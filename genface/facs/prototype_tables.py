"""Tables of which Action Units make which emotion: those shipped, and a user's own.

A table is a TOML file; the shipped ones lie in the folder ``tables``, each with its
source and whether it was checked against it::

    name = "mine"
    source = "where it is from"
    may_join = [25, 26]      # AUs that may join any prototype and express nothing
    ignored = [43, 45, 46]   # AUs that count neither for nor against

    [[emotions]]
    name = "Contempt"
    prototypes = ["R12+R14", "L12+L14"]
    variants = ["R14"]
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genface.errors import InputError
from genface.facs.emotions import known_emotion
from genface.facs.prototypes import parse_prototype
from genface.facs.units import UNITS

TABLES = ("investigators_guide", "emfacs", "du2014", "facs_1978", "seed004")
"""Names of the shipped tables."""

_FOLDER = Path(__file__).parent / "tables"
_FACTS = {"name", "source", "verified", "note", "may_join", "ignored", "emotions"}
_ROW = {"name", "prototypes", "variants", "note"}


@dataclass(frozen=True)
class PrototypeTable:
    """Prototypes of each emotion, as written, in the table's order.

    ``variants`` are less typical combinations, for emotions that have any. Units in
    ``may_join`` may join every prototype without being part of it; ``ignored`` ones
    count neither for nor against an emotion. ``verified`` says whether the rows were
    compared with their source.
    """

    prototypes: Mapping[str, tuple[str, ...]]
    variants: Mapping[str, tuple[str, ...]]
    name: str = ""
    source: str = ""
    note: str = ""
    verified: bool = False
    may_join: tuple[int, ...] = ()
    ignored: tuple[int, ...] = ()

    @classmethod
    def from_toml(cls, path: Path | str) -> "PrototypeTable":
        """Table in a TOML file; what cannot be used is an :class:`InputError`."""
        try:
            facts = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{path}: {error.strerror or error}.") from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"{path}: not a TOML file ({error}).") from None
        try:
            return _table(facts)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    @classmethod
    def from_rows(
        cls, prototypes: Mapping[str, tuple[str, ...]], **facts: Any
    ) -> "PrototypeTable":
        """Table of ``{emotion: prototypes}``; ``facts`` are its other fields."""
        rows = [{"name": name, "prototypes": row} for name, row in prototypes.items()]
        return _table({"emotions": rows, **facts})

    def rows(self, variants: bool = False) -> dict[str, tuple[str, ...]]:
        """Prototypes by emotion, followed by its variants if asked for."""
        return {
            emotion: texts + (self.variants.get(emotion, ()) if variants else ())
            for emotion, texts in self.prototypes.items()
        }


def prototype_table(name: str) -> PrototypeTable:
    """A shipped table, by one of the names in :data:`TABLES`."""
    if name not in TABLES:
        known = ", ".join(TABLES)
        raise InputError(f"no emotion table {name!r}; there are {known}.")
    return PrototypeTable.from_toml(_FOLDER / f"{name}.toml")


def _table(facts: Mapping[str, Any]) -> PrototypeTable:
    _only(facts, _FACTS, "the table")
    rows = facts.get("emotions")
    if not isinstance(rows, list) or not rows:
        raise InputError("expected [[emotions]], each with a name and prototypes.")
    prototypes: dict[str, tuple[str, ...]] = {}
    variants: dict[str, tuple[str, ...]] = {}
    for row in rows:
        _only(row, _ROW, "an emotion")
        if not row.get("name") or not row.get("prototypes"):
            raise InputError(f"an emotion needs a name and prototypes, found {row}.")
        emotion = known_emotion(row["name"])
        if emotion in prototypes:
            raise InputError(f"{emotion} is there twice.")
        prototypes[emotion] = _texts(row["prototypes"])
        if row.get("variants"):
            variants[emotion] = _texts(row["variants"])
    return PrototypeTable(
        prototypes,
        variants,
        name=facts.get("name", ""),
        source=facts.get("source", ""),
        note=" ".join(facts.get("note", "").split()),
        verified=bool(facts.get("verified", False)),
        may_join=_numbers(facts.get("may_join", ())),
        ignored=_numbers(facts.get("ignored", ())),
    )


def _texts(texts: Any) -> tuple[str, ...]:
    for text in texts:
        parse_prototype(text)
    return tuple(texts)


def _numbers(numbers: Any) -> tuple[int, ...]:
    for number in numbers:
        if number not in UNITS:
            raise InputError(f"FACS has no Action Unit {number!r}.")
    return tuple(numbers)


def _only(facts: Any, known: set[str], of: str) -> None:
    if not isinstance(facts, Mapping):
        raise InputError(f"expected {of} as names and values, found {facts!r}.")
    if unknown := sorted(set(facts) - known):
        raise InputError(f"{of} has no {', '.join(unknown)}; use {sorted(known)}.")
