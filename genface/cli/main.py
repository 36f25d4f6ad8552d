"""The ``genface`` command."""

import errno
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import genface
from genface.cli import (
    animate,
    aus,
    convert,
    emotions,
    jobs,
    model,
    stats,
    weights,
)
from genface.cli.options import FAILED, REFUSED
from genface.errors import GenfaceError


class OneLineErrors(TyperGroup):
    """Turns every error into one line and an exit code; ``--debug`` shows it whole."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; print warnings and its error, if any, a line each."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.simplefilter("always", UserWarning)
                warnings.showwarning = _show_warning
                return super().invoke(ctx)
        except BrokenPipeError:  # whoever read the lines has seen enough
            raise
        except (GenfaceError, OSError, KeyboardInterrupt) as error:
            if ctx.params.get("debug"):
                raise
            typer.echo(f"genface: {explain(error)}", err=True)
            raise typer.Exit(REFUSED) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:  # the last line of defence
            # Wrong usage has an exit code of its own; its class moved with typer.
            if hasattr(error, "exit_code") or ctx.params.get("debug"):
                raise
            typer.echo(
                f"genface: failed inside ({type(error).__name__}: {error}); "
                "run it again as `genface --debug ...` and report what it prints.",
                err=True,
            )
            raise typer.Exit(FAILED) from None


def _show_warning(message: object, *where: object, **details: object) -> None:
    typer.echo(f"genface: note: {message}", err=True)


#: What to do about errors of the file system.
ADVICE = {
    errno.ENOSPC: "the disk is full; free some space and run it again.",
    errno.EDQUOT: "your share of the disk is full; free some space and run it again.",
    errno.EROFS: "nothing can be written here (a read-only disk); name another place.",
    errno.EACCES: "permission denied; name another place, or ask for the right to it.",
    errno.EPERM: "permission denied; name another place, or ask for the right to it.",
    errno.ENOENT: "no such file or folder; check the path.",
    errno.ENOTDIR: "a file is where a folder is needed; name another place.",
    errno.EEXIST: "a file is where a folder is needed; name another place.",
    errno.EISDIR: "a folder is where a file is needed; name another place.",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one.",
}


def explain(error: BaseException) -> str:
    """Say in one line what went wrong and what to do."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; what was finished is kept, run it again for the rest."
    if isinstance(error, OSError) and error.errno in ADVICE:
        place = Path(str(error.filename)) if error.filename else Path()
        if place.name.startswith("."):  # a name that only lasts while a file is made
            place = place.parent
        where = f"{place}: " if error.filename else ""
        return where + ADVICE[error.errno]
    return " ".join(str(error).split())


app = typer.Typer(
    cls=OneLineErrors,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Faces in a video become Action Units, a behaviour model, a moving face.",
    epilog="Example: genface run clip.mp4 -o out",
)
app.add_typer(jobs.app)
app.add_typer(animate.app)
app.add_typer(model.app, name="model")
app.add_typer(convert.app)
app.add_typer(aus.app)
app.add_typer(emotions.app)
app.add_typer(stats.app, name="stats")
app.add_typer(weights.app, name="weights")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"genface {genface.__version__}")
        raise typer.Exit


@app.callback()
def root(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show errors with their traceback.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Version."
        ),
    ] = False,
) -> None:
    """Take the options that every command shares."""


def main() -> None:
    """Entry point; ``--debug`` may stand anywhere on the line."""
    words = sys.argv[1:]
    debug = "--debug" in words or os.environ.get("GENFACE_DEBUG") == "1"
    words = [word for word in words if word != "--debug"]
    app(args=(["--debug"] if debug else []) + words, prog_name="genface")
