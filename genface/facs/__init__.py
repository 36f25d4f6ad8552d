"""What a facial expression is: Action Units, emotions, face shapes."""

from genface.facs.arkit import (
    ARKIT_CONFLICTS,
    ARKIT_FROM_AU,
    ARKIT_SHAPES,
    ARKIT_VERSION,
    arkit_weights,
)
from genface.facs.blendshapes import (
    ambiguous_aus,
    aus_from_blendshapes,
    blendshapes_from_aus,
)
from genface.facs.emotion_space import EmotionSpace, Reconstruction
from genface.facs.emotions import EMOTIONS, emotion_name
from genface.facs.fitted_map import FittedMap, fit_map
from genface.facs.prototype_tables import TABLES, PrototypeTable, prototype_table
from genface.facs.prototypes import Action, Prototype, Slot, parse_prototype
from genface.facs.scales import PersonCalibration, Scale, convert_scale
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
    "ARKIT_CONFLICTS",
    "ARKIT_FROM_AU",
    "ARKIT_SHAPES",
    "ARKIT_VERSION",
    "AU_NAMES",
    "DETECTORS",
    "EMOTIONS",
    "EXCLUSIVE",
    "TABLES",
    "UNITS",
    "Action",
    "ActionUnit",
    "EmotionSpace",
    "FittedMap",
    "PersonCalibration",
    "Prototype",
    "PrototypeTable",
    "Reconstruction",
    "Scale",
    "Slot",
    "Subspace",
    "ambiguous_aus",
    "arkit_weights",
    "au_name",
    "au_number",
    "aus_from_blendshapes",
    "blendshapes_from_aus",
    "convert_scale",
    "emotion_columns",
    "emotion_name",
    "fit_map",
    "parse_prototype",
    "prototype_table",
]
