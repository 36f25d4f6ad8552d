"""Tables of any dialect, read by what they look like, and put into genface's terms."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genface.errors import InputError, warn
from genface.geometry.pose import euler_from_rotation
from genface.table.columns import POSE, order_columns
from genface.table.dialects import DESCRIPTION, read_stripped
from genface.table.feat import DETECTOR, of_feat
from genface.table.libreface import libreface_to_feat, of_libreface
from genface.table.mediapipe import mediapipe_to_feat, of_mediapipe
from genface.table.openface import of_openface, openface_to_feat

TERMS = (
    "dialect",
    "mesh_unit",
    "mesh_z",
    "pose_sign",
    "pose_unit",
    "position_unit",
)
"""Facts that say in whose terms a table is."""


def read_any(path: Path | str, pyfeat_version: str | None = None) -> pd.DataFrame:
    """Read a table of whichever program; ``attrs["dialect"]`` says which it is.

    Values stay as they are. ``pyfeat_version`` is that of :func:`read_feat`.
    """
    table = read_stripped(path)
    dialect: Any = table.attrs["dialect"]
    if dialect in DETECTOR:
        return of_feat(table, pyfeat_version)
    readers = {
        "openface": of_openface,
        "libreface": of_libreface,
        "mediapipe": of_mediapipe,
    }
    return readers[dialect](table, path) if dialect in readers else table


def to_feat(table: pd.DataFrame) -> pd.DataFrame:
    """A table as read, in the names, signs and scales of genface and py-feat 2.1.1.

    What cannot be expressed in them is left out, such as the pose of py-feat 0.x.
    Signs that nobody told are an :class:`InputError`. A table that is in these terms
    already comes back as it is.
    """
    dialect: Any = table.attrs.get("dialect", "genface")
    makers = {
        "openface": openface_to_feat,
        "libreface": libreface_to_feat,
        "mediapipe": mediapipe_to_feat,
        "mpdetector": _mpdetector_to_feat,
    }
    if dialect not in makers:
        unknown = table.attrs.get("pose_sign") == "unknown"
        return _without_pose(table) if unknown else table
    made = makers[dialect](table)
    made = made[order_columns(made.columns)]
    made.attrs = {key: v for key, v in table.attrs.items() if key not in TERMS}
    made.attrs |= {"converted_from": dialect}
    if "Pitch" in made:
        made.attrs |= {"pose_sign": "genface"}
    scales = {"openface": "intensity", "libreface": "intensity"}
    made.attrs["au_scale"] = scales.get(dialect, "presence")
    return made


def _without_pose(table: pd.DataFrame) -> pd.DataFrame:
    """A table of py-feat 0.x without its pose, whose signs are in no document."""
    version = table.attrs.get("pyfeat_version")
    if version is None:
        raise InputError(
            f"this is a table of {DESCRIPTION[table.attrs['dialect']]} and the signs "
            "of its Pitch are not known; say which version of py-feat wrote it "
            "(pyfeat_version='2.0.3', --pyfeat-version)."
        )
    warn(f"the pose of py-feat {version} is left out: its signs are not known.")
    made = table.drop(columns=[name for name in POSE if name in table])
    made.attrs = {key: v for key, v in table.attrs.items() if key not in TERMS}
    return made


def _mpdetector_to_feat(table: pd.DataFrame) -> pd.DataFrame:
    """Pose: its angles are about x, y and z (y up) of ``Rz Ry Rx``, under other names.

    What it calls Roll turns about the vertical axis, what it calls Yaw about the line
    of sight. Its position is in pixels and left out.
    """
    made = table.drop(columns=["X", "Y", "Z"], errors="ignore")
    if {"Pitch", "Roll", "Yaw"} <= set(made):
        x, y, z = made[["Pitch", "Roll", "Yaw"]].to_numpy(float).T
        made[["Pitch", "Roll", "Yaw"]] = euler_from_rotation(_turned(x, y, z))
    depth = made.columns[made.columns.str.startswith("mesh_z_")]
    made[depth] = made[depth] / 256
    return made


def _turned(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Rotations (T, 3, 3): about x, then y, then z, each to the right of its axis."""
    sx, cx, sy, cy, sz, cz = (f(a) for a in (x, y, z) for f in (np.sin, np.cos))
    rows = [
        [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
        [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
        [-sy, cy * sx, cy * cx],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
