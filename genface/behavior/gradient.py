"""Fitting by gradient steps on the marginal likelihood, with optax."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from genface.behavior.duration import HSMM
from genface.behavior.emissions import Family, Product
from genface.behavior.estimator import FitReport, HiddenMarkovModel, best_restart
from genface.behavior.expectation import Slot, log_prior, observe, open_slot, seen_by
from genface.behavior.precision import program
from genface.behavior.problem import Problem, Run
from genface.behavior.recursions import along, scaled_filter
from genface.behavior.runs import Lengths, Rows
from genface.behavior.settings import whole
from genface.errors import InputError

# How each array of a family is freed of its bounds.
_POSITIVE = {"rate", "cov", "var", "var0"}
_SHARES = {"weight"}
_FREE = {"mean", "theta", "coef", "mean0"}


def _kind(name: str, values: np.ndarray, family: Family) -> str:
    if isinstance(family, Product):
        part, name = name.split("/", 1)
        return _kind(name, values, family.parts[int(part)][0])
    shape = getattr(family, "shape", "")
    if name == "p":
        return "shares" if values.ndim == 3 else "odds"
    if name == "cov" and values.ndim == 3:
        return "one matrix" if shape == "tied" else "matrix"
    if name == "cov" and shape == "spherical":
        return "one log"
    for kind, names in (("log", _POSITIVE), ("shares", _SHARES), ("free", _FREE)):
        if name in names:
            return kind
    raise InputError(f"no way to free {name} of its bounds; use EM.")


def _free(kind: str, x: np.ndarray) -> np.ndarray:
    if kind in ("log", "one log", "shares"):
        return np.log(np.maximum(x, 1e-12))
    if kind == "odds":
        x = np.clip(x, 1e-9, 1 - 1e-9)
        return np.log(x) - np.log1p(-x)
    if kind in ("matrix", "one matrix"):
        factor = np.linalg.cholesky(x)
        at = np.arange(x.shape[-1])
        factor[:, at, at] = np.log(factor[:, at, at])
        return factor
    return x


def _bind(kind: str, y: Array) -> Array:
    """The array that ``y`` stands for; "one" is shared by columns or by states."""
    if kind in ("log", "one log"):
        shared = y.mean(-1, keepdims=True) if kind == "one log" else y
        return jnp.broadcast_to(jnp.exp(shared), y.shape)
    if kind in ("matrix", "one matrix"):
        shared = y.mean(0, keepdims=True) if kind == "one matrix" else y
        size = jnp.exp(jnp.diagonal(shared, axis1=-2, axis2=-1))
        factor = jnp.tril(shared, -1) + size[..., None] * jnp.eye(y.shape[-1])
        return jnp.broadcast_to(factor @ factor.swapaxes(-1, -2), y.shape)
    if kind == "shares":
        return jax.nn.softmax(y, axis=-1)
    return jax.nn.sigmoid(y) if kind == "odds" else y


def objective(family: Family, problem: Problem, slot: Slot) -> Array:
    """Log-likelihood of the slot's rows plus log-prior; can be differentiated."""
    log_obs, first = observe(family, problem, slot)
    _, log_prob, _ = scaled_filter(slot.start, slot.trans, log_obs, first)
    there = seen_by(problem, slot)["there"].reshape(first.shape) > 0
    return jnp.where(there, log_prob, 0.0).sum() + log_prior(family, slot, problem)


def _filled(slot: Slot, free: dict, kinds: tuple[tuple[str, str], ...]) -> Slot:
    """The slot with what is learnt in the place of what it had."""
    arrays = {name: _bind(kind, free[name]) for name, kind in kinds}
    chain = {name: arrays.pop(name) for name in ("start", "trans") if name in arrays}
    return slot._replace(emission={**slot.emission, **arrays}, **chain)


def _descend(
    free: dict,
    slot: Slot,
    problem: Problem,
    family: Family,
    kinds: tuple[tuple[str, str], ...],
    steps: int,
    rate: float,
) -> tuple[Slot, Array]:
    """The slot after ``steps`` steps, and the objective before each."""
    optimiser = optax.adam(optax.cosine_decay_schedule(rate, steps))

    def loss(free: Any) -> Array:
        return -objective(family, problem, _filled(slot, free, kinds))

    def step(carry: tuple, _: Any) -> tuple:
        free, memory = carry
        value, slope = jax.value_and_grad(loss)(free)
        change, memory = optimiser.update(slope, memory)
        return (optax.apply_updates(free, change), memory), -value

    begin = (free, optimiser.init(free))
    (free, _), history = along(step, begin, jnp.arange(steps))
    return _filled(slot, free, kinds), history


def fit_by_gradient(
    model: HiddenMarkovModel,
    X: Rows,
    lengths: Lengths = None,
    steps: int = 500,
    rate: float = 0.05,
) -> HiddenMarkovModel:
    """Fit ``model`` in place by Adam, from its parameters if it has any.

    What is not in its ``params`` stays. ``monitor_.history`` holds the objective,
    log-likelihood plus log-prior, before each step. Probabilities of 0 begin at 1e-12.
    """
    whole("steps", steps)
    if not rate > 0:
        raise InputError(f"rate must be positive; got {rate}.")
    if isinstance(model, HSMM) or model.compat:
        raise InputError(
            "gradient fitting takes no semi-Markov and no hmmlearn-like model; use EM."
        )
    X, checked = model._check(X, lengths)
    problem = model._problem(X, checked)
    run = model._start_runs(X, checked)[0]
    run = Run(
        getattr(model, "startprob_", run.start),
        getattr(model, "transmat_", run.trans),
        {**run.emission, **getattr(model, "_emission", {})},
    )
    known = {
        "start": ("s", "shares", run.start),
        "trans": ("t", "shares", run.trans),
        **{
            name: (model.array_letters.get(name, "e"), kind, values)
            for name, values in run.emission.items()
            for kind in [_kind(name, values, model.family)]
        },
    }
    learnt = {n: own[1:] for n, own in known.items() if own[0] in model.params}
    kinds = tuple((name, kind) for name, (kind, _) in learnt.items())
    slot, history = program(_descend, "family", "kinds", "steps", "rate")(
        {name: _free(kind, values) for name, (kind, values) in learnt.items()},
        open_slot(run, len(run.start), 1),
        problem,
        family=model.family,
        kinds=kinds,
        steps=steps,
        rate=rate,
    )
    stop = "cap" if np.isfinite(history).all() else "nan"
    best_restart(history[-1:], [stop])
    model._adopt(Run(slot.start, slot.trans, slot.emission))
    model.monitor_ = FitReport(history, stop, 0, history[-1:])
    return model
