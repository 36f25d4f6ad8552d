"""The jobs: one command each, over one function of ``genface.pipelines``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from genface.cli.options import (
    FAILED,
    REFUSED,
    BatchSize,
    Commercial,
    Face,
    FaceModel,
    FindEvery,
    Force,
    Offline,
    Out,
    Preset,
    Seed,
    States,
    named_models,
    state_range,
)

app = typer.Typer()


@app.command(epilog="Example: genface run clip.mp4 -o out --seconds 10")
def run(
    clip: Annotated[Path, typer.Argument(help="A video with a face in it.")],
    out: Out,
    seconds: Annotated[
        float | None, typer.Option(help="Use only the first N seconds.")
    ] = None,
    states: States = "2-8",
    seed: Seed = 0,
    face: Face = "longest",
    detector: Preset = "facemesh",
    face_model: FaceModel = None,
    find_every: FindEvery = None,
    batch_size: BatchSize = 1,
    commercial: Commercial = False,
    offline: Offline = False,
    force: Force = False,
) -> None:
    """Do the whole job: table, model, synthetic behaviour, clip, report."""
    from genface.cli.console import Stages
    from genface.pipelines import run_clip

    numbers = state_range(states)
    with Stages() as stages:
        result = run_clip(
            clip,
            out,
            seconds=seconds,
            states=numbers,
            seed=seed,
            face=face,
            detector=detector,
            models=named_models(face_model),
            find_every=find_every,
            batch_size=batch_size,
            commercial=commercial or None,
            offline=offline or None,
            force=force,
            progress=stages,
            say=stages.say,
        )
    for path in result.paths:
        typer.echo(path)
    if result.stopped:
        typer.echo(f"genface: {result.stopped}", err=True)
        raise typer.Exit(FAILED)


@app.command(epilog="Example: genface demo -o out/demo")
def demo(
    out: Out = Path("genface-demo"), offline: Offline = False, force: Force = False
) -> None:
    """Pull the weights and a sample clip, then run the whole job on it."""
    from genface.cli.console import Stages
    from genface.pipelines import run_demo

    with Stages() as stages:
        result = run_demo(
            out,
            offline=offline or None,
            force=force,
            progress=stages,
            say=stages.say,
        )
    for path in result.paths:
        typer.echo(path)


@app.command(epilog="Example: genface detect a.mp4 b.mp4 -o out --skip-frames 2")
def detect(
    inputs: Annotated[list[Path], typer.Argument(help="Videos or images.")],
    out: Out,
    columns: Annotated[
        Literal["core", "mesh", "all"],
        typer.Option(help="Columns to write: core, mesh or all."),
    ] = "mesh",
    skip_frames: Annotated[
        int | None, typer.Option(help="Read every N-th frame only.")
    ] = None,
    start: Annotated[float | None, typer.Option(help="From this second on.")] = None,
    end: Annotated[float | None, typer.Option(help="Up to this second.")] = None,
    all_aus: Annotated[
        bool, typer.Option("--all-aus", help="Write AUs that cannot be seen, too.")
    ] = False,
    detector: Preset = "facemesh",
    face_model: FaceModel = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Another model: au=svm, gaze=none, ...; repeatable."),
    ] = None,
    find_every: FindEvery = None,
    batch_size: BatchSize = 1,
    commercial: Commercial = False,
    offline: Offline = False,
    force: Force = False,
) -> None:
    """Find every face and write the table (a folder, or one .csv or .parquet)."""
    from genface.cli.console import Stages
    from genface.pipelines import detect_videos

    with Stages() as stages:
        result = detect_videos(
            inputs,
            out,
            columns=columns,
            skip_frames=skip_frames,
            start=start,
            end=end,
            all_aus=all_aus,
            detector=detector,
            models=named_models(face_model, model),
            find_every=find_every,
            batch_size=batch_size,
            commercial=commercial or None,
            offline=offline or None,
            force=force,
            progress=stages,
        )
    for line in (*result.lines, *result.paths):
        typer.echo(line)
    for failure in result.failures:
        typer.echo(f"genface: {failure}", err=True)
    if result.failures:
        raise typer.Exit(REFUSED)


@app.command(epilog="Example: genface fit a.csv b.csv -o model --states 2-20 --by clip")
def fit(
    tables: Annotated[list[Path], typer.Argument(help="Tables of detected faces.")],
    out: Out,
    family: Annotated[
        list[str] | None,
        typer.Option(help="logistic, ar, beta, gaussian, poisson, ...; repeatable."),
    ] = None,
    states: States = "2-8",
    restarts: Annotated[
        int | None, typer.Option(help="Fits of each number of states (2).")
    ] = None,
    by: Annotated[
        Literal["clip", "block"],
        typer.Option(help="Hold out whole clips, or blocks of frames."),
    ] = "clip",
    recipe: Annotated[
        str | None, typer.Option(help="seed004: that notebook's way, for contrast.")
    ] = None,
    features: Annotated[
        Literal["aus", "emotions"],
        typer.Option(help="Fit to AUs, or to the emotions that they show."),
    ] = "aus",
    emotion_table: Annotated[
        str | None, typer.Option(help="As of `genface emotions`.")
    ] = None,
    seed: Seed = 0,
    face: Face = "longest",
    force: Force = False,
) -> None:
    """Fit behaviour models to AUs or emotions, choose one, save it as a folder."""
    from genface.cli.console import Stages
    from genface.pipelines import fit_behavior

    numbers = state_range(states)
    with Stages() as stages:
        result = fit_behavior(
            tables,
            out,
            families=tuple(family or ("logistic",)),
            states=numbers,
            restarts=restarts,
            by=by,
            recipe=recipe,
            features=features,
            emotion_table=emotion_table,
            seed=seed,
            face=face,
            force=force,
            progress=stages,
        )
    for line in (*result.lines, result.path):
        typer.echo(line)


@app.command(epilog="Example: genface sample out/model -o more.csv --seconds 20 --n 10")
def sample(
    model: Annotated[Path, typer.Argument(help="A model folder.")],
    out: Out,
    seconds: Annotated[float, typer.Option(help="Length of each sample.")] = 10.0,
    continue_: Annotated[
        Path | None,
        typer.Option("--continue", help="Go on from the end of this table."),
    ] = None,
    n: Annotated[int, typer.Option("--n", min=1, help="How many samples.")] = 1,
    toward: Annotated[
        str | None, typer.Option(help="Lean toward this emotion, such as Happy.")
    ] = None,
    strength: Annotated[
        float | None, typer.Option(help="How far: 0 not at all; 1 if left out.")
    ] = None,
    vary: Annotated[
        bool, typer.Option("--vary", help="Show emotions by drawn expressions.")
    ] = False,
    seed: Seed = 0,
    face: Annotated[
        str, typer.Option(help="Whose face to continue: longest, or a face_id.")
    ] = "longest",
    force: Force = False,
) -> None:
    """Draw synthetic behaviour from a model into a table."""
    from genface.pipelines import sample_behavior

    result = sample_behavior(
        model,
        out,
        seconds=seconds,
        seed=seed,
        continue_from=continue_,
        face=face,
        n=n,
        toward=toward,
        strength=strength,
        vary=vary,
        force=force,
    )
    for line in (*result.lines, result.path):
        typer.echo(line)


@app.command(
    epilog="Example: genface compare real.csv --synthetic more.csv -o card.html"
)
def compare(
    real: Annotated[list[Path], typer.Argument(help="Tables of real behaviour.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="A folder, or the page (.html) alone.")
    ],
    synthetic: Annotated[
        list[Path], typer.Option(help="Tables of synthetic behaviour; repeatable.")
    ],
    json: Annotated[
        Path | None, typer.Option("--json", help="Where the card goes as JSON.")
    ] = None,
    speaker: Annotated[
        list[Path] | None,
        typer.Option(help="Tables of whom the real faces answer; repeatable."),
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="A model folder, to compare its states too.")
    ] = None,
    clip: Annotated[
        Path | None,
        typer.Option(help="A clip for the page: mp4, webm, gif, webp, apng."),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=20, help="Draws for intervals and for p values.")
    ] = 200,
    baselines: Annotated[
        bool, typer.Option(help="Show simple ways to make behaviour beside it.")
    ] = True,
    seed: Seed = 0,
    face: Face = "longest",
    force: Force = False,
) -> None:
    """Measure how far synthetic behaviour is from the real one."""
    from genface.cli.console import Stages
    from genface.pipelines import compare_sets

    with Stages() as stages:
        result = compare_sets(
            real,
            synthetic,
            out,
            json=json,
            model=model,
            speaker=speaker or None,
            clip=clip,
            seed=seed,
            resamples=resamples,
            baselines=baselines,
            face=face,
            force=force,
            progress=stages,
        )
    for line in (*result.lines, *result.paths):
        typer.echo(line)
