"""Which program wrote a table: told from the names of its columns."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from genface.errors import InputError
from genface.table.columns import BLENDSHAPES, TEXT, V1_EMOTIONS, group_of
from genface.table.files import read_table

Dialect = Literal[
    "genface",
    "feat-v1",
    "feat-v2",
    "mpdetector",
    "openface",
    "libreface",
    "mediapipe",
    "unknown",
]

DESCRIPTION: dict[Dialect, str] = {
    "genface": "genface",
    "feat-v1": "py-feat's Detectorv1, or py-feat 0.x",
    "feat-v2": "py-feat's Detectorv2",
    "mpdetector": "py-feat's MPDetector",
    "openface": "OpenFace 2",
    "libreface": "LibreFace",
    "mediapipe": "MediaPipe's blendshapes",
    "unknown": "a program that is not known here",
}

_OPENFACE = re.compile(r"AU\d\d_[rc]|pose_[TR][xyz]|gaze_[01]_[xyz]|eye_lmk_x_\d+")
_LIBREFACE = re.compile(r"lm_mp_\d+_[xyz]|au_\d+(_intensity)?|frame_time_in_ms")
_SHORT = re.compile(r"^AU(?=\d(_[LRrc])?$)")
_LABELS = re.compile(r"\s*|Unnamed: 0")
_FEAT = {"FaceRectX", "Pitch", "Identity_1", *V1_EMOTIONS}


def recognise(names: Iterable[object]) -> Dialect:
    """The dialect that a table with these columns is in."""
    known = {str(name).strip() for name in names}
    if any(_OPENFACE.fullmatch(name) for name in known):
        return "openface"
    if any(_LIBREFACE.fullmatch(name) for name in known):
        return "libreface"
    if {"face_id", "time"} <= known or {"status", "frame"} <= known:
        return "genface"
    if "z_0" in known:
        return "mpdetector"
    if {"valence", "arousal"} <= known or "mesh_x_0" in known:
        return "feat-v2"
    if known & _FEAT:
        return "feat-v1"
    lower = {name.lower() for name in known}
    if sum(name.lower() in lower for name in BLENDSHAPES) >= len(BLENDSHAPES) / 2:
        return "mediapipe"
    return "unknown"


def read_named(path: Path | str, expected: set[Dialect], wanted: str) -> pd.DataFrame:
    """Read a table whose dialect must be one of these; names without their blanks.

    Its dialect is in ``attrs``, before the facts of its sidecar.
    """
    table = read_stripped(path)
    dialect: Any = table.attrs["dialect"]
    if dialect not in expected:
        raise InputError(
            f"{path}: expected {wanted}, but the columns look like "
            f"{DESCRIPTION[dialect]}; read_table reads every kind it recognises."
        )
    return table


def read_stripped(path: Path | str) -> pd.DataFrame:
    """Read any table file; names without blanks around them, dialect in ``attrs``.

    ``AU6`` becomes ``AU06``; both in one table are an :class:`InputError`. Row labels
    that pandas or R wrote along, in a column without a name, are left out.
    """
    table = read_table(path)
    labels = [name for name in table.columns if _LABELS.fullmatch(name)]
    table = table.drop(columns=labels) if labels else table
    found = [name.strip() for name in table.columns.tolist()]
    names = [_SHORT.sub("AU0", name) for name in found]
    table.columns = pd.Index(names)
    twice = [found[i] for i in np.flatnonzero(table.columns.duplicated(keep=False))]
    if twice:
        raise InputError(
            f"{path}: columns appear twice: {', '.join(dict.fromkeys(twice))}."
        )
    others = table.select_dtypes(exclude=["number", "bool"]).columns
    words = [name for name in others if group_of(name) and name not in TEXT]
    if words:
        raise InputError(
            f"{path}: {', '.join(words[:5])} should hold numbers and hold words "
            f"(first: {table[words[0]].dropna().iloc[0]!r})."
        )
    table.attrs = {"dialect": recognise(names), **table.attrs}
    return table
