"""The page on detectors says what the code does."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genface.cli.main import app
from genface.detect import following, modular, presets

PAGE = (Path(__file__).parents[2] / "docs" / "detectors.md").read_text(encoding="utf-8")


FINDERS = presets.FACE_MODELS.keys() - {"blazeface_full"}


@pytest.mark.parametrize(
    ("option", "known"), [("face_model", FINDERS), *modular.MODELS.items()]
)
def test_all_models_are_listed(option, known):
    (row,) = re.findall(rf"^\| `{option}` \| (.*)\|$", PAGE, re.M)
    of, values = row.split("|")
    assert set(known) <= set(re.findall(r"`(\w+)`", values))
    for preset in presets.PRESETS:
        chosen = option in presets.choice_of(preset, {}).models
        assert chosen == ("all" in of or f"`{preset}`" in of)


def test_all_finders_are_named_in_the_help():
    named = CliRunner().invoke(app, ["detect", "--help"]).stdout
    assert set(re.findall(r"\w+", named)) >= FINDERS


def test_when_a_face_is_lost():
    assert (following.JUMP, following.OUTSIDE) == (0.2, 0.2)  # a fifth
    assert f"factor of {following.SWELL}" in PAGE
    assert f"by less than {following.LIKE} with" in PAGE
    assert f"{following.CELLS} x {following.CELLS} grey cells" in PAGE
