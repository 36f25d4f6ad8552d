"""Generative expression modelling: video to Action Units to behaviour to a moving face.

Only names are bound here; each is imported from its room on first use, so that
``import genface`` stays free of jax, pandas and matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_PUBLIC = {
    "Detector": "genface.detect",
    "Detectorv1": "genface.detect",
    "Detectorv2": "genface.detect",
    "Fex": "genface.fex",
    "read_feat": "genface.fex",
    "read_fex": "genface.fex",
    "read_libreface": "genface.fex",
    "read_mediapipe": "genface.fex",
    "read_openface": "genface.fex",
    "read_table": "genface.fex",
    "write_openface": "genface.table",
}

__all__ = [
    "Detector",
    "Detectorv1",
    "Detectorv2",
    "Fex",
    "__version__",
    "read_feat",
    "read_fex",
    "read_libreface",
    "read_mediapipe",
    "read_openface",
    "read_table",
    "write_openface",
]

if TYPE_CHECKING:
    from genface.detect import Detector, Detectorv1, Detectorv2
    from genface.fex import (
        Fex,
        read_feat,
        read_fex,
        read_libreface,
        read_mediapipe,
        read_openface,
        read_table,
    )
    from genface.table import write_openface


def __getattr__(name: str) -> object:
    """Import a public name from its room on first use (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'genface' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
