"""Tables for programs that read OpenFace 2, written from tables in genface's names."""

from pathlib import Path

import numpy as np
import pandas as pd

from genface.errors import InputError
from genface.files import atomic
from genface.geometry.pose import rotation_from_euler
from genface.table.columns import LANDMARKS, au_strengths
from genface.table.dialects import recognise
from genface.table.openface import FLIP

Columns = dict[str, np.ndarray]


def write_openface(table: pd.DataFrame, path: Path | str) -> Path:
    """Write a table in OpenFace's names, axes and units; returns the path.

    A table of OpenFace is written as it is, without ``input``. Any other must be in
    genface's signs. AUs on ``intensity`` or ``facs`` become ``AUxx_r`` (0 to 5);
    ``presence`` and ``occurrence`` become ``AUxx_c``, 1 from 0.5 up. What nobody
    measured, or in units of its own (py-feat's X, Y, Z), has no column; a row without
    a face is zeros with ``success`` 0, as OpenFace writes it. One input at a time: its
    frames count from 1.
    """
    path = Path(path)
    if path.suffix != ".csv":
        raise InputError(f"{path}: a table of OpenFace ends in .csv.")
    if recognise(table.columns) == "openface":
        written = pd.DataFrame(table.drop(columns="input", errors="ignore"))
    else:
        written = openface_columns(table)
    with atomic(path) as temporary:
        written.to_csv(temporary, index=False, lineterminator="\n")
    return path


def openface_columns(table: pd.DataFrame) -> pd.DataFrame:
    """The table as OpenFace would have written it; see :func:`write_openface`."""
    if "input" in table and table["input"].nunique() > 1:
        raise InputError(
            f"this table holds {table['input'].nunique()} inputs and OpenFace's tables "
            "have one; write fex[fex['input'] == name]."
        )
    aus = _action_units(table)
    if not aus:
        raise InputError("this table has no AU columns, which OpenFace's tables need.")
    found = np.isfinite(np.column_stack(list(aus.values()))).any(axis=1)
    measured = _directions(table) | _landmarks(table) | aus
    known = {
        name: np.where(found, np.nan_to_num(values), 0)
        for name, values in measured.items()
        if np.isfinite(values).any()
    }
    return pd.DataFrame({**_rows(table, found), **known})


def _rows(table: pd.DataFrame, found: np.ndarray) -> Columns:
    frame = np.arange(len(table))
    if "frame" in table:
        frame = table["frame"].to_numpy()
    rows: Columns = {"frame": frame + 1}
    if "face_id" in table:
        rows["face_id"] = table["face_id"].fillna(0).to_numpy(int)
    if "time" in table:
        rows["timestamp"] = table["time"].to_numpy(float)
    elif table.attrs.get("fps"):
        rows["timestamp"] = frame / float(table.attrs["fps"])
    score = found.astype(float)
    if "FaceScore" in table:
        score = np.where(found, table["FaceScore"].to_numpy(float), 0)
    return rows | {"confidence": np.nan_to_num(score), "success": found.astype(int)}


def _action_units(table: pd.DataFrame) -> Columns:
    """``AUxx_r`` or ``AUxx_c``, NaN where not measured; one-sided AUs are left out."""
    names = {
        au: name for au, name in au_strengths(table.columns).items() if len(au) == 4
    }
    values = {au: table[name].to_numpy(float) for au, name in names.items()}
    scale = table.attrs.get("au_scale")
    if scale in ("intensity", "facs"):
        factor = 5 if scale == "intensity" else 1
        return {f"{au}_r": factor * value for au, value in values.items()}
    if scale in ("presence", "occurrence"):
        return {
            f"{au}_c": np.where(np.isnan(value), np.nan, value >= 0.5)
            for au, value in values.items()
        }
    raise InputError(
        f"au_scale is {scale!r}, so nobody can tell OpenFace's intensities; set "
        "fex.attrs['au_scale'] to intensity, facs, presence or occurrence."
    )


def _landmarks(table: pd.DataFrame) -> Columns:
    return {name: table[name].to_numpy(float) for name in LANDMARKS if name in table}


def _directions(table: pd.DataFrame) -> Columns:
    """Gaze and head in OpenFace's names."""
    turns = [name for name in ("Pitch", "Roll", "Yaw") if name in table]
    if turns and table.attrs.get("pose_sign", "genface") != "genface":
        raise InputError(
            f"the signs of this table's pose are {table.attrs['pose_sign']!r} and not "
            "genface's; convert it first (to_feat, or read_feat with pyfeat_version)."
        )
    rotation = None
    pose: Columns = {}
    in_cm = table.attrs.get("position_unit", "cm") == "cm"
    for axis in "XYZ":
        if axis in table and in_cm:
            pose[f"pose_T{axis.lower()}"] = table[axis].to_numpy(float) * 10
    if len(turns) == 3:
        rotation = rotation_from_euler(table[turns].to_numpy(float))
        angles = angles_of(FLIP @ rotation @ FLIP).T
        pose |= dict(zip(("pose_Rx", "pose_Ry", "pose_Rz"), angles, strict=True))
    return _gaze(table, rotation) | pose


def _gaze(table: pd.DataFrame, rotation: np.ndarray | None) -> Columns:
    """Both eyes' direction from the camera; one within the head turns with it."""
    in_head = table.attrs.get("gaze_frame") == "head"
    if not {"gaze_pitch", "gaze_yaw"} <= set(table) or (in_head and rotation is None):
        return {}
    pitch, yaw = table[["gaze_pitch", "gaze_yaw"]].to_numpy(float).T
    gaze = np.stack(
        [-np.cos(pitch) * np.sin(yaw), np.sin(pitch), np.cos(pitch) * np.cos(yaw)], -1
    )
    if in_head and rotation is not None:
        gaze = np.einsum("tij,tj->ti", rotation, gaze)
    x, y, z = (gaze @ FLIP).T
    eye = {"x": x, "y": y, "z": z}
    eyes = {f"gaze_{side}_{axis}": eye[axis] for side in "01" for axis in "xyz"}
    angles = {"gaze_angle_x": np.arctan2(x, -z), "gaze_angle_y": np.arctan2(y, -z)}
    return eyes | angles


def angles_of(rotation: np.ndarray) -> np.ndarray:
    """Angles (T, 3) of rotations (T, 3, 3) that are ``Rx Ry Rz``."""
    x = np.arctan2(-rotation[:, 1, 2], rotation[:, 2, 2])
    y = np.arcsin(np.clip(rotation[:, 0, 2], -1, 1))
    return np.stack([x, y, np.arctan2(-rotation[:, 0, 1], rotation[:, 0, 0])], axis=-1)
