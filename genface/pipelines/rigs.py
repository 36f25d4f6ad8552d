"""Which rig is meant: the shipped one, or the one in a file."""

from pathlib import Path

from genface.avatar.rig import Rig
from genface.errors import InputError
from genface.files import read_npz, sha256

DEFAULT = "default"


def chosen_rig(rig: Rig | Path | str) -> Rig:
    """The rig itself, the one called ``default``, or the one in a .npz or .glb.

    An npz is a rig of this project, ICT-FaceKit's shapes or py-feat's, told by the
    arrays in it.
    """
    if isinstance(rig, Rig):
        return rig
    if str(rig) == DEFAULT:
        return Rig.default()
    path = Path(rig)
    if path.suffix.lower() not in (".npz", ".glb"):
        raise InputError(
            f"rig {rig}: expected default, a .glb with named morph targets, or a .npz."
        )
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    return Rig.from_glb(path) if path.suffix.lower() == ".glb" else _npz(path)


def rig_digest(rig: Rig | Path | str) -> dict[str, str]:
    """What tells a rig of one's own from others; empty for the shipped one."""
    if isinstance(rig, Rig):
        return {} if rig is Rig.default() else {"rig": repr(rig)}
    if str(rig) == DEFAULT or not Path(rig).is_file():
        return {}
    return {f"rig ({Path(rig).name})": sha256(rig)}


def _npz(path: Path) -> Rig:
    arrays = set(read_npz(path))
    if {"eye_centres", "au_numbers"} <= arrays:
        return Rig.read(path)
    if {"expression_deltas", "quads"} <= arrays:
        return Rig.from_ict(path)
    if {"coef", "intercept", "au_columns"} <= arrays:
        return Rig.from_pyfeat(path)
    raise InputError(
        f"{path}: no rig; expected one of this project, ICT-FaceKit's shapes or "
        "py-feat's map from AUs to the mesh."
    )
