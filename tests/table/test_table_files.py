"""Tables to files and back: every bit of every number, and the facts."""

import csv
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genface import files
from genface.errors import InputError
from genface.table import json_safe, read_table, sidecar_path, write_table

SUFFIXES = [".csv", ".parquet"]

cells = {
    "AU01": st.floats(width=32),
    "mesh_x_0": st.floats(width=32),
    "time": st.floats(allow_subnormal=True),
    "frame": st.integers(-(2**63), 2**63 - 1),
    "input": st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))),
    "status": st.sampled_from(["ok", "no_face", "NA", "nan", "", "00:01", "1"]),
}
dtypes = {"AU01": np.float32, "mesh_x_0": np.float32, "frame": np.int64}


@st.composite
def tables(draw):
    rows = draw(st.integers(0, 5))
    columns = {
        name: pd.Series(
            draw(st.lists(cell, min_size=rows, max_size=rows)),
            dtype=dtypes.get(name, "float64" if name == "time" else "str"),
        )
        for name, cell in cells.items()
    }
    frame = pd.DataFrame(columns)
    frame.attrs = {"fps": draw(st.floats(1, 100)), "unseen_aus": ["AU04"]}
    return frame


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(frame=tables())
def test_round_trip_is_exact(tmp_path, suffix, frame):
    path = tmp_path / f"faces{suffix}"
    assert write_table(frame, path) == path
    back = read_table(path)
    pd.testing.assert_frame_equal(back, frame, check_exact=True)
    for name in ("AU01", "mesh_x_0", "time"):  # the sign of zero too
        ours, theirs = back[name].dropna(), frame[name].dropna()
        np.testing.assert_array_equal(np.signbit(ours), np.signbit(theirs))
    assert back.attrs == frame.attrs


def face_table(rows: int = 3) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "AU01": np.linspace(0, 1, rows, dtype=np.float32),
            "AU04": np.full(rows, np.nan, np.float32),
            "input": "a clip.mp4",
            "frame": range(rows),
            "approx_time": "00:01",
        }
    )
    frame.attrs = {"au_scale": "intensity", "fps": 25.0}
    return frame


def test_csv_is_plain_for_other_programs(tmp_path):
    write_table(face_table(), tmp_path / "faces.csv")
    with open(tmp_path / "faces.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["AU01"] for row in rows] == ["0", "0.5", "1"]
    assert rows[0]["AU04"] == ""
    assert rows[0]["input"] == "a clip.mp4"
    theirs = pd.read_csv(tmp_path / "faces.csv")
    assert theirs.columns.tolist() == face_table().columns.tolist()
    assert theirs["AU04"].isna().all()


def test_float32_takes_its_shortest_digits(tmp_path):
    values = np.random.default_rng(0).random(200, dtype=np.float32) * 640
    write_table(pd.DataFrame({"mesh_x_0": values}), tmp_path / "t.csv")
    written = (tmp_path / "t.csv").read_text().split()[1:]
    assert np.array_equal(np.array(written, np.float32), values)
    assert max(len(text) for text in written) <= 10


def test_both_formats_hold_the_same_facts(tmp_path):
    frame = face_table()
    write_table(frame, tmp_path / "t.csv", {"fps": 30.0})
    write_table(frame, tmp_path / "t.parquet", {"fps": 30.0})
    beside = json.loads((tmp_path / "t.meta.json").read_text())
    inside = parquet.read_schema(tmp_path / "t.parquet").metadata[b"genface"]
    assert beside == json.loads(inside)
    assert beside["attrs"] == {"au_scale": "intensity", "fps": 30.0}
    assert frame.attrs["fps"] == 25.0  # the table itself is untouched


def test_without_a_sidecar_the_numbers_are_there_and_words_stay_words(tmp_path):
    frame = face_table(100)
    frame.loc[:98, "AU01"] = 0.0  # looks like integers for a long while
    write_table(frame, tmp_path / "t.csv")
    sidecar_path(tmp_path / "t.csv").unlink()
    back = read_table(tmp_path / "t.csv")
    assert back.attrs == {}
    assert back["AU01"].tolist() == [0.0] * 99 + [1.0]
    assert back["AU04"].dtype == np.float64
    assert back["approx_time"].tolist() == ["00:01"] * 100


def test_columns_may_be_removed_or_added_by_hand(tmp_path):
    write_table(face_table(), tmp_path / "t.csv")
    table = pd.read_csv(tmp_path / "t.csv").drop(columns="AU01").assign(valence=0.5)
    table.to_csv(tmp_path / "t.csv", index=False)
    back = read_table(tmp_path / "t.csv")
    assert back.attrs["au_scale"] == "intensity"
    assert back["valence"].tolist() == [0.5] * 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not a JSON file"),
        ("[]", "not the description of a table"),
        ('{"genface_table": 99}', "is newer"),
        ('{"genface_table": 1, "attrs": 3}', "must be JSON objects"),
    ],
)
def test_a_wrong_sidecar_is_named(tmp_path, text, problem):
    write_table(face_table(), tmp_path / "t.csv")
    (tmp_path / "t.meta.json").write_text(text)
    with pytest.raises(InputError, match=rf"t\.meta\.json.*{problem}"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("noise.csv", bytes(range(256)) * 4),
        ("prose.csv", b"Call me Ishmael.\nSome years ago\n"),
        ("ragged.csv", b"frame,AU01\n1,2\n3\n"),
        ("noise.parquet", b"PAR1 not really"),
        ("table.xlsx", b"PK"),
        ("table", b"frame\n1\n"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        read_table(tmp_path / name)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv: no such file"):
        read_table(tmp_path / "gone.csv")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_tables_that_cannot_be_written_leave_nothing(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    twice = pd.DataFrame([[1, 2]], columns=["frame", "frame"])
    with pytest.raises(InputError, match="appear twice: frame"):
        write_table(twice, path)
    with pytest.raises(InputError, match="neither numbers nor words"):
        write_table(pd.DataFrame({"frame": [object()]}), path)
    with pytest.raises(InputError, match="which JSON has not"):
        write_table(face_table(), path, {"model": object()})
    assert list(tmp_path.iterdir()) == []


def test_a_failed_rewrite_keeps_the_old_table(tmp_path, monkeypatch):
    path = write_table(face_table(), tmp_path / "t.csv")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("genface.table.files.pacsv.write_csv", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_table(face_table(9), path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_the_sidecar_gets_its_name_first(tmp_path, monkeypatch):
    order = []
    replace = files.os.replace
    monkeypatch.setattr(
        files.os, "replace", lambda a, b: (order.append(Path(b).name), replace(a, b))
    )
    write_table(face_table(), tmp_path / "t.csv")
    assert order == ["t.meta.json", "t.csv"]


def test_json_safe_keeps_meaning():
    facts = {
        "a": np.float32(0.5),
        "b": np.arange(3),
        "c": (1, math.nan, math.inf),
        "d": Fraction(30000, 1001),
        "e": Path("x/y"),
        "f": {"z", "a"},
        3: pd.Timestamp("2024-01-02"),
        "g": np.bool_(True),
        "h": None,
    }
    assert json_safe(facts) == {
        "a": 0.5,
        "b": [0, 1, 2],
        "c": [1, None, None],
        "d": "30000/1001",
        "e": "x/y",
        "f": ["a", "z"],
        "3": "2024-01-02T00:00:00",
        "g": True,
        "h": None,
    }
    assert type(json_safe(np.int64(3))) is int
