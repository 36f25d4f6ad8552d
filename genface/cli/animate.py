"""``genface animate``: a table into pictures, a page, a model that moves, or curves."""

from pathlib import Path
from typing import Annotated

import typer

from genface.cli.options import Force, Out

app = typer.Typer()


@app.command(epilog="Example: genface animate more.csv -o face.mp4")
def animate(
    table: Annotated[Path, typer.Argument(help="A table with AU columns.")],
    out: Out,
    format_: Annotated[
        str | None,
        typer.Option("--format", help="livelink blendshapes vrm (.csv), png (folder)"),
    ] = None,
    rig: Annotated[
        str, typer.Option(help="Whose face: a .npz or .glb.", show_default=False)
    ] = "default",
    size: Annotated[
        str | None, typer.Option(help="Height in pixels, or WIDTHxHEIGHT.")
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames a second, if not the table's.")
    ] = None,
    smooth: Annotated[
        float, typer.Option(help="Smooth in time by so many seconds (sd).")
    ] = 0,
    source: Annotated[
        Path | None, typer.Option(help="Show this clip beside the avatar.")
    ] = None,
    synthetic: Annotated[
        Path | None, typer.Option(help="Drive a second avatar by this table.")
    ] = None,
    strip: Annotated[
        bool | None,
        typer.Option("--strip/--no-strip", help="AUs, states, emotion in view."),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="A model folder, to show its states.")
    ] = None,
    caption: Annotated[
        str, typer.Option(help="A line of text below.", show_default=False)
    ] = "",
    max_targets: Annotated[
        int | None, typer.Option(help="Morph targets of a .glb, such as 8.")
    ] = None,
    face: Annotated[
        str, typer.Option(help="A face_id, if not the longest.", show_default=False)
    ] = "longest",
    input_: Annotated[
        str | None, typer.Option("--input", help="Which input of a table of several.")
    ] = None,
    table_fps: Annotated[
        float | None, typer.Option(help="Filmed at, if the table's times are wrong.")
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate/--no-calibrate",
            help="Presence scores to a person's range.",
            show_default=False,
        ),
    ] = True,
    force: Force = False,
) -> None:
    """Move a face by a table: .mp4 .gif .webp .apng .html .glb .csv .json."""
    from genface.cli.console import Stages
    from genface.pipelines import render_clip

    with Stages() as stages:
        result = render_clip(
            table,
            out,
            format=format_,
            rig=rig,
            size=size,
            fps=fps,
            smooth=smooth,
            source=source,
            synthetic=synthetic,
            strip=strip,
            model=model,
            caption=caption,
            max_targets=max_targets,
            face=face,
            input_name=input_,
            table_fps=table_fps,
            calibrate=calibrate,
            force=force,
            progress=stages,
        )
    for line in (*result.lines, *result.paths):
        typer.echo(line)
