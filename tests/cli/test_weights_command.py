"""``genface weights`` on networks that are converted: from a hub, and from files."""

import pytest
from seeded_files import write_seeded
from typer.testing import CliRunner

from genface import nets, weights
from genface.cli.main import app


def genface(*words):
    """(exit code, standard output, standard error) of ``genface weights``."""
    result = CliRunner().invoke(app, ["weights", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


def test_list_tells_sources_licences_and_uses():
    code, stdout, _ = genface("list")
    assert code == 0
    entries = stdout.replace("\n    ", "; ").splitlines()
    for asset, entry in zip(weights.ASSETS.values(), entries, strict=True):
        assert entry.startswith(f"{asset.name} ")
        assert asset.licence in entry
        assert all(source.place in entry for source in asset.sources.values())
        assert ("not commercial" in entry) is not asset.commercial_use


def test_a_network_is_pulled_verified_and_found(seeded_hub):
    seeded_hub("pose_mlp_v2", "mp_blendshapes")
    assert genface("verify", "pose_mlp_v2")[0] == 2
    code, stdout, stderr = genface("pull", "pose_mlp_v2", "mp_blendshapes")
    assert code == 0
    paths = stdout.split()
    assert paths[0] == genface("path", "pose_mlp_v2")[1].strip()
    assert [path.rpartition("/")[2] for path in paths] == [
        "pose_mlp_v2.safetensors",
        "mp_blendshapes.safetensors",
    ]
    assert "pose_mlp_v2 is not cleared for commercial use: card MIT" in stderr
    assert "mp_blendshapes is not" not in stderr
    assert "Pulling mp_blendshapes from Hugging Face: py-feat/mp_blendsh" in stderr
    assert genface("verify", "pose_mlp_v2", "mp_blendshapes")[0] == 0


@pytest.mark.parametrize("how", ["option", "variable"])
def test_commercial_use_refuses_before_anything_is_pulled(seeded_hub, monkeypatch, how):
    hub = seeded_hub("pose_mlp_v2", "mp_blendshapes")
    words = ["--commercial"] if how == "option" else []
    if how == "variable":
        monkeypatch.setenv("GENFACE_COMMERCIAL", "yes")
    code, stdout, stderr = genface("pull", "pose_mlp_v2", *words)
    assert (code, stdout) == (2, "")
    assert stderr.startswith("genface: pose_mlp_v2 is not cleared for commercial use (")
    assert hub.requests == []
    assert genface("pull", "mp_blendshapes", *words)[0] == 0


def test_what_cannot_be_pulled_is_one_line(seeded_hub):
    hub = seeded_hub("mp_blendshapes")
    hub.broken = True
    code, stdout, stderr = genface("pull", "mp_blendshapes")
    assert (code, stdout) == (2, "")
    told = f"{hub.address} answered 503. `genface weights convert` takes a local file."
    assert stderr.splitlines()[-1].endswith(told)
    code, _, stderr = genface("pull", "pose_mlp")
    assert code == 2 and "'pose_mlp'; there are blazeface_short" in stderr


def test_what_is_not_here_has_no_path(seeded_hub):
    seeded_hub("mp_blendshapes")
    code, stdout, stderr = genface("path", "mp_blendshapes")
    assert (code, stdout) == (2, "")
    assert stderr.startswith("genface: mp_blendshapes is not here (")
    assert "run `genface weights pull mp_blendshapes`" in stderr
    genface("pull", "mp_blendshapes")
    assert genface("path", "mp_blendshapes")[0] == 0


def test_local_files_are_converted(loopback_hub, seeded_folder):
    path = write_seeded("mp_blendshapes", seeded_folder)["weights"]
    code, stdout, _ = genface("convert", "mp_blendshapes", path)
    assert code == 0
    assert stdout.strip() == genface("path", "mp_blendshapes")[1].strip()
    nets.load_ported("mp_blendshapes", offline=True)
    code, _, stderr = genface("convert", "mp_blendshapes", path, path)
    assert code == 2 and "in this order; expected 1 of them, got 2" in stderr
    code, _, stderr = genface("convert", "iris", path)
    assert code == 2 and "'iris'; there are retinaface_r34" in stderr
    assert loopback_hub.requests == []
