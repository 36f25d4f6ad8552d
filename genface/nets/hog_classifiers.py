"""Action units and emotions from histograms of gradients and landmarks.

Each histogram is standardised and reduced by a PCA, once for every region of the face;
with the 68 landmarks beside it, it goes to boosted trees or to linear separators
(py-feat, Cheong et al. 2023).

Format, arrays by name: ``<region>/centre`` and ``<region>/matrix`` of a reduction,
``<region>/outputs`` the places (A,) of its outputs in the whole, and either the arrays
of :mod:`genface.nets.trees` or ``coefficients`` (A, F) and ``intercepts`` (A,).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from genface.errors import ShapeError, WeightError
from genface.nets.trees import Trees, of_xgboost
from genface.weights.skops_file import Record
from genface.weights.ubjson import read_ubjson

REGIONS = ("upper", "lower", "full")
# Which region's reduction a classifier sees; all others see the full face's.
TREE_REGIONS = {
    "upper": ("AU1", "AU2", "AU7"),
    "lower": ("AU11", "AU14", "AU17", "AU23", "AU24", "AU26"),
}
LINEAR_REGIONS = {"upper": ("AU1", "AU4", "AU6"), "lower": ("AU11", "AU12", "AU17")}


@dataclass(frozen=True)
class Reduction:
    """Standardisation and PCA in one: ``(x - centre) @ matrix``, (F,) and (F, K)."""

    centre: np.ndarray
    matrix: np.ndarray

    @classmethod
    def of(cls, scaler: Mapping[str, Any], pca: Mapping[str, Any]) -> "Reduction":
        """From the attributes of a fitted StandardScaler and PCA."""
        mean, scale = scaler.get("mean_"), scaler.get("scale_")
        components = np.asarray(pca["components_"], np.float64)
        size = components.shape[1]
        mean = np.zeros(size) if mean is None else np.asarray(mean, np.float64)
        scale = np.ones(size) if scale is None else np.asarray(scale, np.float64)
        if pca.get("whiten"):
            components = components / np.sqrt(pca["explained_variance_"])[:, None]
        centre = mean + scale * np.asarray(pca["mean_"], np.float64)
        return cls(centre.astype(np.float32), (components / scale).T.astype(np.float32))

    def __call__(self, x: jax.Array) -> jax.Array:
        """Features (N, F) to (N, K)."""
        return jnp.matmul(x - self.centre, self.matrix, precision="highest")


@dataclass(frozen=True)
class Separators:
    """Linear separators: 1 where ``x @ coefficients.T + intercepts`` is above 0."""

    coefficients: np.ndarray
    intercepts: np.ndarray

    @classmethod
    def of(cls, fitted: Sequence[Mapping[str, Any]]) -> "Separators":
        """From the attributes of binary LinearSVCs."""
        rows = [np.asarray(svm["coef_"]) for svm in fitted]
        if any(row.ndim != 2 or len(row) != 1 for row in rows):
            raise WeightError("a linear classifier of more than two classes.")
        starts = [np.ravel(svm["intercept_"])[0] for svm in fitted]
        return cls(np.concatenate(rows).astype("f4"), np.array(starts, np.float32))

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name."""
        return {"coefficients": self.coefficients, "intercepts": self.intercepts}

    def __call__(self, x: jax.Array) -> np.ndarray:
        """0 or 1 (N, A) of features (N, F)."""
        margin = jnp.matmul(x, self.coefficients.T, precision="highest")
        return np.asarray(margin + self.intercepts > 0, np.float32)


@dataclass(frozen=True)
class HogClassifiers:
    """Classifiers by region: a reduction, the outputs' places, and what gives them."""

    regions: Mapping[str, tuple[Reduction, np.ndarray, Trees | Separators]]

    def __call__(
        self, hog: np.ndarray | jax.Array, landmarks: np.ndarray
    ) -> np.ndarray:
        """Probabilities, or 0 and 1, (N, A).

        ``hog`` (N, 5408) of aligned faces, ``landmarks`` (N, 68, 2) in their pixels.
        """
        histograms = jnp.asarray(hog, jnp.float32)
        points = jnp.asarray(landmarks, jnp.float32).reshape(len(histograms), -1)
        wanted = len(next(iter(self.regions.values()))[0].centre)
        if histograms.ndim != 2 or histograms.shape[1] != wanted:
            raise ShapeError(
                f"expected (N, {wanted}) histograms, got {histograms.shape}."
            )
        total = sum(len(places) for _, places, _ in self.regions.values())
        found = np.zeros((len(histograms), total), np.float32)
        for reduction, places, classifiers in self.regions.values():
            features = jnp.concatenate([reduction(histograms), points], axis=1)
            found[:, places] = classifiers(features)
        return found

    def arrays(self) -> dict[str, np.ndarray]:
        """Arrays by name, as in the module's format."""
        return {
            f"{region}/{name}": array
            for region, (reduction, places, classifiers) in self.regions.items()
            for name, array in (
                ("centre", reduction.centre),
                ("matrix", reduction.matrix),
                ("outputs", places),
                *classifiers.arrays().items(),
            )
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "HogClassifiers":
        """From :meth:`arrays`; a :class:`WeightError` if they are others."""
        regions = {}
        for region in dict.fromkeys(key.partition("/")[0] for key in arrays):
            start = f"{region}/"
            own = {
                key.removeprefix(start): array
                for key, array in arrays.items()
                if key.startswith(start)
            }
            try:
                reduction = Reduction(own.pop("centre"), own.pop("matrix"))
                places = own.pop("outputs")
                kind = Separators if "coefficients" in own else Trees
                regions[region] = (reduction, places, kind(**own))
            except (KeyError, TypeError) as error:
                raise WeightError(
                    f"arrays of no classifier: {region} ({error})."
                ) from None
        return cls(regions)


def of_record(content: Record, names: Sequence[str]) -> HogClassifiers:
    """From what a skops file of py-feat holds, outputs in the order of ``names``.

    Attributes ``scaler_<region>``, ``pca_model_<region>`` and ``classifiers``, models
    by name. Calibrators, which such a file may have, are refused.
    """
    found = content.attributes
    fitted = found.get("classifiers", {})
    missing = [name for name in names if name not in fitted]
    if missing:
        raise WeightError(f"the file has no classifiers for {', '.join(missing)}.")
    if found.get("calibrators"):
        raise WeightError("classifiers with calibrators; not read.")
    is_trees = fitted[names[0]].type.endswith("XGBClassifier")
    groups = TREE_REGIONS if is_trees else LINEAR_REGIONS
    regions = {}
    for region in REGIONS:
        own = [k for k, name in enumerate(names) if _region(name, groups) == region]
        if own:
            reduction = Reduction.of(
                found[f"scaler_{region}"].attributes,
                found[f"pca_model_{region}"].attributes,
            )
            models = [fitted[names[k]].attributes for k in own]
            made = _trees(models) if is_trees else Separators.of(models)
            regions[region] = (reduction, np.array(own), made)
    return HogClassifiers(regions)


def _region(name: str, groups: Mapping[str, Sequence[str]]) -> str:
    return next((region for region, own in groups.items() if name in own), "full")


def _trees(models: Sequence[Mapping[str, Any]]) -> Trees:
    boosters = [model["_Booster"].attributes["handle"] for model in models]
    return Trees.joined([of_xgboost(read_ubjson(booster)) for booster in boosters])
