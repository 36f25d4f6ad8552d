"""More of the Action Units of a table with meshes: sides, blinks, errors, smoothing.

They are added on request, after detection, so that readers of plain tables meet no
column that they do not know.
"""

from collections.abc import Iterable, Iterator
from numbers import Real
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from genface.detect.blinks import LONGEST, MEASURES, blink_course, find_blinks
from genface.detect.courses import Course, courses, moving_rows, unbroken
from genface.errors import InputError
from genface.facs import AU_NAMES, EMOTIONS, emotion_columns
from genface.fex import Fex
from genface.geometry.mesh_points import N_MESH
from genface.nets.au_model import AUModel, load_au_model
from genface.table import order_columns

FRAMES = ("input", "face_id", "time")
"""Columns that say which rows are one face, and when."""

ERRORS_OF = ("Pitch", "Roll", "Yaw", "FaceScore")
"""Columns on which the error to expect depends."""


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
    ``AU12``; only for AUs whose sides the model tells, NaN in pictures, and with the
    meshes in the table. They are read against a neutral from the table's own rows: of
    a table cut to some of its frames it is another. ``blinks``: ``AU45``, AU43 during
    blinks and 0 elsewhere, NaN in pictures; AU43 keeps them. The avatar knows that the
    two are one motion; a fit takes AU45 for one more AU. ``sd``: ``AU12_sd``, the error
    to expect of each value (see :meth:`AUModel.sd`), NaN where ``FaceScore`` is 0.
    ``smooth``: standard deviation in seconds of a Gaussian over the frames before and
    after, without delay, and not across gaps; emotions are made anew from what it
    gives. It blurs blinks, so these are found first.

    The table must have been made by the preset ``facemesh`` and this version of the AU
    model: anything else is an :class:`InputError`, and so are blinks and smoothing of
    clips without times.
    """
    model = load_au_model()
    _check(fex, model, smooth)
    _need(fex, (*AU_NAMES, *FRAMES, *(ERRORS_OF if sd else ())))
    table = pd.DataFrame(fex).copy()
    extra: dict[str, np.ndarray] = {}
    if sides:
        extra |= _sides(fex, model)
    if blinks:
        extra["AU45"] = _blink_courses(fex)
    if sd:
        extra |= _errors(fex, model)
    if smooth:
        smoothed = [*AU_NAMES, *(name for name in extra if name[-2:] in ("_L", "_R"))]
        whole = table.assign(**extra)[smoothed].to_numpy(np.float64, copy=True)
        for course in courses(fex):
            whole[course.rows] = _smoothed(whole[course.rows], course, smooth)
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

    From AU43 as detected: smoothed, it has none of its fast blinks left, and such a
    table is an :class:`InputError`, as is a clip without times or with few frames.
    """
    _check_table(fex)
    _need(fex, ("AU43", *FRAMES))
    if (fex.attrs.get("au_details") or {}).get("smooth"):
        raise InputError("the table is smoothed, which blurs blinks; take a plain one.")
    found = [
        (*fex[["input", "face_id"]].iloc[course.rows[0]], *blink)
        for course, closure in _lids(fex)
        for blink in find_blinks(closure, course.times, course.step)
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


def _check_table(fex: object) -> None:
    if not isinstance(fex, pd.DataFrame):
        raise InputError(f"a {type(fex).__name__} came; expected a table of faces.")


def _need(fex: pd.DataFrame, names: Iterable[str]) -> None:
    missing = [name for name in names if name not in fex.columns]
    if missing:
        raise InputError(
            f"no column {', '.join(missing)} in the table; take one as "
            "`genface detect` writes it."
        )


def _check(fex: Fex, model: AUModel, smooth: float) -> None:
    _check_table(fex)
    if not (isinstance(smooth, Real) and 0 <= smooth < np.inf):
        raise InputError(f"smooth {smooth!r}: expected seconds, 0 or more.")
    made_by = fex.attrs.get("au_model")
    if made_by != model.name:
        raise InputError(
            f"the table's AUs are of {made_by or 'an unknown model'}, not of "
            f"{model.name}; run `genface detect` with this version first."
        )
    if "au_details" in fex.attrs:
        raise InputError("the table has its details already; begin with the plain one.")


def _sides(fex: Fex, model: AUModel) -> dict[str, np.ndarray]:
    both = fex[list(AU_NAMES)].to_numpy(np.float64)
    mesh = mesh_of(fex)
    values = np.full((*both.shape, 2), np.nan)
    for rows in moving_rows(fex):
        neutral = model.neutral(mesh[rows])
        values[rows] = model.one_sided(mesh[rows], neutral, both[rows])
    return {
        f"{name}_{side}": values[:, AU_NAMES.index(name), k]
        for name in model.sided
        for k, side in enumerate("LR")
    }


def _lids(fex: pd.DataFrame) -> Iterator[tuple[Course, np.ndarray]]:
    """Each face in a clip, and its AU43 (T,), if there are frames enough for blinks."""
    closure = fex["AU43"].to_numpy(np.float64)
    for course in courses(fex):
        if LONGEST / course.step < MEASURES:
            raise InputError(
                f"{fex['input'].iloc[course.rows[0]]}: {1 / course.step:.1f} frames a "
                "second are too few to see blinks; detect without --skip-frames."
            )
        yield course, closure[course.rows]


def _blink_courses(fex: Fex) -> np.ndarray:
    """AU45 (T,) of all faces; NaN in pictures."""
    values = np.full(len(fex), np.nan)
    for course, closure in _lids(fex):
        values[course.rows] = blink_course(closure, course.times, course.step)
    return values


def _errors(fex: Fex, model: AUModel) -> dict[str, np.ndarray]:
    both = fex[list(AU_NAMES)].to_numpy(np.float64)
    *angles, score = (fex[name].to_numpy(np.float64) for name in ERRORS_OF)
    pose, presence = np.stack(angles, axis=1), np.where(score > 0, score, np.nan)
    sd = model.sd(both, pose, presence, own_neutral=False)
    for rows in moving_rows(fex):
        sd[rows] = model.sd(both[rows], pose[rows], presence[rows])
    names = [name for name in AU_NAMES if fex[name].notna().any()]
    return {f"{name}_sd": sd[:, AU_NAMES.index(name)] for name in names}


def _smoothed(values: np.ndarray, course: Course, seconds: float) -> np.ndarray:
    """Values (T, A) of one face, each smoothed within its stretches without a gap."""
    made = values.copy()
    for column in made.T:
        for run in unbroken(column, course.times, course.step):
            column[run] = gaussian_filter1d(column[run], seconds / course.step)
    return made
