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
        raise InputError(f"{path}: not ICT-FaceKit: without {', '.join(missing)}.")
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
    lines = _lines(files[NEUTRAL])
    neutral, quads = _points(files.pop(NEUTRAL), lines), _quads(lines)
    shapes = {
        name: _points(file, _lines(file)) - neutral
        for name, file in files.items()
        if not name.startswith("identity")
    }
    return FaceKit(neutral, shapes, quads)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _points(path: Path, lines: list[str]) -> np.ndarray:
    rows = [line.split()[1:4] for line in lines if line.startswith("v ")]
    if len(rows) != VERTICES:
        raise InputError(
            f"{path}: expected {VERTICES} vertices of ICT-FaceKit, got {len(rows)}."
        )
    try:
        return np.array(rows, np.float32)
    except ValueError as error:
        raise InputError(f"{path}: not a readable OBJ file ({error}).") from None


def _quads(lines: list[str]) -> np.ndarray:
    """Corners (Q, 4) of faces, -1 as the fourth of a triangle."""
    faces = []
    for line in lines:
        if line.startswith("f "):
            corners = [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
            faces.append((corners + [-1])[:4])
    return np.array(faces)
