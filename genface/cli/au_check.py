"""``genface au-check``: does the AU model work on this face, and what would change."""

from pathlib import Path
from typing import Annotated

import typer

from genface.cli.options import Face, Offline

app = typer.Typer()


@app.command("au-check", epilog="Example: genface au-check clip.mp4")
def au_check(
    source: Annotated[
        Path, typer.Argument(help="A video, or a table with mesh columns.")
    ],
    against: Annotated[
        str | None,
        typer.Option(help="Another au_model.npz, or `table` for its own values."),
    ] = None,
    face: Face = "longest",
    input_: Annotated[
        str | None, typer.Option("--input", help="Which input of a table of several.")
    ] = None,
    offline: Offline = False,
) -> None:
    """Judge AUs by distances in the same mesh, or one model by another."""
    from genface.cli.console import Stages
    from genface.pipelines import check_aus

    with Stages() as stages:
        result = check_aus(
            source,
            against,
            face=face,
            input_name=input_,
            offline=offline or None,
            progress=stages,
        )
    for line in result.lines:
        typer.echo(line)
