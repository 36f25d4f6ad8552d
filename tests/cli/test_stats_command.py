"""``genface stats``: the functions' numbers, in files that are never overwritten."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from genface import stats
from genface.cli.main import app
from genface.cli.stats import read_codes
from genface.errors import InputError
from genface.pipelines import (
    decode_tables,
    isc_tables,
    plot_tables,
    regress_tables,
    summarise_tables,
)
from genface.pipelines.table_statistics import load_sessions, read_labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve clips of two conditions, a table each, and their labels."""
    folder = tmp_path_factory.mktemp("tables")
    rng = np.random.default_rng(0)
    shared = rng.random(40)
    for clip in range(12):
        table = pd.DataFrame(
            {
                "input": f"{clip:02d}.mp4",
                "frame": np.arange(40),
                "time": np.arange(40) / 20,
                "face_id": 0,
                "AU06": 0.5 * rng.random(40) + 0.4 * (clip % 2),
                "AU12": 0.5 * shared + 0.5 * rng.random(40),
                "FaceRectX": 10.0,
                "FaceRectY": 20.0,
                "FaceRectWidth": 100.0,
                "FaceRectHeight": 120.0,
                "gaze_pitch": 0.1,
                "gaze_yaw": 0.2,
            }
        )
        table.to_csv(folder / f"{clip:02d}.csv", index=False)
    labels = [f"{n:02d}.mp4,{('bad', 'good')[n % 2]}" for n in range(12)]
    (folder / "labels.csv").write_text("\n".join(["input,condition", *labels]) + "\n")
    return folder


@pytest.fixture
def tables(folder):
    return sorted(folder.glob("[01]*.csv"))


@pytest.fixture
def labels(folder):
    return folder / "labels.csv"


def call(*words: object):
    return CliRunner().invoke(app, ["stats", *map(str, words)])


def test_summary_is_extract_summary(tables, labels, tmp_path):
    done = call("summary", *tables, "--labels", labels, "-o", tmp_path / "s.csv")
    assert done.exit_code == 0, done.output
    found = pd.read_csv(tmp_path / "s.csv", index_col=0)
    whole = pd.concat(pd.read_csv(path) for path in tables)
    good = whole["input"].str[:2].astype(int) % 2 == 1
    assert list(found.index) == ["bad", "good"]
    assert found.loc["good", "mean_AU06"] == pytest.approx(whole["AU06"][good].mean())
    assert found.loc["bad", "sem_AU12"] == pytest.approx(whole["AU12"][~good].sem())


def test_regress_is_of_the_means_of_clips(tables, labels, tmp_path):
    codes = ("--code", "good=1", "--code", "bad=-1")
    words = ("regress", *tables, "--labels", labels, *codes, "--correct", "holm")
    done = call(*words, "-o", tmp_path / "r.json")
    assert done.exit_code == 0, done.output
    facts = json.loads((tmp_path / "r.json").read_text())
    means = load_sessions(tables, "input", labels, True, {"good": 1, "bad": -1})
    expected = stats.regress(means, X="sessions", y="aus", correct="holm")
    assert facts["n_rows"] == 12 and facts["correct"] == "holm"
    rows = {(r["predictor"], r["column"]): r for r in facts["table"]}
    for au in ("mean_AU06", "mean_AU12"):
        row = rows["sessions", au]
        assert row["b"] == pytest.approx(expected.b.loc["sessions", au])
        assert row["p"] == pytest.approx(expected.p.loc["sessions", au])
        assert row["low"] < row["b"] < row["high"]


def test_decode_says_how_well_and_whom(tables, labels, tmp_path):
    words = ("decode", *tables, "--labels", labels, "--permutations", 19, "--cv", 3)
    done = call(*words, "-o", tmp_path / "d.json")
    assert done.exit_code == 0, done.output
    assert "decode: accuracy 1.000, balanced 1.000, p 0." in done.stdout
    facts = json.loads((tmp_path / "d.json").read_text())
    assert facts["confusion"] == [[6, 0], [0, 6]] and facts["classes"] == [
        "bad",
        "good",
    ]
    for row in facts["table"]:
        clip = int(row["session"][:2])
        assert row["predicted"] == row["true"] == ("bad", "good")[clip % 2]


