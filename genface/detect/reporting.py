"""How a detector counts what it has done: pictures over the call, frames by clip."""

from collections.abc import Callable, Sequence

from genface.detect.sources import Source
from genface.progress import Report


def counter(
    report: Report, sources: Sequence[Source], number: int
) -> Callable[[int, int | None], None]:
    """Count pictures over the whole call; a clip's frames for itself."""
    if all(source.kind == "image" for source in sources):
        name = sources[0].name if len(sources) == 1 else "pictures"
        return lambda done, total: report(name, number + 1, len(sources))
    return lambda done, total: report(sources[number].name, done, total)
