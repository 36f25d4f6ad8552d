"""docs/synchrony.md: its code runs, its options and commands are there."""

import re
from pathlib import Path

import pytest
import typer

from genface.cli.main import app
from genface.stats import MEASURES
from genface.stats.synchrony_tests import NULLS

PAGE = Path(__file__).parents[2] / "docs" / "synchrony.md"


@pytest.fixture(scope="module")
def page() -> str:
    if not PAGE.is_file():
        pytest.skip("the docs are not part of this copy")
    return PAGE.read_text(encoding="utf-8")


def test_the_code_of_the_page_runs(page, capsys):
    code = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    assert len(code) == 2
    exec("\n".join(code), {})
    assert "do not follow the clock" in capsys.readouterr().out


def test_measures_and_nulls_of_the_page_are_those_there_are(page):
    rows = re.findall(r"^\| `(\w+)`", page, re.M)
    assert rows == [*MEASURES, *NULLS]


def test_the_options_of_the_page_exist(page):
    stats = typer.main.get_command(app).commands["stats"]  # type: ignore[attr-defined]
    for command, words in re.findall(r"^    genface stats (\w+)(.*)", page, re.M):
        known = {o for p in stats.commands[command].params for o in p.opts}
        assert set(re.findall(r"(?<= )-{1,2}[a-z][\w-]*", words)) <= known, command