def test_isc_is_the_matrix_and_its_test(tables, tmp_path):
    out = tmp_path / "isc.csv"
    words = ("isc", *tables, "--col", "AU12", "--null", "circular", "--n", 99)
    done = call(*words, "-o", out)
    assert done.exit_code == 0, done.output
    whole = pd.concat(pd.read_csv(path) for path in tables)
    expected = stats.isc(whole, "AU12")
    found = pd.read_csv(out, index_col=0)
    pd.testing.assert_frame_equal(found, expected, check_exact=False, atol=1e-12)
    wide = stats.time_courses(whole, "AU12")
    tested = stats.isc_test(wide, "circular", n=99)
    assert f"mean {tested.value:.4f}" in done.stdout and "12 series" in done.stdout


def test_what_is_not_computed_is_said_and_why(tables, labels, tmp_path):
    def first(*words):
        return call(*words, "-o", tmp_path / "x.csv", "--force").stdout.splitlines()[0]

    isc = ("isc", *tables[:2], "--col", "AU12")
    tested = (*isc, "--null", "circular", "--n", 19)
    assert "(no interval of two series), p 0." in first(*tested)
    within = (*isc, "--synthetic", tables[2], "--synthetic", tables[3])
    assert "p not computed (fewer than 6 series a set)" in first(*within)
    decode = ("decode", *tables, "--labels", labels, "--permutations", 0, "--cv", 2)
    assert "p not computed (no permutations)" in first(*decode)


def test_isc_of_each_with_the_others_and_in_windows(tables):
    alone = isc_tables(tables, col="AU12", kind="leave-one-out").table
    wide = stats.time_courses(load_sessions(tables, None), "AU12")
    pd.testing.assert_series_equal(alone["isc"], stats.isc_leave_one_out(wide))
    slid = isc_tables(tables, col="AU12", index="time", rate=20, window=1.0).table
    assert slid.index.name == "time" and set(slid) == {"isc", "pairs", "p", "band"}
    several = isc_tables(tables, col="AU12", columns="input, face_id").table
    assert several.shape == (12, 12)


def test_without_a_file_the_table_is_printed(tables):
    done = call("isc", *tables, "--col", "AU12", "--null", "bootstrap")
    found = pd.read_csv(io.StringIO(done.stdout), index_col=0)
    assert found.shape == (12, 12)  # what the test says goes to standard error
    assert "bootstrap" in done.stderr


def test_a_result_is_not_overwritten(tables, tmp_path):
    out = tmp_path / "isc.csv"
    isc_tables(tables, out, col="AU12")
    before = out.stat().st_mtime_ns
    isc_tables(tables, out, col="AU12")
    assert out.stat().st_mtime_ns == before
    with pytest.raises(InputError, match="add --force"):
        isc_tables(tables, out, col="AU06")
    isc_tables(tables, out, col="AU06", force=True)
    assert out.stat().st_mtime_ns > before


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        ("bars", {"labels": True}),
        ("bars", {}),
        ("betas", {"labels": True, "codes": {"good": 1.0, "bad": -1.0}}),
        ("decoding", {"labels": True, "features": "AU06s; aus", "cv": 3}),
        ("isc", {"col": "AU12", "labels": True}),
        ("windows", {"col": "AU12", "window": 10}),
        ("series", {"col": "AU12", "one": True}),
        ("locations", {}),
        ("gaze", {}),
    ],
)
def test_figures_become_files(tables, labels, tmp_path, figure, words):
    words = dict(words)
    if words.pop("one", False):
        tables = tables[:1]
    if "labels" in words:
        words["labels"] = labels
    if "features" in words:
        words["features"] = "mean_AU06; aus"
    out = tmp_path / "figure.png"
    assert plot_tables(figure, tables, out, **words).path == out
    assert out.read_bytes()[:4] == b"\x89PNG"
    assert "up to date" in plot_tables(figure, tables, out, **words).lines[0]


