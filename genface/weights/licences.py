"""Whether weights may be used: commercial use, and the licence told at first pull."""

import os

from genface.errors import WeightError
from genface.weights.asset import Asset


def is_on(variable: str) -> bool:
    """Whether an environment variable says yes."""
    return os.environ.get(variable, "").lower() not in ("", "0", "false", "no", "off")


def permitted(entry: Asset, commercial: bool | None = None) -> None:
    """Refuse what may not be used commercially, where that is intended.

    ``commercial``: as given, or for None as ``GENFACE_COMMERCIAL``.
    """
    intended = is_on("GENFACE_COMMERCIAL") if commercial is None else commercial
    if intended and not entry.commercial_use:
        raise WeightError(
            f"{entry.name} may not be used commercially ({entry.licence}); choose "
            "another network, or leave out --commercial and GENFACE_COMMERCIAL."
        )


def notice(entry: Asset) -> str:
    """What is said at the first pull of weights that are not free for all uses."""
    return f"Licence of {entry.name}, not for commercial use: {entry.licence}."
