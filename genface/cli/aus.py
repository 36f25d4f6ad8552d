"""``genface au-check`` and ``au-details``: judge the AU model, or ask more of it."""

from pathlib import Path
from typing import Annotated

import typer

from genface.cli.options import Force, Offline, Out

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
    face: Annotated[
        str, typer.Option(help="Whose face: longest, or a face_id.")
    ] = "longest",
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


@app.command("au-details", epilog="Example: genface au-details t.csv -o d.csv --sides")
def au_details(
    table: Annotated[Path, typer.Argument(help="A table of genface with meshes.")],
    out: Out,
    sides: Annotated[
        bool, typer.Option("--sides", help="Left and right: AU12_L, AU12_R.")
    ] = False,
    blinks: Annotated[
        bool, typer.Option("--blinks", help="AU45: closed lids that are blinks.")
    ] = False,
    sd: Annotated[
        bool, typer.Option("--sd", help="The error to expect: AU12_sd.")
    ] = False,
    smooth: Annotated[
        float, typer.Option(help="Smooth in time by so many seconds (sd), no delay.")
    ] = 0,
    force: Force = False,
) -> None:
    """Add sides, blinks and errors of the Action Units to a table."""
    from genface.pipelines import detail_aus

    result = detail_aus(
        table, out, sides=sides, blinks=blinks, sd=sd, smooth=smooth, force=force
    )
    for line in (*result.lines, result.path):
        typer.echo(line)
