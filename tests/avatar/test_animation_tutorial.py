"""The tutorial on drawn faces runs and makes what it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_tutorial_animates_a_face(tmp_path):
    tutorial = ROOT / "docs" / "tutorials" / "animate_a_face.py"
    done = subprocess.run(
        [sys.executable, "-W", "error", tutorial, tmp_path],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert "smile.gif: 32 frames, 2.13 s" in done.stdout
    assert "series.gif: 96 frames, 4.00 s" in done.stdout
    assert {path.name for path in (tmp_path / "animate_a_face").iterdir()} == {
        "arrows.png",
        "celluloid.html",
        "faces.png",
        "mesh.html",
        "mesh.png",
        "series.gif",
        "smile.gif",
        "strength.png",
        "weights.png",
    }
