"""From a face table to what the avatar does: choice of face, scale, timing."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from genface.avatar.animation import Motion, calibrate_presence, retime, smoothed
from genface.avatar.rig import Rig
from genface.errors import InputError
from genface.fex import Fex

POSE = ["Pitch", "Roll", "Yaw"]
GAZE = ["gaze_pitch", "gaze_yaw"]


def face_rows(fex: Fex, face: str | int = "longest") -> Fex:
    """One row per frame of one face, NaN where it was not seen.

    ``face`` is ``longest`` or a ``face_id``. A table that does not tell faces apart is
    taken to hold one.
    """
    if len(fex) == 0:
        raise InputError("the table has no rows: there is nothing to animate.")
    if "face_id" not in fex.columns or not fex["face_id"].notna().any():
        return fex
    if face == "longest":
        return fex.complete(fex.longest_face())
    if not str(face).isdigit():
        raise InputError(
            f"face {face!r}: an avatar follows one face; give 'longest' or a face_id."
        )
    return fex.complete(int(face))


def motion_of(
    rows: Fex,
    fps: Fraction | float,
    *,
    calibrate: bool = True,
    smooth: float = 0.0,
    duration: float | None = None,
) -> Motion:
    """Motion of one face's rows at a constant rate, on the scale of the rig.

    ``facs`` (0-5) is divided by 5; ``presence`` is calibrated per person, and a note
    says so. AUs that the rig does not have are left out with a note.
    """
    columns = [str(name) for name in rows.aus.columns]
    known = [name for name in columns if name[:4] in Rig.default().au_names]
    known = [name for name in known if name[4:] in ("", "_L", "_R", "_r")]
    if not known:
        raise InputError("the table has no AU column (AU01, AU12, ...) to animate.")
    aus = rows[known].to_numpy(np.float64)
    notes = []
    if left_out := [name for name in columns if name not in known]:
        notes.append(f"{', '.join(left_out)}: not in the rig, left out")
    scale = rows.attrs.get("au_scale", "intensity")
    if scale == "facs":
        aus = aus / 5
    elif scale == "presence" and calibrate:
        aus = calibrate_presence(aus)
        notes.append(
            "AUs are presence (0-1), not intensity: calibrated for this person, 5th "
            "percentile to 0, 95th kept (--no-calibrate draws them raw)"
        )
    pose = _group(rows, POSE)
    names = [name.removesuffix("_r") for name in known]
    motion = retime(times_of(rows), aus, names, fps, pose, _gaze(rows, pose), duration)
    motion = replace(motion, notes=(*notes, *motion.notes))
    return smoothed(motion, smooth)


def times_of(rows: Fex) -> np.ndarray:
    """Seconds of each row; from the recorded rate where the table has no times."""
    if "time" in rows.columns and rows["time"].notna().all():
        return rows["time"].to_numpy(np.float64)
    fps = rows.attrs.get("fps")
    if not fps:
        raise InputError(
            "the table has neither a column time nor a recorded fps; give --fps."
        )
    frames = rows["frame"] if "frame" in rows.columns else np.arange(len(rows))
    return np.asarray(frames, np.float64) / float(fps)


def _group(rows: Fex, names: list[str]) -> np.ndarray | None:
    if not set(names) <= set(rows.columns):
        return None
    return rows[names].to_numpy(np.float64)


def _gaze(rows: Fex, pose: np.ndarray | None) -> np.ndarray | None:
    """Gaze in the head, to small angles, where the table has it before the camera."""
    gaze = _group(rows, GAZE)
    if gaze is None or pose is None or rows.attrs.get("gaze_frame") == "head":
        return gaze
    return gaze - pose[:, [0, 2]]
