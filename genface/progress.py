"""Who hears of the progress of long work: a bar on the terminal, nobody, a function."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Called with a name, how much is done, and how much there is (None: not known).
Report = Callable[[str, int, int | None], None]
Progress = bool | Report


@contextmanager
def reporter(progress: Progress, label: str) -> Iterator[Report]:
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
        task = bar.add_task(label, total=None)
        yield lambda name, done, total: bar.update(task, completed=done, total=total)
