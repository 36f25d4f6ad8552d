"""Motion as named curves: a long CSV of blendshapes, VRM expressions, openFACS."""

import csv
import io
from pathlib import Path

import numpy as np

from genface import files
from genface.avatar.animation import Motion
from genface.avatar.livelink import LOOK_RADIANS, SHAPES, arkit_curves
from genface.errors import InputError
from genface.facs import au_number

NAMINGS = ("livelink", "arkit", "vrm")
VRM_EXPRESSIONS = (
    "happy angry sad relaxed surprised aa ih ou ee oh blink blinkLeft blinkRight "
    "lookUp lookDown lookLeft lookRight"
).split()
"""Preset expressions of VRM 1.0 but for ``neutral``."""

OPENFACS_AUS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)


def write_blendshapes(
    path: Path | str, motion: Motion, names: str = "livelink"
) -> tuple[str, ...]:
    """Write a long CSV, one row per curve and frame: curve_name, frame_number, value.

    The form that Unreal's RigMapper reads. ``names`` are those of ``livelink``
    (``JawOpen``), ``arkit`` (``jawOpen``) or ``vrm``. What was left out comes back as
    notes.
    """
    notes: tuple[str, ...] = ()
    if names == "vrm":
        curves, labels = vrm_curves(motion), VRM_EXPRESSIONS
    elif names in NAMINGS:
        curves, notes = arkit_curves(motion)
        labels = list(SHAPES)
        if names == "livelink":
            labels = [label[0].upper() + label[1:] for label in labels]
    else:
        raise InputError(f"names {names!r}: expected one of {', '.join(NAMINGS)}.")
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["curve_name", "frame_number", "value"])
    for label, curve in zip(labels, curves.T, strict=True):
        for frame, value in enumerate(curve):
            table.writerow([label, frame, f"{value:.7f}"])
    files.write_text(path, text.getvalue())
    return notes


def vrm_curves(motion: Motion) -> np.ndarray:
    """Weights (T, 17) of :data:`VRM_EXPRESSIONS` in [0, 1].

    VRM names whole expressions, not muscles, so this is a rule of thumb of this
    project: an emotion is as strong as the weaker of the AUs that mark it; vowels
    follow the opening, rounding and stretching of the mouth.
    """
    au = _Sides(motion)
    brows_up, brows_down = np.minimum(au(1), au(2)), au(4)
    smile, jaw = np.maximum(au(12), au(13)), np.maximum(0.6 * au(26), au(27))
    round_, wide = np.maximum(au(18), au(22)), au(20)
    parted = np.maximum(au(25), jaw)
    tense = np.max([au(5), au(7), au(23), au(24)], axis=0)
    shut = np.maximum(au.sides(43), au.sides(45))
    blink = shut.min(axis=0)
    sad = np.minimum(np.maximum(au(1), brows_down), np.maximum(au(15), au(17)))
    gaze = np.zeros((len(motion), 2)) if motion.gaze is None else motion.gaze
    up, right = gaze.T / LOOK_RADIANS
    curves = {
        "happy": smile,
        "angry": np.minimum(brows_down, tense),
        "sad": sad,
        "relaxed": np.minimum(smile, blink),
        "surprised": np.minimum(brows_up, np.maximum(au(5), jaw)),
        "aa": jaw * (1 - round_),
        "ih": np.clip(parted - jaw, 0, 1) * (1 - round_) * (1 - wide),
        "ou": round_ * (1 - jaw),
        "ee": np.minimum(wide, parted),
        "oh": np.minimum(round_, jaw),
        "blink": blink,
        "blinkLeft": shut[0] - blink,
        "blinkRight": shut[1] - blink,
        "lookUp": up,
        "lookDown": -up,
        "lookLeft": -right,
        "lookRight": right,
    }
    return np.clip(np.stack([curves[name] for name in VRM_EXPRESSIONS], 1), 0, 1)


def write_openfacs(
    path: Path | str, motion: Motion, speed: float = 1.0
) -> tuple[str, ...]:
    """Write the messages that openFACS takes by UDP, one per frame, as JSON.

    ``messages`` hold its 18 AUs as whole numbers 0-5 (FACS A-E) and ``Speed``. AUs that
    openFACS does not have come back in a note; AU43 counts as AU45.
    """
    au = _Sides(motion)
    levels = {
        f"AU{number}": np.rint(
            5 * (np.maximum(au(43), au(45)) if number == 45 else au(number))
        ).astype(int)
        for number in OPENFACS_AUS
    }
    messages = [
        {**{name: int(level[k]) for name, level in levels.items()}, "Speed": speed}
        for k in range(len(motion))
    ]
    files.write_json(
        path,
        {"format": "openFACS", "fps": float(motion.fps), "messages": messages},
    )
    unknown = [
        name for name in motion.au_names if au_number(name) not in (*OPENFACS_AUS, 43)
    ]
    return (f"{', '.join(unknown)}: openFACS has none, left out",) if unknown else ()


class _Sides:
    """AUs of a motion by number: ``sides`` (2, T) left and right, or their mean."""

    def __init__(self, motion: Motion) -> None:
        self._motion = motion
        self._at = {name: k for k, name in enumerate(motion.au_names)}

    def __call__(self, number: int) -> np.ndarray:
        return self.sides(number).mean(axis=0)

    def sides(self, number: int) -> np.ndarray:
        aus, base = self._motion.aus, f"AU{number:02d}"
        nothing = np.zeros(len(self._motion))
        both = aus[:, self._at[base]] if base in self._at else nothing
        sides = [
            aus[:, self._at[name]] if name in self._at else both
            for name in (f"{base}_L", f"{base}_R")
        ]
        return np.clip(np.stack(sides), 0, 1)
