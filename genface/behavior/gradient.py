"""Fitting by gradient steps on the marginal likelihood, with optax."""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax

from genface.behavior import em
from genface.behavior.emissions.family import Family
from genface.behavior.hmm import FitReport, HiddenMarkovModel
from genface.behavior.precision import float64
from genface.behavior.recursions import scaled_filter
from genface.errors import InputError

# How each array of a family is freed of its bounds; matrices have no entry.
_POSITIVE = {"rate", "cov", "var", "var0"}
_SHARES = {"weight"}
_FREE = {"mean", "theta", "coef", "mean0"}


def _kind(name: str, values: np.ndarray) -> str:
    own = name.rsplit("/", 1)[-1]
    if own == "p":
        return "shares" if values.ndim == 3 else "odds"
    if own == "cov" and values.ndim == 3:
        raise InputError(
            "gradient fitting takes diagonal covariances; use EM for full ones."
        )
    for kind, names in (("log", _POSITIVE), ("shares", _SHARES), ("free", _FREE)):
        if own in names:
            return kind
    raise InputError(f"no way to free {name} of its bounds; use EM.")


def _free(kind: str, x: Array) -> Array:
    if kind in ("log", "shares"):
        return jnp.log(jnp.maximum(x, 1e-12))
    if kind == "odds":
        x = jnp.clip(x, 1e-9, 1 - 1e-9)
        return jnp.log(x) - jnp.log1p(-x)
    return x


def _bind(kind: str, y: Array) -> Array:
    if kind == "log":
        return jnp.exp(y)
    if kind == "shares":
        return jax.nn.softmax(y, axis=-1)
    return jax.nn.sigmoid(y) if kind == "odds" else y


def marginal(
    family: Family, problem: em.Problem, start: Array, trans: Array, emission: dict
) -> Array:
    """Differentiable log-likelihood of all rows plus log-prior of the emissions."""
    data = {**problem.data, **{k: v[0] for k, v in problem.views.items()}}
    shown = data["visible"][:, None] > 0
    log_obs = jnp.where(shown, family.log_prob(emission, data), 0.0)
    log_obs = log_obs.reshape(*problem.first.shape, -1)
    _, log_prob, _ = scaled_filter(start, trans, log_obs, problem.first)
    there = data["there"].reshape(problem.first.shape)
    prior = family.log_prior(
        emission, {k: v[0] for k, v in problem.prior.items()}, data
    ).sum()
    return (log_prob * there).sum() + prior


@functools.partial(jax.jit, static_argnames=("family", "kinds", "steps", "rate"))
def _descend(
    free: Any,
    problem: em.Problem,
    family: Family,
    kinds: tuple[tuple[str, str], ...],
    steps: int,
    rate: float,
) -> tuple[Any, Array]:
    optimiser = optax.adam(optax.cosine_decay_schedule(rate, steps))

    def loss(free: Any) -> Array:
        start, trans, emission = bound(free, kinds)
        return -marginal(family, problem, start, trans, emission)

    def step(carry: tuple, _: Any) -> tuple:
        free, memory = carry
        value, slope = jax.value_and_grad(loss)(free)
        change, memory = optimiser.update(slope, memory)
        return (optax.apply_updates(free, change), memory), -value

    (free, _), history = lax.scan(
        step, (free, optimiser.init(free)), None, length=steps
    )
    return free, history


def bound(free: Any, kinds: tuple[tuple[str, str], ...]) -> tuple[Array, Array, dict]:
    """Start, transitions and emissions from numbers without bounds."""
    start, trans, emission = free
    bind = dict(kinds)
    return (
        jax.nn.softmax(start),
        jax.nn.softmax(trans, axis=-1),
        {name: _bind(bind[name], y) for name, y in emission.items()},
    )


def fit_by_gradient(
    model: HiddenMarkovModel,
    X: np.ndarray,
    lengths: Sequence[int] | None = None,
    steps: int = 500,
    rate: float = 0.05,
) -> HiddenMarkovModel:
    """Fit ``model`` in place by Adam, from its parameters if it has any.

    ``monitor_.history`` holds the objective (log-likelihood plus log-prior of the
    emissions) before each step.
    """
    X, checked = model._check(X, lengths)
    run = model._start_runs(X, checked)[0]
    if hasattr(model, "_emission"):
        run = em.Run(model.startprob_, model.transmat_, model._emission)
    problem = model._problem(X, checked)
    kinds = tuple((name, _kind(name, v)) for name, v in run.emission.items())

    def begin() -> Any:
        bind = dict(kinds)
        emission = {n: _free(bind[n], jnp.asarray(v)) for n, v in run.emission.items()}
        chain = [_free("shares", jnp.asarray(p)) for p in (run.start, run.trans)]
        return (*chain, emission)

    free, history = float64(_descend)(
        float64(begin)(),
        problem,
        family=model.family,
        kinds=kinds,
        steps=steps,
        rate=rate,
    )
    model._adopt(em.Run(*float64(bound)(free, kinds)))
    stop = "cap" if np.isfinite(history).all() else "nan"
    model.monitor_ = FitReport(history, stop, 0, history[-1:])
    return model
