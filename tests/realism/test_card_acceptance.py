"""The card as a whole: how often it is wrong about equal sets, and what it sees."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import lfilter

from genface.realism.baselines import mean_face, poisson_mean_path
from genface.realism.catalogue import catalogue
from genface.realism.measure import context_of
from genface.realism.resampling import interval, joint_p, own_p, plan_of, resample

pytestmark = pytest.mark.slow

RUNS = 1000
COLUMNS = ("AU06", "AU12", "AU43")
FAST = (
    "mean ks energy mmd frechet c2st correlation autocorrelation speed isc_within"
).split()
"""Measures of every family whose statistics are cheap."""


class Levels:
    """A decoder of two states: whether there is much of AU06."""

    columns = ("AU06",)
    n_states = 2

    def states(self, X):
        return (X[:, 0] > 0.4).astype(int)


def bursts(n, T, A, rng, rate=1.0):
    """Sparse, smooth AU-like bursts with levels of their own in each clip."""
    frames = int(np.ceil(T * rate)) + 100
    noise = rng.standard_normal((n, frames, A + 1))
    for _ in range(2):
        noise = lfilter([1], [1, -0.85], noise, axis=1)
    drive = noise / 12.6 + 0.3 * rng.standard_normal((n, 1, A + 1))
    x = np.clip(0.35 * (drive[..., :1] + drive[..., 1:]) + 0.1, 0.0, 1.0)[:, 50:]
    at = np.arange(T) * rate
    low = at.astype(int)
    part = (at - low)[:, None]
    return list((1 - part) * x[:, low] + part * x[:, low + 1])


def read(real, synthetic, keys, resamples=40, seed=0, model=None):
    """The card's own path for some measures: tables once, then shared draws."""
    clips, n = [*real, *synthetic], len(real)
    context = context_of(real, COLUMNS[: clips[0].shape[1]], 25.0, model=model)
    plan = plan_of(n, len(synthetic), resamples, True, seed)
    plan = type(plan)(plan.given, (), (), plan.permutations)
    measures = {m.key: m for m in catalogue(25.0, model is not None)}
    chosen = [measures[key] for key in keys]
    tables = {m.prepare: m.prepare(clips, context) for m in chosen}
    return {m.key: resample(m, tables[m.prepare], plan) for m in chosen}


def test_equal_sets_are_rejected_one_time_in_twenty_alone_and_together():
    rng = np.random.default_rng(0)
    alone, together = dict.fromkeys(FAST, 0), 0
    for run in range(RUNS):
        clips = bursts(16, 40, 2, rng)
        found = read(clips[:8], clips[8:], FAST, seed=run)
        for key, one in found.items():
            alone[key] += own_p(one) <= 0.05
        together += min(joint_p(list(found.values()))) <= 0.05
    margin = 3 * np.sqrt(0.05 * 0.95 / RUNS)
    for key, count in (alone | {"together": together}).items():
        assert abs(count / RUNS - 0.05) <= margin, (key, count)


def still(clips, rng):
    return mean_face(clips, len(clips), 0)


def mean_path(clips, rng):
    return poisson_mean_path(clips, len(clips), int(rng.integers(1000)), 3)


def shuffled_frames(clips, rng):
    return [rng.permutation(clip) for clip in clips]


def parted_aus(clips, rng):
    """Each AU from another clip."""
    x = np.array(clips)
    return list(np.stack([np.roll(x[..., j], j, 0) for j in range(x.shape[2])], -1))


