"""Learning2Listen metrics against closed forms, in both modes."""

import numpy as np
import pytest

from genface.errors import InputError, ShapeError
from genface.realism import listener


def clips(n, T, D, seed=0, sd=1.0):
    rng = np.random.default_rng(seed)
    return [sd * rng.standard_normal((T, D)) for _ in range(n)]


def test_l2_of_a_constant_shift():
    x = clips(3, 20, 4)
    y = [clip + 0.5 for clip in x]
    assert listener.l2(x, y) == pytest.approx(0.5)
    assert listener.l2(x, y, "published") == pytest.approx(0.25)


def test_frechet_distance_of_shifted_and_scaled_copies():
    x = clips(4, 200, 3)
    rows = np.concatenate(x)
    y = [2 * (clip - rows.mean(0)) + rows.mean(0) + 1.0 for clip in x]
    # Same axes: (1 - 2)^2 tr S + |shift|^2.
    expected = np.trace(np.cov(rows.T)) + 3.0
    assert listener.fd(x, y, "published") == pytest.approx(expected)
    assert listener.fd(x, x, "published") == pytest.approx(0.0, abs=1e-9)


def test_corrected_frechet_distance_is_near_0_for_equal_laws():
    pairs = [(clips(8, 25, 5, s), clips(8, 25, 5, s + 500)) for s in range(30)]
    published = np.array([listener.fd(x, y, "published") for x, y in pairs])
    fixed = np.array([listener.fd(x, y) for x, y in pairs])
    # iid: (2 D + D (D + 1) / 2) / n for n = m = 200
    assert published.mean() == pytest.approx(25 / 200, rel=0.1)
    assert abs(fixed.mean()) < 3 * fixed.std() / np.sqrt(30) + 0.03 * published.mean()


def test_paired_frechet_distance_sees_what_the_plain_one_does_not():
    speaker = clips(10, 100, 2)
    real = [
        0.8 * s + 0.6 * e for s, e in zip(speaker, clips(10, 100, 2, 1), strict=True)
    ]
    wrong = real[1:] + real[:1]
    assert listener.fd(real, wrong, "published") == pytest.approx(0.0, abs=1e-9)
    # Eigenvalues of [[1, r], [r, 1]] are 1 +- r; those of the identity are 1.
    per_pair = 4 - 2 * (np.sqrt(1.8) + np.sqrt(0.2))
    found = listener.p_fd(real, wrong, speaker, "published")
    assert found == pytest.approx(2 * per_pair, rel=0.15)
    assert listener.p_fd(real, wrong, speaker) > 0.7 * found


def test_variation_mixes_between_and_within_clips_as_published_only():
    x = [clip + 10 * i for i, clip in enumerate(clips(2, 4000, 3))]
    assert listener.variation(x) == pytest.approx(1.0, rel=0.05)
    assert listener.variation(x, "published") == pytest.approx(26.0, rel=0.05)
    total = listener.variation(x, "published", total=True)
    assert total == pytest.approx(3 * listener.variation(x, "published"))
    with pytest.raises(InputError, match="published"):
        listener.variation(x, total=True)


def test_entropy_of_known_counts():
    assert listener.entropy(np.array([50, 50]), "published") == pytest.approx(
        1.0, abs=1e-5
    )
    miller_madow = 1.0 + 1 / (200 * np.log(2))
    assert listener.entropy(np.array([50, 50, 0])) == pytest.approx(miller_madow)
    longer = 1.0 + 5 / (200 * np.log(2))
    assert listener.entropy(np.array([50, 50]), memory=5) == pytest.approx(longer)


def test_miller_madow_takes_the_bias_away():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(100, np.full(16, 1 / 16), 400)
    plain = np.mean([listener.entropy(c, "published") for c in counts])
    fixed = np.mean([listener.entropy(c) for c in counts])
    # First order: (K - 1) / (2 n ln 2) = .108 bits too low.
    assert 4.0 - plain == pytest.approx(15 / (200 * np.log(2)), abs=0.015)
    assert fixed == pytest.approx(4.0, abs=0.015)


def test_shannon_index_counts_the_clusters_that_are_used():
    rng = np.random.default_rng(1)
    centres = np.array([[0, 0], [10, 0], [0, 10], [10, 10]])
    real = [np.repeat(centres, 50, 0) + 0.1 * rng.standard_normal((200, 2))]
    poor = [real[0][:100]]
    assert listener.si(real, real, 4, "published") == pytest.approx(2.0, abs=1e-4)
    assert listener.si(real, poor, 4, "published") == pytest.approx(1.0, abs=1e-4)
    with pytest.raises(InputError, match="k=300"):
        listener.si(real, real, 300)


def test_changes_grow_with_length_as_published_only():
    x, y = clips(1, 5000, 2), clips(1, 5000, 2, 1)
    short = [x[0][:1250]], [y[0][:1250]]
    longer = listener.sts(x, y, "published") / listener.sts(*short, "published")
    assert longer == pytest.approx(2.0, rel=0.03)
    # Differences of two white noises: variance 4; per .1 s: sd 20.
    assert listener.sts(x, y) == pytest.approx(20.0, rel=0.03)


def test_correlation_gap():
    speaker = clips(3, 3000, 2)
    follows = [
        0.6 * s + 0.8 * e for s, e in zip(speaker, clips(3, 3000, 2, 1), strict=True)
    ]
    other = clips(3, 3000, 2, 2)
    assert listener.rpcc(follows, other, speaker) == pytest.approx(0.6, abs=0.05)


def test_bad_input_is_named():
    x = clips(2, 20, 3)
    with pytest.raises(ShapeError, match="frames"):
        listener.l2(x, x[:1])
    with pytest.raises(ShapeError, match="dimensions"):
        listener.fd(x, clips(2, 20, 2))
    with pytest.raises(InputError, match="mode"):
        listener.fd(x, x, "other")
    with pytest.raises(ShapeError, match="list"):
        listener.variation([])
    x[0][3, 1] = np.nan
    with pytest.raises(InputError, match="missing"):
        listener.variation(x)
