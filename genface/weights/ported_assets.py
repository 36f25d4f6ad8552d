"""The networks ported from torch and the classifiers: where their weights are.

Facts, licences too, as py-feat 2.1.5 and its documentation state them. The hub's
hashes are not known here: see :mod:`genface.weights.hub_download`.
"""

from collections.abc import Mapping

from genface.weights.asset import Asset, Kind
from genface.weights.sources import Hub, Member, Source, Url, Wheel

MTCNN = Wheel(
    distribution="mtcnn",
    version="1.0.0",
    filename="mtcnn-1.0.0-py3-none-any.whl",
    sha256="0a96b4868e56db9ae984449519642be6dba03240e608a67e928ebb47833e9144",
    size=1_898_606,
)
_PICTURE = "pixels of the input, x to its right, y down"
_POSE = "rotation x, y, z in radians: + is down, to the subject's right, left"
_CROP = "shares of the crop's sides, x to its right, y down: x0, y0, x1 ..."
_AUS = "one output per Action Unit, in the order of AU_NAMES"


def _ported(
    name: str,
    purpose: str,
    sources: Mapping[str, Source] | Source,
    licence: str,
    commercial_use: bool,
    input: str,
    signs: str,
    kind: Kind = "network",
) -> Asset:
    several = sources if isinstance(sources, Mapping) else {"weights": sources}
    return Asset(name, purpose, kind, several, licence, commercial_use, input, signs)


def _hub(name: str, path: str = "model.safetensors") -> Hub:
    return Hub(f"py-feat/{name}", path)


def _mtcnn(part: str, sha256: str, size: int) -> Member:
    return Member(MTCNN, f"mtcnn/assets/weights/{part}.lz4", sha256, size)


