"""Options that several commands share, how their words are read, exit codes."""

from pathlib import Path
from typing import Annotated

import typer

from genface.errors import InputError

#: Exit codes: 2 for what the user can put right, 1 for a failure inside.
FAILED, REFUSED = 1, 2

Out = Annotated[Path, typer.Option("-o", "--out", help="Where the result goes.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of every random draw.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what another job made.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never use the network.")]
Face = Annotated[str, typer.Option(help="Whose face: longest, a face_id, or all.")]
EmotionTable = Annotated[
    str, typer.Option(help="Prototypes: investigators_guide, emfacs, ..., or a .toml.")
]
Preset = Annotated[
    str, typer.Option(help="What measures faces: facemesh, multitask or modular.")
]
FaceModel = Annotated[
    str | None,
    typer.Option(help="blazeface, blazeface_short, mtcnn, retinaface or img2pose."),
]
FindEvery = Annotated[
    int | None,
    typer.Option(help="Look for faces in every N-th frame (about once a second)."),
]
BatchSize = Annotated[
    int, typer.Option(min=1, help="Pictures or stretches of a clip done at once.")
]
Commercial = Annotated[
    bool, typer.Option("--commercial", help="Refuse weights not free for such use.")
]
States = Annotated[
    str, typer.Option(help="Numbers of states to try, both ends included.")
]


def state_range(text: str) -> range:
    """``"2-8"`` (both ends included) or ``"5"`` as a range of state counts."""
    first, dash, last = text.partition("-")
    try:
        low, high = int(first), int(last if dash else first)
    except ValueError:
        low, high = 0, 0
    if not 1 <= low <= high:
        raise InputError(
            f"--states {text}: expected a number or a range such as 2-8, from 1 up."
        )
    return range(low, high + 1)


def named_models(
    face_model: str | None, others: list[str] | None = None
) -> dict[str, str | None]:
    """Models by their options in Python; ``others`` are words such as ``au=svm``.

    The word ``none`` leaves a model out.
    """
    models: dict[str, str | None] = {"face_model": face_model} if face_model else {}
    for text in others or ():
        name, equals, model = text.partition("=")
        if not (name and equals and model):
            raise InputError(f"--model {text}: expected the like of au=svm.")
        models[f"{name}_model"] = None if model == "none" else model
    return models
