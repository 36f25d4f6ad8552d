"""Samples that lean toward an emotion, by one number: its strength.

A state is worth what its mean face shows of the emotion, from 0 for the least to 1 for
the most of the states, g_k. Paths of states are tilted exponentially,

    p'(z_1 .. z_T)  ~  p(z_1 .. z_T) exp(c sum_t g(z_t)),    c = strength / mean visit,

so that at strength 1 a visit of mean length to the best state counts e times what one
to the worst does. Over long paths this is again a Markov chain (Doob's h-transform):
p'_jk = p_jk exp(c g_k) h_k / (rho h_j), with the largest eigenvalue rho of
p_jk exp(c g_k) and its eigenvector h. The mean of g under it is d log rho / dc, which
never falls in c, as log rho is convex (Chetrite & Touchette 2015).

What a state emits is then moved along the ray of the emotion's face f, where that is
higher: x' = x + (1 - exp(-strength / 4)) max(f - x, 0), on the scale of the AUs.
"""

import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from numbers import Real

import numpy as np

from genface.behavior.duration import HSMM
from genface.behavior.em import Run
from genface.behavior.emotion_codec import EmotionCodec
from genface.behavior.hmm import HiddenMarkovModel
from genface.behavior.model import BehaviorModel
from genface.errors import InputError
from genface.facs import EmotionSpace, PersonCalibration, prototype_table

PULL = 0.25  # of the way to the emotion's face, per unit of strength, in the exponent
ONSET_SECONDS = 0.5  # in which a continuation takes up the move of its emissions
TABLE = "investigators_guide"
FAINTEST = 1e-290  # of what is ahead of a state, against the best one


@dataclass(frozen=True, eq=False)
class SteeredModel:
    """A behaviour model that leans toward an emotion; made by :func:`steer`.

    ``model`` is the model with its states' paths tilted: its graph, dwell times and
    occupancy can be read and drawn. ``face`` (A,) is the emotion's on the AU scale,
    ``share`` in [0, 1) how far emissions move to it.
    """

    model: BehaviorModel
    emotion: str
    strength: float
    face: np.ndarray
    share: float

    def sample(
        self, n_frames: int, seed: int, history: np.ndarray | None = None
    ) -> np.ndarray:
        """AUs (n_frames, A), as :meth:`BehaviorModel.sample` draws them."""
        drawn = self.model.sample(n_frames, seed, history)
        return self._moved(drawn, history is not None)

    def forecast(
        self, history: np.ndarray, horizon: int, n: int, seed: int = 0
    ) -> np.ndarray:
        """Continuations (n, horizon, A) of ``history`` (T, A).

        They leave it gently: the move of the emissions is whole after half a second.
        """
        return self._moved(self.model.forecast(history, horizon, n, seed), True)

    def _moved(self, aus: np.ndarray, continues: bool) -> np.ndarray:
        share = np.full(aus.shape[-2], self.share)
        if continues:
            onset = max(1.0, ONSET_SECONDS * self.model.fps)
            share *= np.minimum(np.arange(1, len(share) + 1) / onset, 1.0)
        return aus + share[:, None] * np.maximum(self.face - aus, 0.0)


def steer(
    model: BehaviorModel,
    emotion: str,
    strength: float,
    codec: EmotionCodec | None = None,
) -> SteeredModel:
    """The model leaning toward ``emotion`` with a ``strength`` from 0 (as it is) up.

    ``codec`` tells emotions from AUs: the model's own, or for a model of AUs the
    Investigator's Guide's (on the scale ``presence``, calibrated by the state means).
    The emotion is one of ``codec.emotions``.
    """
    if not isinstance(strength, Real) or not 0 <= strength < np.inf:
        raise InputError(f"strength is a number from 0 up; got {strength!r}.")
    codec = codec or model.codec or _guide(model)
    if (codec.au_names, codec.au_scale) != (model.columns, model.au_scale):
        raise InputError("the codec is of other AUs or another scale than the model.")
    name = codec.known(emotion)
    share = float(-np.expm1(-PULL * strength))
    if model.au_scale == "occurrence":  # 0 or 1: nothing lies between
        share = 0.0
    worth = codec.encode(model.state_means)[:, codec.emotions.index(name)]
    leaning = model
    if strength > 0 and np.ptp(worth) > 0:
        rewards = (worth - worth.min()) / np.ptp(worth) * strength / _visit(model)
        leaning = replace(model, estimator=tilted(model.estimator, rewards))
    return SteeredModel(leaning, name, float(strength), codec.face(name), share)


def tilted(estimator: HiddenMarkovModel, rewards: np.ndarray) -> HiddenMarkovModel:
    """The estimator with long paths weighted by exp(sum of ``rewards`` (K,) a frame).

    A law of durations is tilted with them, and stays one.
    """
    copies = len(estimator.startprob_) // estimator.n_components
    gain = np.exp(np.repeat(rewards - rewards.max(), copies))
    # A state from which the best is out of reach keeps the shares of its moves.
    ahead = np.maximum(gain * _eigenvector(estimator.transmat_ * gain), FAINTEST)
    start = _shares(estimator.startprob_ * ahead)
    moved = copy.copy(estimator)
    if isinstance(moved, HSMM):
        entry = moved.durations_ * ahead.reshape(moved.durations_.shape)
        moved.start_ = start.reshape(entry.shape).sum(1)
        moved.jumps_ = _shares(moved.jumps_ * entry.sum(1))
        moved.durations_ = _shares(entry)
        moved._expand()
    else:
        trans = _shares(estimator.transmat_ * ahead)
        moved._adopt(Run(start, trans, estimator.emission_params))
    return moved


def _eigenvector(matrix: np.ndarray, n_squarings: int = 60) -> np.ndarray:
    """Right eigenvector (n,) of the largest eigenvalue of a non-negative matrix.

    By squaring, which only adds what is positive: small entries keep their digits.
    """
    power = (np.eye(len(matrix)) + matrix) / 2  # the same vectors, and no period
    vector = power.sum(1)
    for _ in range(n_squarings):
        before = vector / vector.max()
        power = power @ power
        power /= power.max()
        vector = power.sum(1)
        if np.allclose(vector / vector.max(), before, rtol=1e-14, atol=0):
            break
    return vector / vector.max()


def _shares(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum(-1, keepdims=True)


def _visit(model: BehaviorModel) -> float:
    """Mean length of a visit to a state, in frames."""
    leaves = float((model.occupancy / (model.dwell_seconds * model.fps)).sum())
    return 1.0 / leaves if leaves > 0 else np.inf


def _guide(model: BehaviorModel) -> EmotionCodec:
    calibration = None
    if model.au_scale == "presence":
        calibration = PersonCalibration.fitted(model.state_means)
    return EmotionCodec(_guide_space(model.columns), model.au_scale, calibration)


@lru_cache(maxsize=16)
def _guide_space(au_names: tuple[str, ...]) -> EmotionSpace:
    return EmotionCodec.of(prototype_table(TABLE), au_names).space