CORRUPTIONS = {
    "standing still": (still, ("sd", "speed")),
    "frames in random order": (shuffled_frames, ("autocorrelation", "spectrum")),
    "AUs of different clips": (parted_aus, ("correlation",)),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_is_seen_by_its_own_measure_among_all(name):
    spoil, keys = CORRUPTIONS[name]
    watched = list(dict.fromkeys([*FAST, "sd", "spectrum", *keys]))
    rng = np.random.default_rng(1)
    hits = dict.fromkeys(watched, 0)
    for run in range(100):
        clips = bursts(40, 120, 3, rng)
        found = read(clips[:20], spoil(clips[20:], rng), watched, seed=run)
        for key, p in zip(found, joint_p(list(found.values())), strict=True):
            hits[key] += p is not None and p <= 0.05
    for key in keys:
        assert hits[key] >= 80, hits
    if name == "frames in random order":
        assert hits["ks"] <= 15 and hits["energy"] <= 15, hits
    if name == "AUs of different clips":
        assert hits["ks"] <= 15 and hits["speed"] <= 15, hits


def test_a_mean_path_is_seen():
    rng = np.random.default_rng(2)
    watched = [*FAST, "jerk", "roughness"]
    hits = dict.fromkeys(watched, 0)
    for run in range(20):  # each fits an HMM
        clips = bursts(24, 120, 2, rng)
        found = read(clips[:12], mean_path(clips[12:], rng), watched, seed=run)
        for key, p in zip(found, joint_p(list(found.values())), strict=True):
            hits[key] += p is not None and p <= 0.05
    assert max(hits["roughness"], hits["jerk"], hits["speed"]) >= 16, hits


def visits(n, rng, geometric, T=300):
    """Clips of two levels that last 12 frames on average: by a clock, or by chance."""
    clips = []
    for _ in range(n):
        sizes = rng.geometric(1 / 12, T) if geometric else 1 + rng.binomial(22, 0.5, T)
        path = np.repeat(np.arange(T) + rng.integers(2), sizes)[50 : 50 + T] % 2
        level = np.array([[0.2, 0.6], [0.6, 0.3]])[path]
        clips.append(np.clip(level + 0.08 * rng.standard_normal((T, 2)), 0, 1))
    return clips


def test_geometric_visits_are_seen_by_dwell_times():
    rng = np.random.default_rng(3)
    keys = [*FAST, "dwell", "occupancy"]
    hits = dict.fromkeys(keys, 0)
    for run in range(100):
        real, fake = visits(12, rng, False), visits(12, rng, True)
        found = read(real, fake, keys, seed=run, model=Levels())
        for key, p in zip(found, joint_p(list(found.values())), strict=True):
            hits[key] += p is not None and p <= 0.05
    assert hits["dwell"] >= 80 and hits["ks"] <= 15, hits


def test_faster_movement_is_seen_by_kinematics():
    rng = np.random.default_rng(4)
    keys = ["ks", "energy", "speed", "event_onset", "event_onset_speed", "isc_within"]
    hits = dict.fromkeys(keys, 0)
    for run in range(100):
        real, fake = bursts(20, 300, 3, rng), bursts(20, 300, 3, rng, rate=1.5)
        found = read(real, fake, keys, seed=run)
        for key, p in zip(found, joint_p(list(found.values())), strict=True):
            hits[key] += p is not None and p <= 0.05
    assert hits["speed"] >= 80 and hits["event_onset"] >= 80, hits
    assert hits["ks"] <= 15, hits


def test_the_interval_of_the_classifier_seldom_excludes_chance_for_equal_sets():
    rng = np.random.default_rng(5)
    measure = next(m for m in catalogue(25.0, False) if m.key == "c2st")
    out = 0
    for run in range(300):
        clips = bursts(20, 40, 3, rng)
        plan = plan_of(10, 10, 60, False, run)
        plan = type(plan)(plan.given, (), plan.bootstraps, ())
        table = measure.prepare(clips, context_of(clips[:10], COLUMNS, 25.0))
        low, high = interval(resample(measure, table, plan), 1.0)
        out += not low <= 0.5 <= high
    assert out / 300 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_the_smaller_p_are_those_of_the_larger_distances():
    rng = np.random.default_rng(6)
    clips = bursts(12, 60, 2, rng)
    found = read(clips[:6], [x + 0.2 for x in clips[6:]], FAST)
    joint = joint_p(list(found.values()))
    scores = [
        (one.distance - one.permuted.mean()) / one.permuted.std()
        for one in found.values()
    ]
    ordered = [joint[i] for i in np.argsort(scores)[::-1]]
    assert all(a <= b + 0.1 for a, b in pairwise(ordered))
