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
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    whole, old = scratch / "new", scratch / "old"
    try:
        whole.mkdir()
        files.write_npz(whole / "arrays.npz", arrays)
        digest = files.sha256(whole / "arrays.npz")
        files.write_json(
            whole / "model.json",
            {"schema": SCHEMA, **facts, "arrays_sha256": digest},
        )
        if folder.exists():
            folder.rename(old)
        whole.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def check_replaceable(folder: Path | str) -> None:
    """Refuse (:class:`InputError`) what is there already, unless it is a model."""
    folder = Path(folder)
    if not folder.exists():
        return
    known = {"model.json", "arrays.npz", ".genface.json"}
    if not folder.is_dir() or not {path.name for path in folder.iterdir()} <= known:
        raise InputError(f"{folder} exists and is not a model folder; name another.")


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
