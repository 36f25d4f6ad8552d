"""Frechet distance: closed forms of normal laws, and a bias that is taken away."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from genface.realism.frechet import corrected, extrapolated, frechet, moments
from genface.realism.measure import Context


def context(A):
    return Context(tuple(f"AU{i:02d}" for i in range(A)), np.full(A, 0.5), np.ones(A))


def table_of(clips):
    return moments(clips, context(clips[0].shape[1]))


def split(n):
    return np.arange(n), np.arange(n, 2 * n)


def autoregressive(rng, T, A, phi):
    noise = rng.standard_normal((T, A))
    x = noise.copy()
    for t in range(1, T):
        x[t] = phi * x[t - 1] + np.sqrt(1 - phi**2) * noise[t]
    return x


def test_distance_of_laws_equals_scipys_matrix_root():
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((6, 6)) for _ in range(2))
    cov1, cov2, mean1, mean2 = a @ a.T, b @ b.T, a[0], b[0]
    root = sqrtm(cov1 @ cov2).real
    expected = ((mean1 - mean2) ** 2).sum() + np.trace(cov1 + cov2 - 2 * root)
    assert frechet(mean1, cov1, mean2, cov2) == pytest.approx(expected, rel=1e-9)
    assert abs(frechet(mean1, cov1, mean1, cov1)) < 1e-8


def test_samples_of_normal_laws_come_to_the_closed_form():
    rng = np.random.default_rng(1)
    A, n = 5, 100
    sd, shift = np.linspace(0.5, 2, A), np.linspace(0, 1, A)
    real = [rng.standard_normal((600, A)) for _ in range(n)]
    fake = [shift + sd * rng.standard_normal((600, A)) for _ in range(n)]
    truth = (shift**2).sum() + ((1 - sd) ** 2).sum()
    table = table_of(real + fake)
    for measure in (corrected, extrapolated):
        found = measure(table, *split(n))
        assert found.value == pytest.approx(truth, rel=0.01)
        assert found.parts["uncorrected"] == pytest.approx(truth, rel=0.01)


def test_uncorrected_distance_of_a_set_to_itself_is_zero():
    rng = np.random.default_rng(2)
    table = table_of([rng.random((40, 20)) for _ in range(10)])
    picks = np.arange(10)
    assert abs(corrected(table, picks, picks).parts["uncorrected"]) < 1e-8


@pytest.mark.parametrize("n, reps", [(50, 60), (100, 60), (400, 12)])
def test_bias_of_independent_rows_is_gone(n, reps):
    rng = np.random.default_rng(n)
    found = []
    for _ in range(reps):
        table = table_of([row[None] for row in rng.standard_normal((2 * n, 20))])
        reading = corrected(table, *split(n))
        found.append([reading.parts["uncorrected"], reading.value])
    raw, value = np.array(found).T
    # First-order bias of the notes for S = I: (2 d + d (d + 1) / 2) / n.
    assert raw.mean() == pytest.approx(250 / n, rel=0.03)
    standard_error = value.std() / np.sqrt(reps)
    assert abs(value.mean()) < max(2.5 * standard_error, 0.05 * raw.mean())
    if n >= 100:
        assert abs(value.mean()) < 0.05 * raw.mean()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["anisotropic", "skewed", "unequal n"])
def test_bias_is_gone_for_other_laws(kind):
    rng = np.random.default_rng(3)
    n, m = 150, 400 if kind == "unequal n" else 150
    scale = np.sqrt(np.geomspace(1, 0.01, 20)) if kind == "anisotropic" else 1.0
    draw = rng.standard_exponential if kind == "skewed" else rng.standard_normal
    found = []
    for _ in range(120):
        table = table_of([row[None] for row in scale * draw((n + m, 20))])
        reading = corrected(table, np.arange(n), np.arange(n, n + m))
        found.append([reading.parts["uncorrected"], reading.value])
    raw, value = np.array(found).T
    assert abs(value.mean()) < 0.05 * raw.mean()


@pytest.mark.slow
def test_neighbouring_frames_count_for_what_they_are_worth():
    rng = np.random.default_rng(4)
    found = []
    for _ in range(80):
        clips = [autoregressive(rng, 150, 8, 0.9) for _ in range(40)]
        reading = corrected(table_of(clips), *split(20))
        found.append([reading.parts["uncorrected"], reading.value])
    raw, value = np.array(found).T
    assert abs(value.mean()) < 2.5 * value.std() / np.sqrt(80)
    # Were the 3000 frames a side independent, the bias would be a sixth of this.
    assert raw.mean() > 4 * (2 * 8 + 8 * 9 / 2) / 3000


@pytest.mark.slow
def test_bias_under_a_true_difference_is_gone_too():
    rng = np.random.default_rng(5)
    gap = []
    for _ in range(150):
        rows = rng.standard_normal((200, 20))
        rows[100:] *= 2  # the distance is tr(1 + 4 - 2 * 2) = 20
        reading = corrected(table_of([row[None] for row in rows]), *split(100))
        gap.append([reading.parts["uncorrected"] - 20, reading.value - 20])
    raw, value = np.array(gap).T
    assert raw.mean() > 3
    assert abs(value.mean()) < 2.5 * value.std() / np.sqrt(150)


def test_extrapolation_takes_off_most_of_the_bias():
    rng = np.random.default_rng(6)
    found = []
    for _ in range(300):
        table = table_of([row[None] for row in rng.standard_normal((200, 20))])
        reading = extrapolated(table, *split(100))
        found.append([reading.parts["uncorrected"], reading.value])
    raw, value = np.array(found).T
    assert abs(value.mean()) < 0.05 * raw.mean()


def test_bootstrap_sets_lie_about_the_distance_of_the_whole():
    # Copies taken for new clips would add the bias a second time (here about .25).
    rng = np.random.default_rng(7)
    table = table_of([rng.standard_normal((1, 6)) for _ in range(200)])
    a, b = split(100)
    whole = corrected(table, a, b)
    drawn = [
        corrected(table, rng.choice(a, 100), rng.choice(b, 100)).value
        for _ in range(150)
    ]
    assert np.mean(drawn) == pytest.approx(whole.value, abs=0.25 * whole.parts["bias"])


def test_a_still_face_and_few_clips_are_handled():
    rng = np.random.default_rng(8)
    real = [rng.standard_normal((200, 4)) for _ in range(6)]
    still = [np.zeros((200, 4)) for _ in range(6)]
    reading = corrected(table_of(real + still), *split(6))
    assert reading.value == pytest.approx(4, rel=0.1)  # tr S
    table = table_of(real)
    assert np.isnan(corrected(table, np.array([0]), np.array([1, 2])).value)
    assert np.isfinite(corrected(table, np.array([0, 1]), np.array([2, 3])).value)
    assert np.isnan(extrapolated(table, np.arange(3), np.arange(3, 6)).value)


def test_frames_with_a_gap_are_left_out():
    rng = np.random.default_rng(9)
    clips = [rng.standard_normal((50, 3)) for _ in range(8)]
    gappy = [np.vstack([clip, np.full((5, 3), np.nan)]) for clip in clips]
    value = corrected(table_of(clips), *split(4)).value
    assert corrected(table_of(gappy), *split(4)).value == pytest.approx(value)
