"""Permutation p values of the distribution measures: exact when equal, and powerful.

Whole clips are permuted, with the context taken from the true real side as the card
does. 39 permutations put a p of .05 or less at exactly .05 for a continuous statistic.
"""

import numpy as np
import pytest

from genface.realism import baselines, classifier, frechet, kernels, marginals
from genface.realism.measure import context_of

PERMUTATIONS = 39
ALL = (
    *frechet.MEASURES,
    *kernels.MEASURES,
    *classifier.MEASURES,
    *marginals.MEASURES,
)
BY_KEY = {measure.key: measure for measure in ALL}

pytestmark = pytest.mark.slow


def bursts(rng, n, T, A, phi=0.9):
    """AR(1) bursts over rest, each clip with levels of its own."""
    noise = rng.standard_normal((n, T, A))
    x = noise.copy()
    for t in range(1, T):
        x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * noise[:, t]
    x += 0.4 * rng.standard_normal((n, 1, A))
    return list(np.maximum(0.2 * x, 0))


def p_value(measure, real, fake, rng):
    names = tuple(f"AU{i:02d}" for i in range(real[0].shape[1]))
    prepared = measure.prepare([*real, *fake], context_of(real, names, 25.0))
    n, total = len(real), len(real) + len(fake)

    def off(order):
        value = measure.value(prepared, order[:n], order[n:]).value
        return value - measure.target

    observed = off(np.arange(total))
    draws = [off(rng.permutation(total)) for _ in range(PERMUTATIONS)]
    return (1 + sum(draw >= observed - 1e-12 for draw in draws)) / (PERMUTATIONS + 1)


@pytest.mark.parametrize("key", ["frechet", "mmd", "kid", "energy", "c2st", "ks"])
def test_equal_processes_are_rejected_one_time_in_twenty(key):
    rng = np.random.default_rng(11)
    rejected = []
    for _ in range(1000):
        clips = bursts(rng, 40, 12, 3)
        rejected.append(p_value(BY_KEY[key], clips[:20], clips[20:], rng) <= 0.05)
    error = np.sqrt(0.05 * 0.95 / 1000)
    assert np.mean(rejected) == pytest.approx(0.05, abs=3 * error)


def still(clips, rng):
    return baselines.mean_face(clips, len(clips), 0)


def shuffled_frames(clips, rng):
    return [rng.permutation(clip) for clip in clips]


def shuffled_aus(clips, rng):
    """Each AU from another clip: same rhythm, nothing together."""
    orders = [rng.permutation(len(clips)) for _ in range(clips[0].shape[1])]
    return [
        np.stack([clips[order[i]][:, a] for a, order in enumerate(orders)], axis=1)
        for i in range(len(clips))
    ]


@pytest.mark.parametrize(
    "key, spoil",
    [
        ("frechet", still),
        ("mmd", still),
        ("energy", still),
        ("ks", still),
        ("c2st", shuffled_frames),
        ("frechet", shuffled_aus),
        ("coactivation", shuffled_aus),
    ],
)
def test_spoilt_clips_are_rejected(key, spoil):
    rng = np.random.default_rng(12)
    mix = np.array([[1, 0.8, 0, 0], [0, 0.6, 0, 0], [0, 0, 1, 0.8], [0, 0, 0, 0.6]])
    rejected = []
    for _ in range(100):
        clips = [clip @ mix for clip in bursts(rng, 40, 80, 4)]
        fake = spoil(clips[20:], rng)
        rejected.append(p_value(BY_KEY[key], clips[:20], fake, rng) <= 0.05)
    assert np.mean(rejected) >= 0.8
