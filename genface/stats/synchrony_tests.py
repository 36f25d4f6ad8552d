"""Whether two faces move together more than chance would have it.

Chance is drawn from series that keep what each face does and lose its tie to the other:
``segment`` shuffles pieces of one face's series, ``circular`` turns it round, ``iaaft``
makes new series of the same values and spectrum, ``partner`` pairs faces of different
dyads. ``shuffle`` of single frames is wrong for behaviour and shows by how much.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from genface.errors import InputError, warn
from genface.stats.dyads import Dyad
from genface.stats.lags import standard
from genface.stats.nulls import (
    circular_shifts,
    iaaft_surrogates,
    p_value,
    segment_shuffles,
    shuffles,
)
from genface.stats.synchrony_measures import MEASURES, Settings, SynchronyMeasure

SynchronyNull = Literal["segment", "circular", "iaaft", "partner", "shuffle"]
NULLS = ("segment", "circular", "iaaft", "partner", "shuffle")

POOL = 60
"""IAAFT surrogates per face; each draw pairs two of them anew."""

ORDERS = 20
"""A null needs as many different draws at least, or p cannot fall below .05."""

ALPHA = 0.05
"""A peak with a larger p is flat: its lag means nothing."""

SAME = 1e-9
"""A draw that is the data again may differ from it by this much rounding."""

LONG = 5.0
"""Segments last at least so many times as long as the series remember."""

CHUNK = 20_000_000  # numbers in memory at once


@dataclass(frozen=True)
class Synchrony:
    """Synchrony of one dyad, or the mean of several, by measure and column.

    ``table`` has a row per (measure, column): ``value``; ``chance``, the mean value of
    the null; ``excess``, how many of the null's standard deviations the score is more
    synchronous than its mean; ``p`` (Phipson & Smyth 2010), and ``p_corrected`` for all
    rows by the largest excess of each draw (Westfall & Young 1993). Of ``lagged`` and
    ``windowed``: ``lag`` in seconds (above 0: the second face follows), ``lag_sd``
    between windows, ``peaks``, the part of windows that have one, and ``flat``, true
    where p > .05: such a peak is one of noise, and its lag means nothing. NaN
    elsewhere.
    """

    table: pd.DataFrame = field(repr=False)
    null: str
    n_draws: int
    n_dyads: int
    rate: float
    seconds: float
    settings: Settings
    notes: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """Everything but the table, for a JSON file."""
        facts = {name: value for name, value in vars(self).items() if name != "table"}
        meanings = {key: MEASURES[key].meaning for key in self.table.index.unique(0)}
        return {**facts, "settings": vars(self.settings), "measures": meanings}


def synchrony(
    dyads: Dyad | Sequence[Dyad],
    measures: Sequence[str] = tuple(MEASURES),
    null: SynchronyNull = "segment",
    n: int = 200,
    settings: Settings | None = None,
    seed: int = 0,
) -> Synchrony:
    """Measure synchrony of dyads (:func:`pair_faces`) and test it against a null.

    ``measures`` of :data:`MEASURES`; one for which a dyad is too short is left out, and
    so are columns that not all dyads have, both said in the notes. With several dyads,
    values, draws and lags are means over them. ``partner`` needs four dyads and cuts
    all to the shortest.
    """
    settings = settings or Settings()
    every = [dyads] if isinstance(dyads, Dyad) else list(dyads)
    _check_words(measures, null, n)
    every, notes = _comparable(every, null)
    chosen, short = _long_enough(measures, every, settings)
    notes += short + _doubts(every, chosen, settings, null)
    rng = np.random.default_rng(seed)
    scores, details = _observed(every, chosen, settings)
    if null == "partner":
        draws = _partner_draws(every, chosen, settings, n, rng)
    else:
        draws = _mean_over(
            [_surrogate_draws(d, chosen, settings, null, n, rng) for d in every]
        )
    table = _tested(chosen, every[0].columns, _mean_over(scores), draws, details)
    seconds = float(np.mean([dyad.seconds for dyad in every]))
    return Synchrony(
        table,
        null,
        n,
        len(every),
        every[0].rate,
        seconds,
        settings,
        tuple(dict.fromkeys(notes)),
    )


def _observed(
    dyads: list[Dyad], measures: list[SynchronyMeasure], settings: Settings
) -> tuple[list[np.ndarray], list[list[dict[str, np.ndarray]]]]:
    """Scores (M, A) of each dyad, and details of each measure."""
    scores, details = [], []
    for dyad in dyads:
        words = (settings, dyad.rate)
        one: list[np.ndarray] = []
        more: list[dict[str, np.ndarray]] = []
        for measure in measures:
            a, b = (measure.prepare(side.T, *words) for side in (dyad.a, dyad.b))
            one.append(measure.score(a, b, *words))
            more.append(measure.details(a, b, *words) if measure.details else {})
        scores.append(np.stack(one))
        details.append(more)
    return scores, details


def _surrogate_draws(
    dyad: Dyad,
    measures: list[SynchronyMeasure],
    settings: Settings,
    null: str,
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Scores (n, M, A) of surrogates of a dyad."""
    words = (settings, dyad.rate)
    a, b = dyad.a[None], dyad.b
    first = np.zeros(n, np.intp)
    second = np.arange(n)
    if null == "iaaft":
        size = min(POOL, n)
        a = iaaft_surrogates(dyad.a, size, rng, together=True)
        drawn = iaaft_surrogates(b, size, rng, together=True)
        first, second = rng.integers(0, size, (2, n))
    elif null == "circular":
        drawn = circular_shifts(b, n, rng, together=True)
    elif null == "segment":
        drawn = segment_shuffles(b, n, rng, settings.samples("segment", dyad.rate))
    else:
        drawn = shuffles(b, n, rng)
    at_once = max(1, CHUNK // max(1, 60 * b.size))
    found = []
    for measure in measures:
        features = [
            measure.prepare(np.swapaxes(side, 1, 2), *words) for side in (a, drawn)
        ]
        parts = [
            measure.score(
                features[0][first[start : start + at_once]],
                features[1][second[start : start + at_once]],
                *words,
            )
            for start in range(0, n, at_once)
        ]
        found.append(np.concatenate(parts))
    return np.stack(found, axis=1)


def _partner_draws(
    dyads: list[Dyad],
    measures: list[SynchronyMeasure],
    settings: Settings,
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Mean scores (n, M, A) of dyads whose second faces have changed places."""
    rate, found = dyads[0].rate, []
    sides = [np.stack([getattr(d, side).T for d in dyads]) for side in ("a", "b")]
    for measure in measures:
        a, b = (measure.prepare(side, settings, rate) for side in sides)
        found.append(np.stack([measure.score(x, b, settings, rate) for x in a]))
    every = np.stack(found, axis=2)  # (D, D, M, A)
    place = np.arange(len(dyads))
    orders = rng.permuted(np.broadcast_to(place, (n, len(dyads))), axis=1)
    return _mean_over(np.moveaxis(every[place, orders], 1, 0))


def _tested(
    measures: list[SynchronyMeasure],
    columns: tuple[str, ...],
    score: np.ndarray,
    draws: np.ndarray,
    details: list[list[dict[str, np.ndarray]]],
) -> pd.DataFrame:
    """The table of :class:`Synchrony` from mean scores (M, A) and draws (n, M, A)."""
    strength = np.stack([m.strength(score[i]) for i, m in enumerate(measures)])
    chance = np.stack([m.strength(draws[:, i]) for i, m in enumerate(measures)], axis=1)
    together = np.concatenate([strength[None], chance])
    known = np.isfinite(together)
    count = np.maximum(known.sum(0), 1)
    mean = np.where(known, together, 0).sum(0) / count
    spread = np.sqrt(np.where(known, (together - mean) ** 2, 0).sum(0) / count)
    with np.errstate(invalid="ignore", divide="ignore"):
        excess = np.where(spread > 0, (together - mean) / spread, np.nan)
    highest = np.fmax.reduce(excess[1:].reshape(len(draws), -1), axis=1)
    p = p_value(strength - SAME, chance, "greater")
    corrected = (1 + (highest[:, None, None] >= excess[0] - SAME).sum(0)) / (
        1 + len(draws)
    )
    corrected = np.where(np.isfinite(p), np.maximum(corrected, p), np.nan)
    rows = []
    for i, measure in enumerate(measures):
        part = pd.DataFrame(
            {
                "value": measure.shown(score[i]),
                "chance": measure.shown(_mean_over(draws[:, i])),
                "excess": excess[0, i],
                "p": p[i],
                "p_corrected": corrected[i],
            },
            index=pd.Index(columns, name="column"),
        )
        for name in ("lag", "lag_sd", "peaks"):
            values = [one[i][name] for one in details if name in one[i]]
            part[name] = _mean_over(values) if values else np.nan
        part["flat"] = (part["p"] > ALPHA).where(part["lag"].notna())
        rows.append(part)
    return pd.concat(rows, keys=[m.key for m in measures], names=["measure"])


def _comparable(dyads: list[Dyad], null: str) -> tuple[list[Dyad], list[str]]:
    """Dyads with the same columns and rate (and length, for ``partner``)."""
    if not dyads:
        raise InputError("no dyad given.")
    notes = [note for dyad in dyads for note in dyad.notes]
    rates = sorted({round(dyad.rate, 6) for dyad in dyads})
    if len(rates) > 1:
        told = ", ".join(f"{rate:g}" for rate in rates)
        raise InputError(
            f"dyads at {told} moments a second; pair all faces with the same rate."
        )
    shared = [c for c in dyads[0].columns if all(c in d.columns for d in dyads)]
    lost = sorted({c for d in dyads for c in d.columns} - set(shared))
    if not shared:
        raise InputError("the dyads have no column in common.")
    if lost:
        notes.append(f"left out, not in every dyad: {', '.join(lost)}")
    cut = None
    if null == "partner":
        if math.factorial(len(dyads)) < ORDERS:
            raise InputError(
                f"partner swap of {len(dyads)} dyads: {math.factorial(len(dyads))} "
                "orders say nothing; four dyads at least are needed."
            )
        cut = min(len(d.a) for d in dyads)
        if cut < max(len(d.a) for d in dyads):
            notes.append(
                f"all dyads are cut to {cut / dyads[0].rate:.4g} s, the shortest one's"
            )
    kept = []
    for dyad in dyads:
        at = [dyad.columns.index(name) for name in shared]
        a, b = dyad.a[:cut, at], dyad.b[:cut, at]
        kept.append(replace(dyad, a=a, b=b, columns=tuple(shared)))
    return _moving(kept, notes), notes


def _moving(dyads: list[Dyad], notes: list[str]) -> list[Dyad]:
    """Without columns that no longer change in what is left of a dyad."""
    still = np.any(
        [(np.ptp(side, axis=0) == 0) for d in dyads for side in (d.a, d.b)], axis=0
    )
    if not still.any():
        return dyads
    names = np.array(dyads[0].columns)
    notes.append(f"left out, never changes in a dyad: {', '.join(names[still])}")
    if still.all():
        raise InputError(f"nothing is left to compare: {'; '.join(notes)}.")
    left = tuple(map(str, names[~still]))
    return [replace(d, a=d.a[:, ~still], b=d.b[:, ~still], columns=left) for d in dyads]


def _long_enough(
    keys: Sequence[str], dyads: list[Dyad], settings: Settings
) -> tuple[list[SynchronyMeasure], list[str]]:
    seconds = min(dyad.seconds for dyad in dyads)
    needed = {key: MEASURES[key].needed(settings) for key in dict.fromkeys(keys)}
    notes = [
        f"left out: {key} needs {least:.4g} s with these settings, and there are "
        f"{seconds:.4g}"
        for key, least in needed.items()
        if seconds < least
    ]
    if len(notes) == len(needed):
        raise InputError(f"{'; '.join(notes)}.")
    return [MEASURES[key] for key in needed if seconds >= needed[key]], notes


def _doubts(
    dyads: list[Dyad], measures: list[SynchronyMeasure], settings: Settings, null: str
) -> list[str]:
    """What a null cannot do with series as short, or as slow, as these."""
    notes = []
    lags = [m.key for m in measures if m.key in ("lagged", "windowed")]
    for dyad in dyads:
        floor = 2 * settings.max_lag / dyad.seconds
        if null == "circular" and lags and floor > ALPHA / 2:
            notes.append(
                f"{dyad.name}: every shift up to max_lag={settings.max_lag:g} s still "
                f"has the true peak, so p of {' and '.join(lags)} hardly falls below "
                f"{floor:.2g}; the null segment has no such floor"
            )
        if null == "segment":
            memory = _memory(dyad) / dyad.rate
            slow = memory > settings.segment / LONG
            if slow.any():
                names = ", ".join(np.array(dyad.columns)[slow])
                notes.append(
                    f"{dyad.name}: {names} remember up to {memory.max():.2g} s, "
                    f"and segments of {settings.segment:g} s are too short for that; "
                    "their p may promise too much, so take longer ones"
                )
    return notes


def _memory(dyad: Dyad) -> np.ndarray:
    """Integrated autocorrelation time (A,) of the product of two faces, in moments.

    1 + 2 sum of r_a(lag) r_b(lag) up to the first that is not above 0 (Bartlett 1946).
    """
    T = len(dyad.a)
    curves = []
    for side in (dyad.a, dyad.b):
        power = np.abs(np.fft.rfft(standard(side.T), 2 * T)) ** 2
        curves.append(np.fft.irfft(power)[:, 1:T] / T)
    product = np.prod(curves, axis=0)
    before = np.cumsum(np.minimum.reduce(curves) <= 0, axis=1) == 0
    return 1 + 2 * np.where(before, product, 0).sum(1)


def _check_words(measures: Sequence[str], null: str, n: int) -> None:
    unknown = [key for key in measures if key not in MEASURES]
    if unknown or not measures:
        raise InputError(
            f"measure {', '.join(unknown) or '(none)'}: use {', '.join(MEASURES)}."
        )
    if null not in NULLS:
        raise InputError(f"null={null!r}: use one of {', '.join(NULLS)}.")
    if n < 19:
        raise InputError(f"n={n}: at least 19 draws are needed to see p = .05.")
    if null == "shuffle":
        warn(
            "null='shuffle' takes frames for independent and finds far too much; it is "
            "a negative control."
        )


def _mean_over(values: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Mean over the first axis of what is known; NaN where nothing is."""
    stacked = np.asarray(values)
    known = np.isfinite(stacked)
    count = known.sum(0)
    total = np.where(known, stacked, 0).sum(0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
