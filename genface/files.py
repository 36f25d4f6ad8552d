"""Files that appear whole or not at all, and are read without executing anything."""

import hashlib
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import platformdirs

from genface.errors import InputError, WeightError


def cache_dir() -> Path:
    """Folder of what can be made or pulled again: ``GENFACE_CACHE``, or the user's."""
    chosen = os.environ.get("GENFACE_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("genface"))


@contextmanager
def atomic(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it into place on success.

    The temporary name keeps the suffix, so writers that go by it still work. After
    an error or an interrupt nothing is left, and what was at ``path`` is untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes private files
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path | str, text: str) -> None:
    """Write ``text`` as UTF-8, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path | str, facts: Mapping) -> None:
    """Write ``facts`` as indented JSON, atomically; NaN is refused."""
    write_text(path, json.dumps(facts, indent=2, allow_nan=False) + "\n")


def read_json(path: Path | str) -> dict:
    """Read a JSON object; anything else is an :class:`InputError`."""
    try:
        facts = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: not a JSON file ({error}).") from None
    if not isinstance(facts, dict):
        raise InputError(f"{path}: expected a JSON object, found another value.")
    return facts


def write_npz(path: Path | str, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as a compressed npz, atomically, with the same bytes each time."""
    with atomic(path) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, value in sorted(arrays.items()):
                # A fixed date: numpy.savez stamps the hour, equal runs would differ.
                entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(entry, "w", force_zip64=True) as stream:
                    np.lib.format.write_array(
                        stream, np.ascontiguousarray(value), allow_pickle=False
                    )


def read_npz(path: Path | str) -> dict[str, np.ndarray]:
    """Read every array of an npz; objects (pickles) are refused."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise InputError(f"{path}: expected an npz archive, found one array.")
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{path}: not a readable npz file ({error}); objects are never unpickled."
        ) from None


def sha256(path: Path | str) -> str:
    """Hex digest of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def shipped_model(*parts: str) -> Path:
    """Path of a file of ``models/``, in the wheel or in a checkout of the project."""
    package = Path(__file__).parent
    for root in (package / "_models", package.parent / "models"):
        path = root.joinpath(*parts)
        if path.is_file():
            return path
    raise WeightError(
        f"the shipped model file {'/'.join(parts)} is missing; reinstall genface."
    )
