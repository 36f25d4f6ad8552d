"""``genface convert``: recognises, converts, and never overwrites silently."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from genface.cli.main import app
from genface.errors import InputError
from genface.fex import read_fex
from genface.pipelines import convert_table
from genface.pipelines.faces import frame_rate
from genface.realism import compare
from genface.table import write_table

OPENFACE = """\
frame,timestamp,confidence,success,pose_Rx,pose_Ry,pose_Rz,AU12_r,AU12_c
1,0.0,0.98,1,0.2,0,0,2.5,1
2,0.04,0.98,1,0.1,0,0,5,1
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "of.csv"
    path.write_text(OPENFACE)
    return path


def test_openface_to_feat_and_back(table, tmp_path):
    result = convert_table(table, tmp_path / "feat.csv")
    assert result.lines == (
        f"convert: of.csv is a table of OpenFace 2; 2 rows, {result.fex.shape[1]} "
        "columns",
    )
    feat = read_fex(tmp_path / "feat.csv")
    assert feat["AU12"].tolist() == [0.5, 1.0]
    assert feat["Pitch"].tolist() == pytest.approx([-0.2, -0.1])
    assert feat.attrs["au_scale"] == "intensity"
    convert_table(tmp_path / "feat.csv", tmp_path / "back.csv", "openface")
    back = pd.read_csv(tmp_path / "back.csv")
    assert back["AU12_r"].tolist() == [2.5, 5.0]
    assert back["pose_Rx"].tolist() == pytest.approx([0.2, 0.1])


def test_parquet_keeps_names_and_values(table, tmp_path):
    convert_table(table, tmp_path / "of.parquet", "parquet")
    kept = read_fex(tmp_path / "of.parquet")
    assert kept["AU12_r"].tolist() == [2.5, 5.0]
    assert kept.attrs["dialect"] == "openface"


def test_done_once(table, tmp_path):
    out = tmp_path / "feat.parquet"
    convert_table(table, out)
    (line,) = convert_table(table, out).lines
    assert line.endswith("is up to date")
    with pytest.raises(InputError, match="already there"):
        convert_table(table, out, "parquet")
    convert_table(table, out, "parquet", force=True)
    assert "AU12_r" in read_fex(out)


@pytest.mark.parametrize(
    ("out", "to", "problem"),
    [
        ("t.parquet", "openface", r"must end in \.csv"),
        ("t.csv", "parquet", r"must end in \.parquet"),
        ("t.xlsx", "feat", r"\.csv or \.parquet"),
        ("t.csv", "affdex", "to='affdex'"),
    ],
)
def test_what_cannot_be_written(table, tmp_path, out, to, problem):
    with pytest.raises(InputError, match=problem):
        convert_table(table, tmp_path / out, to)
    assert not (tmp_path / out).exists()


def test_the_command(table, tmp_path):
    out = tmp_path / "feat.csv"
    done = CliRunner().invoke(app, ["convert", str(table), str(out), "--to", "feat"])
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(out)
    assert out.is_file()
    missing = CliRunner().invoke(app, ["convert", "gone.csv", str(out)])
    assert missing.exit_code == 2
    assert "gone.csv: no such file" in missing.stderr


def test_a_table_is_not_written_over_itself(table):
    before = table.read_bytes()
    with pytest.raises(InputError, match="is read for this"):
        convert_table(table, table, force=True)
    assert table.read_bytes() == before


def faces_table(path, n, fps, **columns):
    """A table of one face whose AU12 rises with time, .1 a second."""
    time = np.arange(n) / fps
    told = {"AU12": 0.1 * time, "frame": np.arange(n), "time": time, "face_id": 0.0}
    table = pd.DataFrame({**told, "status": "ok", "input": "a.mp4", **columns})
    write_table(table, path, {"fps": fps, "au_scale": "intensity"})
    return path


@pytest.mark.parametrize("fps", [10, 25, 60])
def test_another_rate_keeps_the_course_and_is_told(tmp_path, fps):
    source = faces_table(tmp_path / "a.csv", 90, 30.0)
    (line,) = convert_table(source, tmp_path / "b.csv", fps=fps).lines
    assert f"from 30 to {fps} rows a second" in line
    made = read_fex(tmp_path / "b.csv")
    assert made.sampling_freq == fps and made.attrs["resampled_from"] == 30
    assert np.diff(made["time"]) == pytest.approx(1 / fps)
    inside = made.iloc[1:-1]  # at both ends a mean is over half a step
    assert inside["AU12"].to_numpy() == pytest.approx(0.1 * inside["time"])
    assert made["frame"].to_numpy() == pytest.approx(30 * made["time"])
    assert set(made["status"]) == {"ok"} and set(made["input"]) == {"a.mp4"}
    assert frame_rate(made) == (fps, [])


