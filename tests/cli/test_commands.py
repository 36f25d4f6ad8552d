"""The command line: help, one-line errors, exit codes."""

import errno
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from genface.cli.main import app
from genface.cli.options import state_range
from genface.errors import InputError
from genface.video.writer import write_clip

COMMANDS = ("run", "demo", "detect", "fit", "sample", "animate", "compare")
WEIGHTS = ("list", "pull", "verify", "path")


def genface(*words, debug=False):
    """Run a command in this process; (exit code, standard output, standard error)."""
    words = [*(["--debug"] if debug else []), *map(str, words)]
    result = CliRunner().invoke(app, words, prog_name="genface")
    if debug and result.exception:
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def refused(*words) -> str:
    """The one line, notes aside, that a refused command prints."""
    code, _, stderr = genface(*words)
    lines = [x for x in stderr.splitlines() if not x.startswith("genface: note: ")]
    assert code == 2, stderr
    assert len(lines) == 1 and lines[0].startswith("genface: "), stderr
    return lines[0]


@pytest.mark.parametrize(
    "command", [(c,) for c in COMMANDS] + [("weights", w) for w in WEIGHTS]
)
def test_help_fits_a_screen_and_ends_with_an_example(command):
    code, stdout, _ = genface(*command, "--help")
    lines = stdout.rstrip().splitlines()
    assert code == 0 and len(lines) <= 32
    assert re.match(rf"\s*Example: genface {' '.join(command)}\b", lines[-1])


def test_the_examples_of_help_use_options_that_exist():
    for command in COMMANDS:
        _, stdout, _ = genface(command, "--help")
        options, _, example = stdout.rpartition("Example:")
        for word in example.split():
            if word.startswith("-"):
                assert word in options, (command, word)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2-8", range(2, 9)), ("5", range(5, 6)), ("1-1", range(1, 2))],
)
def test_states_include_both_ends(text, expected):
    assert state_range(text) == expected


@pytest.mark.parametrize("text", ["8-2", "0-3", "two", "2-", "-3", ""])
def test_states_that_make_no_sense_are_refused(text):
    with pytest.raises(InputError, match="2-8"):
        state_range(text)


def test_version():
    import genface as package

    assert genface("--version")[1].strip() == f"genface {package.__version__}"


def test_a_missing_clip(tmp_path):
    line = refused("run", tmp_path / "missing.mp4", "-o", tmp_path / "out")
    assert "missing.mp4: no such file" in line
    assert not (tmp_path / "out").exists()


def test_debug_shows_the_error_whole(tmp_path):
    with pytest.raises(Exception, match="no such file"):
        genface("run", tmp_path / "missing.mp4", "-o", tmp_path / "out", debug=True)


@pytest.mark.usefixtures("weights_cached")
class TestWithWeights:
    def test_text_named_mp4(self, tmp_path):
        clip = tmp_path / "text.mp4"
        clip.write_text("not a film")
        assert "text.mp4" in refused("run", clip, "-o", tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_a_picture_of_one_pixel(self, tmp_path):
        Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
        assert "dot.png" in refused(
            "detect", tmp_path / "dot.png", "-o", tmp_path / "o"
        )

    def test_a_picture_without_a_face_is_a_table_of_nan(self, tmp_path):
        noise = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "noise.png")
        code, stdout, _ = genface(
            "detect", tmp_path / "noise.png", "-o", tmp_path / "o"
        )
        assert code == 0 and "0 faces" in stdout
        assert (tmp_path / "o" / "faces.csv").exists()

    def test_a_run_without_a_face_stops_after_the_table(self, tmp_path):
        wall = write_clip(
            tmp_path / "wall.mp4", [np.full((64, 96, 3), 99, "u1")] * 5, 5
        )
        code, _, stderr = genface("run", wall, "-o", tmp_path / "o")
        assert code == 1 and "nothing else can be made of it" in stderr
        assert sorted(
            p.name for p in (tmp_path / "o").iterdir() if p.name[0] != "."
        ) == [
            "faces.csv",
            "faces.meta.json",
            "faces.parquet",
        ]

    def test_a_run_needs_a_clip_not_a_picture(self, tmp_path):
        Image.new("RGB", (96, 64), "grey").save(tmp_path / "wall.png")
        line = refused("run", tmp_path / "wall.png", "-o", tmp_path / "o")
        assert "is a picture" in line

    def test_one_bad_input_among_several_does_not_lose_the_others(self, tmp_path):
        Image.new("RGB", (96, 64), "grey").save(tmp_path / "wall.png")
        (tmp_path / "text.mp4").write_text("not a film")
        line = refused(
            "detect", tmp_path / "wall.png", tmp_path / "text.mp4", "-o", tmp_path / "o"
        )
        assert "text.mp4" in line
        assert "wall.png" in (tmp_path / "o" / "faces.csv").read_text()

    def test_the_same_again_is_up_to_date_and_another_needs_force(self, tmp_path):
        Image.new("RGB", (96, 64), "grey").save(tmp_path / "wall.png")
        words = ("detect", tmp_path / "wall.png", "-o", tmp_path / "o")
        assert genface(*words)[0] == 0
        assert "up to date" in genface(*words)[1]
        assert "--force" in refused(*words, "--columns", "core")
        assert genface(*words, "--columns", "core", "--force")[0] == 0

    def test_a_full_disk_is_one_line_and_leaves_no_half_file(
        self, tmp_path, monkeypatch
    ):
        Image.new("RGB", (96, 64), "grey").save(tmp_path / "wall.png")

        def full(source, target):
            raise OSError(errno.ENOSPC, "No space left on device", str(target))

        monkeypatch.setattr("genface.files.os.replace", full)
        line = refused("detect", tmp_path / "wall.png", "-o", tmp_path / "o")
        assert "disk is full" in line
        assert list((tmp_path / "o").iterdir()) == []

    def test_ctrl_c_is_one_line_and_leaves_no_half_file(self, tmp_path, shared):
        program = [sys.executable, "-m", "genface", "run"]
        clip = shared / "data" / "media" / "WolfgangLanger_Pexels.mp4"
        process = subprocess.Popen(
            [*program, str(clip), "-o", str(tmp_path / "o")],
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(4)  # inside the detection, compiled or not
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 2
        assert stderr.strip().splitlines()[-1].startswith("genface: interrupted")
        assert "Traceback" not in stderr
        left = tmp_path / "o"
        assert not left.exists() or not any(
            p.suffix in (".csv", ".mp4", ".html") for p in left.iterdir()
        )


def test_weights_that_are_missing_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("GENFACE_CACHE", str(tmp_path / "cache"))
    Image.new("RGB", (96, 64), "grey").save(tmp_path / "wall.png")
    line = refused("detect", tmp_path / "wall.png", "-o", tmp_path / "o", "--offline")
    assert "genface weights pull" in line
    assert not (tmp_path / "o").exists()


def test_weights_list_names_every_asset_and_its_licence():
    from genface import weights

    _, stdout, _ = genface("weights", "list")
    for asset in weights.ASSETS.values():
        assert asset.name in stdout and asset.licence in stdout


def test_weights_path_prints_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GENFACE_CACHE", str(tmp_path))
    assert Path(genface("weights", "path")[1].strip()) == tmp_path


def test_an_altered_weight_is_found_by_verify(tmp_path, monkeypatch):
    from genface import weights

    monkeypatch.setenv("GENFACE_CACHE", str(tmp_path))
    path = weights.asset_path(weights.asset("blazeface_full"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"altered")
    code, stdout, _ = genface("weights", "verify", "blazeface_full")
    assert code == 2 and "altered" in stdout