PORTED = (
    _ported(
        "retinaface_r34",
        "faces and five points",
        _hub("retinaface_r34"),
        "code MIT (yakhyo); trained on WIDER FACE, which is non-commercial",
        False,
        "(N, H, W, 3) RGB 0-255 less (123, 117, 104)",
        _PICTURE,
    ),
    _ported(
        "img2pose",
        "faces and their head poses in one pass",
        {"weights": _hub("img2pose"), "config": _hub("img2pose", "config.json")},
        "CC BY-NC 4.0",
        False,
        "(N, H, W, 3) RGB, ImageNet-normalised, short side 400, sides multiples of 32",
        _POSE,
    ),
    _ported(
        "mtcnn",
        "faces and five points, by three small networks",
        {
            "pnet": _mtcnn(
                "pnet",
                "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
                27_119,
            ),
            "rnet": _mtcnn(
                "rnet",
                "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
                401_659,
            ),
            "onet": _mtcnn(
                "onet",
                "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
                1_557_637,
            ),
        },
        "MIT (Ivan de Paz Centeno)",
        True,
        "(N, H, W, 3) RGB, (x - 127.5) / 128 of 0-255; 24 and 48 px for the later two",
        "shares of a box's width and height, x to the right, y down",
    ),
    _ported(
        "faceboxes",
        "faces, fast; py-feat kept it but no longer offers it",
        Url(
            "https://github.com/cosanlab/py-feat/releases/download/v0.1/FaceBoxesProd.pth"
        ),
        "code MIT; trained on WIDER FACE, which is non-commercial",
        False,
        "(N, H, W, 3) RGB 0-255 less (104, 117, 123)",
        _PICTURE,
    ),
    _ported(
        "mobilefacenet",
        "68 landmarks of a face",
        _hub("mobilefacenet", "mobilefacenet_model_best.pth.tar"),
        "upstream cunjian; no clear grant",
        False,
        "(N, 112, 112, 3) RGB 0-1",
        _CROP,
    ),
    _ported(
        "mobilenet_gdconv",
        "68 landmarks of a face",
        _hub("mobilenet", "mobilenet_224_model_best_gdconv_external.pth.tar"),
        "upstream cunjian; no clear grant",
        False,
        "(N, 224, 224, 3) RGB, ImageNet-normalised",
        _CROP,
    ),
    _ported(
        "pfld",
        "68 landmarks of a face",
        _hub("pfld", "pfld_model_best.pth.tar"),
        "upstream cunjian; no clear grant",
        False,
        "(N, 112, 112, 3) RGB 0-1",
        _CROP,
    ),
    _ported(
        "resmasknet",
        "seven emotions of a face",
        {
            "weights": _hub("resmasknet", "ResMaskNet_Z_resmasking_dropout1_rot30.pth"),
            "config": _hub("resmasknet", "config.json"),
        },
        "code MIT; trained on FER2013, whose pictures are for research",
        False,
        "(N, 224, 224, 3) RGB 0-1",
        "logits of anger, disgust, fear, happiness, sadness, surprise, neutral",
    ),
    _ported(
        "l2cs",
        "direction of the gaze",
        _hub("l2cs", "l2cs_gaze360_resnet50.safetensors"),
        "code MIT; Gaze360 forbids commercial use of networks trained on it",
        False,
        "(N, 224, 224, 3) RGB, ImageNet-normalised",
        "logits of yaw and of pitch: 90 bins of 4 degrees from -180",
    ),
    _ported(
        "arcface_iresnet50",
        "identity of a face, 512 numbers",
        _hub("arcface_r50", "arcface_r50.safetensors"),
        "InsightFace: non-commercial research",
        False,
        "(N, 112, 112, 3) RGB in [-1, 1]",
        "",
    ),
    _ported(
        "facenet",
        "identity of a face, 512 numbers of length 1",
        _hub("facenet", "facenet_20180402_114759_vggface2.pth"),
        "code MIT; trained on VGGFace2, whose pictures are for research",
        False,
        "(N, 112, 112, 3) RGB 0-1",
        "",
    ),
    _ported(
        "pose_mlp_v2",
        "head pose from 68 landmarks",
        {
            "weights": _hub("pose_mlp_v2", "pose_mlp_v2.safetensors"),
            "config": _hub("pose_mlp_v2", "pose_mlp_v2.json"),
        },
        "card MIT; distilled from img2pose, which is CC BY-NC 4.0",
        False,
        "(N, 136) landmarks less their mean, in outer eye distances: all x, then all y",
        _POSE,
    ),
    _ported(
        "face_multitask_v28",
        "Action Units, emotions, gaze, mesh, pose and blendshapes in one pass",
        _hub("face_multitask_v2", "face_multitask_v28.safetensors"),
        "research only; its backbone's weights are CC BY-NC",
        False,
        "(N, 224, 224, 3) RGB, ImageNet-normalised, of a square with the face",
        "pitch + is down, yaw + to the subject's right, roll + to the subject's left",
    ),
    _ported(
        "face_multitask_v25_likely",
        "its predecessor, better at valence and arousal of frames of video",
        _hub("face_multitask_v2", "face_multitask_v2.safetensors"),
        "research only; its backbone's weights are CC BY-NC",
        False,
        "(N, 224, 224, 3) RGB, ImageNet-normalised, of a square with the face",
        "pitch + is down, yaw + to the subject's right, roll + to the subject's left",
    ),
    _ported(
        "mp_blendshapes",
        "52 blendshapes from points of the mesh",
        _hub("mp_blendshapes", "face_blendshapes.pth"),
        "Apache-2.0 (The MediaPipe Authors)",
        True,
        "(N, 146, 2) mesh points in pixels",
        "shares 0-1 in ARKit's order, the neutral one first",
    ),
    _ported(
        "xgb_au",
        "20 Action Units by boosted trees",
        _hub("xgb_au", "xgb_au_classifier_v2.skops"),
        "label MIT; the agreements on its training data are unresolved",
        False,
        "(N, 5408) histograms of gradients and (N, 68, 2) landmarks of aligned faces",
        f"{_AUS}: probabilities",
        "classifiers",
    ),
    _ported(
        "svm_au",
        "20 Action Units by linear separators",
        _hub("svm_au", "svm_au_classifier_v2.skops"),
        "label MIT; the agreements on its training data are unresolved",
        False,
        "(N, 5408) histograms of gradients and (N, 68, 2) landmarks of aligned faces",
        f"{_AUS}: 0 or 1",
        "classifiers",
    ),
    _ported(
        "svm_emo",
        "seven emotions by linear separators",
        _hub("svm_emo", "svm_emo_classifier.skops"),
        "label MIT; the agreements on its training data are unresolved",
        False,
        "(N, 5408) histograms of gradients and (N, 68, 2) landmarks of aligned faces",
        "0 or 1: anger, disgust, fear, happiness, sadness, surprise, neutral",
        "classifiers",
    ),
)
