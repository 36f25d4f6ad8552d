"""py-feat's own torch modules beside the networks ported from them.

Each has the port's name, an input as the detectors give it, and the port's names of
its outputs. Nothing of torch or py-feat is imported before it is asked for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.nets.seeded_ports import seeded

if TYPE_CHECKING:
    import torch

Outputs = dict[str, np.ndarray]

BLENDSHAPES, AUS, EMOTIONS, GAZE_BINS = 52, 20, 7, 180
MULTITASK = dict(
    n_au=AUS,
    n_emotion=EMOTIONS,
    use_head_v3=True,
    drop_mefl=True,
    n_blendshape=BLENDSHAPES,
    mesh_normalized=True,
    pretrained=False,
)
EYE_GAZE = dict(gaze_eye_roi=True, gaze_pose_6d=True, gaze_bins=GAZE_BINS)


@dataclass(frozen=True)
class Compared:
    """How a port's torch module is made, called and read."""

    build: Callable[[], "torch.nn.Module"]
    shape: tuple[int, ...]  # of one item, channels last
    outputs: tuple[str, ...] = ()  # names of a tuple; of a dict they are its own
    call: Callable[["torch.nn.Module", "torch.Tensor"], Any] | None = None


def _made(place: str, name: str, *args: object, **options: object) -> Any:
    return getattr(import_module(f"feat.{place}"), name)(*args, **options)


def _multitask(**flags: object) -> "torch.nn.Module":
    place = "multitask.model_v2"
    return _made(place, "MEGraphAUv2", _made(place, "ModelV2Config", **flags))


def _facenet() -> "torch.nn.Module":
    place = "identity_detectors.facenet.facenet_model"
    return _made(place, "InceptionResnetV1", device="cpu")


def _l2cs() -> "torch.nn.Module":
    from torchvision.models.resnet import Bottleneck

    return _made("gaze_detectors.l2cs.l2cs_model", "L2CS", Bottleneck, [3, 4, 6, 3])


def _img2pose() -> "torch.nn.Module":
    place = "facepose_detectors.img2pose.img2pose_model"
    return _made(place, "img2poseModel", 18, 400, 1400, "cpu").fpn_model


def _proposed(module: Any, x: "torch.Tensor") -> dict[str, "torch.Tensor"]:
    """What the port gives without boxes: the pyramid and the proposal head."""
    maps = module.backbone(x)
    logits, deltas = module.rpn.head(list(maps.values()))
    found = {f"fpn_{name}": y[:, ::16] for name, y in maps.items()}
    found |= {f"rpn_obj_{k}": y for k, y in enumerate(logits)}
    return found | {f"rpn_delta_{k}": y for k, y in enumerate(deltas)}


