"""``genface stats synchrony`` and ISC with synthetic tables: from files to numbers."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from genface import Fex
from genface.cli.main import app
from genface.errors import InputError, NotTimeLockedError
from genface.pipelines import isc_tables, plot_tables, synchrony_tables
from genface.stats import pair_faces, synchrony

AUS = ["AU06", "AU12", "AU25"]
LATE = 8  # frames that the second face follows in AU06 and AU12


def table(values: np.ndarray, face: int, name: str = "clip.mp4") -> Fex:
    T = len(values)
    meta = {"input": name, "frame": np.arange(T), "time": np.arange(T) / 20}
    fex = Fex(pd.DataFrame({**meta, "face_id": face}))
    fex[AUS] = values
    fex.attrs = {"fps": 20.0, "au_scale": "intensity"}
    return fex


def people(seed: int, T: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    kernel = np.hanning(15) / np.hanning(15).sum()
    a, b = (
        np.stack([np.convolve(x, kernel, "same") for x in rng.random((3, T))], 1)
        for _ in range(2)
    )
    b[LATE:, :2] = 0.8 * a[:-LATE, :2] + 0.2 * b[LATE:, :2]
    return a, b


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dyads")
    for n in range(4):
        a, b = people(n)
        table(a, 0, f"a{n}.mp4").write(folder / f"a{n}.csv")
        table(b, 0, f"b{n}.mp4").write(folder / f"b{n}.csv")
        both = pd.concat([table(a, 0), table(b, 1)]).sort_values("frame")
        both.write(folder / f"both{n}.csv")
    three = pd.concat([both, table(people(9)[0], 2)])
    three.write(folder / "three.csv")
    return folder


def call(*words: object):
    return CliRunner().invoke(app, ["stats", *map(str, words)])


def test_two_tables_are_two_people(folder, tmp_path):
    files, out = (folder / "a0.csv", folder / "b0.csv"), tmp_path / "s.csv"
    done = call("synchrony", *files, "--n", 39, "-o", out)
    assert done.exit_code == 0, done.output
    assert "a dyad of 30 s at 20 moments a second; segment null, 39" in done.stdout
    found = pd.read_csv(out, index_col=[0, 1])
    a, b = people(0)
    expected = synchrony(pair_faces(table(a, 0), table(b, 0)), n=39).table
    np.testing.assert_allclose(found["value"], expected["value"], atol=1e-5)
    for au in ("AU06", "AU12"):
        assert found.loc[("lagged", au), "lag"] == pytest.approx(LATE / 20)
        assert found.loc[("lagged", au), "p_corrected"] == pytest.approx(1 / 40)
    assert found.loc[("pearson", "AU25"), "p_corrected"] > 0.05
    before = out.stat().st_mtime_ns
    assert call("synchrony", *files, "--n", 39, "-o", out).exit_code == 0
    assert out.stat().st_mtime_ns == before
    assert "add --force" in call("synchrony", *files, "-o", out).stderr


def test_a_table_of_both_says_the_same_and_words_are_read(folder):
    words = ("--measures", "lagged,dtw", "--aus", "AU12, AU06", "--n", 19)
    two = call("synchrony", folder / "a1.csv", folder / "b1.csv", *words)
    one = call("synchrony", folder / "both1.csv", *words)
    found = pd.read_csv(io.StringIO(one.stdout), index_col=[0, 1])
    pd.testing.assert_frame_equal(
        found, pd.read_csv(io.StringIO(two.stdout), index_col=[0, 1]), atol=1e-6
    )
    assert list(found.index) == [
        ("lagged", "AU12"), ("lagged", "AU06"), ("dtw", "AU12"), ("dtw", "AU06")
    ]  # fmt: skip
    three = call("synchrony", folder / "three.csv", "--faces", "0,1", *words)
    assert three.exit_code == 0, three.output


def test_several_dyads_are_averaged_and_swap_partners(folder, tmp_path):
    files = [folder / f"{who}{n}.csv" for n in range(4) for who in "ab"]
    done = call("synchrony", *files, "--null", "partner", "--measures", "lagged",
                "-o", tmp_path / "d.json")  # fmt: skip
    assert done.exit_code == 0, done.output
    facts = json.loads((tmp_path / "d.json").read_text())
    assert facts["n_dyads"] == 4 and facts["null"] == "partner"
    rows = {row["column"]: row for row in facts["table"]}
    assert rows["AU12"]["p"] < 0.1 < rows["AU12"]["value"]  # 24 orders
    assert rows["AU12"]["flat"] in (True, False)
    single = [
        synchrony_tables(files[2 * n : 2 * n + 2], measures=["lagged"], n=19).table
        for n in range(4)
    ]
    z = [np.arctanh(t.loc[("lagged", "AU12"), "value"]) for t in single]
    assert rows["AU12"]["value"] == pytest.approx(np.tanh(np.mean(z)), abs=1e-6)


def test_gaps_rates_and_longest_faces_are_said(folder, tmp_path):
    a, b = people(0)
    gap = table(a, 0)
    gap.loc[30:33, AUS] = np.nan
    slow = table(b, 0).iloc[::2]
    slow = pd.concat([slow, slow.iloc[:9].assign(face_id=5)])
    slow.attrs = {"fps": 20.0, "au_scale": "intensity"}
    lines = synchrony_tables([gap, slow], measures=["pearson"], n=19).lines
    text = "\n".join(lines)
    assert "both are put on 10" in text
    assert "are bridged by lines" in text
    assert "of 2 faces the longest, 0, is taken" in text


def test_the_same_file_twice_is_named(folder):
    file = folder / "a0.csv"
    lines = synchrony_tables([file, file], measures=["pearson"], n=19).lines
    told = "a0.csv face 0 (A) and a0.csv face 0 (B) are identical in every column"
    assert any(told in line for line in lines)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a0.csv",), "one face (0) in it"),
        (("three.csv",), "3 faces in it (0, 1, 2); name two"),
        (("both0.csv", "--faces", "0,7"), "no face 7"),
        (("both0.csv", "--faces", "0"), "expected two numbers with ','"),
        (("both0.csv", "--faces", "1,1"), "expected two of them"),
        (("both0.csv", "--band", "1"), "expected two numbers with '-'"),
        (("both0.csv", "--band", "1-40"), "half of the 20"),
        (("both0.csv", "--null", "partner"), "four dyads"),
        (("both0.csv", "--segment", "20"), "another null"),
        (("both0.csv", "--aus", "AU43"), "no column AU43"),
        (("both0.csv", "--measures", "tlcc"), "use pearson, lagged"),
        (("a0.csv", "b0.csv", "a1.csv"), "3 tables: expected two for each"),
        (("a0.csv", "missing.csv"), "missing.csv"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(folder, words, message):
    paths = [folder / w if w.endswith(".csv") else w for w in words]
    done = call("synchrony", *paths)
    assert done.exit_code == 2
    assert message in done.stderr and "Traceback" not in done.output


@pytest.mark.parametrize("figure", ["synchrony", "lags"])
def test_figures_become_files(folder, tmp_path, figure):
    files = [folder / "a0.csv", folder / "b0.csv"]
    out = plot_tables(figure, files, tmp_path / "figure.png", col="AU12").path
    assert out.read_bytes()[:4] == b"\x89PNG"
    if figure == "lags":
        with pytest.raises(InputError, match="one dyad, and 2"):
            plot_tables(figure, [*files, *files], tmp_path / "f.png", col="AU12")


def test_isc_takes_synthetic_tables_beside_real_ones_only(folder, tmp_path):
    reals = [folder / f"{who}{n}.csv" for n in range(3) for who in "ab"]
    drawn = []
    for n in range(6):
        fex = table(people(50 + n)[0], 0).drop(columns="input")
        fex.attrs |= {"synthetic": True}
        drawn.append(fex.write(tmp_path / f"s{n}.csv"))
    with pytest.raises(NotTimeLockedError, match="--synthetic"):
        isc_tables([*reals, *drawn], col="AU12")
    alone = call("isc", *drawn, "--col", "AU12")
    assert pd.read_csv(io.StringIO(alone.stdout), index_col=0).columns.tolist() == [
        f"s{n}.csv" for n in range(6)
    ]
    words = [word for path in drawn for word in ("--synthetic", path)]
    done = call("isc", *reals, "--col", "AU12", *words, "--n", 99)
    assert done.exit_code == 0, done.output
    row = pd.read_csv(io.StringIO(done.stdout), index_col=0).loc["AU12"]
    assert row["n_series"] == 6 and row["n_draws"] == 99 and 0 < row["p"] <= 1
    assert "6 series a set: real" in done.stderr
