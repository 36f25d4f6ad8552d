"""Motion as the CSV of Apple's face capture app Live Link Face, written and read.

63 columns: timecode, count (61), ARKit's 52 shapes, and nine angles in radians. The
angles of the eyes were read off a recording of the app against its own eyeLook shapes:
yaw is + to the subject's right, pitch + DOWN, and .6 rad is a look shape at 1. Those of
the head follow what programs that receive them agree on: yaw is + to the subject's
LEFT, pitch + up, roll + tilts to the subject's right.
"""

import csv
import io
import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from genface import files
from genface.avatar.animation import Motion
from genface.errors import InputError
from genface.facs import ARKIT_SHAPES, arkit_weights, blendshapes_from_aus

# In the order of the app's files: the right side of jaw and mouth comes first.
SHAPES = (
    "eyeBlinkLeft eyeLookDownLeft eyeLookInLeft eyeLookOutLeft eyeLookUpLeft "
    "eyeSquintLeft eyeWideLeft eyeBlinkRight eyeLookDownRight eyeLookInRight "
    "eyeLookOutRight eyeLookUpRight eyeSquintRight eyeWideRight jawForward jawRight "
    "jawLeft jawOpen mouthClose mouthFunnel mouthPucker mouthRight mouthLeft "
    "mouthSmileLeft mouthSmileRight mouthFrownLeft mouthFrownRight mouthDimpleLeft "
    "mouthDimpleRight mouthStretchLeft mouthStretchRight mouthRollLower "
    "mouthRollUpper mouthShrugLower mouthShrugUpper mouthPressLeft mouthPressRight "
    "mouthLowerDownLeft mouthLowerDownRight mouthUpperUpLeft mouthUpperUpRight "
    "browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight "
    "cheekPuff cheekSquintLeft cheekSquintRight noseSneerLeft noseSneerRight tongueOut"
).split()
ANGLES = (
    "HeadYaw HeadPitch HeadRoll LeftEyeYaw LeftEyePitch LeftEyeRoll RightEyeYaw "
    "RightEyePitch RightEyeRoll"
).split()
COLUMNS = ("Timecode", "BlendShapeCount", *(s[0].upper() + s[1:] for s in SHAPES),
           *ANGLES)  # fmt: skip
LOOK_RADIANS = 0.6  # angle of the eye at which its look shape is 1
RATES = (24, 25, 30, 48, 50, 60, 90, 100, 120)  # frames per second a file may have


@dataclass(frozen=True)
class LiveLink:
    """A file of Live Link Face in genface's terms.

    ``times`` (T,) are seconds from the first frame, ``shapes`` (T, S) the ARKit shapes
    ``names`` that the file has. ``pose`` (T, 3) is Pitch, Roll, Yaw of the head and
    ``gaze`` (T, 2) pitch, yaw of both eyes' mean, in radians, + up and to the subject's
    right; None where the file has no such columns.
    """

    times: np.ndarray
    fps: Fraction
    names: tuple[str, ...]
    shapes: np.ndarray
    pose: np.ndarray | None
    gaze: np.ndarray | None


def arkit_curves(motion: Motion) -> tuple[np.ndarray, tuple[str, ...]]:
    """Weights (T, 52) in the order of SHAPES, and one-line notes.

    AUs by ARKit's table (:func:`genface.facs.blendshapes_from_aus`), the look shapes
    also by the gaze. AUs that no shape expresses are left out with a note.
    """
    known, left_out = [], []
    for name in motion.au_names:
        try:
            arkit_weights(name)
        except InputError:
            left_out.append(name)
        else:
            known.append(name)
    columns = [motion.au_names.index(name) for name in known]
    aus = np.clip(motion.aus[:, columns], 0, 1)
    weights = blendshapes_from_aus(aus, known)
    weights = weights[:, [ARKIT_SHAPES.index(name) for name in SHAPES]]
    if motion.gaze is not None:
        pitch, yaw = motion.gaze.T / LOOK_RADIANS
        for side, out in (("Left", -yaw), ("Right", yaw)):
            looks = {"Up": pitch, "Down": -pitch, "Out": out, "In": -out}
            for look, angle in looks.items():
                column = SHAPES.index(f"eyeLook{look}{side}")
                weights[:, column] += np.clip(angle, 0, 1)
    notes = [f"{', '.join(left_out)}: ARKit has no shape, left out"] if left_out else []
    return np.clip(weights, 0, 1), tuple(notes)


