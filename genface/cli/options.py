"""Options that several commands share, how their words are read, exit codes."""

from pathlib import Path
from typing import Annotated

import typer

from genface.errors import InputError

#: Exit codes: 2 for what the user can put right, 1 for a failure inside.
FAILED, REFUSED = 1, 2

Out = Annotated[Path, typer.Option("-o", "--out", help="Where the result goes.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of every random draw.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what another job made.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never use the network.")]
Face = Annotated[str, typer.Option(help="Whose face: longest, a face_id, or all.")]
EmotionTable = Annotated[
    str, typer.Option(help="Prototypes: investigators_guide, emfacs, ..., or a .toml.")
]
States = Annotated[
    str, typer.Option(help="Numbers of states to try, both ends included.")
]


def state_range(text: str) -> range:
    """``"2-8"`` (both ends included) or ``"5"`` as a range of state counts."""
    first, dash, last = text.partition("-")
    try:
        low, high = int(first), int(last if dash else first)
    except ValueError:
        low, high = 0, 0
    if not 1 <= low <= high:
        raise InputError(
            f"--states {text}: expected a number or a range such as 2-8, from 1 up."
        )
    return range(low, high + 1)
