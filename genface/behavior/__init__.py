"""Behaviour models: hidden states, what they emit, and how they are fitted."""

from genface.behavior.duration import HSMM
from genface.behavior.emotion_codec import EmotionCodec
from genface.behavior.gradient import fit_by_gradient
from genface.behavior.hmm import (
    ARHMM,
    ESTIMATORS,
    BernoulliHMM,
    BetaHMM,
    CategoricalHMM,
    FitReport,
    GaussianHMM,
    GaussianMixtureHMM,
    HiddenMarkovModel,
    InflatedBetaHMM,
    LogisticHMM,
    NegativeBinomialHMM,
    PoissonHMM,
    ProductHMM,
)
from genface.behavior.inference import StateFilter, StatePosterior
from genface.behavior.model import BehaviorModel
from genface.behavior.runs import autocorrelation_time, usable_columns
from genface.behavior.seed004 import seed004
from genface.behavior.selection import CANDIDATES, Selection, select
from genface.behavior.steering import SteeredModel, steer
from genface.behavior.stream import StateStream
from genface.behavior.sweep import Sweep, sweep
from genface.behavior.transform import AUTransform, scale_top

__all__ = [
    "ARHMM",
    "AUTransform",
    "BehaviorModel",
    "BernoulliHMM",
    "BetaHMM",
    "CANDIDATES",
    "CategoricalHMM",
    "ESTIMATORS",
    "EmotionCodec",
    "FitReport",
    "GaussianHMM",
    "GaussianMixtureHMM",
    "HSMM",
    "HiddenMarkovModel",
    "InflatedBetaHMM",
    "LogisticHMM",
    "NegativeBinomialHMM",
    "PoissonHMM",
    "ProductHMM",
    "Selection",
    "StateFilter",
    "StatePosterior",
    "StateStream",
    "SteeredModel",
    "Sweep",
    "autocorrelation_time",
    "fit_by_gradient",
    "scale_top",
    "seed004",
    "select",
    "steer",
    "sweep",
    "usable_columns",
]
