"""What a facial expression is: Action Units, emotions, face shapes."""

from genface.facs.arkit import ARKIT_FROM_AU, arkit_weights
from genface.facs.emotions import EMOTIONS, emotion_name
from genface.facs.units import (
    AU_NAMES,
    EXCLUSIVE,
    UNITS,
    ActionUnit,
    au_name,
    au_number,
)

__all__ = [
    "ARKIT_FROM_AU",
    "AU_NAMES",
    "EMOTIONS",
    "EXCLUSIVE",
    "UNITS",
    "ActionUnit",
    "arkit_weights",
    "au_name",
    "au_number",
    "emotion_name",
]
