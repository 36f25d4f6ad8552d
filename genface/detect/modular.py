"""The stages of the modular preset, py-feat's Detectorv1, from the names of its models.

Each stage has the crop, resizing and decoding of its original (Cheong et al. 2023); the
signs and units are the table's.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from genface import nets
from genface.avatar import Rig
from genface.detect.emotion_stages import ResMaskEmotions
from genface.detect.face_crops import FaceCrops
from genface.detect.gaze_stages import L2CSGaze
from genface.detect.hog_stages import FaceHog, HogMeasures
from genface.detect.identity_stages import Identity, arcface_range, facenet_range
from genface.detect.landmark_stages import Landmarks, crops, large_crops
from genface.detect.pose_stages import FinderPose, LandmarkPose
from genface.detect.stages import Stage
from genface.errors import InputError
from genface.geometry.mesh_points import LANDMARKS_68
from genface.table.columns import AUS, V1_EMOTIONS

# Of each model, the network's name and how it sees the face.
LANDMARK_MODELS: dict[str, tuple[str, Callable]] = {
    "mobilefacenet": ("mobilefacenet", crops),
    "mobilenet": ("mobilenet_gdconv", large_crops),
    "pfld": ("pfld", crops),
}
IDENTITY_MODELS: dict[str, tuple[str, Callable]] = {
    "arcface": ("arcface_iresnet50", arcface_range),
    "facenet": ("facenet", facenet_range),
}
AU_MODELS = {"xgb": "presence", "svm": "occurrence"}
"""Scale of each one's Action Units."""
MODELS: dict[str, Collection[str]] = {
    "landmark_model": LANDMARK_MODELS,
    "au_model": AU_MODELS,
    "emotion_model": ("resmasknet", "svm"),
    "facepose_model": ("pose_mlp_v2", "img2pose"),
    "identity_model": IDENTITY_MODELS,
    "gaze_model": ("l2cs",),
}
"""The names that each choice of a model knows."""
_NEED_LANDMARKS: dict[str, Collection[str]] = {
    "au_model": AU_MODELS,
    "emotion_model": ("svm",),
    "facepose_model": ("pose_mlp_v2",),
}


def check_models(**models: str | None) -> None:
    """Refuse unknown names, and models that need landmarks where there are none."""
    for option, name in models.items():
        known = MODELS[option]
        if name is not None and name not in known:
            raise InputError(f"{option}={name!r}: expected {', '.join(known)} or None.")
    if models["landmark_model"] is not None:
        return
    for option, needing in _NEED_LANDMARKS.items():
        if models[option] in needing:
            raise InputError(
                f"{option}={models[option]!r} needs landmarks; choose a landmark_model "
                f"({', '.join(LANDMARK_MODELS)}), or {option}=None."
            )


def networks_of(
    landmark_model: str | None,
    au_model: str | None,
    emotion_model: str | None,
    facepose_model: str | None,
    identity_model: str | None,
    gaze_model: str | None,
) -> tuple[str, ...]:
    """Names of the weights that the chosen models are made of."""
    names = (
        landmark_model and LANDMARK_MODELS[landmark_model][0],
        facepose_model if facepose_model == "pose_mlp_v2" else None,
        au_model and f"{au_model}_au",
        "svm_emo" if emotion_model == "svm" else emotion_model,
        identity_model and IDENTITY_MODELS[identity_model][0],
        gaze_model,
    )
    return tuple(name for name in names if name)


def au_scale(au_model: str | None, **others: str | None) -> str | None:
    """What the Action Units are; None where there are none."""
    return AU_MODELS[au_model] if au_model else None


def modular_stages(
    landmark_model: str | None = "mobilefacenet",
    au_model: str | None = "xgb",
    emotion_model: str | None = "resmasknet",
    facepose_model: str | None = "pose_mlp_v2",
    identity_model: str | None = None,
    gaze_model: str | None = "l2cs",
    **loading: Any,
) -> list[Stage]:
    """The stages of the chosen models, in the order in which they need each other.

    None leaves a model and its columns out. ``facepose_model="img2pose"`` takes the
    poses of the finder of that name. ``loading`` goes to
    :func:`genface.nets.load_ported` (``offline``, ``commercial``, ``progress``).

    An :class:`InputError` lists the known names, or says which model needs landmarks.
    """
    check_models(
        landmark_model=landmark_model,
        au_model=au_model,
        emotion_model=emotion_model,
        facepose_model=facepose_model,
        identity_model=identity_model,
        gaze_model=gaze_model,
    )
    stages: list[Stage] = [FaceCrops()]
    if landmark_model:
        name, view = LANDMARK_MODELS[landmark_model]
        stages.append(Landmarks(nets.load_ported(name, **loading), view))
    if facepose_model:
        stages.append(_pose(facepose_model, loading))
    if au_model or emotion_model == "svm":
        stages.append(FaceHog())
    if au_model:
        classifiers = nets.load_classifiers(f"{au_model}_au", **loading)
        stages.append(HogMeasures(classifiers, AUS))
    if emotion_model:
        stages.append(_emotions(emotion_model, loading))
    if identity_model:
        name, scaled = IDENTITY_MODELS[identity_model]
        stages.append(Identity(nets.load_ported(name, **loading), scaled))
    if gaze_model:
        stages.append(L2CSGaze(nets.load_ported(gaze_model, **loading)))
    return stages


def _pose(model: str, loading: Mapping[str, Any]) -> Stage:
    if model == "img2pose":
        return FinderPose()
    network = nets.load_ported(model, **loading)
    facts = nets.config_of(model, **loading)
    points = Rig.default().neutral[list(LANDMARKS_68)]
    return LandmarkPose(network, facts["y_mean"], facts["y_std"], points)


def _emotions(model: str, loading: Mapping[str, Any]) -> Stage:
    if model == "svm":
        return HogMeasures(nets.load_classifiers("svm_emo", **loading), V1_EMOTIONS)
    return ResMaskEmotions(nets.load_ported(model, **loading))
