"""The command line: help, one-line errors, exit codes."""

import errno
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from genface.cli.main import app, explain
from genface.cli.options import state_range
from genface.errors import InputError
from genface.table import write_table
from genface.video.writer import write_clip

COMMANDS = (
    *("run", "demo", "detect", "fit", "sample", "animate", "compare"),
    *("convert", "emotions", "au-check", "au-details"),
)
WEIGHTS = ("list", "pull", "verify", "convert", "path")


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


#: Presses Ctrl-C at the first progress of the stage that it is given.
INTERRUPTED = """
import os, signal, sys
from genface.cli import console, main

stage, call = sys.argv.pop(1), console.Stages.__call__

def watched(self, name, done, total):
    call(self, name, done, total)
    if name == stage:
        os.kill(os.getpid(), signal.SIGINT)

console.Stages.__call__ = watched
main.main()
"""
QUICK = ("--states", "2", "--family", "poisson")


def interrupted(stage, *words):
    """Run a command, press Ctrl-C in a stage of it, check what it says."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, stage, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("genface: interrupted")
    assert "Traceback" not in done.stderr


def visible(folder) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name[0] != ".")


def aus_table(path) -> Path:
    """A table of 120 frames of one face, as a file."""
    rng = np.random.default_rng(0)
    levels = np.repeat(rng.beta(1, 2, (12, 3)), 10, axis=0)
    aus = np.clip(levels + 0.03 * rng.standard_normal((120, 3)), 0, 1)
    table = pd.DataFrame(aus, columns=["AU01", "AU06", "AU12"])
    table["frame"], table["time"] = np.arange(120), np.arange(120) / 25
    table["face_id"], table["status"] = 0, "ok"
    table.attrs = {"fps": 25.0, "au_scale": "intensity"}
    return write_table(table, path)


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

    def test_times_that_are_none_are_refused_at_once(self, tmp_path):
        Image.new("RGB", (96, 64), "grey").save(tmp_path / "wall.png")
        words = ("detect", tmp_path / "wall.png", "-o", tmp_path / "o")
        assert "end is inf" in refused(*words, "--end", "inf")
        assert "start is nan" in refused(*words, "--start", "nan")

    def test_one_bad_input_among_several_does_not_lose_the_others(self, tmp_path):
        Image.new("RGB", (96, 64), "grey").save(tmp_path / "wall.png")
        (tmp_path / "text.mp4").write_text("not a film")
        line = refused(
            "detect", tmp_path / "wall.png", tmp_path / "text.mp4", "-o", tmp_path / "o"
        )
        assert "text.mp4" in line
        assert "wall.png" in (tmp_path / "o" / "faces.csv").read_text()

    def test_failures_are_told_each_time(self, tmp_path):
        Image.new("RGB", (96, 64), "grey").save(tmp_path / "wall.png")
        wall, missing, out = (tmp_path / n for n in ("wall.png", "none.mp4", "o"))
        assert genface("detect", wall, "-o", out)[0] == 0
        assert "--force" in refused("detect", wall, missing, "-o", out)
        assert "none.mp4: no such file" in refused("detect", missing, "-o", out)
        assert "is a folder" in refused("detect", tmp_path, "-o", out)
        for again in (("--force",), ()):
            line = refused("detect", wall, missing, "-o", out, *again)
            assert "none.mp4: no such file" in line

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

    def test_ctrl_c_in_a_detection(self, tmp_path):
        grey = [np.full((64, 96, 3), 99, "u1")] * 5
        wall, out = write_clip(tmp_path / "wall.mp4", grey, 5), tmp_path / "o"
        interrupted("detect", "detect", wall, "-o", out)
        assert not out.exists() or visible(out) == []
        assert genface("detect", wall, "-o", out)[0] == 0

    def test_an_earlier_clip_leaves_nothing_beside_a_faceless_table(self, tmp_path):
        out = tmp_path / "o"
        aus_table(out / "faces.csv")
        assert genface("fit", out / "faces.csv", "-o", out / "model", *QUICK)[0] == 0
        grey = [np.full((64, 96, 3), 99, "u1")] * 5
        wall = write_clip(tmp_path / "wall.mp4", grey, 5)
        assert "--force" in refused("run", wall, "-o", out)
        assert (out / "model").exists()
        assert genface("run", wall, "-o", out, "--force")[0] == 1
        assert visible(out) == ["faces.csv", "faces.meta.json", "faces.parquet"]


@pytest.mark.parametrize(
    ("stage", "words", "name"),
    [("fit", ("fit", "--states", "2-3"), "m"), ("render", ("animate",), "face.mp4")],
)
def test_ctrl_c_is_one_line_leaves_no_half_file_and_can_go_on(
    tmp_path, stage, words, name
):
    table = aus_table(tmp_path / "faces.csv")
    words = (words[0], table, "-o", tmp_path / name, *words[1:])
    interrupted(stage, *words)
    assert visible(tmp_path) == ["faces.csv", "faces.meta.json"]
    assert genface(*words)[0] == 0
    assert (tmp_path / name).exists()


@pytest.mark.parametrize(
    "words",
    [
        ("sample", "m", "--seed", "-1"),
        ("sample", "m", "--seconds", "inf"),
        ("sample", "m", "--n", "0"),
        ("run", "clip.mp4", "--seconds", "nan"),
        ("animate", "faces.csv", "--size", "0"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(tmp_path, words):
    code, _, stderr = genface(*words, "-o", tmp_path / "o")
    assert code == 2 and "failed inside" not in stderr
    assert list(tmp_path.iterdir()) == []


def test_compare_writes_a_page_and_a_card_apart(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("real", "fake"):
        table = pd.DataFrame(rng.random((40, 2)), columns=["AU06", "AU12"])
        table.attrs = {"fps": 25.0, "au_scale": "intensity"}
        write_table(table, tmp_path / f"{name}.csv")
    page, card = tmp_path / "card.html", tmp_path / "card.json"
    words = [tmp_path / "real.csv", "--synthetic", tmp_path / "fake.csv", "-o", page]
    words += ["--json", card, "--no-baselines", "--resamples", "20"]
    code, said, _ = genface("compare", *words, debug=True)
    assert code == 0 and said.splitlines()[-2:] == [str(card), str(page)]
    assert "compare: not judged" in said
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.slow
def test_compare_takes_a_model_and_a_clip(tmp_path):
    table, model = aus_table(tmp_path / "faces.csv"), tmp_path / "m"
    fake, face = tmp_path / "s.csv", tmp_path / "face.gif"
    assert genface("fit", table, "-o", model, *QUICK)[0] == 0
    words = ("--continue", table, "--face", "0", "--seconds", 2)
    assert genface("sample", model, "-o", fake, *words)[0] == 0
    assert genface("animate", fake, "-o", face, "--fps", 4, "--size", 48)[0] == 0
    with_both = ("--model", model, "--clip", face)
    code, _, _ = genface(
        "compare", table, "--synthetic", fake, "-o", tmp_path, *with_both
    )
    assert code == 0
    page = (tmp_path / "report.html").read_text()
    assert "data:image/gif" in page and "Choice of the model" in page


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


def test_verify_fails_for_what_is_missing_and_needed(tmp_path, monkeypatch):
    from genface import weights

    monkeypatch.setenv("GENFACE_CACHE", str(tmp_path))
    assert genface("weights", "verify")[0] == 2
    assert genface("weights", "verify", "iris")[0] == 2
    monkeypatch.setattr(weights, "FACEMESH_ASSETS", ())
    assert genface("weights", "verify")[0] == 0  # nothing that is needed


def test_the_demo_offline_names_what_to_pull(tmp_path, monkeypatch):
    monkeypatch.setenv("GENFACE_CACHE", str(tmp_path / "cache"))
    line = refused("demo", "-o", tmp_path / "o", "--offline")
    assert "genface weights pull blazeface_full face_mesh_attention clip_wolf" in line


@pytest.mark.parametrize("command", ["run", "fit", "compare", "detect"])
def test_a_folder_is_not_called_as_a_file(tmp_path, command):
    table = aus_table(tmp_path / "faces.csv")
    grey = [np.full((64, 96, 3), 99, "u1")] * 5
    given = {
        "run": (write_clip(tmp_path / "wall.mp4", grey, 5), "-o", tmp_path / "o.csv"),
        "fit": (table, "-o", tmp_path / "o.csv"),
        "compare": (table, "--synthetic", table, "-o", tmp_path / "o.csv"),
        "detect": (tmp_path / "wall.mp4", "-o", tmp_path / "o.mp4"),
    }
    before = len(visible(tmp_path))
    assert "expected a folder" in refused(command, *given[command])
    assert len(visible(tmp_path)) == before


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission"),
        (errno.ENOTDIR, "a folder is needed"),
        (errno.ENOSPC, "disk is full"),
    ],
)
def test_errors_of_the_file_system_give_advice(code, words):
    name = "/data/out/.faces-0123456789ab.csv"
    line = explain(OSError(code, "words of the system", name))
    assert line.startswith("/data/out: ") and words in line
    assert "Errno" not in line and "0123" not in line
    assert words in explain(OSError(code, "words of the system"))


def test_a_path_through_a_file_is_one_line(tmp_path):
    table = aus_table(tmp_path / "faces.csv")
    line = refused("fit", table, "-o", table / "model", *QUICK)
    assert "a file is where a folder is needed" in line
    assert visible(tmp_path) == ["faces.csv", "faces.meta.json"]
