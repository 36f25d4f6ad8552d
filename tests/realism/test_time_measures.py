"""What all temporal measures keep to, and whether each sees what it is there for."""

import numpy as np
import pytest
from scipy.signal import lfilter

from genface.behavior import BehaviorModel, GaussianHMM
from genface.realism import (
    autocorrelations,
    blinks,
    cross_correlations,
    dwells,
    events,
    smoothness,
    spectra,
)
from genface.realism.measure import context_of

FPS = 25.0
COLUMNS = ("AU06", "AU12", "AU43")
MODULES = (
    autocorrelations,
    cross_correlations,
    spectra,
    dwells,
    events,
    blinks,
    smoothness,
)
MEASURES = {m.key: m for module in MODULES for m in module.measures(FPS)}


class Active:
    """A model of three states: how much there is of AU12."""

    columns = ("AU12",)
    n_states = 3

    def states(self, X):
        return (X[:, 0] > 0.1).astype(int) + (X[:, 0] > 0.4)


def bursts(n, T=300, A=3, seed=0, rate=1.0):
    """AU-like clips: sparse, smooth bursts of a common drive and drives of their own.

    The third AU blinks by chance, once in two seconds. ``rate`` is how fast all run.
    """
    rng = np.random.default_rng(seed)
    frames = int(np.ceil(T * rate)) + 200
    noise = rng.standard_normal((n, frames, A + 1))
    for _ in range(2):  # twice a leaky integrator: smooth onsets
        noise = lfilter([1], [1, -0.9], noise, axis=1)
    drive = noise / 34.4  # to unit variance
    mixed = 0.7 * drive[..., :1] + 0.7 * drive[..., 1:]
    x = np.clip(0.5 * mixed - 0.1, 0.0, 1.0)[:, 100:]
    if A > 2:
        shut = (rng.random(x.shape[:2]) < 0.5 / FPS).astype(float)
        x[..., 2] = np.minimum(lfilter([0.2, 0.7, 1.0, 0.6, 0.1], [1], shut), 1.0)
    at = np.arange(T) * rate
    low = at.astype(int)
    part = (at - low)[:, None]
    return list((1 - part) * x[:, low] + part * x[:, low + 1])


def test_every_temporal_measure_has_its_own_name():
    assert len(MEASURES) == sum(len(m.measures(FPS)) for m in MODULES) == 25
    for measure in MEASURES.values():
        assert measure.family == "time" and measure.target == 0.0
        assert measure.label and measure.unit and measure.meaning and measure.source


@pytest.mark.parametrize("key", MEASURES)
def test_equal_sets_are_at_0_order_is_nothing_and_repeats_are_copies(key):
    measure, clips = MEASURES[key], bursts(14)
    context = context_of(clips, COLUMNS, FPS, model=Active())
    table = measure.prepare(clips, context)
    a, b = np.array([0, 1, 2, 3, 7, 8, 9, 10]), np.array([4, 5, 6, 11, 12, 13])
    assert measure.value(table, a, a).value == pytest.approx(0.0, abs=1e-9)
    found = measure.value(table, a, b)
    assert found.value > 0 and np.isfinite(found.value)
    assert measure.value(table, a[::-1], b).value == pytest.approx(found.value)
    assert measure.value(table, b, a).value == pytest.approx(found.value)
    copied = [*clips, clips[4], clips[4], clips[0]]
    again = measure.prepare(copied, context)
    repeats = measure.value(again, np.r_[a, 0], np.r_[b, 4, 4]).value
    copies = measure.value(again, np.r_[a, 16], np.r_[b, 14, 15]).value
    assert repeats == pytest.approx(copies)


@pytest.mark.parametrize("key", MEASURES)
def test_gaps_short_clips_and_a_missing_frame_rate_are_no_obstacle(key):
    clips = bursts(12, 200)
    clips[1] = clips[1][:9]
    clips[2][50:60] = np.nan
    clips[4][:, 1] = np.nan
    for fps in (FPS, None):
        measures = {m.key: m for module in MODULES for m in module.measures(fps)}
        if key not in measures:
            assert key.startswith("blink")
            continue
        context = context_of(clips, COLUMNS, fps, model=Active())
        table = measures[key].prepare(clips, context)
        found = measures[key].value(table, np.arange(6), np.arange(6, 12))
        assert np.isfinite(found.value)


@pytest.mark.parametrize("T", [1, 2, 3, 8])
def test_clips_of_a_few_frames_have_a_number_or_none(T):
    clips = bursts(6, T)
    context = context_of(clips, COLUMNS, FPS, model=Active())
    for key, measure in MEASURES.items():
        table = measure.prepare(clips, context)
        found = measure.value(table, np.arange(3), np.arange(3, 6)).value
        assert np.isnan(found) or 0 <= found < np.inf, key


