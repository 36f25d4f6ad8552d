"""The stages of the multitask preset, py-feat's Detectorv2: one network for everything.

Crop, resizing and decoding are the original's; the signs and units are the table's.
"""

from typing import Any

from genface import nets
from genface.detect.identity_stages import Identity
from genface.detect.modular import IDENTITY_MODELS
from genface.detect.multitask_stages import ChipCrops, Multitask, SquareChips
from genface.detect.stages import Stage
from genface.errors import InputError

NETWORK = "face_multitask_v28"


def multitask_stages(identity_model: str | None = None, **loading: Any) -> list[Stage]:
    """The stages, with an embedding if a network for it is named.

    ``loading`` goes to :func:`genface.nets.load_ported` (``offline``, ``commercial``).
    """
    check_models(identity_model)
    multitask = Multitask(nets.load_ported(NETWORK, **loading))
    stages: list[Stage] = [SquareChips(), multitask]
    if identity_model:
        name, scaled = IDENTITY_MODELS[identity_model]
        stages += [ChipCrops(), Identity(nets.load_ported(name, **loading), scaled)]
    return stages


def check_models(identity_model: str | None) -> None:
    """Refuse an unknown name."""
    if identity_model is not None and identity_model not in IDENTITY_MODELS:
        raise InputError(
            f"identity_model={identity_model!r}: expected "
            f"{', '.join(IDENTITY_MODELS)} or None."
        )


def networks_of(identity_model: str | None) -> tuple[str, ...]:
    """Names of the weights that the preset is made of."""
    if identity_model is None:
        return (NETWORK,)
    return NETWORK, IDENTITY_MODELS[identity_model][0]


def au_scale(identity_model: str | None) -> str:
    """What the Action Units are: a detector's belief."""
    return "presence"
