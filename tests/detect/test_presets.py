"""Presets by name: what can be chosen, and tables of the staged ones."""

import numpy as np
import pandas as pd
import pytest
from seeded_ports import seeded, shapes_of

import genface
from genface import nets, weights
from genface.detect import Detector, Detectorv1, Detectorv2
from genface.detect.presets import DEFAULT, choice_of
from genface.errors import InputError, WeightError
from genface.nets.ported import from_torch
from genface.table import read_table
from genface.table.columns import (
    AUS,
    BLENDSHAPES,
    EMOTIONS,
    FACEBOX,
    GAZE,
    LANDMARKS,
    MESH,
    POSE,
    V1_EMOTIONS,
    VALENCE_AROUSAL,
)

MULTITASK = (
    *FACEBOX,
    *LANDMARKS,
    *POSE,
    *AUS,
    *EMOTIONS,
    *VALENCE_AROUSAL,
    *GAZE,
    *MESH,
    *BLENDSHAPES,
)


def test_models_are_the_presets_own_unless_named():
    choice = choice_of("modular", {"au_model": "svm", "gaze_model": None})
    assert choice.models == {
        "face_model": "retinaface",
        "landmark_model": "mobilefacenet",
        "au_model": "svm",
        "emotion_model": "resmasknet",
        "facepose_model": "pose_mlp_v2",
        "identity_model": None,
        "gaze_model": None,
    }
    assert choice.assets == (
        "retinaface_r34",
        "mobilefacenet",
        "pose_mlp_v2",
        "svm_au",
        "resmasknet",
    )


def test_assets_of_the_others():
    assert choice_of("facemesh", {}).assets == weights.FACEMESH_ASSETS
    short = choice_of("facemesh", {}, compat="mediapipe")
    assert short.assets == ("blazeface_short", "face_mesh_attention")
    mtcnn = choice_of("facemesh", {"face_model": "mtcnn"})
    assert mtcnn.assets[0] == mtcnn.settings.finder == "mtcnn"
    named = choice_of("multitask", {"au_model": DEFAULT, "identity_model": "facenet"})
    assert named.assets == ("retinaface_r34", "face_multitask_v28", "facenet")


@pytest.mark.parametrize("preset", ["facemesh", "multitask", "modular"])
def test_unknown_models_are_told_the_known_ones(preset):
    known = "blazeface, blazeface_full, blazeface_short, mtcnn, retinaface, img2pose"
    with pytest.raises(InputError, match=f"'dlib': expected {known}"):
        choice_of(preset, {"face_model": "dlib"})


@pytest.mark.parametrize(
    ("preset", "models", "message"),
    [
        ("modular", {"au_model": "rf"}, "au_model='rf': expected xgb, svm or None"),
        ("modular", {"landmark_model": None}, "needs landmarks"),
        ("multitask", {"identity_model": "me"}, "expected arcface, facenet or None"),
        ("multitask", {"au_model": "xgb"}, "no choice of au_model; it takes face_m"),
        ("facemesh", {"gaze_model": None}, "no choice of gaze_model; it takes face_"),
        ("detectorv2", {}, "there are facemesh, multitask, modular"),
    ],
)
def test_what_cannot_be_chosen_is_refused(preset, models, message):
    with pytest.raises(InputError, match=message):
        choice_of(preset, models)


@pytest.mark.parametrize(
    "options",
    [
        {"find_every": 0},
        {"threshold": 1.5},
        {"compat": "openface"},
        {"compat": "mediapipe", "find_every": 2},
    ],
)
def test_wrong_numbers_are_refused(options):
    with pytest.raises(InputError):
        choice_of("facemesh", {}, **options)


def test_poses_of_the_finder_need_it_at_every_frame():
    choice = choice_of("modular", {"face_model": "img2pose"})
    assert choice.models["facepose_model"] == "img2pose" and choice.find_every == 1
    named = {"face_model": "img2pose", "facepose_model": "pose_mlp_v2"}
    assert choice_of("modular", named).find_every is None
    with pytest.raises(InputError, match="face_model='img2pose' and find_every=1"):
        choice_of("modular", {"facepose_model": "img2pose"})
    with pytest.raises(InputError, match="face_model='img2pose' and find_every=1"):
        choice_of("modular", {"face_model": "img2pose"}, find_every=5)