def p_value(measure, table, n, rng, draws=99):
    """Part of the relabellings of clips with at least this distance, or with none."""
    observed = measure.value(table, np.arange(n), np.arange(n, 2 * n)).value
    beaten = 0
    for _ in range(draws):
        order = rng.permutation(2 * n)
        drawn = measure.value(table, order[:n], order[n:]).value
        beaten += not drawn < observed - 1e-12  # NaN must not count as a smaller one
    return (beaten + 1) / (draws + 1)


def rejections(keys, real, synthetic, runs, n=12, model=None, draws=99):
    """Share of runs in which each measure has p <= .05."""
    rng = np.random.default_rng(1)
    hits = dict.fromkeys(keys, 0)
    for run in range(runs):
        clips = [*real(n, run), *synthetic(n, run)]
        context = context_of(clips[:n], COLUMNS[: clips[0].shape[1]], FPS, model=model)
        for key in keys:
            table = MEASURES[key].prepare(clips, context)
            hits[key] += p_value(MEASURES[key], table, n, rng, draws) <= 0.05
    return {key: count / runs for key, count in hits.items()}


def real(n, run):
    return bursts(n, seed=2 * run)


def other(n, run):
    return bursts(n, seed=2 * run + 1)


@pytest.mark.slow
def test_shuffled_frames_are_seen_by_autocorrelation_and_spectrum():
    def shuffled(n, run):
        rng = np.random.default_rng(run)
        return [rng.permutation(clip) for clip in other(n, run)]

    found = rejections(["autocorrelation", "spectrum"], real, shuffled, 100)
    assert min(found.values()) >= 0.8, found


@pytest.mark.slow
def test_aus_of_different_clips_are_seen_by_cross_au_structure_alone():
    def parted(n, run):
        clips = np.array(other(n, run))
        return list(np.stack([np.roll(clips[..., j], j, axis=0) for j in range(3)], -1))

    keys = ["correlation", "lagged_correlation", "autocorrelation", "spectrum"]
    found = rejections(keys, real, parted, 100)
    assert found["correlation"] >= 0.8 and found["lagged_correlation"] >= 0.8, found
    # Each AU by itself is untouched: those two keep their error rate.
    assert found["autocorrelation"] <= 0.15 and found["spectrum"] <= 0.15, found


def stays(n, seed, geometric, T=300):
    """Clips of two states that last 12 frames on average: by a clock, or by chance."""
    rng = np.random.default_rng(seed)
    clips = []
    for _ in range(n):
        lengths = (
            rng.geometric(1 / 12, T) if geometric else 1 + rng.binomial(22, 0.5, T)
        )
        path = np.repeat(np.arange(T) + rng.integers(2), lengths)[50 : 50 + T] % 2
        level = np.array([[0.2, 0.6], [0.6, 0.3]])[path]
        clips.append(np.clip(level + 0.08 * rng.standard_normal((T, 2)), 0, 1))
    return clips


@pytest.mark.slow
def test_geometric_visits_are_told_from_timed_ones_by_dwell_times():
    clips = stays(12, 10_000, False)
    model = BehaviorModel.fit(GaussianHMM(2), clips, columns=COLUMNS[:2], fps=FPS)
    found = rejections(
        ["dwell", "occupancy"],
        lambda n, run: stays(n, 2 * run, False),
        lambda n, run: stays(n, 2 * run + 1, True),
        100,
        model=model,
    )
    assert found["dwell"] >= 0.8, found


@pytest.mark.slow
def test_faster_movement_is_seen_by_kinematics():
    def faster(n, run):
        return bursts(n, seed=2 * run + 1, rate=1.5)

    keys = ["event_onset", "event_onset_speed", "speed", "occupancy"]
    found = rejections(keys, real, faster, 100, model=Active())
    assert found["event_onset"] >= 0.8 and found["event_onset_speed"] >= 0.8, found
    assert found["speed"] >= 0.8, found
    assert found["occupancy"] <= 0.15, found  # as much time active, only faster


@pytest.mark.slow
@pytest.mark.parametrize(
    "key", ["autocorrelation", "spectrum", "dwell", "event_onset", "jerk"]
)
def test_equal_laws_are_rejected_as_often_as_stated(key):
    runs = 1000

    def short(shift):
        return lambda n, run: bursts(n, 80, 2, seed=2 * run + shift)

    found = rejections([key], short(0), short(1), runs, n=8, model=Active(), draws=39)
    margin = 3 * np.sqrt(0.05 * 0.95 / runs)
    assert abs(found[key] - 0.05) <= margin, found


def test_a_clip_of_one_frame_takes_no_lag_from_the_others():
    clips, rows = bursts(6, T=120), np.arange(6)
    context = context_of(clips, COLUMNS, FPS)
    whole = cross_correlations.prepare(clips, context)
    short = cross_correlations.prepare([*clips, clips[0][:1]], context)
    assert whole.products.shape[1] == short.products.shape[1] == 6
    without, beside = (cross_correlations.correlations(x, rows) for x in (whole, short))
    assert beside == pytest.approx(without, abs=0.01)
