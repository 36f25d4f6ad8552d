"""One file of a Hugging Face repository, in that hub's own cache on this machine.

``HF_ENDPOINT``, ``HF_HOME``, ``HF_HUB_CACHE`` and ``HF_TOKEN`` hold as everywhere. The
hub states each file's hash (sha256 for large files, git's for small ones); the bytes
that came are checked against it, which the hub's own client leaves out.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from genface.errors import WeightError
from genface.files import sha256
from genface.weights.sources import Hub

Report = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Fetched:
    """A file that came whole; ``revision`` is the commit, where there is one."""

    path: Path
    sha256: str
    revision: str | None = None


def endpoint() -> str:
    """Address of the hub."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def hub_cache() -> Path:
    """Folder where the hub's client keeps files, for all programs of this user."""
    from huggingface_hub import constants

    if chosen := os.environ.get("HF_HUB_CACHE"):
        return Path(chosen).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser() / "hub"
    return Path(constants.HF_HUB_CACHE)


def cached(source: Hub) -> Fetched | None:
    """The file as an earlier download left it, or None."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(
        source.repo, source.path, cache_dir=hub_cache(), revision=source.revision
    )
    if not isinstance(found, str):
        return None
    path = Path(found)
    return Fetched(path, sha256(path), _commit(path, source))


def download(source: Hub, report: Report, force: bool = False) -> Fetched:
    """Bring the file here, or find that it is; a WeightError of one line if not."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError, HTTPError

    url = hf_hub_url(
        source.repo, source.path, revision=source.revision, endpoint=endpoint()
    )
    try:
        stated = get_hf_file_metadata(url)
        if stated.commit_hash is None or stated.etag is None:
            raise WeightError(
                f"{endpoint()} does not answer as a model hub does (no commit or hash "
                f"of {source.repo}/{source.path}); check HF_ENDPOINT and your proxy."
            )
        report(0, stated.size)
        path = Path(
            hf_hub_download(
                source.repo,
                source.path,
                revision=source.revision,
                endpoint=endpoint(),
                cache_dir=hub_cache(),
                force_download=force,
                tqdm_class=_listener(report),
            )
        )
    except (HTTPError, EntryNotFoundError, OSError, RuntimeError) as error:
        raise WeightError(
            f"{_explained(source, error)} `genface weights convert` takes a local file."
        ) from None
    return _checked(source, path, stated.etag)


def _checked(source: Hub, path: Path, stated: str) -> Fetched:
    digest = sha256(path)
    expected = {64: digest, 40: _git_hash(path) if len(stated) == 40 else ""}
    if stated != expected.get(len(stated), stated):
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise WeightError(
            f"{source.repo}/{source.path}: the bytes that came are not those that the "
            f"hub states ({stated[:12]}...); nothing was kept. Pull it again."
        )
    return Fetched(path, digest, _commit(path, source))


def _git_hash(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _commit(path: Path, source: Hub) -> str:
    """The folder that the hub's cache puts the files of a commit into."""
    depth = len(Path(source.path).parts)
    return path.parts[-depth - 1]


def _listener(report: Report) -> Any:
    """What the hub's client takes for a progress bar, as far as it uses one."""

    class Listener:
        def __init__(self, *_: Any, **options: Any) -> None:
            self.done, self.total = options.get("initial") or 0, options.get("total")

        def __enter__(self) -> "Listener":
            return self

        def __exit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            trace: TracebackType | None,
        ) -> None:
            pass

        def update(self, count: int = 1) -> None:
            self.done += count
            report(self.done, self.total)

        def close(self) -> None:
            pass

    return Listener


def _explained(source: Hub, error: Exception) -> str:
    """One line on why the hub's client failed, and what to do."""
    from huggingface_hub import errors

    where = f"{source.repo}/{source.path}"
    if isinstance(error, errors.GatedRepoError):
        return (
            f"{where}: the repository is gated; accept its terms at "
            f"{endpoint()}/{source.repo} and log in (`hf auth login`)."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return (
            f"{where}: no such repository at {endpoint()}, or it is private; "
            "log in (`hf auth login`) if you may see it."
        )
    if isinstance(error, (errors.EntryNotFoundError, errors.RevisionNotFoundError)):
        return (
            f"{where}: no such file at revision {source.revision} of {endpoint()}; "
            "it may have been renamed."
        )
    if isinstance(error, errors.HfHubHTTPError):
        return f"{where}: {endpoint()} answered {error.response.status_code}."
    reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
    return (
        f"{where}: could not be downloaded from {endpoint()} ({reason.rstrip('.')}); "
        "nothing was kept. Connect and pull again, or set HF_ENDPOINT to a mirror."
    )
