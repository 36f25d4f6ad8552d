"""Outputs that are never overwritten silently, and never made twice.

Each folder that receives a result keeps a small hidden record of the jobs that made
what is in it: the job's name, its settings and the digests of its inputs. The same job
into the same place is up to date; another job there needs ``force``. No path is part
of a job, so a folder that was moved or copied is as good as before.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

import genface
from genface.behavior import BehaviorModel
from genface.errors import InputError
from genface.files import read_json, sha256, write_json
from genface.table import sidecar_path

RECORD = ".genface.json"
#: Names that end so are those of files; any other ending may be a folder's (res.v2).
FILES = (".csv", ".tsv", ".parquet", ".json", ".npz", ".html", ".txt", ".xlsx") + (
    ".mp4", ".mov", ".avi", ".mkv", ".webm", ".gif", ".png", ".jpg", ".jpeg",
    ".webp", ".apng", ".svg", ".glb", ".pdf",
)  # fmt: skip

Source = pd.DataFrame | BehaviorModel | Path | str


def job(name: str, inputs: Mapping[str, str], **settings: object) -> dict:
    """Describe a job: its name, digests of its inputs, and every setting."""
    facts = {
        "job": name,
        "genface": genface.__version__,
        "inputs": dict(inputs),
        "settings": settings,
    }
    return json.loads(json.dumps(facts, sort_keys=True, default=str))


def path_of(given: object, what: str, expected: str = "a path") -> Path:
    """What was given as a path; anything else is an :class:`InputError`."""
    if not isinstance(given, Path | str):
        raise InputError(f"{what}: a {type(given).__name__} came; expected {expected}.")
    return Path(given)


def source_digests(sources: Iterable[Source], role: str = "input") -> dict[str, str]:
    """Digest of each input by its role, place and name, as :func:`job` wants them.

    A path that leads nowhere is an :class:`InputError`.
    """
    return {
        f"{role} {place} ({_name(source)})": digest(source)
        for place, source in enumerate(sources, start=1)
    }


def digest(source: Source) -> str:
    """What tells an input from any other.

    A file counts by its bytes, a CSV together with its sidecar; a folder by its files,
    hidden ones left out; a table in memory by its values, columns and facts; a model by
    what it would be saved as.
    """
    if isinstance(source, pd.DataFrame):
        return _table_digest(source)
    if isinstance(source, BehaviorModel):
        with tempfile.TemporaryDirectory() as folder:
            return digest(source.save(Path(folder) / "model"))
    path = path_of(source, "input", "a path or a table")
    if path.is_dir():
        return _joined(p for p in path.iterdir() if p.is_file() and p.name[0] != ".")
    if not path.is_file():
        raise InputError(f"{path}: no such file.")
    sidecar = sidecar_path(path)
    if path.suffix == ".csv" and sidecar.is_file():
        return _joined((path, sidecar))
    return sha256(path)


def check_folder(out: Path, expected: str = "a folder") -> None:
    """Refuse a name for a folder that is a file's, with what was ``expected``."""
    if out.is_file() or (out.suffix.lower() in FILES and not out.is_dir()):
        raise InputError(f"{out}: this is the name of a file; expected {expected}.")


def up_to_date(out: Path, this: Mapping, force: bool = False) -> bool:
    """Whether ``out`` was already made by this very job.

    False if it must be made: nothing is there, or what was there when this job began,
    which was then interrupted. Anything else there is an :class:`InputError` unless
    ``force`` lets it be replaced.
    """
    if not out.exists() or _is_empty(out):
        return False
    entry, there = _entries(out).get(_place(out).name, {}), digest(out)
    same = entry.get("job") == this
    if same and entry.get("sha256") == there:
        return True
    if force or (same and entry.get("replaces") == there):
        return False
    came = "altered since" if same else "from another job"
    raise InputError(
        f"{out}: is already there, {came}; name another output or add --force."
    )


def begin(out: Path, this: Mapping) -> None:
    """Note that ``this`` job is about to make ``out``, lest an interrupt strand it.

    What is there may then be replaced by it, and nothing that comes there later.
    """
    there = digest(out) if out.exists() else None
    _note(out, {"job": this, "sha256": None, "replaces": there})


def record(out: Path, this: Mapping) -> None:
    """Note that ``this`` job made ``out``; call it once the output is whole."""
    _note(out, {"job": this, "sha256": digest(out)})


def recorded(out: Path) -> str | None:
    """Digest with which ``out`` was last recorded; None if no job finished it."""
    return _entries(out).get(_place(out).name, {}).get("sha256")


def discard(out: Path) -> None:
    """Remove an output that a job made (with its sidecar), and its record.

    Only what is recorded goes; a folder only as the job left it, lest it now holds
    something else as well.
    """
    entries = _entries(out)
    entry = entries.pop(_place(out).name, None)
    if entry is None or (out.is_dir() and entry.get("sha256") != digest(out)):
        return
    if out.is_dir():
        shutil.rmtree(out)
    else:
        out.unlink(missing_ok=True)
        if out.suffix == ".csv":
            sidecar_path(out).unlink(missing_ok=True)
    write_json(_place(out).parent / RECORD, entries)


def keep(read: Iterable[object], *outs: Path) -> None:
    """Refuse to write over a file that is read (or its sidecar), ``force`` or not."""
    paths = [Path(one) for one in read if isinstance(one, str | Path)]
    paths += [sidecar_path(path) for path in paths if path.suffix == ".csv"]
    for out in outs:
        if out.exists() and any(path.exists() and out.samefile(path) for path in paths):
            raise InputError(f"{out}: is read for this; name another output.")


def _note(out: Path, entry: Mapping) -> None:
    entries = _entries(out) | {_place(out).name: entry}
    write_json(_place(out).parent / RECORD, dict(sorted(entries.items())))


def _is_empty(out: Path) -> bool:
    return out.is_dir() and all(path.name == RECORD for path in out.iterdir())


def _place(out: Path) -> Path:
    return Path(os.path.abspath(out))


def _entries(out: Path) -> dict:
    path = _place(out).parent / RECORD
    return read_json(path) if path.exists() else {}


def _name(source: Source) -> str:
    if isinstance(source, pd.DataFrame | BehaviorModel):
        return "in memory"
    return _place(path_of(source, "input", "a path or a table")).name


def _table_digest(table: pd.DataFrame) -> str:
    rows = pd.util.hash_pandas_object(pd.DataFrame(table), index=False)
    kinds = {str(name): str(kind) for name, kind in table.dtypes.items()}
    facts = json.dumps([kinds, dict(table.attrs)], default=str)
    return hashlib.sha256(rows.to_numpy().tobytes() + facts.encode()).hexdigest()


def _joined(paths: Iterable[Path]) -> str:
    listed = [f"{sha256(path)} {path.name}" for path in sorted(paths)]
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()
