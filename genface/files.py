"""Files that appear whole or not at all, and are read without executing anything."""

import hashlib
import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import platformdirs

from genface.errors import InputError, WeightError

#: What reading a damaged npz raises; RuntimeError: a packing that zipfile cannot undo.
_DAMAGE = (ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def cache_dir() -> Path:
    """Folder of what can be made or pulled again: ``GENFACE_CACHE``, or the user's."""
    chosen = os.environ.get("GENFACE_CACHE") or platformdirs.user_cache_dir("genface")
    return Path(chosen).expanduser().resolve()  # pip runs in another folder


@contextmanager
def atomic(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it into place on success.

    The temporary name keeps the suffix, so writers that go by it still work. After
    an error or an interrupt nothing is left, and what was at ``path`` is untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}-{secrets.token_hex(6)}{path.suffix}")
    try:
        temporary.touch(exist_ok=False)  # mkstemp would make it private
        yield temporary
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
    except OSError as error:
        raise _unreadable(path, error) from None
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
        with open(path, "rb") as stream, zipfile.ZipFile(stream) as archive:
            return dict(_member(archive, name) for name in archive.namelist())
    except OSError as error:
        raise _unreadable(path, error) from None
    except _DAMAGE as error:
        raise InputError(
            f"{path}: not a readable npz file ({error}); objects are never unpickled."
        ) from None


def _member(archive: zipfile.ZipFile, name: str) -> tuple[str, np.ndarray]:
    with archive.open(name) as stream:
        array = np.lib.format.read_array(stream, allow_pickle=False)
    return name.removesuffix(".npy"), array


def _unreadable(path: Path | str, error: OSError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(f"{path}: no such file.")
    return InputError(f"{path}: cannot be read ({error.strerror or error}).")


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
