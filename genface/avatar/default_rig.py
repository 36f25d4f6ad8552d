"""The face that ships with the package: reading of `models/rig/rig.npz`."""

from pathlib import Path

import numpy as np

from genface.avatar import contact
from genface.avatar.activation import Drivers
from genface.avatar.morphs import Morphs
from genface.files import read_npz
from genface.geometry import mesh_points


def read(path: Path | str) -> dict:
    """Fields of a :class:`genface.avatar.Rig` in the format of `models/rig/card.md`."""
    arrays = read_npz(path)
    mirror = arrays["mirror"].astype(int)
    drivers = Drivers(tuple(f"AU{number:02d}" for number in arrays["au_numbers"]))
    left = np.concatenate([arrays["left"], arrays["lids"]]).astype(np.float32)
    right = left[:, mirror] * np.array([-1, 1, 1], np.float32)
    deltas = np.stack([left, right], axis=1).reshape(-1, *left.shape[1:])
    triangles = mesh_points.triangles()
    return {
        "drivers": drivers,
        "neutral": arrays["neutral"],
        "triangles": triangles,
        "parts": {"skin": slice(0, len(triangles))},
        "colours": None,
        "morphs": Morphs(drivers.names, deltas),
        "eyes": mesh_points.IRISES,
        "eye_centres": arrays["eye_centres"],
        "head_pivot": arrays["head_pivot"],
        "contact": contact.part,
    }
