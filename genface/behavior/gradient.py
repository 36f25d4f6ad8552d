"""Fitting by gradient steps on the marginal likelihood, with optax."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from genface.behavior.emissions.family import Family
from genface.behavior.estimator import FitReport, HiddenMarkovModel
from genface.behavior.expectation import Slot, log_prior, observe, open_slot, seen_by
from genface.behavior.precision import program
from genface.behavior.problem import Problem, Run
from genface.behavior.recursions import along, scaled_filter
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


def _free(kind: str, x: np.ndarray) -> np.ndarray:
    if kind in ("log", "shares"):
        return np.log(np.maximum(x, 1e-12))
    if kind == "odds":
        x = np.clip(x, 1e-9, 1 - 1e-9)
        return np.log(x) - np.log1p(-x)
    return x


def _bind(kind: str, y: Array) -> Array:
    if kind == "log":
        return jnp.exp(y)
    if kind == "shares":
        return jax.nn.softmax(y, axis=-1)
    return jax.nn.sigmoid(y) if kind == "odds" else y


def objective(family: Family, problem: Problem, slot: Slot) -> Array:
    """Log-likelihood of the slot's rows plus log-prior; can be differentiated."""
    log_obs, first = observe(family, problem, slot)
    _, log_prob, _ = scaled_filter(slot.start, slot.trans, log_obs, first)
    there = seen_by(problem, slot)["there"].reshape(first.shape) > 0
    return jnp.where(there, log_prob, 0.0).sum() + log_prior(family, slot, problem)


def _descend(
    free: Any,
    slot: Slot,
    problem: Problem,
    family: Family,
    kinds: tuple[tuple[str, str], ...],
    steps: int,
    rate: float,
) -> tuple[Slot, Array]:
    """The slot after ``steps`` steps, and the objective before each."""
    optimiser = optax.adam(optax.cosine_decay_schedule(rate, steps))

    def filled(free: Any) -> Slot:
        start, trans, emission = bound(free, kinds)
        return slot._replace(start=start, trans=trans, emission=emission)

    def loss(free: Any) -> Array:
        return -objective(family, problem, filled(free))

    def step(carry: tuple, _: Any) -> tuple:
        free, memory = carry
        value, slope = jax.value_and_grad(loss)(free)
        change, memory = optimiser.update(slope, memory)
        return (optax.apply_updates(free, change), memory), -value

    begin = (free, optimiser.init(free))
    (free, _), history = along(step, begin, jnp.arange(steps))
    return filled(free), history


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

    ``monitor_.history`` holds the objective, log-likelihood plus log-prior, before
    each step. Probabilities of 0 begin at 1e-12.
    """
    X, checked = model._check(X, lengths)
    run = model._start_runs(X, checked)[0]
    if hasattr(model, "_emission"):
        run = Run(model.startprob_, model.transmat_, model._emission)
    kinds = tuple((name, _kind(name, v)) for name, v in run.emission.items())
    bind = dict(kinds)
    emission = {name: _free(bind[name], v) for name, v in run.emission.items()}
    free = (_free("shares", run.start), _free("shares", run.trans), emission)
    slot, history = program(_descend, "family", "kinds", "steps", "rate")(
        free,
        open_slot(run, len(run.start), 1),
        model._problem(X, checked),
        family=model.family,
        kinds=kinds,
        steps=steps,
        rate=rate,
    )
    model._adopt(Run(slot.start, slot.trans, slot.emission))
    stop = "cap" if np.isfinite(history).all() else "nan"
    model.monitor_ = FitReport(history, stop, 0, history[-1:])
    return model
