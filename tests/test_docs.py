"""The documents: tutorials run, links lead somewhere, commands exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from genface.cli.main import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
TUTORIALS = {p.stem: p for p in (ROOT / "docs" / "tutorials").glob("*.py")}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_commands_of_the_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in set(re.findall(r"^genface ([\w-]+)", text, re.M)):
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0, command


def run_tutorial(tutorial: Path, *words: Path) -> str:
    """What a tutorial printed."""
    done = subprocess.run(
        [sys.executable, tutorial, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("weights_cached")
def test_the_whole_chain_runs(tmp_path):
    run_tutorial(TUTORIALS["whole_chain"], tmp_path)
    assert (tmp_path / "card" / "report.html").exists()


@pytest.mark.slow
def test_the_full_analysis_prints_what_py_feat_found(shared, tmp_path):
    tables = shared / "data" / "news_sample"
    printed = run_tutorial(TUTORIALS["full_analysis"], tmp_path, tables)
    assert "20 clips, 477 frames" in printed
    for line in (
        "emotions: 100% +/- 0%",
        "aus: 100% +/- 0%",
        "poses: 85% +/- 22.9%",
        "emotions,poses: 100% +/- 0%",
        "aus,poses: 95% +/- 15%",
    ):
        assert f"\n{line}" in printed
    figures = {path.name for path in (tmp_path / "full_analysis").iterdir()}
    assert figures == {
        "aus.png",
        "smile.png",
        "betas.png",
        "decoding.png",
        "decoder.png",
        "isc.png",
    }


def test_the_tutorial_of_several_faces_finds_who_follows(shared, tmp_path):
    table = shared / "data" / "tables" / "OpenFace_Test.csv"
    printed = run_tutorial(TUTORIALS["youtube_multi_face"], tmp_path, table)
    assert "faces 0 and 1: r = 1.00 at +5 frames" in printed
    figures = {path.name for path in (tmp_path / "multi_face").iterdir()}
    assert figures == {"locations.png", "aus.png", "correlation.png", "gaze.png"}


def test_a_tutorial_without_its_tables_says_so(tmp_path):
    for name in ("full_analysis", "youtube_multi_face"):
        printed = run_tutorial(TUTORIALS[name], tmp_path, tmp_path / "nowhere")
        assert "to run this page" in printed
