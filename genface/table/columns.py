"""The columns of a face table: their names, order and groups.

Names and order are those of py-feat's Detectorv2 (2.1), so that either program reads
the other's tables; ``time``, ``face_id`` and ``status`` are added at the end. Groups
also know the names of OpenFace 2, LibreFace and MediaPipe, and names that a statistic
put something in front of (``mean_AU12``).
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
TEXT = ("input", "approx_time", "Identity", "status", "facial_expression")
"""Columns that hold words; the last is LibreFace's."""

TIME = (
    "frame",
    "approx_time",
    "time",
    "timestamp",
    "frame_idx",
    "frame_time_in_ms",
    "timestamp_ms",
)
"""Columns that say when; the last four are other programs'."""

FOREIGN_META = (*TIME[3:], "confidence", "success", "face", "facial_expression")
"""What OpenFace, LibreFace and MediaPipe say about a row."""

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

V1_EMOTIONS = (
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
    "pose": re.compile("|".join(POSE) + r"|pose_[TR][xyz]|pitch|yaw|roll"),
    "aus": re.compile(r"AU\d\d?(_[LRrc])?|au_\d+(_intensity)?"),
    "emotions": re.compile("|".join(EMOTIONS + V1_EMOTIONS)),
    "valence_arousal": re.compile("|".join(VALENCE_AROUSAL)),
    "gaze": re.compile("|".join(GAZE) + r"|gaze_[01]_[xyz]|gaze_angle_[xy]"),
    "identity": re.compile(r"Identity_\d+"),
    "mesh": re.compile(r"mesh_[xyz]_\d+|lm_mp_\d+_[xyz]"),
    "blendshapes": re.compile("|".join(BLENDSHAPES)),
    "eye_landmarks": re.compile(r"eye_lmk_[xyXYZ]_\d+"),
    "landmarks_3d": re.compile(r"[XYZ]_\d+"),
    "shape": re.compile(r"p_(scale|[rt][xyz]|\d+)"),
    "meta": re.compile("|".join(META + FOREIGN_META)),
}
"""What the names of each group look like; no name belongs to two groups."""

STATISTICS = re.compile(
    r"(?:(?:mean|std|sem|min|max)_|f[\d.]+_[a-z]+_|(?:pos|neg)\d+_hz_[\d.]+_)+"
)
"""What ``extract_*`` puts in front of a name."""

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

_STRENGTH = re.compile(
    r"AU(?P<number>\d\d?)(?:_r|(?P<side>_[LR]))?|au_(?P<other>\d+)_intensity"
)


def groups(names: Iterable[object]) -> dict[str, tuple[str, ...]]:
    """Column names by group, each in the order given; unknown names are left out."""
    found: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in names:
        group = group_of(name)
        if group is not None:
            found[group].append(str(name))
    return {group: tuple(members) for group, members in found.items()}


@lru_cache(maxsize=50_000)
def group_of(name: object) -> str | None:
    """Group that a column, or the column that a statistic is of, belongs to."""
    if not isinstance(name, str):
        return None
    base = base_name(name)
    for group, pattern in GROUPS.items():
        if pattern.fullmatch(base):
            return group
    return None


def time_columns(names: Iterable[object]) -> list[str]:
    """The names of :data:`TIME`, and those of their statistics."""
    return [name for name in groups(names)["meta"] if base_name(name) in TIME]


def base_name(name: str) -> str:
    """Name of the column that a statistic is of: ``AU12`` for ``mean_AU12``."""
    return STATISTICS.sub("", name, count=1) if STATISTICS.match(name) else name


def au_strengths(names: Iterable[object]) -> dict[str, str]:
    """Columns that say how strong an Action Unit is, by the Unit's name.

    ``AU12``, ``AU12_L``, OpenFace's ``AU12_r`` and LibreFace's ``au_12_intensity``
    count, under ``AU12``, and ``AU6`` under ``AU06``; not ``AU12_c`` or ``au_12``,
    which are 0 or 1, and no statistics.
    """
    found: dict[str, str] = {}
    for name in groups(names)["aus"]:
        match = _STRENGTH.fullmatch(name)
        if match:
            number, side = match["number"] or match["other"], match["side"] or ""
            found.setdefault(f"AU{int(number):02d}{side}", name)
    return found


def order_columns(names: Iterable[str]) -> list[str]:
    """Names in the table's order; one it does not know follows its group or the end."""
    names = list(names)
    rank = {name: place for place, name in enumerate(_ORDER)}
    last = {
        group: max(rank[name] for name in known)
        for group, known in groups(_ORDER).items()
        if known
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
