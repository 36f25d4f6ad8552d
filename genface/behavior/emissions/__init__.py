"""What states emit: one module per family."""

from genface.behavior.emissions.autoregressive import Autoregressive
from genface.behavior.emissions.bernoulli import Bernoulli
from genface.behavior.emissions.beta import Beta, InflatedBeta
from genface.behavior.emissions.categorical import Categorical
from genface.behavior.emissions.family import Family
from genface.behavior.emissions.gaussian import Gaussian
from genface.behavior.emissions.logistic import Logistic
from genface.behavior.emissions.mixture import GaussianMixture
from genface.behavior.emissions.negative_binomial import NegativeBinomial
from genface.behavior.emissions.poisson import Poisson
from genface.behavior.emissions.product import Product

__all__ = [
    "Autoregressive",
    "Bernoulli",
    "Beta",
    "Categorical",
    "Family",
    "Gaussian",
    "GaussianMixture",
    "InflatedBeta",
    "Logistic",
    "NegativeBinomial",
    "Poisson",
    "Product",
]
