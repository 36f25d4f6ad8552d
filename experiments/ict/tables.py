"""Action Units as weighted sums of the set's shapes."""

import numpy as np

from experiments.ict.facekit import ICT
from genface.avatar.shapes import RIG_AUS
from genface.facs import ARKIT_FROM_AU

# AU number -> {shape without side: weight}.
AU_SHAPES: dict[int, dict[str, float]] = {n: ARKIT_FROM_AU[n] for n in RIG_AUS}


def au_delta(ict: ICT, weights: dict[str, float]) -> np.ndarray:
    """Delta (26719, 3) of an AU at full activation, both sides."""
    return sum(weight * ict.shape(name) for name, weight in weights.items())
