"""Neighbour measures: null values, junk, outliers, and double loops."""

import numpy as np
import pytest

from genface.realism import neighbours as nb
from genface.realism.measure import Context

BY_KEY = {measure.key: measure for measure in nb.MEASURES}


def draws(rng, n, d):
    return rng.standard_normal((n, d)), rng.standard_normal((n, d))


def test_they_equal_double_loops():
    rng = np.random.default_rng(0)
    real, fake = rng.random((12, 2)), 0.8 * rng.random((9, 2))
    k, sets = 3, nb.sets_of(real, fake, 3)
    radius = [sorted(np.linalg.norm(x - y) for y in real)[k] for x in real]
    inside = np.array(
        [[np.linalg.norm(x - y) < r for y in fake]
         for x, r in zip(real, radius, strict=True)]
    )  # fmt: skip
    assert nb.precision(sets).value == pytest.approx(inside.any(0).mean())
    assert nb.density(sets).value == pytest.approx(inside.sum() / (k * 9))
    assert nb.coverage(sets).value == pytest.approx(inside.any(1).mean())


def test_equal_laws_meet_the_null_values():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(60):
        sets = nb.sets_of(*draws(rng, 200, 5))
        precision = nb.precision(sets)
        found.append(
            [
                nb.density(sets).value,
                nb.coverage(sets).value,
                precision.value - precision.parts["null"],
                nb.clipped_density(sets).value,
                nb.clipped_coverage(sets).value,
            ]
        )
    density, coverage, precision, clipped_density, clipped_coverage = np.mean(found, 0)
    assert density == pytest.approx(1, abs=0.05)
    assert nb.null_coverage(200, 200, 5) == pytest.approx(1 - 2**-5, abs=0.002)
    assert coverage == pytest.approx(0.969, abs=0.02)
    assert precision == pytest.approx(0, abs=0.02)
    assert clipped_density == pytest.approx(1, abs=0.05)
    assert clipped_coverage == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("n_real, n_fake, k", [(6, 6, 3), (12, 5, 4), (5, 20, 2)])
def test_null_coverage_holds_for_few_points(n_real, n_fake, k):
    rng = np.random.default_rng(2)
    found = [
        nb.coverage(
            nb.sets_of(rng.random((n_real, 3)), rng.random((n_fake, 3)), k)
        ).value
        for _ in range(600)
    ]
    error = np.std(found) / np.sqrt(len(found))
    null = nb.null_coverage(n_real, n_fake, k)
    assert np.mean(found) == pytest.approx(null, abs=3 * error + 1e-9)


def test_clipped_measures_fall_linearly_with_junk():
    rng = np.random.default_rng(3)
    shares = np.linspace(0, 1, 11)
    curves = {nb.clipped_density: [], nb.clipped_coverage: []}
    for share in shares:
        runs = {metric: [] for metric in curves}
        for _ in range(10):
            real, fake = draws(rng, 200, 5)
            fake[: round(share * 200)] += 100
            for metric in curves:
                runs[metric].append(metric(nb.sets_of(real, fake)).value)
        for metric in curves:
            curves[metric].append(np.mean(runs[metric]))
    for curve in curves.values():
        assert np.corrcoef(shares, curve)[0, 1] ** 2 > 0.98
        np.testing.assert_allclose(curve, 1 - shares, atol=0.08)


def test_a_real_outlier_lifts_precision_and_density_but_not_the_clipped():
    rng = np.random.default_rng(4)
    real, fake = draws(rng, 100, 2)
    fake[:50] = 40 + 0.1 * rng.standard_normal((50, 2))  # junk
    clean = nb.sets_of(real, fake)
    real[0] = 60  # its ball holds everything between
    dirty = nb.sets_of(real, fake)
    assert nb.precision(clean).value < 0.55 and nb.precision(dirty).value > 0.95
    assert nb.density(dirty).value > nb.density(clean).value + 0.05
    change = nb.clipped_density(dirty).value - nb.clipped_density(clean).value
    assert abs(change) < 0.05


def test_crowding_on_one_clip_does_not_cover():
    rng = np.random.default_rng(5)
    real = rng.standard_normal((200, 10))
    fake = 0.05 * rng.standard_normal((200, 10))
    sets = nb.sets_of(real, fake)
    assert nb.density(sets).value > 3  # crowds count as if they were good
    assert nb.clipped_density(sets).value < 2
    assert nb.clipped_coverage(sets).value < 0.2


def clips(rng, n, T=40, A=3):
    return [rng.random(A) + 0.2 * rng.standard_normal((T, A)) for _ in range(n)]


def read(key, given, a, b):
    A = given[0].shape[1]
    names = tuple(f"AU{i:02d}" for i in range(A))
    measure = BY_KEY[key]
    prepared = measure.prepare(given, Context(names, np.full(A, 0.5), np.ones(A)))
    return measure.value(prepared, np.array(a), np.array(b))


@pytest.mark.parametrize("key", BY_KEY)
def test_points_are_clips_and_repeats_no_neighbours(key):
    rng = np.random.default_rng(6)
    given = clips(rng, 16)
    a, b = list(range(8)), list(range(8, 16))
    once = read(key, given, a, b)
    assert read(key, given, a * 3, b * 3).value == pytest.approx(once.value)
    far = [*given[:8], *(clip + 30 for clip in given[8:])]
    assert read(key, far, a, b).value == 0
    assert np.isnan(read(key, given, [0, 0, 1], [0, 0, 1]).value)


def test_recall_is_precision_with_sides_swapped():
    given = clips(np.random.default_rng(7), 14)
    a, b = list(range(7)), list(range(7, 14))
    assert read("recall", given, a, b).value == read("precision", given, b, a).value


def test_still_faces_are_no_real_clips():
    rng = np.random.default_rng(8)
    given = clips(rng, 20)
    given[10:] = [np.tile(clip.mean(0), (40, 1)) for clip in given[10:]]
    for key in ("precision", "density", "clipped_density", "clipped_coverage"):
        assert read(key, given, range(10), range(10, 20)).value < 0.1
