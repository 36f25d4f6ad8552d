"""What a facial expression is: Action Units, emotions, face shapes."""

from genface.facs.arkit import ARKIT_FROM_AU, arkit_weights
from genface.facs.emotion_space import EmotionSpace, Reconstruction
from genface.facs.emotions import EMOTIONS, emotion_name
from genface.facs.prototype_tables import TABLES, PrototypeTable, prototype_table
from genface.facs.prototypes import Action, Prototype, Slot, parse_prototype
from genface.facs.shares import emotion_columns
from genface.facs.subspaces import Subspace
from genface.facs.units import (
    AU_NAMES,
    DETECTORS,
    EXCLUSIVE,
    UNITS,
    ActionUnit,
    au_name,
    au_number,
)

__all__ = [
    "ARKIT_FROM_AU",
    "AU_NAMES",
    "DETECTORS",
    "EMOTIONS",
    "EXCLUSIVE",
    "TABLES",
    "UNITS",
    "Action",
    "ActionUnit",
    "EmotionSpace",
    "Prototype",
    "PrototypeTable",
    "Reconstruction",
    "Slot",
    "Subspace",
    "arkit_weights",
    "au_name",
    "au_number",
    "emotion_columns",
    "emotion_name",
    "parse_prototype",
    "prototype_table",
]
