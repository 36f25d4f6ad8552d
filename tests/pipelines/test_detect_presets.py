"""Presets on the command line: named, recorded, refused."""

import pytest
from typer.testing import CliRunner

from genface.cli.main import app
from genface.fex import read_fex
from genface.pipelines import detect_videos


@pytest.fixture(scope="module")
def face(shared):
    return shared / "data" / "media" / "single_face.jpg"


def refusal(*words):
    result = CliRunner().invoke(app, ["detect", *map(str, words)])
    assert result.exit_code == 2
    return result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--detector", "yolo"], "there are facemesh, multitask, modular"),
        (["--face-model", "dlib"], "expected blazeface, blazeface_full"),
        (["--detector", "modular", "--model", "au=rf"], "expected xgb, svm or None"),
        (["--detector", "modular", "--model", "landmark=none"], "needs landmarks"),
        (["--model", "au=svm"], "facemesh has no choice of au_model"),
        (["--detector", "multitask", "--commercial"], "is not cleared for commercial"),
        (
            ["--detector", "multitask", "--model", "identity=arcface"],
            "choose columns='all'",
        ),
        (["--model", "au"], "expected the like of au=svm"),
        (["--find-every", "0"], "expected 1, 2, ... frames"),
    ],
)
def test_what_cannot_be_done_is_refused(face, tmp_path, words, message):
    said = refusal(face, "-o", tmp_path / "out", *words)
    assert message in said and not (tmp_path / "out").exists()


@pytest.mark.parity
def test_mtcnn_starts_the_face_mesh(face, tmp_path, mtcnn_cached):
    words = ["detect", face, "-o", tmp_path, "--face-model", "mtcnn", "--commercial"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    table = read_fex(tmp_path / "faces.csv")
    assert (table["status"] == "ok").all() and table["FaceScore"].iloc[0] > 0.9
    assert set(table.attrs["weights"]) >= {"mtcnn", "face_mesh_attention"}
    assert table.attrs["settings"]["face_model"] == "mtcnn"
    assert table.attrs["detector_settings"]["finder"] == "mtcnn"
    models = {"face_model": "mtcnn"}
    same = detect_videos(face, tmp_path, models=models)
    assert "up to date" in same.lines[0]


@pytest.mark.parity
def test_networks_of_a_hub_are_pulled_on_the_way(
    face, tmp_path, mtcnn_cached, seeded_hub
):
    hub = seeded_hub("pfld")
    others = ("au", "emotion", "facepose", "gaze")
    words = ["--face-model", "mtcnn", "--model", "landmark=pfld"]
    words += [word for name in others for word in ("--model", f"{name}=none")]
    words = ["detect", face, "-o", tmp_path, "--detector", "modular", *words]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert len(read_fex(tmp_path / "faces.csv").attrs["weights"]["pfld"]) == 64
    assert sum(line.startswith("GET /py-feat/pfld") for line in hub.requests) == 1
