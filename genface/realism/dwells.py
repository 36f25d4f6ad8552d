"""How the states of one common decoder are visited: how long, how much, what follows.

The same model decodes both sides, so a poor decoder is as poor on both. Clips cut their
first and last visits off. The last one lasted at least as long as was seen: it counts
as censored (Kaplan & Meier 1958), or long visits would be missed in short clips. When
the first one began is not known, and to censor it where it ends would make visits seem
longer: it is left out.
"""

from dataclasses import dataclass

import numpy as np

from genface.realism.measure import Clips, Context, Measure, Reading, clip_weights

AT_RISK = 5
"""Visits a side that must have lasted so long for its survival to be compared."""


@dataclass(frozen=True, eq=False)
class Visits:
    """Per clip and state: visits by length, frames, and changes.

    ``ended`` and ``cut`` (n_clips, K, D) count visits of 1 ... D frames whose start was
    seen: to their end, or to a cut. ``frames`` (n_clips, K) and ``jumps`` (n_clips, K,
    K) count all. ``step`` is a frame in seconds, or 1.
    """

    ended: np.ndarray
    cut: np.ndarray
    frames: np.ndarray
    jumps: np.ndarray
    step: float


def measures(fps: float | None) -> list[Measure]:
    """Distances of survival, log-rank, occupancy and what follows what."""
    unit = "s" if fps else "frames"
    facts = (
        (
            "dwell",
            "dwell-time distance",
            "share",
            "whether states last as long (largest gap between the survival curves; "
            f"sides are mean visits in {unit})",
            dwell,
            "Kolmogorov-Smirnov distance of Kaplan-Meier estimates",
        ),
        (
            "dwell_hazard",
            "dwell log-rank score",
            "z",
            "whether states end at the same rate, however long they have lasted",
            log_rank,
            "log-rank statistic (Mantel 1966), root mean square over states",
        ),
        (
            "occupancy",
            "state occupancy distance",
            "share",
            "share of time that would have to be spent in other states",
            occupancy,
            "total variation",
        ),
        (
            "transitions",
            "state transition distance",
            "share",
            "share of changes that would have to lead elsewhere "
            f"(sides are changes per {'second' if fps else 'frame'})",
            transitions,
            "total variation of the jump chain",
        ),
    )
    return [
        Measure(key, label, unit_, "time", meaning, prepare, value, source=source)
        for key, label, unit_, meaning, value, source in facts
    ]


def prepare(clips: Clips, context: Context) -> Visits | None:
    """Decode every clip and count its visits; None without a model of these columns."""
    model = context.model
    if model is None or not set(model.columns) <= set(context.columns):
        return None
    where = [context.columns.index(name) for name in model.columns]
    paths = [np.asarray(model.states(clip[:, where])) for clip in clips]
    return count(paths, model.n_states, context.fps)


def count(paths: list[np.ndarray], n_states: int, fps: float | None = None) -> Visits:
    """Visits in state paths (T,); -1 marks a frame without a state and cuts visits."""
    longest = max(max(len(path) for path in paths), 1)
    shape = (len(paths), n_states)
    ended, cut = np.zeros((2, *shape, longest))
    frames, jumps = np.zeros(shape), np.zeros((*shape, n_states))
    for i, path in enumerate(paths):
        states, lengths = runs(path)
        changes = (states[:-1] >= 0) & (states[1:] >= 0)
        begun, left = np.append(False, changes), np.append(changes, False)
        for table, rows in ((ended, begun & left), (cut, begun & ~left)):
            np.add.at(table[i], (states[rows], lengths[rows] - 1), 1)
        frames[i] = np.bincount(path[path >= 0], minlength=n_states)
        np.add.at(jumps[i], (states[:-1][changes], states[1:][changes]), 1)
    used = int(np.flatnonzero((ended + cut).any((0, 1))).max(initial=0)) + 1
    ended, cut = ended[..., :used], cut[..., :used]
    return Visits(ended, cut, frames, jumps, 1 / fps if fps else 1.0)


