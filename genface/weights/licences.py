"""Whether weights may be used: commercial use, and the licence told at first pull."""

import os
import sys

from genface.errors import WeightError
from genface.weights.asset import Asset
from genface.weights.records import record_of


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
            f"{entry.name} is not cleared for commercial use ({entry.licence}); choose "
            "another network, or leave out --commercial and GENFACE_COMMERCIAL."
        )


def tell(entry: Asset) -> None:
    """One line on stderr where weights not free for all uses come for the first time.

    It is no part of the progress that a caller may hide.
    """
    if not entry.commercial_use and record_of(entry) is None:
        line = f"{entry.name} is not cleared for commercial use: {entry.licence}."
        print(line, file=sys.stderr)
