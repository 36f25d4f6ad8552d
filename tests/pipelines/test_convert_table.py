"""``genface convert``: recognises, converts, and never overwrites silently."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from genface.cli.main import app
from genface.errors import InputError
from genface.fex import read_fex
from genface.pipelines import convert_table

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
