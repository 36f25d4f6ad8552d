"""Outputs that are never overwritten silently, and never made twice.

Each folder that receives a result keeps a small hidden record of the job that made
it: the job's name, its settings and the digests of its inputs. The same job into the
same place is up to date; another job there needs ``force``.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import genface
from genface.errors import InputError
from genface.files import read_json, sha256, write_json

RECORD = ".genface.json"


def job(name: str, inputs: Mapping[str, str], **settings: object) -> dict:
    """Describe a job: its name, digests of its inputs, and every setting."""
    facts = {
        "job": name,
        "genface": genface.__version__,
        "inputs": dict(inputs),
        "settings": settings,
    }
    return json.loads(json.dumps(facts, sort_keys=True, default=str))


def source_digests(paths: list[Path]) -> dict[str, str]:
    """Digest of each input by its name, as :func:`job` wants them.

    A folder (a model) counts by the files in it.
    """
    return {str(path): _digest(path) for path in paths if path.exists()}


def up_to_date(out: Path, this: Mapping, force: bool = False) -> bool:
    """Whether ``out`` was already made by this very job; never so with ``force``.

    :class:`InputError` if something else is there and ``force`` is not set.
    """
    if force or not out.exists():
        return False
    entry = _entries(out).get(_key(out))
    if entry and entry["job"] == this and entry["sha256"] == _digest(out):
        return True
    came = "altered since" if entry and entry["job"] == this else "from another job"
    raise InputError(
        f"{out}: is already there, {came}; name another output or add --force."
    )


def record(out: Path, this: Mapping) -> None:
    """Note that ``this`` job made ``out``; call it once the output is whole."""
    entries = _entries(out)
    entries[_key(out)] = {"job": this, "sha256": _digest(out)}
    write_json(_folder(out) / RECORD, dict(sorted(entries.items())))


def _folder(out: Path) -> Path:
    return out if out.is_dir() else out.parent


def _key(out: Path) -> str:
    return "." if out.is_dir() else out.name


def _entries(out: Path) -> dict:
    path = _folder(out) / RECORD
    return read_json(path) if path.exists() else {}


def _digest(path: Path) -> str:
    """Digest of a file, or of the files of a folder (hidden records left out)."""
    if path.is_file():
        return sha256(path)
    inside = sorted(p for p in path.iterdir() if p.is_file() and p.name[0] != ".")
    listed = "\n".join(f"{sha256(p)} {p.name}" for p in inside)
    return hashlib.sha256(listed.encode()).hexdigest()
