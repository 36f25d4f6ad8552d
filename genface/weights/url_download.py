"""One file behind an address."""

import http.client
import urllib.request
from collections.abc import Callable
from pathlib import Path

from genface.errors import WeightError
from genface.weights.sources import Url

Report = Callable[[int, int | None], None]
_TIMEOUT_S = 30
_CHUNK = 1 << 20


def download(
    source: Url, path: Path, report: Callable[[int, int | None], None]
) -> None:
    """Write the file to ``path``; a :class:`WeightError` if it does not come whole."""
    try:
        with urllib.request.urlopen(source.address, timeout=_TIMEOUT_S) as answer:
            length = answer.headers.get("Content-Length")
            total = int(length) if length else None
            with path.open("wb") as stream:
                while chunk := answer.read(_CHUNK):
                    stream.write(chunk)
                    report(stream.tell(), total)
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise WeightError(
            f"{source.address} could not be downloaded ({reason}); nothing was "
            "kept. Pull it again; `genface weights convert` takes a local file."
        ) from None
    if total is not None and path.stat().st_size != total:
        raise WeightError(f"{source.address} came only in part; pull it again.")
