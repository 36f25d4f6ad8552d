"""From a face table to what the avatar does, on the scale of its rig."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd

from genface.avatar.animation import Motion, calibrate_presence, retime, smoothed
from genface.avatar.rig import Rig
from genface.errors import InputError
from genface.fex import Fex
from genface.pipelines.faces import (
    au_scale,
    au_table,
    chosen_faces,
    face_choice,
    no_such_face,
    one_input,
    times_of,
)

POSE = ["Pitch", "Roll", "Yaw"]
GAZE = ["gaze_pitch", "gaze_yaw"]


def face_rows(fex: Fex, face: str | int = "longest", name: str = "the table") -> Fex:
    """One row per frame of one face, NaN where it was not seen.

    ``face`` is ``longest`` or a ``face_id``; a face that is not there, or a table of
    several inputs, is an :class:`InputError` that calls the table by its ``name``.
    """
    if face_choice(face) == "all":
        raise InputError(
            "face 'all': an avatar follows one face; give 'longest' or a face_id."
        )
    found = chosen_faces(one_input(name, fex), face)
    if not found:
        raise InputError(f"{no_such_face(name, fex, face)}.")
    return next(iter(found.values()))


def motion_of(
    rows: Fex,
    fps: Fraction | float,
    *,
    calibrate: bool = True,
    reference: Fex | None = None,
    smooth: float = 0.0,
    duration: float | None = None,
) -> Motion:
    """Motion of one face's rows at a constant rate, on the scale of the rig.

    ``facs`` (0-5) is divided by 5; ``presence`` is calibrated per person, and a note
    says so: from ``reference``, real rows of that person, where it is given. AUs that
    the rig does not have are left out with a note.
    """
    aus, notes = _intensities(rows, calibrate, reference)
    pose, pose_notes = _pose(rows)
    notes += pose_notes
    motion = retime(
        times_of(rows),
        aus.to_numpy(),
        list(aus.columns),
        fps,
        pose,
        _gaze(rows, pose),
        duration,
    )
    motion = replace(motion, notes=(*notes, *motion.notes))
    return smoothed(motion, smooth)


def _intensities(
    rows: Fex, calibrate: bool, reference: Fex | None
) -> tuple[pd.DataFrame, list[str]]:
    """AUs that the rig has, as it wants them, and notes on what was done."""
    aus = au_table(rows)
    known = [name for name in aus.columns if name[:4] in Rig.default().au_names]
    if not known:
        raise InputError("the table has no AU column (AU01, AU12, ...) to animate.")
    scale, notes = au_scale(rows)
    if left_out := [name for name in aus.columns if name not in known]:
        notes.append(f"{', '.join(left_out)}: not in the rig, left out")
    aus = aus[known]
    if scale == "facs":
        return aus / 5, notes
    if scale == "presence" and calibrate:
        if reference is None or au_scale(reference)[0] != "presence":
            reference, of_whom = rows, "this person"
        else:
            of_whom = "the real person's range"
        fixed = au_table(reference).reindex(columns=known)
        drawn = calibrate_presence(aus.to_numpy(), fixed.to_numpy())
        aus = pd.DataFrame(drawn, columns=known)
        notes.append(
            f"AUs are presence (0-1), not intensity: calibrated for {of_whom}, 5th "
            "percentile to 0, 95th kept (--no-calibrate draws them raw)"
        )
    return aus, notes


def _pose(rows: Fex) -> tuple[np.ndarray | None, list[str]]:
    """Rotation of the head in genface's terms, and a note where that is not sure."""
    pose = _group(rows, POSE)
    if pose is None or rows.attrs.get("pose_sign") != "unknown":
        return pose, []
    if rows.attrs.get("pose_unit") != "radians":
        return None, ["the pose of py-feat 0.x is in terms of its own, left out"]
    return pose, [
        "nobody told which version of py-feat wrote the table, so its head may nod the "
        "wrong way (genface convert --pyfeat-version settles it)"
    ]


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
