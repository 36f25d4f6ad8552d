"""How a pipeline tells what it is doing, without knowing who listens."""

from collections.abc import Callable

#: Called with the stage's name, steps done, and steps in all (None: not known).
Progress = Callable[[str, int, int | None], None]


def silent(stage: str, done: int, total: int | None) -> None:
    """Report to nobody."""
