"""Copy detector: replayed and jittered training clips are found, real ones are not."""

import numpy as np
import pytest

from genface.realism import copies
from genface.realism.baselines import block_bootstrap, frame_bootstrap
from genface.realism.measure import context_of


def authenticity(real, synthetic, fps=25.0):
    names = tuple(f"AU{i:02d}" for i in range(real[0].shape[1]))
    context = context_of(real, names, fps)
    (measure,) = copies.MEASURES
    prepared = measure.prepare([*real, *synthetic], context)
    n = len(real)
    return measure.value(prepared, np.arange(n), np.arange(n, n + len(synthetic)))


def points(rng, n, d):
    """Clips of one frame: points of a normal law."""
    return [row[None] for row in rng.standard_normal((n, d))]


def bursts(rng, n, T=150, A=6):
    clips = []
    for _ in range(n):
        noise = rng.standard_normal((T, A))
        x = noise.copy()
        for t in range(1, T):
            x[t] = 0.95 * x[t - 1] + np.sqrt(1 - 0.95**2) * noise[t]
        clips.append(np.maximum(0.3 * x, 0).round(2))  # at rest half of the time
    return clips


def brute_force(real, fake):
    """Share of fakes farther from their nearest real than that is from its nearest."""
    authentic = []
    for y in fake:
        match = int(np.argmin([np.linalg.norm(y - x) for x in real]))
        others = [x for i, x in enumerate(real) if i != match]
        spacing = min(np.linalg.norm(x - real[match]) for x in others)
        authentic.append(np.linalg.norm(y - real[match]) > spacing)
    return np.mean(authentic)


@pytest.mark.parametrize("d", [5, 20])
def test_copies_of_points_are_found_and_new_points_are_not(d):
    rng = np.random.default_rng(d)
    held_out, null = [], []
    for _ in range(5):
        real, new = points(rng, 200, d), points(rng, 200, d)
        reading = authenticity(real, new)
        held_out.append(reading.value)
        null.append(reading.parts["null"])
        copied = [real[i] for i in rng.integers(200, size=200)]
        assert authenticity(real, copied).value < 0.05
        noisy = [x + 0.01 * rng.standard_normal(x.shape) for x in copied]
        assert authenticity(real, noisy).value < 0.05
    scale = np.concatenate(real).std(0)
    expected = brute_force([x[0] / scale for x in real], [y[0] / scale for y in new])
    assert held_out[-1] == pytest.approx(expected, abs=0.011)
    assert np.mean(held_out) == pytest.approx(np.mean(null), abs=0.06)
    assert min(held_out) > 0.35


def test_movements_of_training_clips_are_found_wherever_they_start():
    rng = np.random.default_rng(1)
    real = bursts(rng, 12)
    new = authenticity(real, bursts(rng, 12))
    assert new.value > 0.35
    assert new.value == pytest.approx(new.parts["null"], abs=0.1)
    replayed = [real[i] for i in rng.integers(12, size=12)]
    assert authenticity(real, replayed).value < 0.05
    late = [clip[7:] for clip in real]
    assert authenticity(real, late).value < 0.05
    noisy = [clip + 0.01 * rng.standard_normal(clip.shape) for clip in real]
    assert authenticity(real, noisy).value < 0.05
    pieces = authenticity(real, block_bootstrap(real, 12, seed=0)).value
    assert pieces < 0.5 * new.value  # but for what spans a cut


def test_shuffled_frames_are_faces_but_no_movements_of_the_real():
    rng = np.random.default_rng(2)
    real = bursts(rng, 12)
    assert authenticity(real, frame_bootstrap(real, 12, seed=0)).value > 0.35


def test_faces_at_rest_are_neither_copies_nor_authentic():
    real = [np.zeros((60, 3)) for _ in range(5)]
    real[0][:, 0] = np.linspace(0, 1e-6, 60)
    reading = authenticity(real, [np.zeros((60, 3)) for _ in range(5)])
    assert reading.value == 0.5


def test_a_clip_is_no_copy_of_itself_and_two_real_clips_are_too_few():
    rng = np.random.default_rng(3)
    real = bursts(rng, 8)
    (measure,) = copies.MEASURES
    names = tuple(f"AU{i:02d}" for i in range(6))
    prepared = measure.prepare(real, context_of(real, names, 25.0))
    own = measure.value(prepared, np.arange(8), np.arange(8))
    assert own.value == pytest.approx(own.parts["null"])
    few = measure.value(prepared, np.array([0, 1, 1]), np.array([2, 3]))
    assert np.isnan(few.value)
