"""More of the Action Units of a table with meshes: sides, blinks, errors, smoothing.

They are added on request, after detection, so that readers of plain tables meet no
column that they do not know.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from genface.detect.blinks import LONGEST, MEASURES, blink_course
from genface.detect.blinks import find_blinks as _find_blinks
from genface.errors import InputError
from genface.facs import AU_NAMES, EMOTIONS, emotion_columns
from genface.fex import Fex
from genface.geometry.mesh_points import N_MESH
from genface.nets.au_model import AUModel, load_au_model
from genface.table import order_columns
from genface.table.rate import row_rate


def add_au_details(
    fex: Fex,
    *,
    sides: bool = False,
    blinks: bool = False,
    sd: bool = False,
    smooth: float = 0.0,
) -> Fex:
    """The table with more columns about its Action Units, and what they are in attrs.

    ``sides``: ``AU12_L`` and ``AU12_R``, the subject's left and right, whose mean is
    ``AU12``; only for AUs whose sides the model tells, NaN in pictures. ``blinks``:
    ``AU45``, AU43 during blinks and 0 elsewhere; AU43 keeps them. ``sd``: ``AU12_sd``,
    the error to expect of each value (see :meth:`AUModel.sd`). ``smooth``: standard
    deviation in seconds of a Gaussian over the frames before and after, without delay;
    emotions are made anew from what it gives. It blurs blinks, so these are found
    first. The table must have been made by the preset ``facemesh`` and this version of
    the AU model, with its meshes: anything else is an :class:`InputError`.
    """
    model = load_au_model()
    _check(fex, model, smooth)
    table = pd.DataFrame(fex).copy()
    extra: dict[str, np.ndarray] = {}
    if sides:
        extra |= _sides(fex, model)
    if blinks:
        extra["AU45"] = _courses(fex)
    if sd:
        extra |= _errors(fex, model)
    if smooth:
        smoothed = [*AU_NAMES, *(name for name in extra if name[-2:] in ("_L", "_R"))]
        whole = table.assign(**extra)[smoothed].to_numpy(np.float64, copy=True)
        for rows in _clips(fex):
            whole[rows] = _smoothed(whole[rows], fex.iloc[rows], smooth)
        made = dict(zip(smoothed, whole.T, strict=True))
        table[list(AU_NAMES)] = whole[:, : len(AU_NAMES)]
        extra |= {name: made[name] for name in extra if name in made}
        if set(EMOTIONS) <= set(table.columns):
            aus = table[list(AU_NAMES)].to_numpy()
            table[list(EMOTIONS)] = emotion_columns(aus, AU_NAMES, model.unseen)
    table = pd.concat([table, pd.DataFrame(extra, index=table.index)], axis=1)
    detailed = Fex(table[order_columns(table.columns)])
    asked = {"sides": sides, "blinks": blinks, "sd": sd, "smooth": smooth}
    detailed.attrs = fex.attrs | {"au_details": asked}
    return detailed


def blink_table(fex: pd.DataFrame) -> pd.DataFrame:
    """Every blink of every face: input, face_id, onset, apex, offset (s) and depth.

    From AU43 as detected; smoothed, it has none of its fast blinks left.
    """
    found = [
        (rows["input"].iloc[0], rows["face_id"].iloc[0], *blink)
        for rows in map(fex.iloc.__getitem__, _clips(fex))
        for blink in _find_blinks(rows["AU43"].to_numpy(), rows["time"].to_numpy())
    ]
    names = ["input", "face_id", "onset", "apex", "offset", "depth"]
    return pd.DataFrame(found, columns=names)


def mesh_of(rows: pd.DataFrame, name: Path | str = "table") -> np.ndarray:
    """Mesh (T, 478, 3) of a table's rows, depth in pixels like x and y."""
    columns = [f"mesh_{axis}_{i}" for axis in "xyz" for i in range(N_MESH)]
    if not {*columns, "FaceRectWidth"} <= set(rows.columns):
        raise InputError(
            f"{name}: no mesh of {N_MESH} points in it; write it with "
            "`genface detect --columns mesh`."
        )
    flat = rows[columns].to_numpy(np.float64, copy=True)
    mesh = flat.reshape(len(rows), 3, N_MESH)
    mesh[:, 2] *= rows["FaceRectWidth"].to_numpy(np.float64)[:, None]
    return mesh.swapaxes(1, 2)


