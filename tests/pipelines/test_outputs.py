import pytest

from genface.errors import InputError
from genface.pipelines import outputs


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


def test_force_makes_even_the_same_anew(made):
    assert not outputs.up_to_date(*made, force=True)


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


def test_source_digests_name_files_by_content(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("x")
    b.write_text("x")
    digests = outputs.source_digests([a, b])
    assert digests[str(a)] == digests[str(b)] and len(digests[str(a)]) == 64
