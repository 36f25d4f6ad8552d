"""The prototype language and its tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genface.errors import InputError
from genface.facs import (
    EMOTIONS,
    PROTOTYPE_TABLES,
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


@pytest.mark.parametrize("table", PROTOTYPE_TABLES)
def test_tables_print_as_they_are_written(table):
    assert set(PROTOTYPE_TABLES[table]) == set(EMOTIONS) - {"Neutral"}
    for texts in PROTOTYPE_TABLES[table].values():
        assert len(set(texts)) == len(texts)
        for text in texts:
            assert str(parse_prototype(text)) == text


actions = st.builds(
    Action,
    st.sampled_from([n for n, unit in UNITS.items() if unit.bilateral]),
    st.sampled_from(["", "*", "A", "E", "C/D"]),
    st.sampled_from(["", "L", "R"]),
)
slots = st.builds(
    Slot, st.lists(actions, min_size=1, max_size=3).map(tuple), st.booleans()
)
prototypes = st.builds(Prototype, st.lists(slots, min_size=1, max_size=5).map(tuple))


@given(prototypes)
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
    ],
)
def test_errors_point_at_the_character(text, place):
    with pytest.raises(InputError, match=rf"character {place}:"):
        parse_prototype(text)
