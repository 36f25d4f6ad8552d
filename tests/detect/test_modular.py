"""The modular preset's stages by name, one after another, on faces at edges."""

from functools import cache

import numpy as np
import pytest
import stand_ins
from seeded_ports import seeded_port
from stand_ins import Told

from genface import nets
from genface.detect.face_crops import FaceCrops
from genface.detect.landmark_stages import Landmarks, crops
from genface.detect.modular import (
    AU_MODELS,
    IDENTITY_MODELS,
    LANDMARK_MODELS,
    au_scale,
    check_models,
    modular_stages,
    networks_of,
)
from genface.detect.stages import FaceBatch, measure, names_of
from genface.errors import InputError
from genface.geometry import as_pixels
from genface.nets.hog_classifiers import HogClassifiers, Reduction, Separators
from genface.table.columns import (
    AUS,
    FACEBOX,
    GAZE,
    IDENTITY,
    LANDMARKS,
    POSE,
    V1_EMOTIONS,
)

NOTHING = dict.fromkeys(
    (
        "landmark_model",
        "au_model",
        "emotion_model",
        "facepose_model",
        "identity_model",
        "gaze_model",
    )
)
seeded = cache(seeded_port)


@cache
def separators(name):
    """Linear classifiers on three features of the histogram."""
    count = len(V1_EMOTIONS if name == "svm_emo" else AUS)
    random = np.random.default_rng(0)
    reduction = Reduction(
        np.full(5408, 0.1, np.float32),
        random.standard_normal((5408, 3)).astype(np.float32),
    )
    coefficients = random.standard_normal((count, 3 + 136)).astype(np.float32)
    given = Separators(coefficients, np.zeros(count, np.float32))
    return HogClassifiers({"full": (reduction, np.arange(count), given)})


@pytest.fixture
def asked(monkeypatch):
    """Names and options that weights are asked for by; networks are stand-ins."""
    said = {
        "landmarks": stand_ins.face_shares().reshape(4, -1),
        "out": np.zeros((4, 6)),
    }
    return given(monkeypatch, lambda _: Told(**said))


@pytest.fixture
def loaded(monkeypatch):
    """Networks with weights that follow from their keys."""
    given(monkeypatch, seeded)


def given(monkeypatch, network):
    asked = []

    def tell(load):
        def loading(name, **options):
            asked.append((name, options))
            return load(name)

        return loading

    facts = {"y_mean": [0.01, 0.02, -0.01, 0, 0, 3.5], "y_std": [0.2] * 6}
    for name, load in (
        ("load_ported", network),
        ("load_classifiers", separators),
        ("config_of", lambda _: facts),
    ):
        monkeypatch.setattr(nets, name, tell(load))
    return asked


LIGHT = NOTHING | {
    "landmark_model": "mobilefacenet",
    "au_model": "xgb",
    "emotion_model": "svm",
    "facepose_model": "pose_mlp_v2",
}
HEAVY = {
    "landmark_model": "mobilenet",
    "au_model": "svm",
    "emotion_model": "resmasknet",
    "facepose_model": "img2pose",
    "identity_model": "arcface",
    "gaze_model": "l2cs",
}
POSES = np.array([[0.1, -0.3, 0.2, 0.5, -0.3, 7]] * 4)


@pytest.mark.parametrize(
    ("models", "columns"),
    [
        (LIGHT, FACEBOX + LANDMARKS + POSE + AUS + V1_EMOTIONS),
        pytest.param(
            HEAVY | {"emotion_model": "svm"},  # ResMaskNet compiles for minutes
            FACEBOX + LANDMARKS + POSE + AUS + V1_EMOTIONS + IDENTITY + GAZE,
            marks=pytest.mark.slow,
        ),
    ],
    ids=["light", "heavy"],
)
@pytest.mark.slow
def test_faces_of_two_frames_together_equal_each_alone(loaded, models, columns):
    stages = modular_stages(**models)
    together = stand_ins.batch(POSES)
    found = measure(stages, together)
    assert found.names == columns
    assert found.values.shape == (4, len(columns)) and np.isfinite(found.values).all()
    for face in range(4):
        alone = measure(stages, together.at([face])).values[0]
        size = np.abs(found.values).max(0)
        # Networks round otherwise in a batch of another size.
        np.testing.assert_array_less(
            np.abs(alone - found.values[face]), 1e-4 * size + 1e-6
        )
    assert len(np.unique(found.values[:, 5], axis=0)) == 4