@pytest.mark.parametrize("detector", [Detectorv1, Detectorv2])
def test_commercial_use_is_refused_before_anything_is_pulled(detector):
    with pytest.raises(WeightError, match="retinaface_r34 is not cleared"):
        detector(commercial=True)


class Said:
    """A network that says the same of every face: a face seen from the front."""

    def __call__(self, inputs):
        face = genface.avatar.Rig.default().neutral[:478]
        told = {
            "p_au": np.linspace(0, 1, 20),
            "mesh": 0.5 + face * [0.04, -0.04, -0.04],
            "pose": np.array([0.1, 0.2, 0.3, 0, 0, 4]),
            "blendshapes": np.linspace(0, 1, 52),
            "emotion_logits": np.arange(7.0),
            "va": np.array([0.5, -0.5]),
            "gaze": np.array([0.2, 0.1]),
        }
        return {key: np.stack([value] * len(inputs)) for key, value in told.items()}


@pytest.mark.parametrize("frames", [0, 2.5, "3", -1])
def test_a_stretch_is_of_whole_frames(frames):
    with pytest.raises(InputError, match=r"expected 1, 2, \.\.\. frames"):
        choice_of("multitask", {}, find_every=frames)


@pytest.mark.parametrize("score", [1.5, "0.5", None])
def test_a_threshold_is_a_score(score):
    with pytest.raises(InputError, match="expected a score from 0 to 1"):
        choice_of("multitask", {}, threshold=score)


def test_all_weights_that_are_missing_are_told_at_once(loopback_hub):
    every = "retinaface_r34, mobilefacenet, pose_mlp_v2, svm_au, resmasknet, l2cs: not"
    with pytest.raises(WeightError, match=every):
        genface.Detectorv1(au_model="svm", offline=True)
    assert loopback_hub.requests == []


@pytest.fixture
def told(monkeypatch, weights_cached):
    """The multitask preset whose network says what it was told to."""
    digests = weights.digests
    monkeypatch.setattr(nets, "load_ported", lambda name, **_: Said(), raising=False)
    monkeypatch.setattr(
        weights,
        "digests",
        lambda name: {"weights": "0"} if "multi" in name else digests(name),
    )
    return Detector("multitask", face_model="blazeface", offline=True)


@pytest.mark.parity
def test_a_table_has_all_columns_and_says_how_it_was_made(told, media, tmp_path):
    table = told.detect([media / "single_face.jpg"] * 2, progress=False)
    assert len(table) == 2 and table[list(MULTITASK)].notna().all(axis=None)
    assert tuple(table.columns[: len(MULTITASK)]) == MULTITASK
    np.testing.assert_allclose(table[["Pitch", "Roll", "Yaw"]], [[-0.1, -0.3, 0.2]] * 2)
    np.testing.assert_allclose(table[["gaze_pitch", "gaze_yaw"]], [[-0.1, 0.2]] * 2)
    facts = table.attrs
    assert facts["detector"] == "multitask" and facts["face_model"] == "blazeface"
    assert facts["au_scale"] == "presence" and facts["pose_sign"] == "genface"
    assert facts["gaze_frame"] == "camera" and facts["find_every"] is None
    assert set(facts["weights"]) == {
        "blazeface_full",
        "face_multitask_v28",
        "rig/rig.npz",
    }
    table.write(tmp_path / "faces.csv", columns="all")
    again = read_table(tmp_path / "faces.csv")
    pd.testing.assert_frame_equal(again, pd.DataFrame(table), check_dtype=False)


@pytest.mark.parity
def test_pictures_that_cannot_be_read_leave_the_others(told, media, tmp_path):
    (tmp_path / "words.jpg").write_text("not a picture")
    failures = []
    table = told.detect(
        [media / "single_face.jpg", tmp_path / "words.jpg", media / "multi_face.jpg"],
        batch_size=4,
        progress=False,
        on_failure=failures.append,
    )
    assert table["frame"].tolist() == [0] + [2] * 5
    assert table["face_id"].tolist() == [0, 0, 1, 2, 3, 4]
    (failure,) = failures
    assert "words.jpg" in str(failure)


