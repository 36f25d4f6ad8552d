"""One estimator per emission family."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from genface.behavior.emissions import (
    Autoregressive,
    Bernoulli,
    Beta,
    Categorical,
    Family,
    Gaussian,
    GaussianMixture,
    InflatedBeta,
    Logistic,
    NegativeBinomial,
    Poisson,
    Product,
)
from genface.behavior.estimator import FitReport, HiddenMarkovModel, first_chain
from genface.behavior.reading import NotFitted, entropy
from genface.errors import InputError


class PoissonHMM(HiddenMarkovModel):
    """Counts. ``lambdas_`` (K, A) are the rates."""

    family_name = "poisson"
    array_letters = {"rate": "l"}

    def __init__(
        self,
        n_components: int = 1,
        *,
        lambdas_prior: float = 0.0,
        lambdas_weight: float = 0.0,
        compat: str | None = None,
        **settings: Any,
    ) -> None:
        follows = (lambdas_prior, lambdas_weight) if compat else None
        family = Poisson(hmmlearn=follows)
        super().__init__(n_components, family=family, compat=compat, **settings)

    @property
    def lambdas_(self) -> np.ndarray:
        """Rates (K, A)."""
        return self.emission_params["rate"]

    @lambdas_.setter
    def lambdas_(self, rate: np.ndarray) -> None:
        self._emission = {"rate": np.asarray(rate, float)}


class GaussianHMM(HiddenMarkovModel):
    """Normal rows; ``covariance_type`` diag, spherical, full or tied.

    ``resolution``: steps in which the values were read; a diag or spherical variance is
    never below that of one step (but for ``compat``).
    """

    family_name = "gaussian"
    array_letters = {"mean": "m", "cov": "c"}

    def __init__(
        self,
        n_components: int = 1,
        covariance_type: str = "diag",
        *,
        means_prior: float = 0.0,
        means_weight: float = 0.0,
        covars_prior: float = 1e-2,
        covars_weight: float = 1.0,
        min_covar: float = 1e-3,
        resolution: float = 0.0,
        compat: str | None = None,
        **settings: Any,
    ) -> None:
        if covariance_type not in ("diag", "spherical", "full", "tied"):
            raise InputError(
                "covariance_type is diag, spherical, full or tied; got "
                f"{covariance_type!r}."
            )
        follows = (means_prior, means_weight, covars_prior, covars_weight)
        family = Gaussian(
            covariance_type,
            hmmlearn=follows if compat else None,
            resolution=resolution,
        )
        self.covariance_type = covariance_type
        self.min_covar = min_covar
        super().__init__(n_components, family=family, compat=compat, **settings)
        fixed = [n for n, c in self.array_letters.items() if c not in self.params]
        self.family = replace(family, frozen=tuple(fixed))

    def _array(self, name: str) -> np.ndarray:
        """One of two arrays, of which only the other may have been set."""
        if name not in self.emission_params:
            raise NotFitted(f"the {name} of this model has not been set yet.")
        return self.emission_params[name]

    @property
    def means_(self) -> np.ndarray:
        """Means (K, A)."""
        return self._array("mean")

    @means_.setter
    def means_(self, mean: np.ndarray) -> None:
        kept = getattr(self, "_emission", {})
        self._emission = {**kept, "mean": np.asarray(mean, float)}

    @property
    def covars_(self) -> np.ndarray:
        """Covariance matrices (K, A, A); (A, A) if tied."""
        cov = self._array("cov")
        if self.covariance_type == "tied":
            return cov[0]
        if self.covariance_type == "full":
            return cov
        return np.stack([np.diag(c) for c in cov])

    @covars_.setter
    def covars_(self, cov: np.ndarray) -> None:
        """Takes the compact form: (K, A), (K,), (K, A, A) or (A, A)."""
        cov = np.asarray(cov, float)
        if self.covariance_type == "tied":
            cov = np.tile(cov, (self.n_components, 1, 1))
        if self.covariance_type == "spherical" and cov.ndim == 1:
            cov = np.tile(cov[:, None], (1, self.means_.shape[1]))
        kept = getattr(self, "_emission", {})
        self._emission = {**kept, "cov": cov}


class LogisticHMM(HiddenMarkovModel):
    """AUs in [0, 1] on the .01 grid that follow the previous frame; the default."""

    family_name = "logistic"

    def __init__(
        self,
        n_components: int = 1,
        *,
        n_lags: int = 1,
        pseudo: float = 5.0,
        **settings: Any,
    ) -> None:
        family = Logistic(n_lags=n_lags, pseudo=pseudo)
        super().__init__(n_components, family=family, **settings)


class NegativeBinomialHMM(HiddenMarkovModel):
    """Counts that vary more than Poisson counts."""

    family_name = "negative_binomial"

    def __init__(
        self, n_components: int = 1, *, pseudo: float = 1.0, **settings: Any
    ) -> None:
        super().__init__(n_components, family=NegativeBinomial(pseudo), **settings)


class BetaHMM(HiddenMarkovModel):
    """Values in (0, 1); those at the ends are moved ``squeeze`` inwards."""

    family_name = "beta"

    def __init__(
        self,
        n_components: int = 1,
        *,
        pseudo: float = 1.0,
        squeeze: float = 0.0025,
        **settings: Any,
    ) -> None:
        super().__init__(n_components, family=Beta(pseudo, squeeze), **settings)


class InflatedBetaHMM(HiddenMarkovModel):
    """Values in [0, 1] with lumps at 0 and 1."""

    family_name = "inflated_beta"

    def __init__(
        self,
        n_components: int = 1,
        *,
        pseudo: float = 1.0,
        edge: float = 0.005,
        **settings: Any,
    ) -> None:
        super().__init__(n_components, family=InflatedBeta(pseudo, edge), **settings)


class BernoulliHMM(HiddenMarkovModel):
    """Columns of 0 and 1."""

    family_name = "bernoulli"

    def __init__(
        self, n_components: int = 1, *, pseudo: float = 0.5, **settings: Any
    ) -> None:
        super().__init__(n_components, family=Bernoulli(pseudo), **settings)


class CategoricalHMM(HiddenMarkovModel):
    """Columns of category numbers 0 .. ``n_categories`` - 1."""

    family_name = "categorical"

    def __init__(
        self,
        n_components: int = 1,
        *,
        n_categories: int = 2,
        pseudo: float = 0.5,
        **settings: Any,
    ) -> None:
        family = Categorical(n_categories, pseudo)
        super().__init__(n_components, family=family, **settings)


class GaussianMixtureHMM(HiddenMarkovModel):
    """Each state a mixture of ``n_mix`` normal laws."""

    family_name = "gaussian_mixture"

    def __init__(
        self,
        n_components: int = 1,
        *,
        n_mix: int = 2,
        pseudo: float = 1.0,
        **settings: Any,
    ) -> None:
        family = GaussianMixture(n_mix, pseudo)
        super().__init__(n_components, family=family, **settings)


class ARHMM(HiddenMarkovModel):
    """Normal rows around a linear function of the last ``n_lags`` rows.

    ``resolution`` as in :class:`GaussianHMM`, with covariance_type diag.
    """

    family_name = "ar"

    def __init__(
        self,
        n_components: int = 1,
        *,
        n_lags: int = 1,
        covariance_type: str = "diag",
        ridge: float = 2.0,
        pseudo: float = 1.0,
        resolution: float = 0.0,
        **settings: Any,
    ) -> None:
        if covariance_type not in ("diag", "full"):
            raise InputError(f"covariance_type: diag or full; got {covariance_type!r}.")
        family = Autoregressive(
            n_lags, covariance_type == "diag", ridge, pseudo, resolution
        )
        super().__init__(n_components, family=family, **settings)


class ProductHMM(HiddenMarkovModel):
    """Columns of several families: ``parts`` are (family, its columns) pairs."""

    family_name = "product"

    def __init__(
        self,
        n_components: int = 1,
        *,
        parts: Sequence[tuple[Family, Sequence[int]]],
        **settings: Any,
    ) -> None:
        columns = sorted(c for _, own in parts for c in own)
        if columns != list(range(len(columns))):
            raise InputError(f"parts must hold each column once; they hold {columns}.")
        family = Product(tuple((f, tuple(own)) for f, own in parts))
        super().__init__(n_components, family=family, **settings)


ESTIMATORS: Mapping[str, type[HiddenMarkovModel]] = {
    "ar": ARHMM,
    "bernoulli": BernoulliHMM,
    "beta": BetaHMM,
    "categorical": CategoricalHMM,
    "gaussian": GaussianHMM,
    "gaussian_mixture": GaussianMixtureHMM,
    "inflated_beta": InflatedBetaHMM,
    "logistic": LogisticHMM,
    "negative_binomial": NegativeBinomialHMM,
    "poisson": PoissonHMM,
    "product": ProductHMM,
}

__all__ = [
    "ARHMM",
    "BernoulliHMM",
    "BetaHMM",
    "CategoricalHMM",
    "ESTIMATORS",
    "FitReport",
    "GaussianHMM",
    "GaussianMixtureHMM",
    "HiddenMarkovModel",
    "InflatedBetaHMM",
    "LogisticHMM",
    "NegativeBinomialHMM",
    "PoissonHMM",
    "ProductHMM",
    "entropy",
    "first_chain",
]
