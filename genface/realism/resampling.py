"""Floors, intervals and p values of a measure, by resampling whole clips.

A number alone says nothing: two halves of the real clips are not at 0 either. And
frames are no independent items, so clips are halved, drawn and relabelled, never
frames. All measures of a card share their draws, so that p values can be corrected for
how many there are.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genface.realism.measure import Measure, Reading

MOST_HALVES = 100
MIN_CLIPS = 6
"""A side, for p values: 5 against 5 clips can be relabelled in 126 ways only."""
NORMAL = 1.96
"""Standard errors to either side that hold 95 % of a normal law."""

Sides = tuple[np.ndarray, np.ndarray]
"""Places of the clips that are taken for real, and of those taken for synthetic."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Which clips of the pooled list (real ones first) enter each resample."""

    given: Sides
    halves: tuple[Sides, ...]
    bootstraps: tuple[Sides, ...]
    permutations: tuple[Sides, ...]


@dataclass(frozen=True, eq=False)
class Resampled:
    """A measure with what its resamples gave; NaN where one could not be computed.

    ``distance`` is how far the reading is from equal sets, ``permuted`` (P,) that of
    each relabelling. ``floors`` (F,) are values between real halves, ``spread`` the
    bootstrap standard error, and ``floor_distances`` (F,) their distances.
    """

    reading: Reading
    distance: float
    floors: np.ndarray
    floor_distances: np.ndarray
    boots: np.ndarray
    permuted: np.ndarray


def plan_of(
    n_real: int, n_synthetic: int, resamples: int, tested: bool, seed: int
) -> Plan:
    """Draw the resamples: halves of the real clips, bootstraps, and relabellings.

    One draw less of the last, as the labels as given are one too.
    """
    streams = np.random.SeedSequence(seed).spawn(3)
    rngs = [np.random.default_rng(stream) for stream in streams]
    real, synthetic = np.arange(n_real), n_real + np.arange(n_synthetic)
    boots = tuple(
        (rngs[1].choice(real, n_real), rngs[1].choice(synthetic, n_synthetic))
        for _ in range(resamples if min(n_real, n_synthetic) > 1 else 0)
    )
    orders = [
        rngs[2].permutation(n_real + n_synthetic)
        for _ in range(max(0, resamples - 1) if tested else 0)
    ]
    labels = tuple((order[:n_real], order[n_real:]) for order in orders)
    return Plan((real, synthetic), halves(n_real, rngs[0]), boots, labels)


def halves(n_items: int, rng: np.random.Generator) -> tuple[Sides, ...]:
    """Ways to split items in two halves: all of them, or 100 drawn at random."""
    size = n_items // 2
    if n_items < 2:
        return ()
    every = list(itertools.islice(itertools.combinations(range(n_items), size), 2000))
    if len(every) >= 2000:
        return tuple(
            (order[:size], order[size:])
            for order in (rng.permutation(n_items) for _ in range(MOST_HALVES))
        )
    if 2 * size == n_items:
        every = [half for half in every if 0 in half]  # the other half is its mirror
    if len(every) > MOST_HALVES:
        picks = rng.choice(len(every), MOST_HALVES, replace=False)
        every = [every[i] for i in sorted(picks)]
    return tuple(
        (np.array(h), np.array([i for i in range(n_items) if i not in h]))
        for h in every
    )


def resample(measure: Measure, prepared: Any, plan: Plan) -> Resampled:
    """Read a measure for the clips as given and for every resample."""
    reading = measure.value(prepared, *plan.given)
    split = [measure.value(prepared, *sides) for sides in plan.halves]
    drawn = [measure.value(prepared, *sides).value for sides in plan.bootstraps]
    permuted = [
        measure.distance(measure.value(prepared, *sides)) for sides in plan.permutations
    ]
    return Resampled(
        reading,
        measure.distance(reading),
        np.array([half.value for half in split]),
        np.array([measure.distance(half) for half in split]),
        np.array(drawn),
        np.array(permuted),
    )


def interval(found: Resampled, top: float | None = None) -> tuple[float, float] | None:
    """95 % of the values that other clips of the same two kinds would give.

    The value with 1.96 bootstrap standard errors to either side, up to ``top`` and not
    below 0 where no resample is beyond them. Percentiles of the draws would not do:
    sets drawn with repeats hold fewer different clips, and most measures depend on how
    many there are.
    """
    drawn = found.boots[np.isfinite(found.boots)]
    value = found.reading.value
    if len(drawn) < 20 or len(drawn) < 0.5 * len(found.boots) or not np.isfinite(value):
        return None
    reach = NORMAL * float(drawn.std(ddof=1))
    positive = value >= 0 and drawn.min() >= 0
    low = max(0.0, value - reach) if positive else value - reach
    high = value + reach
    if top is not None and max(value, drawn.max()) <= top:
        high = min(top, high)
    return float(low), float(high)


def own_p(found: Resampled) -> float | None:
    """Share of relabellings with at least this distance, itself among them.

    (b + 1) / (B + 1) of Phipson & Smyth 2010; a relabelling without a value counts as
    one with more.
    """
    if not len(found.permuted) or not np.isfinite(found.distance):
        return None
    beaten = ~(found.permuted < found.distance - 1e-12)
    return float((beaten.sum() + 1) / (len(beaten) + 1))


def joint_p(every: Sequence[Resampled]) -> list[float | None]:
    """Joint p values, which hold for all measures together: step-down max-T.

    Westfall & Young 1993, algorithm 4.1, on distances that were standardised by all
    their relabellings, so that no measure counts for more by its unit. With a chance of
    .05 one or more of the card's p are at most .05 though nothing differs.
    """
    alone = [own_p(found) for found in every]
    told = [i for i, p in enumerate(alone) if p is not None]
    joint: list[float | None] = [None] * len(every)
    if not told:
        return joint
    scores = np.array([_scores(every[i]) for i in told])  # (M, 1 + B), observed first
    order = np.argsort(-scores[:, 0], kind="stable")
    ranked = scores[order]
    largest = np.maximum.accumulate(ranked[::-1], axis=0)[::-1]  # of it and all lower
    beaten = (largest[:, 1:] >= ranked[:, :1] - 1e-9).sum(1)
    found = np.maximum.accumulate((beaten + 1) / scores.shape[1])
    for place, p in zip(order, found, strict=True):
        i = told[place]
        joint[i] = float(max(p, alone[i] or 0.0))
    return joint


def _scores(found: Resampled) -> np.ndarray:
    """Distances as given and relabelled, centred and at unit variance."""
    values = np.append(found.distance, found.permuted)
    seen = np.isfinite(values)
    centred = values - values[seen].mean()
    spread = values[seen].std()
    return np.where(seen, centred / spread if spread > 0 else 0.0, -np.inf)
