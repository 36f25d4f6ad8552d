"""Who hears of a detector's progress: a bar on the terminal, nobody, or a function."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from genface.detect.sources import Source

#: Called with the input's name, frames done, and frames in all (None: not known).
Report = Callable[[str, int, int | None], None]
Progress = bool | Report


@contextmanager
def reporter(progress: Progress) -> Iterator[Report]:
    """The user's own function, or one that moves a bar, or one that does nothing."""
    if callable(progress):
        yield progress
        return
    if not progress:
        yield lambda name, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("faces", total=None)
        yield lambda name, done, total: bar.update(task, completed=done, total=total)


def counter(
    report: Report, sources: Sequence[Source], number: int
) -> Callable[[int, int | None], None]:
    """Count pictures over the whole call; a clip's frames for itself."""
    if all(source.kind == "image" for source in sources):
        name = sources[0].name if len(sources) == 1 else "pictures"
        return lambda done, total: report(name, number + 1, len(sources))
    return lambda done, total: report(sources[number].name, done, total)
