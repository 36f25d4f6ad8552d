"""Marginals equal scipy's two-sample statistics and plain numpy on pooled frames."""

import numpy as np
import pytest
from scipy import stats

from genface.realism.marginals import MEASURES
from genface.realism.measure import context_of

BY_KEY = {measure.key: measure for measure in MEASURES}


def sides(decimals=None, gaps=False):
    rng = np.random.default_rng(0)
    clips = [rng.beta(1 + i % 3, 4, (30 + 7 * i, 3)) for i in range(8)]
    if decimals is not None:
        clips = [clip.round(decimals) for clip in clips]
    if gaps:
        for clip in clips:
            clip[rng.random(clip.shape) < 0.2] = np.nan
    return clips


def read(key, clips, a, b):
    measure = BY_KEY[key]
    context = context_of(clips[:4], ("AU01", "AU06", "AU12"))
    found = measure.value(measure.prepare(clips, context), np.array(a), np.array(b))
    pooled = [np.concatenate([clips[i] for i in picks]) for picks in (a, b)]
    return found, pooled, context


@pytest.mark.parametrize("picks", [([0, 1, 2], [4, 5, 6, 7]), ([0, 0, 3], [5, 1, 1])])
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("decimals, tolerance", [(2, 1e-12), (None, 0.01)])
def test_distances_equal_scipys(picks, gaps, decimals, tolerance):
    clips = sides(decimals, gaps)
    for key, reference in (
        ("wasserstein", stats.wasserstein_distance),
        ("ks", lambda x, y: stats.ks_2samp(x, y).statistic),
    ):
        found, (real, fake), _ = read(key, clips, *picks)
        expected = [
            reference(x[np.isfinite(x)], y[np.isfinite(y)])
            for x, y in zip(real.T, fake.T, strict=True)
        ]
        np.testing.assert_allclose(found.per_au, expected, atol=tolerance)
        assert found.value == pytest.approx(np.mean(found.per_au))


@pytest.mark.parametrize("key, statistic", [("mean", np.nanmean), ("sd", np.nanstd)])
def test_moments_equal_numpys(key, statistic):
    found, pooled, _ = read(key, sides(gaps=True), [0, 0, 3], [5, 1, 1])
    real, fake = (statistic(rows, axis=0) for rows in pooled)
    np.testing.assert_allclose(found.per_au, np.abs(real - fake), atol=1e-12)
    assert found.real == pytest.approx(real.mean())
    assert found.synthetic == pytest.approx(fake.mean())


def test_activation_counts_frames_over_the_threshold():
    clips = sides(gaps=True)
    rates = []
    found, pooled, context = read("activation", clips, [0, 1], [4, 5])
    for rows in pooled:
        active = np.where(np.isfinite(rows), rows > context.thresholds, np.nan)
        rates.append(np.nanmean(active, axis=0))
    np.testing.assert_allclose(found.per_au, np.abs(rates[0] - rates[1]), atol=1e-12)


def test_coactivation_is_seen_where_each_au_alone_is_not():
    rng = np.random.default_rng(1)
    together = [np.repeat(rng.random((200, 1)), 2, axis=1) for _ in range(3)]
    apart = [np.stack([c[:, 0], 1 - c[:, 0]], axis=1) for c in together]
    clips = together + apart
    context = context_of(clips, ("AU06", "AU12"))  # active above about .48
    values = {}
    for key in ("activation", "coactivation"):
        table = BY_KEY[key].prepare(clips, context)
        values[key] = BY_KEY[key].value(table, np.arange(3), np.arange(3, 6))
    assert values["activation"].value < 0.1
    rate = (np.concatenate(together)[:, 0] > context.thresholds[0]).mean()
    assert values["coactivation"].real == pytest.approx(rate - rate**2)
    assert values["coactivation"].synthetic < -0.15  # never both, though each half


def test_equal_sides_are_at_zero_and_nothing_is_nan():
    clips = sides()
    for key in BY_KEY:
        found, _, _ = read(key, clips, [0, 1, 2], [2, 1, 0])
        assert found.value == pytest.approx(0, abs=1e-12)


def test_an_au_that_one_side_never_shows_has_no_part():
    clips = sides()
    for clip in clips[4:]:
        clip[:, 1] = np.nan
    for key in BY_KEY:
        found, _, _ = read(key, clips, [0, 1], [4, 5])
        assert np.isfinite(found.value)
        assert np.isnan(found.per_au[1]) and np.isfinite(found.per_au[[0, 2]]).all()
