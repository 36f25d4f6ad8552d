"""What a pull shows by default: one line on what and why, and a bar while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from genface.weights.pip_download import Progress


@contextmanager
def console_progress() -> Iterator[Progress]:
    """A progress callback that writes to stderr; the bar only on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (TextColumn("  pip download"), BarColumn(), DownloadColumn())
    said: list[str] = []
    with Bar(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("")

        def report(line: str, done: int, total: int | None) -> None:
            if line not in said:
                said.append(line)
                console.print(line, markup=False, highlight=False, soft_wrap=True)
            bar.update(task, completed=done, total=total)

        yield report
