"""The folder that holds pulled files, and whether a file in it is the right one."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import platformdirs

from genface.files import atomic, sha256
from genface.weights.registry import ASSETS, Asset, select

OK, MISSING, ALTERED = "ok", "missing", "altered"


def cache_dir() -> Path:
    """Folder of pulled files: ``GENFACE_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("GENFACE_CACHE") or platformdirs.user_cache_dir("genface")
    return Path(chosen).expanduser().resolve()  # pip runs in another folder


def asset_path(entry: Asset) -> Path:
    """Where the file of an asset is, or would be."""
    return cache_dir() / "assets" / entry.filename


def status(entry: Asset) -> str:
    """``ok``, ``missing`` or ``altered``, by size and sha256 of the cached file."""
    path = asset_path(entry)
    if not path.is_file():
        return MISSING
    if path.stat().st_size != entry.size or sha256(path) != entry.sha256:
        return ALTERED
    return OK


def verify(
    names: Iterable[str] | None = None, assets: Mapping[str, Asset] = ASSETS
) -> list[tuple[str, str]]:
    """(name, ``ok`` | ``missing`` | ``altered``) of the named assets, or of all."""
    return [(entry.name, status(entry)) for entry in select(names, assets)]


def place(entry: Asset, content: bytes) -> Path:
    """Write the bytes of an asset into the cache; they were checked before."""
    path = asset_path(entry)
    with atomic(path) as temporary:
        temporary.write_bytes(content)
    return path