def write_livelink(path: Path | str, motion: Motion) -> tuple[str, ...]:
    """Write a motion as Live Link Face would; what was left out comes back as notes.

    The rate is not in such a file: give the program that reads it ``motion.fps``.
    """
    weights, notes = arkit_curves(motion)
    angles = np.zeros((len(motion), len(ANGLES)))
    if motion.pose is not None:
        pitch, roll, yaw = motion.pose.T
        angles[:, :3] = np.stack([-yaw, pitch, roll], axis=1)
    if motion.gaze is not None:
        pitch, yaw = motion.gaze.T
        angles[:, [3, 6]], angles[:, [4, 7]] = yaw[:, None], -pitch[:, None]
    rows = np.concatenate([weights, angles], axis=1)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for index, row in enumerate(rows):
        code = timecode(index / motion.fps, motion.fps)
        table.writerow(
            [code, len(row), *(f"{round(value, 7) + 0.0:.7f}" for value in row)]
        )
    files.write_text(path, text.getvalue())
    return notes


def timecode(seconds: Fraction, fps: Fraction) -> str:
    """``HH:MM:SS:FF.fff``: hours, minutes, seconds and frames within the second.

    Frames are counted at the rate rounded to a whole number, so that time runs true.
    """
    rate = nominal(fps)
    thousandths = round(seconds * rate * 1000)
    whole, rest = divmod(thousandths, rate * 1000)
    frame, fraction = divmod(rest, 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{frame:02d}.{fraction:03d}"


def nominal(fps: Fraction | float) -> int:
    """Frames that a second of timecode is counted in."""
    return max(1, math.floor(fps + Fraction(1, 2)))


def read_livelink(path: Path | str, fps: Fraction | float | None = None) -> LiveLink:
    """Read a CSV of Live Link Face: columns in any order and either capitalisation.

    ``fps`` is the rate it was recorded at, which the file does not tell; without it,
    the lowest usual rate that holds the frame numbers. Files of the 51 or 52 shapes
    alone are read too. Raises :class:`InputError` for anything else.
    """
    header, rows = _table(path)
    at = {name.strip().lower(): k for k, name in enumerate(header)}
    names = [name for name in SHAPES if name.lower() in at]
    if "timecode" not in at or not names:
        raise InputError(
            f"{path}: no file of Live Link Face; it needs a column Timecode and "
            "ARKit's shapes (EyeBlinkLeft, ...)."
        )
    clock = np.array([_clock(row[at["timecode"]], path) for row in rows])
    rate = Fraction(fps).limit_denominator(1001) if fps else _rate(clock[:, 1])
    if rate <= 0:
        raise InputError(f"fps is {fps}; expected a positive number.")
    seconds = clock[:, 0] + clock[:, 1] / nominal(rate)
    if (np.diff(seconds) <= 0).any():
        raise InputError(f"{path}: its timecode does not rise at {rate} frames/s.")

    def values(columns: list[str]) -> np.ndarray | None:
        if not set(map(str.lower, columns)) <= set(at):
            return None
        return _numbers(rows, [at[name.lower()] for name in columns], path)

    head = values(["HeadPitch", "HeadRoll", "HeadYaw"])
    eyes = values(["LeftEyePitch", "LeftEyeYaw", "RightEyePitch", "RightEyeYaw"])
    gaze = None if eyes is None else (eyes[:, :2] + eyes[:, 2:]) / 2 * [-1, 1]
    shapes = values(names)
    assert shapes is not None
    return LiveLink(
        times=seconds - seconds[0],
        fps=rate,
        names=tuple(names),
        shapes=shapes,
        pose=None if head is None else head * [1, 1, -1],
        gaze=gaze,
    )


def _table(path: Path | str) -> tuple[list[str], list[list[str]]]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        every = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}).") from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path}: not a CSV file.") from None
    if len(every) < 2:
        raise InputError(f"{path}: has no frames.")
    header, rows = every[0], every[1:]
    short = next((k for k, row in enumerate(rows) if len(row) != len(header)), None)
    if short is not None:
        raise InputError(
            f"{path}: frame {short + 1} has {len(rows[short])} values, the header "
            f"{len(header)} columns."
        )
    return header, rows


def _clock(text: str, path: Path | str) -> tuple[int, float]:
    """Whole seconds, and frames beyond them."""
    try:
        hours, minutes, seconds, frames = text.replace(";", ":").split(":")
        whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
        return whole, float(frames)
    except ValueError:
        raise InputError(
            f"{path}: timecode {text!r}; expected HH:MM:SS:FF.fff."
        ) from None


def _rate(frames: np.ndarray) -> Fraction:
    highest = math.floor(frames.max())
    return Fraction(next((rate for rate in RATES if rate > highest), highest + 1))


def _numbers(rows: list[list[str]], columns: list[int], path: Path | str) -> np.ndarray:
    try:
        return np.array([[float(row[k]) for k in columns] for row in rows])
    except ValueError as error:
        raise InputError(f"{path}: not a number in it ({error}).") from None
