"""The ``genface model`` commands."""

from pathlib import Path
from typing import Annotated

import typer

from genface.cli.options import Force

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Fitted behaviour models: show.",
    epilog="Example: genface model show out/model",
)


@app.callback()
def models() -> None:
    """Keep ``show`` a word of its own while it is the only command."""


@app.command("show", epilog="Example: genface model show out/model -o figures")
def show(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Draw figures into this folder.")
    ] = None,
    force: Force = False,
) -> None:
    """Print what a model holds: states, visits, how it was chosen; draw figures."""
    from genface.pipelines import show_model

    result = show_model(model, out, force=force)
    for line in (*result.lines, *result.paths):
        typer.echo(line)
