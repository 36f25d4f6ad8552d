"""Pictures of a model's states: the avatar with each state's mean AUs."""

from collections.abc import Sequence

import numpy as np

from genface.avatar import AvatarRenderer, Rig, calibrate_presence
from genface.errors import InputError, ShapeError

# The part of the renderer's picture that holds the face: middle and side of a square,
# in parts of the height.
FACE_MIDDLE, FACE_SIDE = 0.47, 0.74
ASPECT = 0.75  # width of a whole picture by its height
FULL_SCALE = {"intensity": 1.0, "presence": 1.0, "occurrence": 1.0, "facs": 5.0}


def state_pictures(
    means: np.ndarray,
    columns: Sequence[str],
    au_scale: str = "intensity",
    *,
    size: int = 120,
    gain: float = 1.0,
    reference: np.ndarray | None = None,
) -> np.ndarray:
    """Faces (K, size, size, 3) uint8 of the states' mean AUs ``means`` (K, A).

    NaN is an AU at rest, as are columns that the rig does not have. ``facs`` is
    divided by 5. ``presence`` is no strength: with ``reference``, AUs (T, A) of the
    same face, it is calibrated as for an animation, without it drawn as it is.
    ``gain`` enlarges how far each state is from the mean state (1: as it is), which
    shows small differences; say so beside the pictures.
    """
    means = np.asarray(means, np.float64)
    if means.ndim != 2 or means.shape[1] != len(columns):
        raise ShapeError(
            f"means: expected (K, {len(columns)}) for {len(columns)} columns, "
            f"got {means.shape}."
        )
    if size < 16:
        raise InputError(f"size {size}: expected at least 16 pixels.")
    aus, names = drawable_aus(means, columns, au_scale, reference)
    aus = np.clip(aus.mean(0) + gain * (aus - aus.mean(0)), 0.0, 1.0)
    height = round(size / FACE_SIDE)
    renderer = AvatarRenderer(size=(height, max(size, round(ASPECT * height))))
    top = round(FACE_MIDDLE * height - size / 2)
    left = (renderer.size[1] - size) // 2
    return np.stack(
        [
            picture[top : top + size, left : left + size]
            for picture in renderer.frames(aus, au_names=names)
        ]
    )


def drawable_aus(
    means: np.ndarray,
    columns: Sequence[str],
    au_scale: str,
    reference: np.ndarray | None = None,
) -> tuple[np.ndarray, list[str]]:
    """Intensities (K, A') in [0, 1] of the columns that the rig has, and their names.

    py-feat's and OpenFace's spellings count (``AU12``, ``AU12_L``, ``AU12_r``).
    """
    if au_scale not in FULL_SCALE:
        raise InputError(
            f"AU scale {au_scale!r}; expected one of {', '.join(FULL_SCALE)}."
        )
    rig = Rig.default()
    known = [
        k
        for k, name in enumerate(columns)
        if name[:4] in rig.au_names and name[4:] in ("", "_L", "_R", "_r")
    ]
    if not known:
        raise InputError(
            f"no AU among the columns {', '.join(columns)}: there is no face to draw."
        )
    names = [str(columns[k]).removesuffix("_r") for k in known]
    aus = np.nan_to_num(means[:, known]) / FULL_SCALE[au_scale]
    if au_scale == "presence" and reference is not None:
        reference = np.asarray(reference, np.float64)
        if reference.ndim != 2 or reference.shape[1] != len(columns):
            raise ShapeError(
                f"reference: expected (T, {len(columns)}), got {reference.shape}."
            )
        # The few means do not move the percentiles of the many frames.
        aus = calibrate_presence(np.vstack([reference[:, known], aus]))[-len(aus) :]
    return np.clip(aus, 0.0, 1.0), names