def test_another_rate_reads_nothing_across_a_lost_face_and_keeps_two_apart(tmp_path):
    lost = np.arange(40, 50)
    first = pd.read_csv(faces_table(tmp_path / "a.csv", 90, 30.0))
    first = first.drop(index=lost)
    second = first.assign(AU12=0.7, face_id=1.0).iloc[20:30]
    empty = pd.DataFrame({"frame": lost, "time": lost / 30, "status": "no_face"})
    table = pd.concat([first, second, empty.assign(input="a.mp4")])
    write_table(table.sort_values("frame"), tmp_path / "two.csv", {"fps": 30.0})
    made = convert_table(tmp_path / "two.csv", tmp_path / "out.csv", fps=25.0).fex
    assert made["AU12"].max() <= table["AU12"].max()
    hole = made[made["status"] != "ok"]
    assert hole["time"].between(39 / 30, 50 / 30, inclusive="neither").all()
    assert len(hole) == 9 and hole[["AU12", "face_id"]].isna().all(axis=None)
    assert made.loc[made["face_id"] == 1, "AU12"].tolist() == pytest.approx([0.7] * 8)
    assert not made.duplicated(["time", "face_id"]).any()
    assert made["time"].is_monotonic_increasing


def test_clips_of_two_rates_and_a_picture_come_to_one(tmp_path):
    paths = [tmp_path / f"{name}.csv" for name in "abc"]
    rows = [(90, 30.0), (50, 25.0), (1, 30.0)]
    parts = [
        pd.read_csv(faces_table(path, n, fps)).assign(input=path.stem)
        for path, (n, fps) in zip(paths, rows, strict=True)
    ]
    write_table(pd.concat(parts), tmp_path / "all.csv", {"au_scale": "intensity"})
    result = convert_table(tmp_path / "all.csv", tmp_path / "o.csv", fps=10)
    assert "from several rates to 10 rows" in result.lines[0]
    assert result.fex.attrs["resampled_from"] is None
    assert result.fex.groupby("input").size().to_dict() == {"a": 30, "b": 20, "c": 1}
    assert "-0" not in (tmp_path / "o.csv").read_text().split(",")


def test_a_scale_that_is_only_assumed_is_not_converted(tmp_path):
    source = faces_table(tmp_path / "a.csv", 30, 30.0)
    write_table(pd.read_csv(source), source, {"fps": 30.0})
    with pytest.raises(InputError, match="no AU scale is told.*meta.json"):
        convert_table(source, tmp_path / "b.csv", scale="intensity")


def test_scales_that_convert_and_those_that_do_not(tmp_path):
    source = faces_table(tmp_path / "a.csv", 30, 30.0)
    levels = convert_table(source, tmp_path / "b.csv", scale="facs").fex
    assert levels["AU12"].to_numpy() == pytest.approx(0.5 * levels["time"])
    convert_table(tmp_path / "b.csv", tmp_path / "c.csv", scale="intensity")
    back = read_fex(tmp_path / "c.csv")
    assert back["AU12"].to_numpy() == pytest.approx(read_fex(source)["AU12"])
    assert back.attrs["au_scale"] == "intensity"
    assert back.attrs["au_scale_from"] == "facs"
    write_table(read_fex(source), source, {"fps": 30.0, "au_scale": "presence"})
    with pytest.raises(InputError, match="presence does not convert into facs"):
        convert_table(source, tmp_path / "d.csv", scale="facs")
    with pytest.raises(InputError, match="another rate or scale"):
        convert_table(source, tmp_path / "d.csv", "openface", fps=10)


def test_the_cures_that_compare_names_work(tmp_path):
    def run(*words):
        return CliRunner().invoke(app, [str(word) for word in words])

    wave = np.sin(np.arange(120)) / 2 + 0.5
    slow, fast, levels = (
        faces_table(tmp_path / f"{name}.csv", 120, fps, AU06=wave)
        for name, fps in (("slow", 25.0), ("fast", 30.0), ("levels", 25.0))
    )
    convert_table(levels, tmp_path / "facs.csv", scale="facs")
    rest = ("--synthetic", slow, "--no-baselines", "--resamples", 20, "-o")
    for name, cure in (("fast", "--fps 25"), ("facs", "--scale intensity")):
        given, cured = tmp_path / f"{name}.csv", tmp_path / f"{name}_cured.csv"
        refused = run("compare", slow, given, *rest, tmp_path / name)
        assert refused.exit_code == 2
        assert f"`genface convert TABLE FILE {cure}`" in refused.stderr
        assert run("convert", given, cured, *cure.split()).exit_code == 0
        done = run("compare", slow, cured, *rest, tmp_path / name)
        assert done.exit_code == 0, done.stderr


def test_a_table_resampled_in_python_has_its_rate_on_the_card(tmp_path):
    fast, slow = (
        read_fex(faces_table(tmp_path / f"{fps}.csv", 90, float(fps)))
        for fps in (30, 25)
    )
    with pytest.raises(InputError, match="--fps 25"):
        compare(fast, slow)
    assert compare(fast.upsample(25), slow, resamples=20, baselines=False).fps == 25
