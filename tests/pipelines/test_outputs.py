import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from genface.cli.main import app
from genface.errors import InputError
from genface.pipelines import outputs
from genface.table import sidecar_path, write_table


@pytest.fixture
def made(tmp_path):
    out = tmp_path / "table.csv"
    out.write_text("a,b\n")
    this = outputs.job("detect", {"clip.mp4": "00"}, seed=0)
    outputs.record(out, this)
    return out, this


def test_nothing_there_must_be_made(tmp_path):
    this = outputs.job("detect", {})
    assert not outputs.up_to_date(tmp_path / "new.csv", this)


def test_the_same_job_is_up_to_date(made):
    out, this = made
    assert outputs.up_to_date(out, this)


def test_another_job_needs_force(made):
    out, _ = made
    other = outputs.job("detect", {"clip.mp4": "00"}, seed=1)
    with pytest.raises(InputError, match="another job.*--force"):
        outputs.up_to_date(out, other)
    assert not outputs.up_to_date(out, other, force=True)


def test_force_keeps_what_matches(made):
    assert outputs.up_to_date(*made, force=True)


def test_an_interrupted_job_may_go_on_and_no_other(made):
    out, before = made
    this = outputs.job("detect", {"clip.mp4": "00"}, seed=1)
    outputs.begin(out, this)
    assert not outputs.up_to_date(out, this)  # forced once, or made by this very job
    assert outputs.recorded(out) is None
    with pytest.raises(InputError, match="another job"):
        outputs.up_to_date(out, before)
    kept = out.read_text()
    out.write_text("put there since")
    with pytest.raises(InputError, match="altered since.*--force"):
        outputs.up_to_date(out, this)
    assert not outputs.up_to_date(out, this, force=True)
    out.write_text(kept)
    outputs.record(out, this)
    assert outputs.up_to_date(out, this)


def test_what_comes_after_an_interrupt_is_not_replaced(tmp_path):
    out, this = tmp_path / "face.mp4", outputs.job("animate", {})
    outputs.begin(out, this)
    assert not outputs.up_to_date(out, this)
    out.write_text("mine")
    with pytest.raises(InputError, match="--force"):
        outputs.up_to_date(out, this)


def test_a_copied_or_moved_folder_is_as_good_as_before(tmp_path, monkeypatch):
    folder = tmp_path / "a"
    folder.mkdir()
    table, model = folder / "faces.csv", folder / "model"
    table.write_text("x\n")
    model.mkdir()
    (model / "model.json").write_text("{}")

    def job(folder):
        return outputs.job(
            "fit", outputs.source_digests([folder / "faces.csv"], "table")
        )

    outputs.record(model, job(folder))
    assert outputs.up_to_date(model, job(folder))
    copy = tmp_path / "b"
    shutil.copytree(folder, copy)
    assert outputs.up_to_date(copy / "model", job(copy))
    monkeypatch.chdir(copy)
    assert outputs.up_to_date(Path("model"), job(Path(".")))


def test_an_empty_folder_is_nothing(tmp_path):
    (tmp_path / "model").mkdir()
    assert not outputs.up_to_date(tmp_path / "model", outputs.job("fit", {}))


def test_only_what_a_job_made_is_discarded(made):
    out, _ = made
    mine = out.parent / "mine.csv"
    mine.write_text("precious")
    (out.parent / "table.meta.json").write_text("{}")
    model = out.parent / "model"
    model.mkdir()
    (model / "model.json").write_text("{}")
    outputs.record(model, {})
    (model / "thesis.txt").write_text("precious")
    for path in (mine, model, out):
        outputs.discard(path)
    assert (model / "thesis.txt").exists()
    (model / "thesis.txt").unlink()
    outputs.discard(model)
    assert [p.name for p in out.parent.iterdir() if p.name[0] != "."] == ["mine.csv"]
    assert outputs.recorded(out) is None


def test_an_altered_output_needs_force(made):
    out, this = made
    out.write_text("edited by hand")
    with pytest.raises(InputError, match="altered"):
        outputs.up_to_date(out, this)


