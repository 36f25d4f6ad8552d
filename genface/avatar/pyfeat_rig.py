"""py-feat's linear map from AUs to the face mesh as a rig, in our centimetres."""

from pathlib import Path

import numpy as np

from genface.avatar import default_rig
from genface.avatar.activation import SIDES, Drivers
from genface.avatar.morphs import Morphs
from genface.avatar.shapes import smooth
from genface.errors import InputError
from genface.facs.units import UNITS, au_name, au_number
from genface.files import read_npz, shipped_model
from genface.geometry.mesh_points import (
    CHIN,
    IRISES,
    N_MESH,
    NOSE_TIP,
    OUTER_EYE_CORNERS,
    triangles,
)

NEEDED = ("coef", "intercept", "au_columns")
FOREHEAD = 10


def read(path: Path | str) -> dict:
    """Fields of a :class:`genface.avatar.Rig` from ``au_to_mesh_pls_v*.npz``.

    That format: ``coef`` (A + 3, 1434), a row for each of ``au_columns`` and then for
    pitch, yaw and roll, which are left out; ``intercept`` (1434,); of the 1434, all x
    come first, then all y, all z. It is scaled and shifted so that the outer corners
    of the eyes are those of the default rig. The map knows no sides: a one-sided AU is
    its half. Lips and lids move as it says, also through each other.

    Raises :class:`InputError` for any other file.
    """
    arrays = read_npz(path)
    missing = [name for name in NEEDED if name not in arrays]
    if missing:
        raise InputError(
            f"{path}: not py-feat's map from AUs to the mesh: without "
            f"{', '.join(missing)}."
        )
    names = [au_name(str(column)) for column in arrays["au_columns"]]
    coef, intercept = arrays["coef"].astype(float), arrays["intercept"].astype(float)
    width = 3 * N_MESH
    fits = coef.ndim == 2 and len(coef) >= len(names) and coef.shape[1] == width
    if not fits or intercept.shape != (width,):
        raise InputError(
            f"{path}: expected coef (AUs + 3, {width}) and intercept ({width},), "
            f"got {coef.shape} and {intercept.shape}."
        )
    if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
        raise InputError(f"{path}: has values that are not finite.")
    default = default_rig.read(shipped_model("rig", "rig.npz"))
    neutral = intercept.reshape(3, N_MESH).T
    moved = coef[: len(names)].reshape(-1, 3, N_MESH).transpose(0, 2, 1)
    up = np.sign(neutral[FOREHEAD, 1] - neutral[CHIN, 1])
    ahead = np.sign(neutral[NOSE_TIP, 2] - neutral[FOREHEAD, 2])
    neutral, moved = neutral * [1, up, ahead], moved * [1, up, ahead]
    corners, ours = (
        face[list(OUTER_EYE_CORNERS)] for face in (neutral, default["neutral"])
    )
    scale = np.linalg.norm(ours[1] - ours[0]) / np.linalg.norm(corners[1] - corners[0])
    neutral = scale * (neutral - corners.mean(0)) + ours.mean(0)
    left = smooth(neutral[:, :1] / 2 + 0.5)
    halves = np.stack([left * moved, (1 - left) * moved], axis=1) * scale
    drivers = Drivers(tuple(UNITS[au_number(name)].column for name in names))
    shapes = tuple(f"{name}_{side}" for name in drivers.au_names for side in SIDES)
    depth = default["neutral"][IRISES[0][0], 2] - default["eye_centres"][0, 2]
    centres = neutral[[ring[0] for ring in IRISES]] - [0, 0, depth]
    faces = triangles()
    return {
        "drivers": drivers,
        "neutral": neutral.astype(np.float32),
        "triangles": faces,
        "parts": {"skin": slice(0, len(faces))},
        "morphs": Morphs(shapes, halves.reshape(-1, N_MESH, 3).astype(np.float32)),
        "drive": np.eye(len(drivers.names), len(shapes), dtype=np.float32),
        "eyes": IRISES,
        "eye_centres": centres.astype(np.float32),
        "head_pivot": default["head_pivot"],
    }
