"""``genface convert``: tables from one program's terms to another's."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from genface.cli.options import Force

app = typer.Typer()


@app.command(epilog="Example: genface convert openface.csv faces.parquet --to feat")
def convert(
    table: Annotated[
        Path, typer.Argument(help="A table of py-feat, OpenFace, LibreFace, genface.")
    ],
    out: Annotated[Path, typer.Argument(help="A file ending in .csv or .parquet.")],
    to: Annotated[
        Literal["openface", "feat", "parquet"],
        typer.Option(help="Names and units: OpenFace's, py-feat's, or as they are."),
    ] = "feat",
    pyfeat_version: Annotated[
        str | None, typer.Option(help="Version of py-feat that wrote the table.")
    ] = None,
    fps: Annotated[
        float | None, typer.Option("--fps", help="Put the rows at this rate.")
    ] = None,
    scale: Annotated[
        Literal["intensity", "facs"] | None,
        typer.Option(help="Put the AUs at 0-1 (intensity) or 0-5 (facs)."),
    ] = None,
    force: Force = False,
) -> None:
    """Write a table of faces in the terms of another program."""
    from genface.pipelines import convert_table

    result = convert_table(
        table,
        out,
        to,
        pyfeat_version=pyfeat_version,
        fps=fps,
        scale=scale,
        force=force,
    )
    for line in (*result.lines, result.path):
        typer.echo(line)
