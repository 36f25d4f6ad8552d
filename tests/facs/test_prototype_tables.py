"""The shipped tables, and a user's own."""

import pytest

from genface.errors import InputError
from genface.facs import (
    AU_NAMES,
    EMOTIONS,
    TABLES,
    EmotionSpace,
    PrototypeTable,
    parse_prototype,
    prototype_table,
)

MINE = """
name = "mine"
source = "a test"
ignored = [45]

[[emotions]]
name = "joy"
prototypes = ["6+12*"]
variants = ["12"]

[[emotions]]
name = "Boredom"
prototypes = ["15+43"]
"""


@pytest.mark.parametrize("name", TABLES)
def test_tables_print_as_they_are_written(name):
    table = prototype_table(name)
    assert table.name == name and table.source
    assert set(table.prototypes) >= set(EMOTIONS) - {"Neutral"}
    for texts in table.rows(variants=True).values():
        assert len(set(texts)) == len(texts)
        for text in texts:
            assert str(parse_prototype(text)) == text


def test_what_was_not_checked_says_so():
    assert [name for name in TABLES if prototype_table(name).verified] == ["seed004"]
    assert len(prototype_table("du2014").prototypes) == 21


def test_anger_variants_are_prototypes_without_one_of_four_units():
    table = prototype_table("investigators_guide")

    def units(texts):
        return {
            frozenset(slot.actions[0].number for slot in one.slots)
            for text in texts
            for one in parse_prototype(text).alternatives()
        }

    whole = units(table.prototypes["Anger"])
    fewer = {one - {unit} for one in whole for unit in {4, 5, 7, 10} & one} - whole
    assert units(table.variants["Anger"]) == fewer


def test_the_notebooks_table_is_the_notebooks(shared):
    (notebook,) = (shared / "seeds").glob("004*")
    text = notebook.read_text(encoding="utf-8")
    start = text.index("emotions = {")
    spaces: dict = {}
    exec(text[start : text.index("\n}", start) + 2], spaces)  # a literal of sets
    ours = prototype_table("seed004").prototypes
    assert [set(texts) for texts in ours.values()] == list(spaces["emotions"].values())


def test_a_table_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    space = EmotionSpace.from_toml(path, AU_NAMES)
    assert space.emotions == ("Happy", "Boredom")
    assert [one.prototype for one in space.report] == ["6+12*", "15+43"]
    more = EmotionSpace.from_toml(path, AU_NAMES, variants=True)
    assert [one.prototype for one in more.report] == ["6+12*", "12", "15+43"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("6+12*", "6+1x", r"mine.toml: prototype '6\+1x', character 4"),
        ("prototypes", "prototype", "an emotion has no prototype"),
        ("[45]", "[3]", "FACS has no Action Unit 3"),
        ("Boredom", "happy", "Happy is there twice"),
        ("[[emotions]]", "[[emotion]]", "the table has no emotion"),
        ('"a test"', '"a test', "not a TOML file"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_file(tmp_path, old, new, message):
    path = tmp_path / "mine.toml"
    path.write_text(MINE.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        PrototypeTable.from_toml(path)
    with pytest.raises(InputError, match="No such file"):
        PrototypeTable.from_toml(tmp_path / "absent.toml")
    assert PrototypeTable.from_rows({"Anger": ("4+7",)}).rows() == {"Anger": ("4+7",)}