@pytest.mark.parametrize("figure", ["isc", "windows"])
def test_tables_of_two_rates_are_drawn_by_time(tmp_path, figure):
    files = []
    for i, fps in enumerate((30, 25, 25)):
        time = np.arange(8 * fps) / fps
        aus = np.sin(time + 0.1 * i)
        files.append(tmp_path / f"{i}.csv")
        made = pd.DataFrame({"frame": np.arange(8 * fps), "time": time, "AU12": aus})
        made.to_csv(files[-1], index=False)
    out = tmp_path / "isc.svg"
    words = ["plot", figure, *files, "--col", "AU12", "--window", "2", "-o", out]
    refused = call(*words)
    assert refused.exit_code != 0 and "--index time --rate 25" in refused.stderr
    assert call(*words, "--index", "time", "--rate", "25").exit_code == 0
    assert out.read_text().startswith("<?xml")


def test_a_figure_by_command(tables, tmp_path):
    out = tmp_path / "isc.svg"
    done = call("plot", "isc", *tables, "--col", "AU12", "-o", out)
    assert done.exit_code == 0 and out.read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("isc", "--col", "AU99"), "no column AU99"),
        (("isc", "--col", "AU12", "--rate", "-1"), "above 0"),
        (("isc", "--col", "AU12", "--columns", "face_id"), "--columns input,face_id"),
        (("regress", "--X", "mean_AU12", "--y", "nothing"), "nothing"),
        (("regress", "--code", "good"), "as good=1"),
        (("summary", "--statistics", "mode"), "use mean, sem"),
        (("summary", "--sessions", "person"), "no column person"),
        (("decode", "-o", "there.txt"), r"end in .csv or .json"),
        (("plot", "isc", "-o", "there.png"), "name it with --col"),
        (("plot", "gaze", "-o", "there.csv"), "end in .png"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tables, words, message):
    place = 2 if words[0] == "plot" else 1
    done = call(*words[:place], *tables, *words[place:])
    assert done.exit_code == 2
    assert message in done.stderr and "Traceback" not in done.output


def test_labels_are_a_table_of_two_columns(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("clip,code\n001,1\n002,-1\n")
    assert read_labels(path) == {"001": 1, "002": -1}
    path.write_text("clip,code\n001,1\n001,-1\n")
    with pytest.raises(InputError, match="each once"):
        read_labels(path)
    assert read_codes(["a=b=2", "c=-1"]) == {"a=b": 2.0, "c": -1.0}


def test_stacked_clips_without_an_input_are_taken_as_they_are(tables, tmp_path):
    stacked = pd.concat([pd.read_csv(path) for path in tables[:2]])
    stacked.assign(condition=stacked.pop("input")).to_csv(tmp_path / "s.csv")
    found = summarise_tables(
        tmp_path / "s.csv", sessions="condition", statistics=["mean"]
    )
    assert found.table.index.tolist() == ["00.mp4", "01.mp4"]


def test_tables_in_memory_are_taken(tables):
    frames = [pd.read_csv(path) for path in tables]
    found = summarise_tables(frames, statistics=["mean"]).table
    assert found.shape[0] == 12
    labels = {f"{n:02d}.mp4": ("bad", "good")[n % 2] for n in range(12)}
    facts = decode_tables(frames, labels=labels, permutations=0).facts
    assert facts["accuracy"] == 1 and np.isnan(facts["p"])
    found = regress_tables(frames, X="mean_AU12", y="mean_AU06").table
    assert ("mean_AU12", "mean_AU06") in found.index
