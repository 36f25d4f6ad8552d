"""The ``genface weights`` commands."""

from typing import Annotated

import typer

from genface.cli.options import REFUSED, Force

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The networks' weights: list, pull, verify, path.",
    epilog="Example: genface weights pull",
)


@app.command("list", epilog="Example: genface weights list")
def list_weights() -> None:
    """List every asset: what it is for, its licence, whether it is here."""
    from genface import weights

    state = dict(weights.verify())
    for asset in weights.ASSETS.values():
        head = f"{asset.name:<20} {state[asset.name]:<8}"
        typer.echo(f"{head} {asset.purpose} ({asset.licence})")


@app.command("pull", epilog="Example: genface weights pull")
def pull_weights(
    names: Annotated[
        list[str] | None, typer.Argument(help="Assets; the default preset's if none.")
    ] = None,
    force: Force = False,
) -> None:
    """Download assets into the cache and check their digests."""
    from genface import weights
    from genface.cli.console import Stages

    with Stages() as stages:
        for path in weights.pull(
            names or list(weights.FACEMESH_ASSETS), force=force, progress=stages
        ):
            typer.echo(path)


@app.command("verify", epilog="Example: genface weights verify")
def verify_weights(
    names: Annotated[
        list[str] | None, typer.Argument(help="Assets; all if none.")
    ] = None,
) -> None:
    """Check cached assets against their digests; exit code 2 if one is altered."""
    from genface import weights

    states = weights.verify(names)
    for name, state in states:
        typer.echo(f"{name:<20} {state}")
    if any(state == "altered" for _, state in states):
        raise typer.Exit(REFUSED)


@app.command("path", epilog="Example: genface weights path face_mesh_attention")
def weights_path(
    name: Annotated[
        str | None, typer.Argument(help="An asset; the cache folder if left out.")
    ] = None,
) -> None:
    """Print where the cache, or one asset in it, lies."""
    from genface import weights

    chosen = None if name is None else weights.asset(name)
    typer.echo(weights.cache_dir() if chosen is None else weights.asset_path(chosen))
