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
        typer.Option(
            "--format",
            help="livelink (.csv), blendshapes (.csv), vrm (.csv), png (a folder).",
        ),
    ] = None,
    rig: Annotated[
        str, typer.Option(help="Whose face: default, a .npz, or a .glb of your own.")
    ] = "default",
    size: Annotated[
        str | None, typer.Option(help="Height of the avatar, or WIDTHxHEIGHT.")
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames a second; the table's if left out.")
    ] = None,
    smooth: Annotated[
        float, typer.Option(help="Gaussian smoothing in time, sd in seconds.")
    ] = 0.0,
    source: Annotated[
        Path | None, typer.Option(help="Show this clip beside the avatar.")
    ] = None,
    synthetic: Annotated[
        Path | None, typer.Option(help="Show a second avatar driven by this table.")
    ] = None,
    strip: Annotated[
        bool | None,
        typer.Option(
            "--strip/--no-strip",
            help="AUs, states and emotion around the avatar; on beside a clip.",
        ),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="A model folder, to show its states.")
    ] = None,
    caption: Annotated[str, typer.Option(help="A line of text below.")] = "",
    max_targets: Annotated[
        int | None,
        typer.Option(min=1, help="Morph targets in a .glb; 8 for small viewers."),
    ] = None,
    face: Annotated[
        str, typer.Option(help="Which of several: longest, or a face_id.")
    ] = "longest",
    input_: Annotated[
        str | None, typer.Option("--input", help="Which input of a table of several.")
    ] = None,
    table_fps: Annotated[
        float | None,
        typer.Option(help="Frames a second filmed, if the table's times are wrong."),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate/--no-calibrate",
            help="Fit presence scores to the person's own range first.",
        ),
    ] = True,
    force: Force = False,
) -> None:
    """Make a table's AUs a moving face.

    As .mp4, .gif, .webp, .apng, .html, .glb, .csv (Live Link Face), .json (openFACS).
    """
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
