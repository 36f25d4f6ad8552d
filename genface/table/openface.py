"""Tables of OpenFace 2, as they are and in genface's names, signs and scales.

Axes of its camera: x to the right in the picture, y down, z away, in millimetres;
``R = Rx Ry Rz`` turns the neutral face. A frame without a face is a row of zeros with
``success`` 0. Frames are counted from 1.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genface.errors import InputError
from genface.geometry.pose import euler_from_rotation
from genface.table.columns import LANDMARKS, au_strengths
from genface.table.dialects import read_named

FLIP = np.diag([1.0, -1.0, -1.0])
"""Turns OpenFace's axes into those of the head, and back."""


def read_openface(
    path: Path | str, features: Sequence[str] | str | None = None
) -> pd.DataFrame:
    """Read a table of OpenFace 2: its columns and values, and ``input``.

    Blanks in front of names (OpenFace before 2.0.6) are taken off. ``features`` chooses
    columns. ``AUxx_r`` is 0 to 5 (``au_scale`` is ``facs``), ``AUxx_c`` 0 or 1.
    """
    table = of_openface(read_named(path, {"openface"}, "a table of OpenFace"), path)
    if features is None:
        return table
    features = [features] if isinstance(features, str) else features
    missing = [name for name in features if name not in table]
    if missing:
        raise InputError(f"{path}: no columns {', '.join(missing[:5])}.")
    return table[list(features)]


def of_openface(table: pd.DataFrame, path: Path | str) -> pd.DataFrame:
    """A table of OpenFace as read, with the facts that hold for all of them."""
    facts: dict[Any, Any] = {
        "detector": "OpenFace",
        "au_scale": "facs",
        "pose_sign": "openface",
        "pose_unit": "radians",
        "gaze_frame": "camera",
        **table.attrs,
    }
    if "input" not in table:
        table = table.assign(input=str(path))
    table.attrs = facts
    return table


def openface_to_feat(table: pd.DataFrame) -> pd.DataFrame:
    """The table in genface's names, signs and scales.

    ``AUxx_r`` / 5 is ``AUxx`` (``au_scale`` ``intensity``); ``AUxx_c`` and the shape
    parameters are left out. The gaze is the two eyes' mean, still seen from the camera.
    Rows without ``success`` are NaN and get the status ``no_face``. The face box is
    that of the 68 landmarks.
    """
    made: dict[str, Any] = {}
    if set(LANDMARKS) <= set(table):
        points = table[list(LANDMARKS)].to_numpy(float).reshape(len(table), 2, 68)
        low, high = points.min(2), points.max(2)
        made |= dict(zip(("FaceRectX", "FaceRectY"), low.T, strict=True))
        size = (high - low).T
        made |= dict(zip(("FaceRectWidth", "FaceRectHeight"), size, strict=True))
    if "confidence" in table:
        made["FaceScore"] = table["confidence"].to_numpy(float)
    made |= {name: table[name].to_numpy(float) for name in LANDMARKS if name in table}
    made |= _head(table)
    strengths = au_strengths(table.columns)
    made |= {au: table[name].to_numpy(float) / 5 for au, name in strengths.items()}
    made |= _eyes(table)
    feat = pd.DataFrame(made, index=table.index)
    failed = np.zeros(len(table), bool)
    if "success" in table:
        failed = table["success"].to_numpy() == 0
        feat.loc[failed, [name for name in feat if name != "FaceScore"]] = np.nan
    rest: dict[str, Any] = {}
    if "input" in table:
        rest["input"] = table["input"]
    if "frame" in table:
        rest["frame"] = table["frame"] - 1
    for name in ("time", "timestamp"):
        if name in table:
            rest["time"] = table[name]
    rest["face_id"] = table["face_id"] if "face_id" in table else 0
    rest["status"] = np.where(failed, "no_face", "ok")
    return feat.assign(**rest)


def _head(table: pd.DataFrame) -> dict[str, np.ndarray]:
    head: dict[str, np.ndarray] = {}
    turns = [f"pose_R{axis}" for axis in "xyz"]
    if set(turns) <= set(table):
        rotation = FLIP @ rotation_of(table[turns].to_numpy(float)) @ FLIP
        angles = euler_from_rotation(rotation).T
        head |= dict(zip(("Pitch", "Roll", "Yaw"), angles, strict=True))
    for axis in "xyz":
        if f"pose_T{axis}" in table:
            head[axis.upper()] = table[f"pose_T{axis}"].to_numpy(float) / 10
    return head


def _eyes(table: pd.DataFrame) -> dict[str, np.ndarray]:
    names = [f"gaze_{eye}_{axis}" for eye in "01" for axis in "xyz"]
    if not set(names) <= set(table):
        return {}
    x, y, z = table[names].to_numpy(float).reshape(len(table), 2, 3).mean(1).T
    pitch, yaw = np.arctan2(-y, np.hypot(x, z)), np.arctan2(-x, -z)
    angle = np.arccos(np.clip(np.cos(pitch) * np.cos(yaw), -1, 1))
    return {"gaze_pitch": pitch, "gaze_yaw": yaw, "gaze_angle": angle}


def rotation_of(angles: np.ndarray) -> np.ndarray:
    """OpenFace's rotations (T, 3, 3) of its angles (T, 3): ``Rx Ry Rz``."""
    made = np.broadcast_to(np.eye(3), (len(angles), 3, 3))
    for axis, turn in enumerate(angles.T):
        about = np.zeros((len(angles), 3, 3))
        about[:, axis, axis] = 1
        i, j = (axis + 1) % 3, (axis + 2) % 3
        about[:, i, i] = about[:, j, j] = np.cos(turn)
        about[:, j, i], about[:, i, j] = np.sin(turn), -np.sin(turn)
        made = made @ about
    return made
