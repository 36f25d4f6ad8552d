"""What the published files of networks and classifiers hold, as arrays and facts."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genface.errors import WeightError
from genface.facs import AU_NAMES
from genface.files import read_json
from genface.nets import conversion, hog_classifiers, mtcnn_wheel
from genface.nets.ported import PORTS
from genface.table.columns import V1_EMOTIONS
from genface.weights.asset import Asset
from genface.weights.excerpt import excerpt
from genface.weights.joblib_file import read_joblib
from genface.weights.skops_file import Record, read_skops
from genface.weights.state_files import read_state

_AU_MODELS = [f"AU{int(name[2:])}" for name in AU_NAMES]
# What the files call their classifiers, and what these outputs are called here.
CLASSIFIERS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "xgb_au": (_AU_MODELS, AU_NAMES),
    "svm_au": (_AU_MODELS, AU_NAMES),
    "svm_emo": (
        ("anger", "disgust", "fear", "happ", "sad", "sur", "neutral"),
        V1_EMOTIONS,
    ),
}
MOST_NESTED = 50  # lists and dicts of a configuration
# Facts that a network cannot do without: our name, where in its JSON, shape.
FACTS: Mapping[str, Mapping[str, tuple[Sequence[str], tuple[int, ...]]]] = {
    "img2pose": {
        "points": (("threed_points",), (68, 3)),
        "pose_mean": (("pose_mean",), (6,)),
        "pose_std": (("pose_stddev",), (6,)),
        "min_side": (("min_size",), ()),
        "max_side": (("max_size",), ()),
    },
    "pose_mlp_v2": {
        "y_mean": (("architecture", "output_normalization", "mean"), (6,)),
        "y_std": (("architecture", "output_normalization", "std"), (6,)),
    },
}


def read(
    entry: Asset, files: Mapping[str, Path]
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays by our own paths, and facts, of an asset's original files by role.

    A :class:`WeightError` or :class:`InputError` where a file is damaged, lacks
    something, or does not fit the network.
    """
    if entry.kind == "classifiers":
        models, outputs = CLASSIFIERS[entry.name]
        return _classifiers(files["weights"], models), {"outputs": list(outputs)}
    try:
        state, facts = _state(entry, files)
    except RecursionError:
        raise WeightError("its configuration is nested too deep; not read.") from None
    if not _is_plain(facts):
        raise WeightError(
            "its configuration holds infinite or missing numbers, or too deep lists."
        )
    port = PORTS[entry.name]
    model = port.build()
    conversion.load_torch(model, state, port.unused, port.renames)
    return conversion.arrays_of(model), facts


def _classifiers(path: Path, models: Sequence[str]) -> dict[str, np.ndarray]:
    fitted = read_skops(path)
    if not isinstance(fitted, Record):
        raise WeightError(f"{path} holds no classifiers.")
    try:
        arrays = hog_classifiers.of_record(fitted, models).arrays()
    except (AttributeError, LookupError, TypeError, ValueError, MemoryError) as error:
        raise WeightError(
            f"{path} holds other than fitted classifiers ({type(error).__name__}: "
            f"{excerpt(str(error))})."
        ) from None
    # A threshold may be infinite: then all go the same way.
    damaged = [key for key, array in arrays.items() if np.isnan(array).any()]
    if damaged:
        raise WeightError(f"{path}: not a number in {', '.join(damaged)}.")
    return arrays


def _state(
    entry: Asset, files: Mapping[str, Path]
) -> tuple[Mapping[str, np.ndarray], dict[str, Any]]:
    """Arrays under torch's keys, and facts."""
    if entry.name == "mtcnn":
        parts = {part: read_joblib(path) for part, path in files.items()}
        return mtcnn_wheel.state_of(parts), {}
    state = read_state(files["weights"])
    if "config" in files:
        return state.arrays, _facts(entry.name, read_json(files["config"]))
    if entry.name.startswith("face_multitask"):
        return state.arrays, {"config": _config_in(files["weights"], state.texts)}
    return state.arrays, {}


def _is_plain(value: Any, nested: int = 0) -> bool:
    """Whether all numbers are finite, and nothing lies deeper than need be."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return nested < MOST_NESTED and all(_is_plain(x, nested + 1) for x in inner)
    return not isinstance(value, float) or math.isfinite(value)


def _config_in(path: Path, texts: Mapping[str, str]) -> dict[str, Any]:
    try:
        found = json.loads(texts["config"])
    except (KeyError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise WeightError(f"{path.name} has no configuration in its metadata.")
    return found


def _facts(name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"config": dict(config)}
    for key, (place, shape) in FACTS.get(name, {}).items():
        value: Any = config
        for step in place:
            value = value.get(step) if isinstance(value, Mapping) else None
        try:
            fits = np.shape(np.asarray(value, np.float64)) == shape
        except (TypeError, ValueError, OverflowError):
            fits = False
        if value is None or not fits:
            raise WeightError(
                f"{name}: its configuration has no {'.'.join(place)} of shape {shape}."
            )
        found[key] = value
    return found
