"""The folder that holds pulled files, and whether a file in it is the right one."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from genface.errors import WeightError
from genface.files import atomic, cache_dir, sha256
from genface.weights.asset import Asset
from genface.weights.records import arrays_path, record_of
from genface.weights.registry import ASSETS, asset, select
from genface.weights.sources import Member

OK, MISSING, ALTERED = "ok", "missing", "altered"


def asset_path(entry: Asset) -> Path:
    """Where an asset is, or would be: its file, or the arrays made from it."""
    if entry.is_converted:
        return arrays_path(entry)
    return original_path(entry, next(iter(entry.sources)))


def original_path(entry: Asset, role: str) -> Path:
    """Where an original of ours is; the name of one that is pinned holds its hash.

    The hub's files are in the hub's own cache.
    """
    source = entry.sources[role]
    stem = entry.name if len(entry.sources) == 1 else f"{entry.name}_{role}"
    if isinstance(source, Member):
        stem = f"{stem}-{source.sha256[:8]}"  # so two versions never collide
    suffix = PurePosixPath(source.path).suffix
    return cache_dir() / "assets" / f"{stem}{suffix}"


def status(entry: Asset) -> str:
    """``ok``, ``missing`` or ``altered``, by the sha256 of what is kept of an asset."""
    if not entry.is_converted:
        return original_status(entry, next(iter(entry.sources)))
    path, record = arrays_path(entry), record_of(entry)
    if not path.is_file():
        return MISSING
    if record is None or record.arrays_sha256 != sha256(path):
        return ALTERED
    return OK


def original_status(entry: Asset, role: str) -> str:
    """The same of an original that we keep: pinned, or as when it was converted."""
    path, source = original_path(entry, role), entry.sources[role]
    if not path.is_file():
        return MISSING
    if isinstance(source, Member):
        right = path.stat().st_size == source.size and sha256(path) == source.sha256
        return OK if right else ALTERED
    record = record_of(entry)
    known = record.originals.get(role) if record else None
    return OK if known is None or known.sha256 == sha256(path) else ALTERED


def verify(
    names: Iterable[str] | None = None, assets: Mapping[str, Asset] = ASSETS
) -> list[tuple[str, str]]:
    """(name, ``ok`` | ``missing`` | ``altered``) of the named assets, or of all."""
    return [(entry.name, status(entry)) for entry in select(names, assets)]


def digests(name: str, assets: Mapping[str, Asset] = ASSETS) -> dict[str, str]:
    """Hash of each of an asset's originals by its role, as recorded or pinned."""
    entry = asset(name, assets)
    record = record_of(entry) if entry.is_converted else None
    if record and record.originals:
        return {role: known.sha256 for role, known in record.originals.items()}
    pinned = {
        role: source.sha256
        for role, source in entry.sources.items()
        if isinstance(source, Member)
    }
    if len(pinned) < len(entry.sources):
        raise WeightError(
            f"{name} was never pulled; run `genface weights pull {name}`."
        )
    return pinned


def place(path: Path, content: bytes) -> Path:
    """Write bytes into the cache; they were checked before."""
    with atomic(path) as temporary:
        temporary.write_bytes(content)
    return path
