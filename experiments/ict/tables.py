"""Action Units as weighted sums of the set's shapes."""

import numpy as np

from experiments.ict.facekit import ICT

# AU number -> {shape without side: weight}. Local until genface.facs has it.
AU_SHAPES: dict[int, dict[str, float]] = {
    1: {"browInnerUp": 1},
    2: {"browOuterUp": 1},
    4: {"browDown": 1},
    5: {"eyeWide": 1},
    6: {"cheekSquint": 1, "eyeSquint": 0.3, "cheekRaiser": 0.4},
    7: {"eyeSquint": 1},
    9: {"noseSneer": 1},
    10: {"mouthUpperUp": 1},
    11: {"mouthUpperUp": 0.4, "noseSneer": 0.2},
    12: {"mouthSmile": 1},
    13: {"mouthSmile": 0.6},
    14: {"mouthDimple": 1},
    15: {"mouthFrown": 1, "mouthSmile": -0.2},
    16: {"mouthLowerDown": 1},
    17: {"mouthShrugLower": 0.8},
    18: {"mouthPucker": 1},
    20: {"mouthStretch": 1},
    22: {"mouthFunnel": 1},
    23: {
        "mouthPress": 0.5,
        "mouthRollUpper": 0.2,
        "mouthRollLower": 0.2,
        "mouthUpperUp": -0.4,
        "mouthSmile": -0.3,
    },
    24: {"mouthPress": 1},
    25: {"mouthLowerDown": 0.5, "mouthUpperUp": 0.35},
    26: {"jawOpen": 0.5},
    27: {"jawOpen": 1},
    28: {"mouthRollLower": 1, "mouthRollUpper": 1},
    43: {"eyeBlink": 1},
    45: {"eyeBlink": 1},
}


def au_delta(ict: ICT, weights: dict[str, float]) -> np.ndarray:
    """Delta (26719, 3) of an AU at full activation, both sides."""
    return sum(weight * ict.shape(name) for name, weight in weights.items())
