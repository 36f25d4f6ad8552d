"""hmmlearn 0.3.3's way to begin, and the exchange of models with it."""

from typing import Any

import numpy as np

from genface.behavior.problem import Run
from genface.behavior.settings import like, probabilities
from genface.errors import InputError


def first_run(model: Any, X: np.ndarray) -> Run:
    """Start parameters as hmmlearn draws them, bit for bit.

    A letter in ``init_params`` overwrites; what is not there is drawn all the same.
    """
    begin = {"poisson": _poisson, "gaussian": _gaussian}.get(model.family_name)
    if begin is None:
        raise InputError(f"hmmlearn has no {model.family_name} model to agree with.")
    k, width = model.n_components, X.shape[1]
    _check_rows(model, X)
    r = _generator(model)
    even = np.full(k, 1.0 / k)
    start = getattr(model, "startprob_", None)
    trans = getattr(model, "transmat_", None)
    if "s" in model.init_params or start is None:
        start = r.dirichlet(even)
    if "t" in model.init_params or trans is None:
        trans = r.dirichlet(even, size=k)
    start = probabilities("startprob_", start, (k,))
    trans = probabilities("transmat_", trans, (k, k))
    emission = begin(model, X, getattr(model, "_emission", {}))
    for name, values in emission.items():
        matrices = name == "cov" and model.covariance_type in ("full", "tied")
        shape = (k, width, width) if matrices else (k, width)
        emission[name] = like(name, values, shape)
    return Run(start, trans, emission)


def _generator(model: Any) -> np.random.RandomState:
    from sklearn.utils import check_random_state

    try:
        return check_random_state(model.random_state)
    except ValueError:
        raise InputError(
            "random_state is None, a whole number from 0 on or a RandomState; got "
            f"{model.random_state!r}."
        ) from None


def _check_rows(model: Any, X: np.ndarray) -> None:
    """What hmmlearn, or what it draws from, refuses."""
    missing = np.isnan(X).any(0)
    if missing.any():
        raise InputError(
            f"column {int(missing.argmax())} has missing values, which hmmlearn does "
            "not take; leave compat out, or drop those rows."
        )
    drawn = "m" in model.init_params or "mean" not in getattr(model, "_emission", {})
    if model.family_name == "gaussian" and drawn and len(X) < model.n_components:
        raise InputError(
            f"{model.n_components} states, but {len(X)} rows; use fewer states."
        )


def _poisson(model: Any, X: np.ndarray, kept: dict) -> dict:
    if "l" not in model.init_params and "rate" in kept:
        return dict(kept)
    # A new generator with the same seed: the stream of the start is used again.
    r = _generator(model)
    mean, var = X.mean(), X.var()
    if not (var > 0 and mean > 0):
        raise InputError(
            "hmmlearn draws Poisson rates from the mean and variance of all values, "
            f"which must be positive; they are {mean:g} and {var:g}."
        )
    size = (model.n_components, X.shape[1])
    return {"rate": r.gamma(shape=mean**2 / var, scale=var / mean, size=size)}


def _gaussian(model: Any, X: np.ndarray, kept: dict) -> dict:
    k, width = model.n_components, X.shape[1]
    out = dict(kept)
    if "m" in model.init_params or "mean" not in kept:
        from sklearn.cluster import KMeans

        seed = model.random_state
        means = KMeans(n_clusters=k, random_state=seed, n_init=10).fit(X)
        out["mean"] = means.cluster_centers_
    if "c" in model.init_params or "cov" not in kept:
        if len(X) < 2:
            raise InputError("hmmlearn takes a covariance of all rows; one is too few.")
        cv = np.atleast_2d(np.cov(X.T)) + model.min_covar * np.eye(width)
        shape = model.covariance_type
        if shape == "diag":
            out["cov"] = np.tile(np.diag(cv), (k, 1))
        elif shape == "spherical":
            out["cov"] = np.full((k, width), cv.mean())
        else:
            out["cov"] = np.tile(cv, (k, 1, 1))
    return out


def export(model: Any) -> Any:
    """The model as an hmmlearn object."""
    from hmmlearn import hmm

    if model.family_name == "poisson":
        twin = hmm.PoissonHMM(model.n_components)
        twin.lambdas_ = model.lambdas_
    elif model.family_name == "gaussian":
        twin = hmm.GaussianHMM(model.n_components, model.covariance_type)
        twin.means_ = model.means_
        twin.n_features = model.means_.shape[1]
        cov = model.emission_params["cov"]
        compact = {"tied": cov[0], "spherical": cov[:, 0]}
        twin.covars_ = compact.get(model.covariance_type, cov)
    else:
        raise InputError(f"hmmlearn has no {model.family_name} model.")
    twin.startprob_, twin.transmat_ = model.startprob_, model.transmat_
    twin.n_features = model.emission_params[next(iter(model.emission_params))].shape[1]
    return twin


def take_over(kind: type, model: Any) -> Any:
    """A model of ``kind`` with the parameters of a fitted hmmlearn model."""
    if kind.__name__ == "PoissonHMM":
        twin = kind(model.n_components)
        twin.lambdas_ = model.lambdas_
    else:
        twin = kind(model.n_components, model.covariance_type)
        twin.means_ = model.means_
        twin.covars_ = model._covars_
    twin.startprob_, twin.transmat_ = (
        np.asarray(model.startprob_, float),
        np.asarray(model.transmat_, float),
    )
    return twin
