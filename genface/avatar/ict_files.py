"""Reading of ICT-FaceKit (MIT, USC ICT) from where the user keeps it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genface.errors import InputError
from genface.files import read_npz

VERTICES = 26719
NEUTRAL = "generic_neutral_mesh"
NEEDED = ("neutral", "expression_names", "expression_deltas", "quads")


@dataclass(frozen=True)
class FaceKit:
    """Neutral head (26719, 3) in cm, deltas of its shapes, and its quads (Q, 4).

    A triangle has -1 as its fourth corner. Names end in ``_L`` or ``_R`` where a shape
    has sides; the subject's left is x > 0.
    """

    neutral: np.ndarray
    shapes: dict[str, np.ndarray]
    quads: np.ndarray


def read(path: Path | str) -> FaceKit:
    """Read a folder of the set's OBJ files, or an npz with the same arrays.

    The npz holds ``neutral``, ``expression_names``, ``expression_deltas`` and
    ``quads``. Raises :class:`InputError` for anything else.
    """
    path = Path(path)
    if path.is_dir():
        return _from_folder(path)
    arrays = read_npz(path)
    missing = [name for name in NEEDED if name not in arrays]
    if missing:
        raise InputError(
            f"{path}: not ICT-FaceKit; expected arrays {', '.join(NEEDED)}, "
            f"without {', '.join(missing)}."
        )
    names = [str(name) for name in arrays["expression_names"]]
    neutral, deltas = arrays["neutral"], arrays["expression_deltas"]
    if neutral.shape != (VERTICES, 3) or deltas.shape != (len(names), VERTICES, 3):
        raise InputError(
            f"{path}: not ICT-FaceKit's full head; expected {VERTICES} vertices, "
            f"got a neutral face {neutral.shape} and shapes {deltas.shape}."
        )
    shapes = dict(zip(names, deltas.astype(np.float32), strict=True))
    return FaceKit(neutral.astype(np.float32), shapes, arrays["quads"].astype(int))


def _from_folder(folder: Path) -> FaceKit:
    files = {file.stem: file for file in sorted(folder.glob("*.obj"))}
    if NEUTRAL not in files:
        raise InputError(
            f"{folder}: no {NEUTRAL}.obj; expected the folder FaceXModel of "
            "ICT-FaceKit, or an npz."
        )
    neutral, quads = _obj(files.pop(NEUTRAL))
    shapes = {
        name: _obj(file)[0] - neutral
        for name, file in files.items()
        if not name.startswith("identity")
    }
    return FaceKit(neutral, shapes, quads)


def _obj(path: Path) -> tuple[np.ndarray, np.ndarray]:
    points, faces = [], []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        kind, *rest = line.split() or [""]
        if kind == "v":
            points.append(rest[:3])
        elif kind == "f":
            corners = [int(corner.split("/")[0]) - 1 for corner in rest]
            faces.append((corners + [-1])[:4])
    if len(points) != VERTICES:
        raise InputError(
            f"{path}: expected {VERTICES} vertices of ICT-FaceKit, got {len(points)}."
        )
    return np.array(points, np.float32), np.array(faces)