def runs(path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """States and lengths of the unbroken runs of a path (T,)."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(path)) + 1])
    return path[starts], np.diff(np.append(starts, len(path)))


def survival(ended: np.ndarray, cut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kaplan-Meier share still there after 1 ... D frames, and visits at risk (..., D).

    ``ended`` and ``cut`` (..., D) count visits by length. NaN-free: where nobody is at
    risk the share stays.
    """
    at_risk = np.flip(np.cumsum(np.flip(ended + cut, -1), -1), -1)
    hazard = ended / np.maximum(at_risk, 1.0)
    return np.cumprod(1 - hazard, -1), at_risk


def _picked(table: np.ndarray, picks: np.ndarray) -> np.ndarray:
    return np.tensordot(clip_weights(len(table), picks), table, 1)


def dwell(visits: Visits | None, a: np.ndarray, b: np.ndarray) -> Reading:
    """Largest gap of the survival curves, averaged over states by their visits.

    A curve is read as far as :data:`AT_RISK` visits of both sides go. ``real`` and
    ``synthetic`` are the mean visit up to there, in seconds.
    """
    if visits is None:
        return Reading(np.nan)
    ended, cut = (
        [_picked(table, side) for side in (a, b)]
        for table in (visits.ended, visits.cut)
    )
    (real, risk_a), (synthetic, risk_b) = map(survival, ended, cut)
    told = np.minimum(risk_a, risk_b) >= AT_RISK
    gaps = np.abs(np.where(told, real - synthetic, 0.0)).max(-1)
    weight = np.where(told.any(-1), ended[0].sum(-1) + ended[1].sum(-1), 0.0)
    if not weight.sum():
        return Reading(np.nan)
    weight = weight / weight.sum()
    left, right = (
        float(weight @ (1 + (curve * told)[:, :-1].sum(-1)) * visits.step)
        for curve in (real, synthetic)
    )
    parts = {f"state {k}": float(gap) for k, gap in enumerate(gaps) if weight[k]}
    return Reading(float(weight @ gaps), None, left, right, parts)


def log_rank(visits: Visits | None, a: np.ndarray, b: np.ndarray) -> Reading:
    """Root mean square over states of the standardised log-rank score.

    About 1 for equal sets if visits were independent; clips make it more.
    """
    if visits is None:
        return Reading(np.nan)
    ended_a, ended_b = _picked(visits.ended, a), _picked(visits.ended, b)
    risk_a = survival(ended_a, _picked(visits.cut, a))[1]
    risk_b = survival(ended_b, _picked(visits.cut, b))[1]
    ended, risk = ended_a + ended_b, np.maximum(risk_a + risk_b, 1.0)
    share = risk_a / risk
    spread = ended * share * (1 - share) * (risk - ended) / np.maximum(risk - 1, 1.0)
    score, variance = (ended_a - ended * share).sum(-1), spread.sum(-1)
    told = variance > 0
    if not told.any():
        return Reading(np.nan)
    z = score[told] / np.sqrt(variance[told])
    parts = dict(
        zip([f"state {k}" for k in np.flatnonzero(told)], map(float, z), strict=True)
    )
    return Reading(float(np.sqrt((z**2).mean())), None, None, None, parts)


def occupancy(visits: Visits | None, a: np.ndarray, b: np.ndarray) -> Reading:
    """Half the sum of absolute differences of the shares of time."""
    if visits is None:
        return Reading(np.nan)
    frames = [_picked(visits.frames, side) for side in (a, b)]
    if not all(part.sum() for part in frames):
        return Reading(np.nan)
    real, synthetic = (part / part.sum() for part in frames)
    gaps = synthetic - real
    parts = {f"state {k}": float(gap) for k, gap in enumerate(gaps)}
    return Reading(float(0.5 * np.abs(gaps).sum()), None, None, None, parts)


def transitions(visits: Visits | None, a: np.ndarray, b: np.ndarray) -> Reading:
    """Total variation of what follows a state, averaged over states by their exits.

    How long a state lasts does not enter; a state that one side never leaves does not
    count.
    """
    if visits is None:
        return Reading(np.nan)
    jumps = [_picked(visits.jumps, side) for side in (a, b)]
    exits = [table.sum(1) for table in jumps]
    weight = np.where(np.minimum(*exits) > 0, exits[0] + exits[1], 0.0)
    if not weight.sum():
        return Reading(np.nan)
    real, synthetic = (
        table / np.maximum(out, 1.0)[:, None]
        for table, out in zip(jumps, exits, strict=True)
    )
    gaps = 0.5 * np.abs(real - synthetic).sum(1)
    left, right = (
        float(out.sum() / _picked(visits.frames, side).sum() / visits.step)
        for out, side in zip(exits, (a, b), strict=True)
    )
    return Reading(float(weight @ gaps / weight.sum()), None, left, right)
