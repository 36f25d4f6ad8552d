"""Baselines keep what they promise of the real clips, and nothing else."""

import numpy as np
import pytest

from genface.errors import FitError, InputError
from genface.realism import baselines


def autoregressive(rng, T, A=3, phi=0.9):
    noise = rng.standard_normal((T, A))
    noise[:, 1] = 0.8 * noise[:, 0] + 0.6 * noise[:, 1]
    x = noise.copy()
    for t in range(1, T):
        x[t] = phi * x[t - 1] + np.sqrt(1 - phi**2) * noise[t]
    return np.clip(0.5 + 0.12 * x, 0, 1)


@pytest.fixture(scope="module")
def real():
    rng = np.random.default_rng(0)
    return [autoregressive(rng, T) for T in (200, 260, 230, 300, 250, 240)]


def lag_one(clips):
    centre = np.concatenate(clips).mean(0)
    below = sum(((c[:-1] - centre) * (c[1:] - centre)).sum(0) for c in clips)
    return below / sum(((c - centre) ** 2).sum(0) for c in clips)


@pytest.mark.parametrize("name", baselines.BASELINES)
def test_as_many_as_asked_as_long_as_real_ones_and_the_same_each_time(name, real):
    make = baselines.BASELINES[name]
    short = [clip[:60] for clip in real[:2]] + [real[2][:40]]
    clips = make(short, 4, 0)
    assert [clip.shape for clip in clips] == [(60, 3), (60, 3), (40, 3), (60, 3)]
    for first, again in zip(clips, make(short, 4, 0), strict=True):
        np.testing.assert_array_equal(first, again)
    if name != "mean face":
        assert not np.array_equal(clips[0], make(short, 4, 1)[0])
    low, high = np.concatenate(short).min(0), np.concatenate(short).max(0)
    pooled = np.concatenate(clips)
    assert (pooled >= low - 0.05).all() and (pooled <= high + 0.05).all()


def test_mean_face_stands_still(real):
    clips = baselines.mean_face(real, 3, 0)
    np.testing.assert_allclose(
        clips[1], np.tile(np.concatenate(real).mean(0), (260, 1))
    )


def test_frame_bootstrap_keeps_faces_and_loses_time(real):
    clips = baselines.frame_bootstrap(real, 6, 0)
    frames = {row.tobytes() for row in np.concatenate(real)}
    assert all(row.tobytes() in frames for row in np.concatenate(clips))
    assert np.abs(lag_one(clips)).max() < 0.1


def test_block_bootstrap_keeps_movements_but_for_its_cuts(real):
    clips = baselines.block_bootstrap(real, 6, 0)
    pairs = {a.tobytes() + b.tobytes() for c in real
             for a, b in zip(c[:-1], c[1:], strict=True)}  # fmt: skip
    kept = [a.tobytes() + b.tobytes() in pairs for c in clips
            for a, b in zip(c[:-1], c[1:], strict=True)]  # fmt: skip
    assert 0.97 < np.mean(kept) < 1
    np.testing.assert_allclose(lag_one(clips), lag_one(real), atol=0.06)


def test_vector_autoregression_finds_the_process(real):
    clips = baselines.vector_autoregression(real, 20, 0)
    rows, made = np.concatenate(real), np.concatenate(clips)
    np.testing.assert_allclose(made.mean(0), rows.mean(0), atol=0.03)
    np.testing.assert_allclose(made.std(0), rows.std(0), rtol=0.2)
    np.testing.assert_allclose(lag_one(clips), lag_one(real), atol=0.04)
    np.testing.assert_allclose(np.corrcoef(made.T), np.corrcoef(rows.T), atol=0.15)


def test_a_growing_clip_does_not_make_it_explode():
    growing = [np.exp(0.1 * np.arange(40))[:, None] * np.ones(2) / 60]
    growing[0][:, 1] += 0.01 * np.random.default_rng(0).standard_normal(40)
    made = np.concatenate(baselines.vector_autoregression(growing, 3, 0))
    assert made.max() <= growing[0].max() and np.isfinite(made).all()
    with pytest.raises(FitError, match="two frames"):
        baselines.vector_autoregression([np.ones((1, 2))], 1, 0)


@pytest.mark.slow
def test_poisson_mean_path_has_few_faces_and_less_variance(real):
    rng = np.random.default_rng(1)
    # Two clear states of 30 frames each on average.
    state = np.cumsum(rng.random(900) < 1 / 30) % 2
    two = [np.where(state[:, None], [0.7, 0.2], [0.1, 0.5])
           + 0.03 * rng.standard_normal((900, 2))]  # fmt: skip
    two = [np.clip(clip, 0, 1) for clip in two]
    (path,) = baselines.poisson_mean_path(two, 1, 0, n_states=2)
    faces = np.unique(path, axis=0)
    np.testing.assert_allclose(faces, [[0.1, 0.5], [0.7, 0.2]], atol=0.02)

    (path,) = baselines.poisson_mean_path(real[:2], 1, 0, n_states=2)
    assert (path.std(0) < np.concatenate(real[:2]).std(0)).all()


def test_gaps_are_bridged_before_anything_is_copied(real):
    gappy = [clip.copy() for clip in real]
    gappy[0][10:20, 1] = np.nan
    gappy[1][:, 2] = np.nan
    gappy[2][:5] = np.nan
    filled = baselines.bridge(gappy)
    np.testing.assert_allclose(
        filled[0][9:21, 1], np.linspace(real[0][9, 1], real[0][20, 1], 12)
    )
    rest = np.concatenate([clip[:, 2] for clip in gappy])
    np.testing.assert_allclose(filled[1][:, 2], np.nanmean(rest))
    np.testing.assert_allclose(filled[2][:5], np.tile(real[2][5], (5, 1)))
    for name, make in baselines.BASELINES.items():
        clips = make([clip[:50] for clip in gappy], 2, 0)
        assert np.isfinite(np.concatenate(clips)).all(), name
    with pytest.raises(InputError, match="1 AU columns"):
        baselines.bridge([np.array([[1.0, np.nan]])])
