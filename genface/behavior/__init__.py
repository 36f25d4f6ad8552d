"""Behaviour models: hidden Markov chains over Action Units, float64 in and out."""

from genface.behavior.cells import CellLaw, held_out
from genface.behavior.em import Chain, Course
from genface.behavior.emissions import GaussianEmissions, PoissonEmissions
from genface.behavior.inference import log_filter, log_smooth, viterbi
from genface.behavior.model import BehaviorModel
from genface.behavior.models import GaussianHMM, PoissonHMM
from genface.behavior.runs import autocorrelation_time, observed_runs, usable_columns
from genface.behavior.selection import Candidate, Run, Selection, select
from genface.behavior.transform import AUTransform, scale_top

__all__ = [
    "AUTransform",
    "BehaviorModel",
    "Candidate",
    "CellLaw",
    "Chain",
    "Course",
    "GaussianEmissions",
    "GaussianHMM",
    "PoissonEmissions",
    "PoissonHMM",
    "Run",
    "Selection",
    "autocorrelation_time",
    "held_out",
    "log_filter",
    "log_smooth",
    "observed_runs",
    "scale_top",
    "select",
    "usable_columns",
    "viterbi",
]