def _check(fex: Fex, model: AUModel, smooth: float) -> None:
    if not 0 <= smooth < np.inf:
        raise InputError(f"smooth {smooth}: expected seconds, 0 or more.")
    made_by = fex.attrs.get("au_model")
    if made_by != model.name:
        raise InputError(
            f"the table's AUs are of {made_by or 'an unknown model'}, not of "
            f"{model.name}; run `genface detect` with this version first."
        )
    if "au_details" in fex.attrs:
        raise InputError("the table has its details already; begin with the plain one.")


def _clips(fex: pd.DataFrame) -> Iterator[np.ndarray]:
    """Rows of each face that moves: those of a clip, which alone have times."""
    numbers = pd.Series(np.arange(len(fex)))
    known = (fex["face_id"].notna() & fex["time"].notna()).to_numpy()
    keys = [fex[name].to_numpy()[known] for name in ("input", "face_id")]
    for _, rows in numbers[known].groupby(keys, sort=False):
        if len(rows) > 1:
            yield rows.to_numpy()


def _sides(fex: Fex, model: AUModel) -> dict[str, np.ndarray]:
    both = fex[list(AU_NAMES)].to_numpy(np.float64)
    mesh = mesh_of(fex)
    values = np.full((*both.shape, 2), np.nan)
    for rows in _clips(fex):
        neutral = model.neutral(mesh[rows])
        values[rows] = model.one_sided(mesh[rows], neutral, both[rows])
    return {
        f"{name}_{side}": values[:, AU_NAMES.index(name), k]
        for name in model.sided
        for k, side in enumerate("LR")
    }


def _courses(fex: Fex) -> np.ndarray:
    """AU45 (T,) of all faces; NaN in pictures."""
    course = np.full(len(fex), np.nan)
    for rows in _clips(fex):
        closure, times = (fex[n].to_numpy()[rows] for n in ("AU43", "time"))
        rate = row_rate(fex.iloc[rows])
        if rate is not None and rate * LONGEST < MEASURES:
            raise InputError(
                f"{rate:.1f} frames a second are too few to see blinks; detect "
                "without --skip-frames."
            )
        course[rows] = blink_course(closure, times)
    return course


def _errors(fex: Fex, model: AUModel) -> dict[str, np.ndarray]:
    both = fex[list(AU_NAMES)].to_numpy(np.float64)
    pose = fex[["Pitch", "Roll", "Yaw"]].to_numpy(np.float64)
    presence = fex["FaceScore"].to_numpy(np.float64)
    sd = model.sd(both, pose, presence, own_neutral=False)
    for rows in _clips(fex):
        sd[rows] = model.sd(both[rows], pose[rows], presence[rows])
    names = [name for name in AU_NAMES if fex[name].notna().any()]
    return {f"{name}_sd": sd[:, AU_NAMES.index(name)] for name in names}


def _smoothed(values: np.ndarray, rows: pd.DataFrame, seconds: float) -> np.ndarray:
    """Values (T, A) of one face, smoothed within each run of frames without a gap."""
    times = rows["time"].to_numpy(np.float64)
    steps = np.diff(times)
    step = float(np.median(steps))
    made = values.copy()
    for run in np.split(np.arange(len(times)), np.flatnonzero(steps > 1.5 * step) + 1):
        made[run] = gaussian_filter1d(values[run], seconds / step, axis=0)
    return made
