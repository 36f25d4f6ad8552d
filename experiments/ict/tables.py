"""Action Units as weighted sums of the set's shapes."""

import numpy as np

from experiments.ict.facekit import ICT
from genface.facs import ARKIT_FROM_AU, AU_NAMES, au_number

# The detector's AUs first, in its order, then those that only the rig has.
RIG_AUS = (*map(au_number, AU_NAMES), 13, 16, 18, 22, 27, 45)
# AU number -> {shape without side: weight}.
AU_SHAPES: dict[int, dict[str, float]] = {n: ARKIT_FROM_AU[n] for n in RIG_AUS}


def au_delta(ict: ICT, weights: dict[str, float]) -> np.ndarray:
    """Delta (26719, 3) of an AU at full activation, both sides."""
    return sum(weight * ict.shape(name) for name, weight in weights.items())