def test_a_file_of_unknown_origin_is_never_overwritten(tmp_path):
    out = tmp_path / "mine.csv"
    out.write_text("precious")
    with pytest.raises(InputError, match="already there"):
        outputs.up_to_date(out, outputs.job("detect", {}))


def test_a_folder_counts_by_its_files(tmp_path):
    out = tmp_path / "model"
    out.mkdir()
    (out / "model.json").write_text("{}")
    this = outputs.job("fit", {})
    outputs.record(out, this)
    assert outputs.up_to_date(out, this)
    (out / "model.json").write_text("{ }")
    with pytest.raises(InputError):
        outputs.up_to_date(out, this)


def test_source_digests_name_files_by_role_and_content(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "clip").write_text("x")
    digests = outputs.source_digests([tmp_path / "a/clip", tmp_path / "b/clip"])
    assert list(digests) == ["input 1 (clip)", "input 2 (clip)"]
    assert len(set(digests.values())) == 1
    with pytest.raises(InputError, match="no such file"):
        outputs.source_digests([tmp_path / "none"])


def test_a_table_counts_by_values_columns_and_facts():
    table = pd.DataFrame({"AU01": [0.0, 1.0], "AU12": [0.5, 0.5]})
    table.attrs = {"fps": 25.0}
    other = table.copy()
    other.attrs = {"fps": 30.0}
    renamed = table.rename(columns={"AU12": "AU06"})
    assert outputs.digest(table) == outputs.digest(table.copy())
    others = {outputs.digest(t) for t in (table, other, renamed, table + 0.1)}
    assert len(others) == 4


def test_a_csv_counts_with_its_sidecar(tmp_path):
    path = tmp_path / "faces.csv"
    path.write_text("AU01\n0\n")
    bare = outputs.digest(path)
    (tmp_path / "faces.meta.json").write_text('{"fps": 25}')
    told = outputs.digest(path)
    (tmp_path / "faces.meta.json").write_text('{"fps": 30}')
    assert len({bare, told, outputs.digest(path)}) == 3


@pytest.mark.parametrize("name", ["foo.csv", "foo.mp4", "foo.GIF", "there"])
def test_a_file_is_no_folder(tmp_path, name):
    (tmp_path / "there").write_text("a file")
    with pytest.raises(InputError, match="expected a folder"):
        outputs.check_folder(tmp_path / name)


def test_folders_may_have_dots(tmp_path):
    (tmp_path / "old.csv").mkdir()
    for name in ("res.v2", "a.b.c", "old.csv", "plain"):
        outputs.check_folder(tmp_path / name)


def test_what_is_read_is_never_an_output(tmp_path):
    table = write_table(pd.DataFrame({"frame": [0]}), tmp_path / "t.csv")
    (tmp_path / "link.csv").symlink_to(table)
    for out in ("t.csv", "t.meta.json", "link.csv"):
        with pytest.raises(InputError, match=f"{out}: is read for this"):
            outputs.keep([None, str(table)], tmp_path / out)
    outputs.keep([table, pd.DataFrame()], tmp_path / "new.csv")


@pytest.mark.parametrize(
    "words",
    [
        ("stats", "summary", "IN"),
        ("stats", "isc", "IN", "--col", "AU12"),
        ("stats", "synchrony", "IN", "IN"),
        ("emotions", "IN"),
        ("convert", "IN"),
        ("au-details", "IN", "--blinks"),
    ],
)
def test_force_does_not_overwrite_what_is_read(words, tmp_path):
    table = pd.DataFrame({"frame": range(40), "time": range(40), "AU12": 0.5})
    path = write_table(table.assign(input="a", face_id=0), tmp_path / "t.csv")
    before = [path.read_bytes(), sidecar_path(path).read_bytes()]
    given = [str(path) if word == "IN" else word for word in words]
    given += [str(path)] if words[0] == "convert" else ["-o", str(path)]
    result = CliRunner().invoke(app, [*given, "--force"], prog_name="genface")
    assert result.exit_code == 2 and "is read for this" in result.stderr
    assert [path.read_bytes(), sidecar_path(path).read_bytes()] == before
