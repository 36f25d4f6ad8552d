"""The folder that holds pulled files, and whether a file in it is the right one."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from genface.files import atomic, cache_dir, sha256
from genface.weights.registry import ASSETS, Asset, select

OK, MISSING, ALTERED = "ok", "missing", "altered"


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
