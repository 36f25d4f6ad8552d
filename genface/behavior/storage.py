"""Model folders: ``model.json`` and ``arrays.npz``, whole, hashed, never pickled."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from genface import files
from genface.errors import InputError, WeightError

SCHEMA = "genface.behavior/1"


def write_model(
    folder: Path | str, facts: Mapping, arrays: Mapping[str, np.ndarray]
) -> Path:
    """Write a model folder beside its final name and move it there in one step.

    A model that is already there is replaced; any other folder is left alone and is
    an :class:`InputError`.
    """
    folder = Path(folder)
    if folder.exists() and not _replaceable(folder):
        raise InputError(f"{folder} exists and is not a model folder; name another.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        whole = scratch / "new"
        whole.mkdir()
        files.write_npz(whole / "arrays.npz", arrays)
        digest = files.sha256(whole / "arrays.npz")
        files.write_json(
            whole / "model.json",
            {"schema": SCHEMA, **facts, "arrays_sha256": digest},
        )
        if folder.exists():
            folder.rename(scratch / "old")
        whole.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def read_model(folder: Path | str) -> tuple[dict, dict[str, np.ndarray]]:
    """Facts and arrays of a model folder, after checking schema and sha256."""
    folder = Path(folder)
    if not (folder / "model.json").is_file():
        raise InputError(f"{folder}: no model.json in it; give a model folder.")
    facts = files.read_json(folder / "model.json")
    if facts.get("schema") != SCHEMA:
        raise InputError(
            f"{folder}: its schema is {facts.get('schema')!r}, this version reads "
            f"{SCHEMA!r}; fit the model again."
        )
    path = folder / "arrays.npz"
    if not path.is_file():
        raise InputError(f"{folder}: arrays.npz is missing; fit the model again.")
    if files.sha256(path) != facts.get("arrays_sha256"):
        raise WeightError(
            f"{path}: its sha256 is not the one in model.json; fit the model again."
        )
    return facts, files.read_npz(path)


def _replaceable(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    return names <= {"model.json", "arrays.npz", ".genface.json"}
