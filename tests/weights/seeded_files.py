"""Files of weights that follow from their keys, in the format of the published ones."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from seeded_ports import seeded, shapes_of
from skops_writer import write_skops
from torch_writer import write_torch
from ubjson_writer import as_ubjson

from genface.nets.img2pose_faces import MAX_SIDE, MIN_SIDE, POSE_MEAN, POSE_STD
from genface.nets.published import CLASSIFIERS
from genface.weights import asset
from genface.weights.skops_file import Record

HOG = 5408  # numbers of a histogram of gradients
MULTITASK = {
    "n_au": 20,
    "n_emotion": 7,
    "use_head_v3": True,
    "drop_mefl": True,
    "n_blendshape": 52,
    "bs_use_mesh": True,
    "gaze_bins": 180,
}
# Under which key a file of torch has its arrays, and what their names start with.
CONTAINERS = {
    "mobilefacenet": ("state_dict", ""),
    "mobilenet_gdconv": ("state_dict", "module."),
    "pfld": ("state_dict", ""),
    "resmasknet": ("net", ""),
}


def seeded_state(name: str) -> dict[str, np.ndarray]:
    """Arrays by torch's keys, and a counter as most files have one."""
    arrays = {key: seeded(key, shape) for key, shape in shapes_of(name).items()}
    return arrays | {"bn.num_batches_tracked": np.array(7)}


def write_seeded(name: str, folder: Path) -> dict[str, Path]:
    """The original files of an asset by role, made in ``folder`` if not there."""
    found = {}
    for role, source in asset(name).sources.items():
        path = folder / name / Path(source.path).name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(name, role, path)
        found[role] = path
    return found


def _write(name: str, role: str, path: Path) -> None:
    if role == "config":
        path.write_text(json.dumps(config(name)), encoding="utf-8")
    elif name in CLASSIFIERS:
        write_skops(path, classifiers(name))
    elif path.suffix == ".safetensors":
        texts = {"config": json.dumps(MULTITASK)} if "multitask" in name else None
        save_file(seeded_state(name), path, texts)
    else:
        key, start = CONTAINERS.get(name, (None, ""))
        arrays = {f"{start}{k}": array for k, array in seeded_state(name).items()}
        write_torch(path, arrays, key)


def config(name: str) -> dict:
    """What stands in the JSON file beside the weights."""
    if name == "resmasknet":
        return {"in_channels": 3}
    if name == "pose_mlp_v2":
        normal = {"mean": list(POSE_MEAN), "std": list(POSE_STD)}
        return {"architecture": {"hidden": [512], "output_normalization": normal}}
    return {
        "min_size": MIN_SIDE,
        "max_size": MAX_SIDE,
        "pose_mean": list(POSE_MEAN),
        "pose_stddev": list(POSE_STD),
        "threed_points": head_points().tolist(),
    }


def head_points() -> np.ndarray:
    """68 points (68, 3) of a head, x right, y down, z away, half as wide as 1.5."""
    from genface.avatar import Rig
    from genface.geometry.mesh_points import LANDMARKS_68

    points = Rig.default().neutral[list(LANDMARKS_68)] * (1, -1, -1)
    points -= (points.max(0) + points.min(0)) / 2
    return np.round(points * 1.47 / np.ptp(points[:, 0]), 4)


def classifiers(name: str) -> Record:
    """A fitted model as skops has it: scalers, reductions, classifiers by name."""
    regions = ("full",) if name == "svm_emo" else ("upper", "lower", "full")
    attributes = {}
    for region in regions:
        attributes[f"scaler_{region}"] = Record(
            "sklearn.preprocessing.StandardScaler",
            {
                "mean_": 0.1 + seeded(f"{name}.{region}.mean", (HOG,)) / 10,
                "scale_": 1 + abs(seeded(f"{name}.{region}.scale", (HOG,))),
            },
        )
        attributes[f"pca_model_{region}"] = Record(
            "sklearn.decomposition.PCA",
            {
                "mean_": seeded(f"{name}.{region}.pca_mean", (HOG,)),
                "components_": seeded(f"{name}.{region}.components", (12, HOG)),
                "whiten": False,
            },
        )
    make = _boosted if name == "xgb_au" else _separator
    models, _ = CLASSIFIERS[name]
    attributes["classifiers"] = {model: make(f"{name}.{model}") for model in models}
    return Record(f"feat.{name}", attributes)


def _separator(key: str) -> Record:
    return Record(
        "sklearn.svm.LinearSVC",
        {"coef_": seeded(key, (1, 148)), "intercept_": seeded(f"{key}.bias", (1,))},
    )


def _boosted(key: str) -> Record:
    """Three trees of two questions each, on the reduced histogram."""
    trees = []
    for number in range(3):
        values = seeded(f"{key}.{number}", (5,))
        trees.append(
            {
                "left_children": [1, 3, -1, -1, -1],
                "right_children": [2, 4, -1, -1, -1],
                "split_indices": [number, number + 5, 0, 0, 0],
                "split_conditions": values.tolist(),
                "default_left": [1, 0, 0, 0, 0],
                "split_type": [0] * 5,
            }
        )
    learner = {
        "objective": {"name": "binary:logistic"},
        "learner_model_param": {"base_score": "3E-1"},
        "gradient_booster": {"name": "gbtree", "model": {"trees": trees}},
    }
    handle = as_ubjson({"learner": learner})
    booster = Record("xgboost.core.Booster", {"handle": handle})
    return Record("xgboost.sklearn.XGBClassifier", {"_Booster": booster})
