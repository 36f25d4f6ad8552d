"""What states emit: one module per family."""

from genface.behavior.emissions.family import Family
from genface.behavior.emissions.gaussian import Gaussian
from genface.behavior.emissions.poisson import Poisson

__all__ = ["Family", "Gaussian", "Poisson"]
