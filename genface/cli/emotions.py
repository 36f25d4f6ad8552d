"""``genface emotions``: how much faces show each emotion."""

from pathlib import Path
from typing import Annotated

import typer

from genface.cli.options import EmotionTable, Force, Out

app = typer.Typer()


@app.command(epilog="Example: genface emotions faces.csv -o emotions --variants")
def emotions(
    table: Annotated[Path, typer.Argument(help="A table with AU columns.")],
    out: Out,
    emotion_table: EmotionTable = "investigators_guide",
    variants: Annotated[
        bool, typer.Option("--variants", help="Take its less typical prototypes too.")
    ] = False,
    calibrate: Annotated[
        bool | None,
        typer.Option(
            "--calibrate/--no-calibrate",
            help="Take AUs from each person's rest; by default if they are presence.",
        ),
    ] = None,
    face: Annotated[
        str, typer.Option(help="Whose figures: longest, a face_id, or all.")
    ] = "longest",
    force: Force = False,
) -> None:
    """Score emotions by their AUs (a folder with figures, or a .csv or .parquet)."""
    from genface.pipelines import score_emotions

    result = score_emotions(
        table,
        out,
        emotion_table=emotion_table,
        variants=variants,
        calibrate=calibrate,
        face=face,
        force=force,
    )
    for line in (*result.lines, *result.paths):
        typer.echo(line)