MODULES: dict[str, Compared] = {
    "arcface_iresnet50": Compared(
        partial(_made, "identity_detectors.arcface.iresnet", "IResNet", [3, 4, 14, 3]),
        (112, 112, 3),
        ("emb",),
    ),
    "face_multitask_v25_likely": Compared(
        partial(_multitask, **MULTITASK, emotion_use_au_prob=True), (224, 224, 3)
    ),
    "face_multitask_v28": Compared(
        partial(_multitask, **MULTITASK, **EYE_GAZE), (224, 224, 3)
    ),
    "faceboxes": Compared(
        partial(
            _made,
            "face_detectors.FaceBoxes.FaceBoxes_model",
            "FaceBoxesNet",
            *("test", None, 2),
        ),
        (360, 640, 3),
        ("loc", "conf"),
    ),
    "facenet": Compared(_facenet, (112, 112, 3), ("emb",)),
    "img2pose": Compared(_img2pose, (384, 704, 3), call=_proposed),
    "l2cs": Compared(_l2cs, (224, 224, 3), ("yaw_logits", "pitch_logits")),
    "mobilefacenet": Compared(
        partial(
            _made,
            "landmark_detectors.mobilefacenet_test",
            "MobileFaceNet",
            *([112, 112], 136),
            device="cpu",
        ),
        (112, 112, 3),
        ("landmarks", ""),
    ),
    "mobilenet_gdconv": Compared(
        partial(_made, "landmark_detectors.basenet_test", "MobileNet_GDConv", 136),
        (224, 224, 3),
        ("landmarks",),
    ),
    "mp_blendshapes": Compared(
        partial(
            _made,
            "au_detectors.MP_Blendshapes.MP_Blendshapes_test",
            "MediaPipeBlendshapesMLPMixer",
        ),
        (146, 2),
        ("out",),
    ),
    **{
        f"mtcnn_{name.lower()}": Compared(
            partial(_made, "face_detectors.MTCNN.MTCNN_model", name, pretrained=False),
            shape,
            outputs,
        )
        for name, shape, outputs in (
            ("PNet", (180, 320, 3), ("p_reg", "p_prob")),
            ("RNet", (24, 24, 3), ("r_reg", "r_prob")),
            ("ONet", (48, 48, 3), ("o_reg", "o_pts", "o_prob")),
        )
    },
    "pfld": Compared(
        partial(_made, "landmark_detectors.pfld_compressed_test", "PFLDInference"),
        (112, 112, 3),
        ("landmarks",),
    ),
    "pose_mlp_v2": Compared(
        partial(_made, "utils.face_pose_mlp", "PoseMLP"), (136,), ("out",)
    ),
    "resmasknet": Compared(
        partial(
            _made, "emo_detectors.ResMaskNet.resmasknet_test", "resmasking_dropout1"
        ),
        (224, 224, 3),
        ("logits",),
    ),
    "retinaface_r34": Compared(
        partial(_made, "face_detectors.Retinaface.Retinaface_model", "RetinaFace"),
        (360, 640, 3),
        ("loc", "conf", "landms"),
    ),
}


class TorchModule:
    """py-feat's module of a port, with weights that follow from their keys."""

    def __init__(self, name: str) -> None:
        self.compared = MODULES[name]
        self.module = self.compared.build().eval()
        self.arrays = _filled(self.module)

    def __call__(self, x: "torch.Tensor") -> Any:
        """What the module gives for a batch, channels first."""
        call = self.compared.call
        return call(self.module, x) if call else self.module(x)

    def named(self, found: Any) -> Outputs:
        """Its outputs by the port's names."""
        if not isinstance(found, dict):
            found = found if isinstance(found, tuple | list) else (found,)
            found = dict(zip(self.compared.outputs, found, strict=True))
        return {key: y.numpy() for key, y in found.items() if y is not None}


def missing() -> str | None:
    """Which of torch and py-feat cannot be imported, if one cannot."""
    try:
        import_module("torch")
        import_module("feat.multitask.model_v2")
    except ImportError as error:
        return str(error)
    return None


def _filled(module: "torch.nn.Module") -> Outputs:
    import torch

    tensors = module.state_dict()
    for key, tensor in tensors.items():
        if tensor.is_floating_point():
            tensor.copy_(torch.from_numpy(seeded(key, tuple(tensor.shape))))
    if "lmk.mlp.4.bias" in tensors:  # a mesh whose eyes lie inside the picture
        places = np.tanh(10 * seeded("meshbias", tensors["lmk.mlp.4.bias"].shape))
        tensors["lmk.mlp.4.bias"].copy_(torch.from_numpy(0.5 + 0.3 * places))
        tensors["lmk.mlp.4.weight"].mul_(0.1)
    # Read again: a tensor may stand under two keys, and the second one wins.
    return {key: tensor.numpy().copy() for key, tensor in tensors.items()}


def common(ours: Outputs, theirs: Outputs) -> Iterable[str]:
    """Names of outputs to compare; an error if one of ours is not among theirs."""
    strangers = ours.keys() - theirs.keys()
    if strangers:
        raise KeyError(f"torch's module gives no {', '.join(sorted(strangers))}")
    return ours.keys()
