"""MMD and energy distance: double loops, scipy, and mean 0 for equal processes."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import energy_distance

from genface.realism.kernels import (
    MEASURES,
    cubic,
    discrepancy,
    minus_distance,
    pair_sums,
    rbf,
)
from genface.realism.measure import Context
from genface.realism.points import frame_points

BY_KEY = {measure.key: measure for measure in MEASURES}


def context(A):
    return Context(tuple(f"AU{i:02d}" for i in range(A)), np.full(A, 0.5), np.ones(A))


def sides(rng, n, T, A):
    """Clips with their own level: frames of one clip resemble each other."""
    levels = rng.standard_normal((2 * n, 1, A))
    return [level + 0.5 * rng.standard_normal((T, A)) for level in levels]


def brute_force(points, kernel, a, b):
    """Mean kernel over all pairs of frames of different picks of different clips."""
    frames = [(clip, i) for clip in a for i in np.flatnonzero(points.clip == clip)]
    others = [(clip, i) for clip in b for i in np.flatnonzero(points.clip == clip)]

    def mean(x, y):
        values = [kernel(points.rows[i], points.rows[j])
                  for c, i in x for d, j in y if c != d]  # fmt: skip
        return np.mean(values)

    return mean(frames, frames) + mean(others, others) - 2 * mean(frames, others)


@pytest.mark.parametrize("picks", [([0, 1, 2], [3, 4, 5]), ([0, 0, 2], [3, 5, 5])])
def test_they_equal_double_loops(picks):
    rng = np.random.default_rng(0)
    clips = [rng.standard_normal((T, 2)) for T in (4, 6, 3, 5, 2, 7)]
    points = frame_points(clips, context(2))
    median = np.median(pdist(points.rows))

    def gaussian(x, y):
        widths = [m * median for m in (0.25, 0.5, 1, 2, 4)]
        return np.mean([np.exp(-((x - y) ** 2).sum() / 2 / w**2) for w in widths])

    for matrix, kernel in (
        (rbf, gaussian),
        (cubic, lambda x, y: (x @ y / 2 + 1) ** 3),
        (minus_distance, lambda x, y: -np.linalg.norm(x - y)),
    ):
        sums = pair_sums(points, matrix(points))
        found = discrepancy(sums, *map(np.array, picks)).value
        assert found == pytest.approx(brute_force(points, kernel, *picks), rel=1e-9)


def test_energy_distance_equals_scipys_in_one_dimension():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((60, 1)), 0.5 + 2 * rng.standard_normal((80, 1))
    points = frame_points([row[None] for row in np.vstack([x, y])], context(1))
    matrix = minus_distance(points)
    sums = pair_sums(points, matrix)
    found = discrepancy(sums, np.arange(60), np.arange(60, 140)).value
    # scipy gives its root, with the distances of points to themselves.
    within = [-matrix[:60, :60].mean(), -matrix[60:, 60:].mean()]
    correction = within[0] / 59 + within[1] / 79
    expected = energy_distance(x[:, 0], y[:, 0]) ** 2
    assert found + correction == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("key", BY_KEY)
def test_equal_processes_have_mean_zero(key):
    rng = np.random.default_rng(2)
    measure, values = BY_KEY[key], []
    for _ in range(150):
        prepared = measure.prepare(sides(rng, 8, 6, 3), context(3))
        values.append(measure.value(prepared, np.arange(8), np.arange(8, 16)).value)
    assert abs(np.mean(values)) < 2 * np.std(values) / np.sqrt(len(values))


@pytest.mark.parametrize("key", BY_KEY)
def test_frames_as_items_would_be_biased(key):
    # The same data with every frame as a clip of its own: far above 0.
    rng = np.random.default_rng(3)
    measure, values = BY_KEY[key], []
    for _ in range(40):
        frames = [row[None] for clip in sides(rng, 8, 6, 3) for row in clip]
        prepared = measure.prepare(frames, context(3))
        values.append(measure.value(prepared, np.arange(48), np.arange(48, 96)).value)
    assert np.mean(values) > 4 * np.std(values) / np.sqrt(len(values))


@pytest.mark.parametrize("key", BY_KEY)
def test_a_shift_is_seen_and_bootstraps_lie_about_it(key):
    rng = np.random.default_rng(4)
    clips = sides(rng, 15, 20, 3)
    clips[15:] = [clip + 1.5 for clip in clips[15:]]
    measure = BY_KEY[key]
    prepared = measure.prepare(clips, context(3))
    a, b = np.arange(15), np.arange(15, 30)
    value = measure.value(prepared, a, b).value
    mixed = [measure.value(prepared, *np.split(rng.permutation(30), 2)).value
             for _ in range(99)]  # fmt: skip
    assert value > max(mixed)
    drawn = [measure.value(prepared, rng.choice(a, 15), rng.choice(b, 15)).value
             for _ in range(300)]  # fmt: skip
    assert np.mean(drawn) == pytest.approx(value, rel=0.1)


def test_long_clips_are_thinned_evenly():
    rng = np.random.default_rng(5)
    clips = [rng.random((T, 2)) for T in (900, 300)]
    points = frame_points(clips, context(2), most=120)
    np.testing.assert_array_equal(points.counts, [90, 30])
    one = BY_KEY["energy"].prepare(clips, context(2))
    assert np.isnan(BY_KEY["energy"].value(one, np.array([0]), np.array([1])).value)
