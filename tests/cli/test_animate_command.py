"""``genface animate``: what a stranger types, and the one line that answers it."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from genface.avatar.livelink import read_livelink
from genface.cli.main import app
from genface.table import write_table


def animate(*words):
    """(exit code, standard output, lines of standard error) of the command."""
    done = CliRunner().invoke(app, ["animate", *map(str, words)], prog_name="genface")
    return done.exit_code, done.stdout, done.stderr.splitlines()


def refused(*words) -> str:
    """The one line that a refused command prints."""
    code, _, lines = animate(*words)
    assert code == 2 and len(lines) == 1 and lines[0].startswith("genface: "), lines
    return lines[0]


@pytest.fixture
def faces(tmp_path):
    """Two faces of 24 frames; the second is there for the first half only."""
    frame = np.arange(24)
    first = pd.DataFrame({"frame": frame, "time": frame / 24, "face_id": 0})
    first["AU12"] = frame / 23
    first["Pitch"], first["Roll"], first["Yaw"] = 0.1, 0.0, frame / 100
    second = first.head(12).assign(face_id=1, AU12=0.25)
    table = pd.concat([first, second], ignore_index=True)
    table.attrs = {"au_scale": "intensity", "fps": 24.0}
    write_table(table, tmp_path / "faces.csv")
    return tmp_path / "faces.csv"


def names(folder):
    return sorted(p.name for p in folder.iterdir() if p.name[0] != ".")


def test_curves_of_the_face_that_is_asked_for(tmp_path, faces):
    out = tmp_path / "face.csv"
    code, stdout, _ = animate(faces, "-o", out)
    assert code == 0 and "24 frames, 1.0 s at 24 frames/s" in stdout
    live = read_livelink(out)
    np.testing.assert_allclose(live.pose[:, 2], np.arange(24) / 100, atol=1e-6)
    code, stdout, _ = animate(faces, "-o", out, "--face", 1, "--force")
    assert code == 0 and "12 of 24 frames without a face" in stdout
    smile = read_livelink(out).shapes[:, live.names.index("mouthSmileRight")]
    assert smile[0] == 0.25 and smile[-1] < 0.25  # fades while nobody is there


def test_size_rate_and_smoothing_are_options(tmp_path, faces):
    out = tmp_path / "face.webp"
    words = (faces, "-o", out, "--size", "48x64", "--fps", 6, "--smooth", 0.1)
    code, stdout, _ = animate(*words)
    assert code == 0 and "6 frames" in stdout and "sd 0.1 s" in stdout
    assert "up to date" in animate(*words)[1]
    assert "--force" in refused(*words[:-1], 0.2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-o", "face.avi"), ".webp"),
        (("-o", "face.mp4", "--format", "livelink"), "must end in .csv"),
        (("-o", "face.mp4", "--size", "huge"), "WIDTHxHEIGHT"),
        (("-o", "face.mp4", "--size", "0"), "16 to 4096"),
        (("-o", "face.mp4", "--fps", "-3"), "fps"),
        (("-o", "face.mp4", "--fps", "nan"), "fps"),
        (("-o", "face.mp4", "--smooth", "-1"), "smooth"),
        (("-o", "face.mp4", "--face", "7"), "no face 7"),
        (("-o", "face.mp4", "--rig", "none.glb"), "no such file"),
        (("-o", "face.csv", "--rig", "none.glb"), "nothing of that"),
        (("-o", "face.mp4", "--model", "none"), "no such file"),
        (("-o", "face.mp4", "--source", "none.mp4"), "no such file"),
        (("-o", "face.mp4", "--table-fps", "0"), "fps"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path, faces, words, told):
    words = [tmp_path / word if word.startswith("face.") else word for word in words]
    assert told in refused(faces, *words)
    assert names(tmp_path) == ["faces.csv", "faces.meta.json"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("t.csv", "", "t.csv"),
        ("t.csv", "frame,AU12\n", "no rows"),
        ("t.csv", "hello\nworld\n", "no column of a face table"),
        ("t.csv", "frame,AU12\n0,wide\n", "'wide'"),
        ("t.csv", "frame,AU12\n0,\n1,\n", "nothing to animate"),
        ("t.csv", "frame,AU12\n1,.5\n0,.5\n", "time must rise"),
        ("t.md", "# A page\n", ".csv or .parquet"),
    ],
)
def test_silly_tables_are_refused_in_one_line(tmp_path, name, text, told):
    (tmp_path / name).write_text(text)
    assert told in refused(tmp_path / name, "-o", tmp_path / "face.csv")
    assert names(tmp_path) == [name]


def test_bytes_that_are_no_table(tmp_path):
    (tmp_path / "t.csv").write_bytes(bytes(range(256)) * 9)
    refused(tmp_path / "t.csv", "-o", tmp_path / "face.mp4")
    assert names(tmp_path) == ["t.csv"]


def test_a_file_that_is_not_ours_is_kept(tmp_path, faces):
    (tmp_path / "face.csv").write_text("mine")
    assert "--force" in refused(faces, "-o", tmp_path / "face.csv")
    assert (tmp_path / "face.csv").read_text() == "mine"


def test_a_place_that_cannot_be(tmp_path, faces):
    for name in ("face.mp4", "face.csv", "face.glb"):
        line = refused(faces, "-o", faces / name)
        assert "folder" in line
    assert names(tmp_path) == ["faces.csv", "faces.meta.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path, faces):
    (tmp_path / "closed").mkdir(mode=0o500)
    for name in ("face.webp", "face.csv", "face.html"):
        assert "permission" in refused(faces, "-o", tmp_path / "closed" / name)


PRESSED = """
import os, signal, sys
from genface.cli import console, main

def watched(self, name, done, total):
    if done == 3:
        os.kill(os.getpid(), signal.SIGINT)

console.Stages.__call__ = watched
signal.signal(signal.SIGINT, signal.default_int_handler)
main.main()
"""


@pytest.mark.slow
def test_ctrl_c_leaves_no_half_folder(tmp_path, faces):
    words = ["animate", faces, "-o", tmp_path / "frames", "--format", "png"]
    words += ["--size", "48"]
    done = subprocess.run(
        [sys.executable, "-c", PRESSED, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("genface: interrupted")
    hidden = {p.name for p in tmp_path.iterdir()} - set(names(tmp_path))
    assert names(tmp_path) == ["faces.csv", "faces.meta.json"]
    assert hidden == {".genface.json"}
    assert animate(*words[1:])[0] == 0  # it goes on
