"""The face that ships with the package: reading of `models/rig/rig.npz`."""

from pathlib import Path

import numpy as np

from genface.avatar import contact
from genface.avatar.activation import Drivers
from genface.avatar.morphs import Morphs
from genface.errors import InputError
from genface.files import read_npz
from genface.geometry import mesh_points

NEEDED = (
    "au_numbers", "mixtures", "neutral", "left", "mirror", "inner_names",
    "inner_sizes", "inner_triangles", "eye_rows", "eye_centres", "head_pivot",
    "identity",
)  # fmt: skip


def read(path: Path | str) -> dict:
    """Fields of a :class:`genface.avatar.Rig` in the format of `models/rig/card.md`.

    Raises :class:`InputError` for any other file.
    """
    arrays = read_npz(path)
    if missing := [name for name in NEEDED if name not in arrays]:
        raise InputError(
            f"{path}: no rig of this project: without {', '.join(missing)}."
        )
    mirror = arrays["mirror"].astype(int)
    drivers = Drivers(
        tuple(f"AU{number:02d}" for number in arrays["au_numbers"]),
        tuple((f"AU{a:02d}", f"AU{b:02d}") for a, b in arrays["mixtures"]),
    )
    left = arrays["left"].astype(np.float32)
    right = left[:, mirror] * np.array([-1, 1, 1], np.float32)
    deltas = np.stack([left, right], axis=1).reshape(-1, *left.shape[1:])
    triangles, parts = _triangles(arrays)
    irises = np.array(mesh_points.IRISES)
    return {
        "drivers": drivers,
        "neutral": arrays["neutral"],
        "triangles": triangles,
        "parts": parts,
        "covers": _covers(),
        "colours": None,
        "morphs": Morphs(drivers.names, deltas),
        "eyes": np.concatenate([irises, arrays["eye_rows"].astype(int)], axis=1),
        "eye_centres": arrays["eye_centres"],
        "head_pivot": arrays["head_pivot"],
        "edges": contact.mesh_edges(len(arrays["neutral"])),
        "identity": arrays["identity"].astype(np.float32),
    }


def _triangles(arrays) -> tuple[np.ndarray, dict[str, slice]]:
    """The mesh's triangles in its own order, then those of the inner parts."""
    face = mesh_points.triangles()
    ends = np.cumsum([0, len(face), *arrays["inner_sizes"]]).tolist()
    names = ["skin", *arrays["inner_names"].tolist()]
    parts = {
        name: slice(start, stop)
        for name, start, stop in zip(names, ends, ends[1:], strict=False)
    }
    return np.concatenate([face, arrays["inner_triangles"].astype(np.int32)]), parts


def _covers() -> np.ndarray:
    """Triangles of the mesh with all corners on the rim of an eye or of the mouth."""
    face = mesh_points.triangles()
    inside = [np.isin(face, rims).all(axis=1) for rims in mesh_points.OPENINGS]
    return np.flatnonzero(np.any(inside, axis=0))
