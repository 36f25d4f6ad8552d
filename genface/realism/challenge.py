"""Challenge metrics of a comparison, where its inputs allow them.

Several samples per clip allow REACT's, a speaker per clip those of reactions in step
with it. Each in its corrected and its published mode, beside that of the real people.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from genface.errors import InputError
from genface.realism import listener, react
from genface.realism.baselines import bridge
from genface.realism.sets import Side, alike, memory, pick

CLUSTERS = 15
"""Of real frames, for the Shannon index."""
RADIUS_SECONDS = 2.0
"""How far warping may lead from the diagonal in the corrected FRDist."""


@dataclass(frozen=True)
class ChallengeRow:
    """A metric: corrected, as published, and corrected for the real people.

    None where it cannot be told; ``aim`` is what is good: lower, higher, or as people.
    """

    key: str
    label: str
    meaning: str
    aim: str
    fixed: float | None
    published: float | None
    people: float | None


@dataclass(frozen=True, eq=False)
class _Answers:
    """Clips of one length: real (N, T, D), samples (N, alpha, T, D), speaker or None.

    ``own`` says that several samples answer each clip.
    """

    real: np.ndarray
    samples: np.ndarray
    speaker: np.ndarray | None
    fps: float
    locked: bool
    memory: float


def challenge(
    real: Side, synthetic: Side, speaker: Side | None, fps: float | None
) -> tuple[tuple[ChallengeRow, ...], list[str]]:
    """The metrics that these sides allow, and notes; nothing if they allow none."""
    if speaker is not None:
        _check_speaker(real, speaker)
    groups = _groups(real, synthetic)
    alpha = len(groups[0]) if groups else 0
    sampled = alpha > 1 or len(set(synthetic.group)) < len(synthetic.group)
    if speaker is None and not sampled and not (synthetic.locked and alpha):
        return (), []
    if not groups:
        return (), [
            "Challenge metrics need as many samples for every real clip, in the same "
            f"order; {len(synthetic.clips)} samples do not answer {len(real.clips)} "
            "clips."
        ]
    given = _answers(real, synthetic, speaker, groups, fps)
    notes = [
        f"Challenge metrics are of the first {given.real.shape[1]} frames of "
        f"{len(groups)} clips, {alpha} sample(s) each, gaps bridged by lines; the only "
        "appropriate reaction to a clip is the real one of its own."
    ]
    rows = _listener_rows(given)
    if alpha > 1:
        rows = _reaction_rows(given) + rows
    if given.speaker is not None:
        rows += _speaker_rows(given)
    return tuple(rows), notes


def _check_speaker(real: Side, speaker: Side) -> None:
    """Refuse speakers that are not one for each real clip, at its rate and scale."""
    if speaker.group != real.group:
        raise InputError(
            f"{len(speaker.clips)} speaker clips for {len(real.clips)} real ones; give "
            "one each, in the same order, and leave out both of a pair of which one "
            "has no value."
        )
    alike(real, speaker, "speaker")


def _groups(real: Side, synthetic: Side) -> list[list[int]]:
    """Places of the samples of each real clip; empty unless all have as many."""
    places = sorted(set(synthetic.group))
    if places != list(real.group):
        return []
    groups = [[i for i, g in enumerate(synthetic.group) if g == p] for p in places]
    return groups if len({len(group) for group in groups}) == 1 else []


def _answers(
    real: Side,
    synthetic: Side,
    speaker: Side | None,
    groups: list[list[int]],
    fps: float | None,
) -> _Answers:
    sides = [bridge(real.clips), bridge(synthetic.clips)]
    if speaker is not None:
        shared = [c for c in real.columns if c in speaker.columns]
        if list(real.columns) != shared:
            raise InputError("the speaker tables lack AU columns of the real ones.")
        sides.append(bridge(pick(speaker, real.columns).clips))
    T = min(len(clip) for side in sides for clip in side)
    samples = [[sides[1][i][:T] for i in group] for group in groups]
    return _Answers(
        np.array([clip[:T] for clip in sides[0]]),
        np.array(samples),
        np.array([clip[:T] for clip in sides[2]]) if speaker is not None else None,
        fps or 25.0,
        synthetic.locked,
        memory(real.clips),
    )


def _row(
    key: str,
    label: str,
    meaning: str,
    aim: str,
    metric: Callable[[react.Mode], float],
    people: float | None = None,
) -> ChallengeRow:
    found = [metric("fixed"), metric("published"), people]
    told = [float(x) if x is not None and np.isfinite(x) else None for x in found]
    return ChallengeRow(key, label, meaning, aim, *told)


def _reaction_rows(given: _Answers) -> list[ChallengeRow]:
    own = np.eye(len(given.real), dtype=bool)
    x, real = given.samples, given.real
    people, D = real[:, None], real.shape[2]
    whole = ((0, D, 1 / D),)
    radius = round(RADIUS_SECONDS * given.fps)
    return [
        _row(
            "frcorr",
            "FRCorr",
            "concordance with the real reaction to the same clip",
            "higher",
            lambda mode: react.frcorr(x, real, own, mode),
        ),
        _row(
            "frdist",
            "FRDist",
            "warped distance to the real reaction to the same clip",
            "lower",
            lambda mode: react.frdist(x, real, own, mode, groups=whole, radius=radius),
        ),
        _row(
            "frdiv",
            "FRDiv",
            "difference between samples of one clip",
            "as people",
            lambda mode: react.frdiv(x, mode),
        ),
        _row(
            "frvar",
            "FRVar",
            "variance over time",
            "as people",
            lambda mode: react.frvar(x, mode),
            react.frvar(people),
        ),
        _row(
            "frdvs",
            "FRDvs",
            "difference between samples of different clips",
            "as people",
            lambda mode: react.frdvs(x, mode),
            react.frdvs(people),
        ),
    ]


def _listener_rows(given: _Answers) -> list[ChallengeRow]:
    real, first = list(given.real), list(given.samples[:, 0])
    k = min(CLUSTERS, len(real) * len(real[0]))
    rows = [
        _row(
            "l2l_fd",
            "FD",
            "Frechet distance of frames, first sample of each clip",
            "lower",
            lambda mode: listener.fd(real, first, mode),
        ),
        _row(
            "variation",
            "variation",
            "variance over time",
            "as people",
            lambda mode: listener.variation(first, mode),
            listener.variation(real),
        ),
        _row(
            "si",
            f"SI, {k} clusters",
            "bits of variety among clusters of real frames",
            "as people",
            lambda mode: listener.si(real, first, k, mode, given.memory),
            listener.si(real, real, k, "fixed", given.memory),
        ),
    ]
    if given.locked:
        rows += [
            _row(
                "l2",
                "L2",
                "difference frame by frame",
                "lower",
                lambda mode: listener.l2(real, first, mode),
            ),
            _row(
                "sts",
                "STS",
                "difference of changes frame by frame",
                "lower",
                lambda mode: listener.sts(real, first, mode, 1 / given.fps),
            ),
        ]
    return rows


def _speaker_rows(given: _Answers) -> list[ChallengeRow]:
    assert given.speaker is not None
    speaker, real = given.speaker, list(given.real)
    first, told = list(given.samples[:, 0]), list(given.speaker)
    rows = [
        _row(
            "p_fd",
            "P-FD",
            "Frechet distance of speaker and listener side by side",
            "lower",
            lambda mode: listener.p_fd(real, first, told, mode),
        ),
        _row(
            "rpcc",
            "RPCC",
            "gap between the correlations with the speaker",
            "lower",
            lambda mode: listener.rpcc(real, first, told, mode),
        ),
    ]
    if given.real.shape[1] >= int(2 * given.fps - 1) + 2:
        people = react.frsyn(given.real[:, None], speaker, "fixed", given.fps)
        rows.insert(
            0,
            _row(
                "frsyn",
                "FRSyn",
                "frames between speaker and reaction",
                "as people",
                lambda mode: react.frsyn(given.samples, speaker, mode, given.fps),
                people,
            ),
        )
    return rows
