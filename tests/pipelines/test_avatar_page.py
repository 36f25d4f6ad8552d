"""The page on the avatar: its code runs, its commands and formats exist."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genface.cli.main import app
from genface.pipelines.clip_formats import FORMATS, clip_format

FILE = Path(__file__).parents[2] / "docs" / "avatar.md"


@pytest.fixture(scope="module")
def page() -> str:
    if not FILE.is_file():
        pytest.skip("the docs are not part of this copy")
    return FILE.read_text(encoding="utf-8")


def test_the_code_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(compile(block, "docs/avatar.md", "exec"), names)
    assert names["picture"].shape == (128, 108, 3)


def test_the_commands_use_options_that_exist(page):
    told = CliRunner().invoke(app, ["animate", "--help"]).stdout.split()
    lines = re.findall(r"^genface animate (.*)$", page, re.M)
    assert len(lines) > 5
    for line in lines:
        words = shlex.split(line, comments=True)
        assert {w for w in words if w.startswith("--")} <= set(told), line


def test_every_format_is_explained(page):
    told = set()
    for cell in re.findall(r"^\| `-o ([^`]*)` \|", page, re.M):
        name, _, kind = cell.partition(" --format ")
        told.add(clip_format(Path(name), kind or None).name)
    assert told == set(FORMATS)
