"""The ``genface weights`` commands."""

from pathlib import Path
from typing import Annotated

import typer

from genface.cli.options import REFUSED
from genface.errors import WeightError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The networks' weights: list, pull, verify, convert, path.",
    epilog="Example: genface weights pull",
)
Commercial = Annotated[
    bool,
    typer.Option(
        "--commercial",
        help="Refuse what is not cleared for commercial use.",
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--force", help="Even if it is there, or another file now.")
]


@app.command("list", epilog="Example: genface weights list")
def list_weights() -> None:
    """List every asset: what it is for, whether it is here, its source and licence."""
    from genface import weights

    state = dict(weights.verify())
    for asset in weights.ASSETS.values():
        use = "commercial use" if asset.commercial_use else "not commercial"
        typer.echo(f"{asset.name:<26} {state[asset.name]:<8} {use:<15} {asset.purpose}")
        typer.echo(f"    licence: {asset.licence}")
        for source in asset.sources.values():
            typer.echo(f"    from {source.place}")


@app.command("pull", epilog="Example: genface weights pull mtcnn")
def pull_weights(
    names: Annotated[
        list[str] | None, typer.Argument(help="Assets; the default preset's if none.")
    ] = None,
    force: Overwrite = False,
    commercial: Commercial = False,
) -> None:
    """Download assets, check their digests, and convert what needs to be converted."""
    from genface import nets, weights

    chosen = names or weights.FACEMESH_ASSETS
    for path in nets.pull(chosen, force=force, commercial=commercial or None):
        typer.echo(path)


@app.command("convert", epilog="Example: genface weights convert pfld pfld.pth.tar")
def convert_weights(
    name: Annotated[str, typer.Argument(help="The network or classifiers.")],
    files: Annotated[
        list[Path], typer.Argument(help="Its weights, then its configuration if any.")
    ],
    force: Overwrite = False,
    commercial: Commercial = False,
) -> None:
    """Convert local files, torch's, safetensors or skops, into the cache."""
    from genface import nets

    typer.echo(nets.convert(name, files, force=force, commercial=commercial or None))


@app.command("verify", epilog="Example: genface weights verify")
def verify_weights(
    names: Annotated[
        list[str] | None, typer.Argument(help="Assets; all if none.")
    ] = None,
) -> None:
    """Check cached assets against their digests.

    Exit code 2 if one is altered, or if one is missing that was named or, where none
    was, that the default preset needs.
    """
    from genface import weights

    states = weights.verify(names)
    for name, state in states:
        typer.echo(f"{name:<26} {state}")
    needed = names or weights.FACEMESH_ASSETS
    if any(
        state == "altered" or (state == "missing" and name in needed)
        for name, state in states
    ):
        raise typer.Exit(REFUSED)


@app.command("path", epilog="Example: genface weights path face_mesh_attention")
def weights_path(
    name: Annotated[
        str | None, typer.Argument(help="An asset; the cache folder if left out.")
    ] = None,
) -> None:
    """Print where the cache, or one asset in it, lies.

    Exit code 2 if the asset is not here.
    """
    from genface import weights

    path = (
        weights.cache_dir() if name is None else weights.asset_path(weights.asset(name))
    )
    if name is not None and not path.is_file():
        raise WeightError(
            f"{name} is not here ({path}); run `genface weights pull {name}`."
        )
    typer.echo(path)