def test_a_frame_without_faces_gives_no_rows(loaded):
    nobody = FaceBatch([], np.empty((0, 4)), np.empty(0))
    found = measure(modular_stages(**LIGHT), nobody)
    assert found.values.shape == (0, len(found.names))


def test_action_units_are_the_same_whatever_the_size_that_landmarks_need(asked):
    """MobileNet sees larger crops than the histograms are made of."""
    found = []
    for name in LANDMARK_MODELS:
        measured = measure(
            modular_stages(**LIGHT | {"landmark_model": name}), stand_ins.batch()
        )
        found.append(measured.values[:, [measured.names.index(au) for au in AUS]])
    assert len(found) == 3 and 0 < found[0].mean() < 1
    np.testing.assert_array_equal(found[1:], [found[0]] * 2)


def test_networks_are_asked_for_by_their_weights_names(asked):
    for models in (LIGHT, HEAVY):
        modular_stages(**models, offline=True, commercial=False)
        names = list(dict.fromkeys(name for name, _ in asked))
        assert names == list(networks_of(**models))
        options = {"offline": True, "commercial": False}
        assert all(given == options for _, given in asked)
        asked.clear()


def test_left_out_models_have_neither_columns_nor_networks(asked):
    assert names_of(modular_stages(**NOTHING)) == FACEBOX
    assert asked == [] and networks_of(**NOTHING) == ()
    only = modular_stages(**{**NOTHING, "gaze_model": "l2cs"})
    assert names_of(only) == FACEBOX + GAZE


@pytest.mark.parametrize("option", NOTHING)
def test_an_unknown_model_is_refused_with_those_that_there_are(option):
    with pytest.raises(InputError, match=f"{option}='best': expected .* or None"):
        modular_stages(**{**NOTHING, option: "best"})


def test_the_known_names_are_listed():
    with pytest.raises(InputError, match="mobilefacenet, mobilenet, pfld or None"):
        check_models(**{**NOTHING, "landmark_model": "dlib"})
    with pytest.raises(InputError, match=", ".join(IDENTITY_MODELS)):
        check_models(**{**NOTHING, "identity_model": "vggface"})


@pytest.mark.parametrize(
    ("option", "name"),
    [("au_model", "xgb"), ("emotion_model", "svm"), ("facepose_model", "pose_mlp_v2")],
)
def test_what_needs_landmarks_is_refused_without(option, name):
    with pytest.raises(InputError, match=f"{option}='{name}' needs landmarks"):
        modular_stages(**{**NOTHING, option: name})


def test_the_scale_of_action_units_is_that_of_their_classifiers():
    assert {name: au_scale(au_model=name) for name in AU_MODELS} == {
        "xgb": "presence",
        "svm": "occurrence",
    }
    assert au_scale(**NOTHING) is None


def test_many_faces_share_few_programs(loaded):
    stages = modular_stages(**LIGHT)
    pixels = as_pixels(stand_ins.PICTURES[0])
    for count in (1, 2, 3, 4, 3):
        boxes = np.array([[10.0 * k, 5, 60 + 10 * k, 70] for k in range(count)])
        measure(stages, FaceBatch([pixels] * count, boxes, np.ones(count)))
    for name in ("mobilefacenet", "pose_mlp_v2"):
        assert seeded(name).n_compilations <= 3


def test_stages_from_pulled_files_measure_faces(seeded_hub):
    seeded_hub(*networks_of(**LIGHT))
    found = measure(modular_stages(**LIGHT, commercial=False), stand_ins.batch())
    values = dict(zip(found.names, found.values.T, strict=True))
    aus, emotions = (np.array([values[k] for k in ks]) for ks in (AUS, V1_EMOTIONS))
    assert np.isfinite(found.values).all()
    assert (0 < aus).all() and (aus < 1).all() and aus.std() > 0
    assert set(np.unique(emotions)) <= {0, 1}
    stages = [FaceCrops(), Landmarks(seeded("mobilefacenet"), crops)]
    landmarks = measure(stages, stand_ins.batch()).values[:, len(FACEBOX) :]
    np.testing.assert_allclose([values[k] for k in LANDMARKS], landmarks.T, atol=1e-3)
