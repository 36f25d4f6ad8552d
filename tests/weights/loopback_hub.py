"""A model hub on this machine: as much of Hugging Face's HTTP API as a pull needs."""

import hashlib
import re
import threading
from collections.abc import Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = hashlib.sha1(b"genface").hexdigest()
LARGE = 5000  # bytes from which on a file has a sha256, as with git's large files
_CHUNK = 1 << 20
_FILE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")


class Hub:
    """Serves ``{repository: {file: bytes or a path}}`` at ``address``.

    ``gated`` are repositories that need a login; ``stated`` overrides the hash that the
    hub states of (repository, file), ``sent`` the number of its bytes that it sends;
    ``broken`` makes every answer a 503. ``requests`` are those that came.
    """

    def __init__(self, repos: Mapping[str, Mapping[str, bytes | Path]]) -> None:
        self.repos = {repo: dict(files) for repo, files in repos.items()}
        self.gated: set[str] = set()
        self.stated: dict[tuple[str, str], str] = {}
        self.sent: dict[tuple[str, str], int] = {}
        self.broken = False
        self.commit = COMMIT
        self.requests: list[str] = []
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(self, repo: str, path: str, content: bytes | Path) -> None:
        self.repos.setdefault(repo, {})[path] = content


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        self.hub.requests.append(f"{self.command} {self.path}")
        found = _FILE.fullmatch(self.path)
        if self.hub.broken or not found:
            return self._refuse(503 if self.hub.broken else 404, "")
        repo, revision, path = found["repo"], found["revision"], found["path"]
        if repo not in self.hub.repos:
            return self._refuse(401, "RepoNotFound")
        if repo in self.hub.gated:
            return self._refuse(401, "GatedRepo")
        if revision not in ("main", self.hub.commit):
            return self._refuse(404, "RevisionNotFound")
        if path not in self.hub.repos[repo]:
            return self._refuse(404, "EntryNotFound")
        self._serve(repo, path, with_body)

    def _refuse(self, code: int, reason: str) -> None:
        self.send_response(code)
        self.send_header("X-Error-Code", reason)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _serve(self, repo: str, path: str, with_body: bool) -> None:
        content = self.hub.repos[repo][path]
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        stated = self.hub.stated.get((repo, path)) or etag(content)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        first = int(asked[1]) if asked else 0
        last = int(asked[2]) + 1 if asked and asked[2] else size
        last = min(last, self.hub.sent.get((repo, path), size)) if with_body else last
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last - 1}/{size}")
        self.send_header("X-Repo-Commit", self.hub.commit)
        self.send_header("ETag", f'"{stated}"')
        if len(stated) == 64:
            self.send_header("X-Linked-Etag", f'"{stated}"')
            self.send_header("X-Linked-Size", str(size))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last - first))
        self.end_headers()
        if with_body:
            self._send(content, first, last)

    def _send(self, content: bytes | Path, first: int, last: int) -> None:
        if isinstance(content, bytes):
            self.wfile.write(content[first:last])
            return
        with content.open("rb") as stream:
            stream.seek(first)
            while first < last:
                piece = stream.read(min(_CHUNK, last - first))
                self.wfile.write(piece)
                first += len(piece)


def etag(content: bytes | Path) -> str:
    """The hash that a hub states: sha256 of large files, git's of small ones."""
    return _of_file(content) if isinstance(content, Path) else _of_bytes(content)


@cache
def _of_file(path: Path) -> str:
    if path.stat().st_size < LARGE:
        return _of_bytes(path.read_bytes())
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _of_bytes(content: bytes) -> str:
    if len(content) < LARGE:
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return hashlib.sha256(content).hexdigest()