@pytest.mark.parity
def test_a_clip_is_followed_and_a_film_without_faces_is_nan(told, clip_frames):
    frames = np.stack([clip_frames[k] for k in range(200, 212)])
    table = told.detect(frames, data_type="video", progress=False)
    assert table["face_id"].tolist() == [0] * 12
    assert table["FaceScore"].nunique() == 1  # found once
    dark = np.zeros((3, 60, 80, 3), np.uint8)
    with pytest.warns(UserWarning, match="no face was found in array 0") as seen:
        empty = told.detect(dark, data_type="video", progress=False)
    assert len(seen) == 1 and (empty["status"] == "no_face").all()
    assert empty[list(MULTITASK)].isna().all(axis=None)


@pytest.mark.slow
class TestSeeded:
    """The real network with key-seeded weights, and eyes inside of the chip."""

    @pytest.fixture(scope="class")
    @classmethod
    def network(cls):
        name = "face_multitask_v28"
        arrays = {k: seeded(k, shape) for k, shape in shapes_of(name).items()}
        arrays["lmk.mlp.4.weight"] *= 0.1
        places = np.tanh(10 * seeded("meshbias", (1434,)))
        arrays["lmk.mlp.4.bias"] = 0.5 + 0.3 * places
        return from_torch(name, arrays)

    def test_batch_sizes_agree_and_a_clip_needs_a_handful_of_compilations(
        self, told, monkeypatch, network, clip_frames
    ):
        monkeypatch.setattr(nets, "load_ported", lambda name, **_: network)
        detector = Detector(
            "multitask", face_model="blazeface", find_every=4, offline=True
        )
        frames = np.stack([clip_frames[k] for k in range(200, 216)])
        one, *others = (
            detector.detect(frames, "video", batch_size=size, progress=False)
            for size in (1, 4, 16)
        )
        assert one[list(MULTITASK)].notna().all(axis=None)
        assert one["FaceScore"].nunique() == 4  # found every fourth frame
        assert network.n_compilations == 2  # one face, and four
        pixels = [*FACEBOX[:4], *LANDMARKS, *MESH[: 2 * 478]]
        for other in others:
            apart = (one[list(MULTITASK)] - other[list(MULTITASK)]).abs()
            apart[pixels] /= one["FaceRectWidth"].min()
            assert apart.max(axis=None) < 1e-4


@pytest.mark.slow
@pytest.mark.usefixtures("weights_cached")
def test_the_whole_preset_runs_with_weights_of_a_hub(seeded_hub, clip_frames):
    hub = seeded_hub("face_multitask_v28")
    frames = np.stack([clip_frames[k] for k in (200, 201)])
    detector = genface.Detectorv2(face_model="blazeface")
    table = detector.detect(frames, data_type="video", progress=False)
    assert any("face_multitask" in request for request in hub.requests)
    assert table[list(MULTITASK)].notna().all(axis=None)
    known = weights.digests("face_multitask_v28")
    assert table.attrs["weights"]["face_multitask_v28"] == known.pop("weights")
    for role, digest in known.items():
        assert table.attrs["weights"][f"face_multitask_v28/{role}"] == digest


@pytest.mark.slow
@pytest.mark.usefixtures("weights_cached")
def test_the_modular_preset_runs_with_weights_of_a_hub(seeded_hub, media):
    choice = choice_of("modular", {"face_model": "blazeface"})
    seeded_hub(*choice.assets[1:])
    detector = Detector.of(choice)
    pictures = [media / "single_face.jpg"] * 4
    one, *others = (
        detector.detect(pictures, batch_size=size, progress=False)
        for size in (1, 4, 16)
    )
    columns = [*FACEBOX, *LANDMARKS, *POSE, *AUS, *V1_EMOTIONS, *GAZE]
    assert one[columns].notna().all(axis=None)
    assert one.attrs["au_scale"] == "presence"
    configs = {"pose_mlp_v2/config", "resmasknet/config"}  # beside their weights
    assert set(one.attrs["weights"]) == {*choice.assets, "rig/rig.npz", *configs}
    for other in others:
        apart = (one[columns] - other[columns]).abs()
        apart[[*FACEBOX[:4], *LANDMARKS]] /= one["FaceRectWidth"].min()
        assert apart.max(axis=None) < 1e-4
