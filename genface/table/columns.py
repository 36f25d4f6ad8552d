"""The columns of a face table: their names, order and groups.

Names and order are those of py-feat's Detectorv2 (2.1), so that either program reads
the other's tables; ``time``, ``face_id`` and ``status`` are added at the end.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import pandas as pd

from genface.errors import InputError
from genface.facs.emotions import EMOTIONS as EMOTIONS
from genface.facs.units import AU_NAMES

FACEBOX = ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore")
LANDMARKS = tuple(f"{axis}_{i}" for axis in "xy" for i in range(68))
POSE = ("Pitch", "Roll", "Yaw", "X", "Y", "Z")
AUS = AU_NAMES
VALENCE_AROUSAL = ("valence", "arousal")
GAZE = ("gaze_pitch", "gaze_yaw", "gaze_angle")
IDENTITY = tuple(f"Identity_{i}" for i in range(1, 513))
MESH = tuple(f"mesh_{axis}_{i}" for axis in "xyz" for i in range(478))
META = (
    "FrameHeight",
    "FrameWidth",
    "input",
    "frame",
    "approx_time",
    "Identity",
    "time",
    "face_id",
    "status",
)
TEXT = ("input", "approx_time", "Identity", "status")
"""Columns of :data:`META` that hold words."""

_BLENDSHAPES = (
    "_neutral browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight "
    "cheekPuff cheekSquintLeft cheekSquintRight eyeBlinkLeft eyeBlinkRight "
    "eyeLookDownLeft eyeLookDownRight eyeLookInLeft eyeLookInRight eyeLookOutLeft "
    "eyeLookOutRight eyeLookUpLeft eyeLookUpRight eyeSquintLeft eyeSquintRight "
    "eyeWideLeft eyeWideRight jawForward jawLeft jawOpen jawRight mouthClose "
    "mouthDimpleLeft mouthDimpleRight mouthFrownLeft mouthFrownRight mouthFunnel "
    "mouthLeft mouthLowerDownLeft mouthLowerDownRight mouthPressLeft mouthPressRight "
    "mouthPucker mouthRight mouthRollLower mouthRollUpper mouthShrugLower "
    "mouthShrugUpper mouthSmileLeft mouthSmileRight mouthStretchLeft "
    "mouthStretchRight mouthUpperUpLeft mouthUpperUpRight noseSneerLeft "
    "noseSneerRight"
)
BLENDSHAPES = tuple(_BLENDSHAPES.split())
"""MediaPipe's 52: ARKit's without tongueOut, plus ``_neutral``; alphabetical."""

_V1_EMOTIONS = (
    "anger",
    "disgust",
    "fear",
    "happiness",
    "sadness",
    "surprise",
    "neutral",
)

Selection = Literal["core", "mesh", "all"]

GROUPS: dict[str, re.Pattern[str]] = {
    "facebox": re.compile("|".join(FACEBOX)),
    "landmarks": re.compile(r"[xy]_\d+"),
    "pose": re.compile("|".join(POSE)),
    "aus": re.compile(r"AU\d\d(_[LRrc])?"),
    "emotions": re.compile("|".join(EMOTIONS + _V1_EMOTIONS)),
    "valence_arousal": re.compile("|".join(VALENCE_AROUSAL)),
    "gaze": re.compile("|".join(GAZE)),
    "identity": re.compile(r"Identity_\d+"),
    "mesh": re.compile(r"mesh_[xyz]_\d+"),
    "blendshapes": re.compile("|".join(BLENDSHAPES)),
    "meta": re.compile("|".join(META)),
}
"""What the names of each group look like; no name belongs to two groups."""

_ORDER = (
    FACEBOX
    + LANDMARKS
    + POSE
    + AUS
    + EMOTIONS
    + VALENCE_AROUSAL
    + GAZE
    + IDENTITY
    + MESH
    + BLENDSHAPES
    + META
)


def groups(names: Iterable[object]) -> dict[str, tuple[str, ...]]:
    """Column names by group, each in the order given; unknown names are left out."""
    found: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in names:
        group = group_of(name)
        if group is not None:
            found[group].append(str(name))
    return {group: tuple(members) for group, members in found.items()}


@lru_cache(maxsize=10_000)
def group_of(name: object) -> str | None:
    """Group that a column belongs to, or None."""
    for group, pattern in GROUPS.items():
        if isinstance(name, str) and pattern.fullmatch(name):
            return group
    return None


def order_columns(names: Iterable[str]) -> list[str]:
    """Names in the table's order; one it does not know follows its group or the end."""
    names = list(names)
    rank = {name: place for place, name in enumerate(_ORDER)}
    last = {
        group: max(rank[name] for name in known)
        for group, known in groups(_ORDER).items()
    }

    def place(name: str) -> float:
        return rank.get(name, last.get(group_of(name) or "", len(_ORDER)) + 0.5)

    return sorted(names, key=place)


def select_columns(frame: pd.DataFrame, columns: Selection = "mesh") -> pd.DataFrame:
    """The table in the usual order, without its long groups.

    ``core`` has neither mesh nor identity numbers, ``mesh`` has the mesh, ``all`` both.
    """
    left_out = {"core": {"mesh", "identity"}, "mesh": {"identity"}, "all": set()}
    if columns not in left_out:
        raise InputError(f"columns={columns!r}: use 'core', 'mesh' or 'all'.")
    chosen = [name for name in frame.columns if group_of(name) not in left_out[columns]]
    return frame[order_columns(chosen)]
