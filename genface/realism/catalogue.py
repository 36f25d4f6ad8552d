"""Which measures a card holds, by family."""

from genface.realism import (
    autocorrelations,
    blinks,
    classifier,
    copies,
    cross_correlations,
    dwells,
    events,
    frechet,
    kernels,
    marginals,
    neighbours,
    smoothness,
    spectra,
    within_isc,
)
from genface.realism.measure import Measure

FAMILIES = {
    "marginal": "Values: what AUs do, one by one and in pairs",
    "distribution": "Faces: whole expressions, and whether sides can be told apart",
    "time": "Movement: how AUs go on from frame to frame",
}
"""Families of measures in the order of the card, and what they look at."""


def catalogue(fps: float | None, with_states: bool) -> list[Measure]:
    """Every measure that can be made; those of states only with a decoder."""
    found = [
        measure
        for module in (marginals, frechet, kernels, classifier, neighbours, copies)
        for measure in module.MEASURES
    ]
    timed = [autocorrelations, cross_correlations, spectra]
    timed += [dwells] if with_states else []
    timed += [events, blinks, smoothness, within_isc]
    for module in timed:
        found += module.measures(fps)
    return found
