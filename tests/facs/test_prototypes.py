"""The prototype language and its tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genface.errors import InputError
from genface.facs import (
    UNITS,
    Action,
    Prototype,
    Slot,
    parse_prototype,
)


def test_parse_reads_every_mark():
    found = parse_prototype("1 + 5B+L12C/D + 20*+25,26+54?")
    assert found.slots == (
        Slot((Action(1),)),
        Slot((Action(5, "B"),)),
        Slot((Action(12, "C/D", "L"),)),
        Slot((Action(20, "*"),)),
        Slot((Action(25), Action(26))),
        Slot((Action(54),), optional=True),
    )


def test_alternatives_are_every_choice_in_order():
    found = [str(p) for p in parse_prototype("4+23,24+25,26").alternatives()]
    assert found == ["4+23+25", "4+23+26", "4+24+25", "4+24+26"]


actions = st.builds(
    Action,
    st.sampled_from([n for n, unit in UNITS.items() if unit.bilateral]),
    st.sampled_from(["", "*", "A", "E", "C/D"]),
    st.sampled_from(["", "L", "R"]),
)


@st.composite
def prototypes(draw) -> Prototype:
    several = st.lists(actions, min_size=1, max_size=9, unique_by=lambda a: a.number)
    rest, slots = draw(several), []
    while rest:
        size = draw(st.integers(1, len(rest)))
        slots.append(Slot(tuple(rest[:size]), draw(st.booleans())))
        rest = rest[size:]
    return Prototype(tuple(slots))


@given(prototypes())
def test_print_then_parse_is_the_same(prototype):
    assert parse_prototype(str(prototype)) == prototype


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", 1),
        ("1+", 3),
        ("1++2", 3),
        ("1+2F", 4),
        ("1+99", 3),
        ("1+R26", 3),
        ("1,2?,3", 5),
        ("1 & 2", 3),
        ("1+2+1", 5),
        ("12+L12", 4),
        ("25,25*", 4),
    ],
)
def test_errors_point_at_the_character(text, place):
    with pytest.raises(InputError, match=rf"character {place}:"):
        parse_prototype(text)


def test_letters_are_fifths_and_sides_make_columns():
    (both, right, free) = (
        slot.actions[0] for slot in parse_prototype("5B+R12C/D+20*").slots
    )
    assert both.intensity == pytest.approx(0.4)
    assert right.intensity == pytest.approx(0.7) and right.column == "AU12_R"
    assert free.intensity == 1.0
