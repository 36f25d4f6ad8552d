"""Nulls of ISC: what surrogates keep, and how often tests reject when they should not.

Calibration is on AU-like series: sparse events that rise and decay, never negative.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter

from genface.errors import InputError
from genface.stats import (
    circular_shifts,
    iaaft_surrogates,
    isc_leave_one_out,
    isc_test,
    isc_windows,
    mean_correlation,
    p_value,
    phase_surrogates,
    shuffles,
)


def au_like(D: int, T: int, N: int, seed: int = 1) -> np.ndarray:
    """Independent courses (D, T, N) of sparse, smooth, non-negative events."""
    rng = np.random.default_rng(seed)
    events = rng.random((D, T + 100, N)) < 0.02
    sizes = events * rng.gamma(2, 0.5, events.shape)
    age = np.arange(100)
    pulse = np.exp(-age / 12) - np.exp(-age / 4)
    values = lfilter(pulse, [1], sizes, axis=1)[:, 100:]
    return np.clip(values + 0.02 * rng.standard_normal(values.shape), 0, 1)


def rejections(courses: np.ndarray, null: str, n: int, **words: str) -> float:
    """Part of the data sets (D, T, N) in which p is at most .05."""
    found = [
        isc_test(pd.DataFrame(x).rename_axis("frame"), null, n=n, seed=d, **words).p
        for d, x in enumerate(courses)
    ]
    return float((np.array(found) <= 0.05).mean())


# What surrogates keep


def test_circular_shifts_keep_values_and_their_order():
    x = au_like(1, 50, 3)[0]
    drawn = circular_shifts(x, 4, np.random.default_rng(0))
    assert drawn.shape == (4, 50, 3)
    for one in drawn:
        for n in range(3):
            turned = [np.roll(x[:, n], k) for k in range(50)]
            assert any(np.array_equal(one[:, n], back) for back in turned)


@pytest.mark.parametrize("T", [64, 65])
def test_phase_surrogates_keep_the_spectrum(T):
    x = au_like(1, T, 3)[0]
    drawn = phase_surrogates(x, 5, np.random.default_rng(0))
    size = np.abs(np.fft.rfft(x, axis=0))
    np.testing.assert_allclose(
        np.abs(np.fft.rfft(drawn, axis=1)), size[None].repeat(5, 0)
    )
    assert drawn.mean(1) == pytest.approx(np.broadcast_to(x.mean(0), (5, 3)))
    assert drawn.min() < 0  # and so they are no AUs


def test_iaaft_surrogates_keep_the_values_and_nearly_the_spectrum():
    x = au_like(1, 300, 3)[0]
    drawn = iaaft_surrogates(x, 20, np.random.default_rng(0))
    for one in drawn:
        np.testing.assert_array_equal(np.sort(one, axis=0), np.sort(x, axis=0))
    power = np.abs(np.fft.rfft(x - x.mean(0), axis=0)) ** 2
    found = np.abs(np.fft.rfft(drawn - x.mean(0), axis=1)) ** 2
    error = np.abs(found.mean(0) - power).sum(0) / power.sum(0)
    assert (error < 0.03).all()
    assert not np.array_equal(drawn[0], drawn[1])


def test_shuffles_keep_only_the_values():
    x = au_like(1, 300, 3)[0]
    drawn = shuffles(x, 5, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(drawn[0], axis=0), np.sort(x, axis=0))
    neighbours = np.corrcoef(drawn[0, 1:, 0], drawn[0, :-1, 0])[0, 1]
    assert abs(neighbours) < 0.3 < np.corrcoef(x[1:, 0], x[:-1, 0])[0, 1]


def test_p_values_count_the_observed_one():
    draws = np.arange(1.0, 20.0)
    assert p_value(19.0, draws, "greater") == pytest.approx(2 / 20)
    assert p_value(20.0, draws, "greater") == pytest.approx(1 / 20)
    assert p_value(20.0, draws) == pytest.approx(2 / 20)
    assert p_value(0.0, draws, "less") == pytest.approx(1 / 20)
    assert np.isnan(p_value(np.nan, draws))
    with pytest.raises(InputError, match="two-sided"):
        p_value(0.0, draws, "both")


# The tests


def test_the_values_are_those_of_the_matrix_and_of_leave_one_out():
    x = pd.DataFrame(au_like(1, 200, 5)[0] + au_like(1, 200, 1, 2)[0])
    pairs = x.corr().to_numpy()[np.triu_indices(5, 1)]
    assert isc_test(x).value == pytest.approx(mean_correlation(pairs))
    alone = isc_test(x, kind="leave-one-out")
    expected = mean_correlation(isc_leave_one_out(x).to_numpy())
    assert alone.value == pytest.approx(expected)
    assert np.isnan(alone.low)
    ranked = x.corr("spearman").to_numpy()[np.triu_indices(5, 1)]
    assert isc_test(x, method="spearman").value == pytest.approx(
        mean_correlation(ranked)
    )


def test_bootstrap_draws_are_means_over_pairs_of_different_people():
    x = au_like(1, 80, 4)[0]
    z = np.arctanh(np.corrcoef(x.T) - np.eye(4))
    found = isc_test(pd.DataFrame(x), "bootstrap", n=50, seed=3)
    counts = np.random.default_rng(3).multinomial(4, [0.25] * 4, 50)
    for draw, count in zip(np.arctanh(found.draws), counts, strict=True):
        people = np.repeat(np.arange(4), count)
        pairs = [z[a, b] for i, a in enumerate(people) for b in people[:i] if a != b]
        expected = np.mean(pairs) - np.arctanh(found.value) if pairs else np.nan
        assert draw == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("kind", ["pairwise", "leave-one-out"])
def test_circular_draws_are_correlations_of_shifted_series(kind):
    x = au_like(1, 40, 3)[0]
    found = isc_test(pd.DataFrame(x), "circular", kind, n=20, seed=5)
    rng = np.random.default_rng(5)
    rng.multinomial(3, [1 / 3] * 3, 20)  # the interval is drawn first
    shifts = rng.integers(0, 40, (20, 3))
    for draw, shift in zip(found.draws, shifts, strict=True):
        moved = pd.DataFrame({n: np.roll(x[:, n], -shift[n]) for n in range(3)})
        if kind == "pairwise":
            values = moved.corr().to_numpy()[np.triu_indices(3, 1)]
        else:
            values = isc_leave_one_out(moved).to_numpy()
        assert draw == pytest.approx(mean_correlation(values))


def test_the_same_clip_twice_counts():
    x = au_like(1, 200, 3)[0]
    x[:, 1] = x[:, 0]
    found = isc_test(pd.DataFrame(x), "bootstrap")
    assert np.isfinite(found.value) and found.high > 0.99


@pytest.mark.parametrize("null", ["bootstrap", "circular", "phase", "iaaft"])
def test_a_shared_signal_is_found(null):
    x = 0.7 * au_like(1, 200, 1, 7)[0] + 0.3 * au_like(1, 200, 8, 8)[0]
    found = isc_test(pd.DataFrame(x), null, n=199)
    assert found.p <= 0.02 and found.low > 0.3
    assert found.low <= found.value <= found.high


def test_the_same_seed_gives_the_same_test():
    x = pd.DataFrame(au_like(1, 100, 4)[0])
    one, two, other = (isc_test(x, n=99, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.draws, two.draws)
    assert not np.array_equal(one.draws, other.draws)
    assert one.facts()["n_draws"] == 99 and "draws" not in one.facts()


@pytest.mark.parametrize(
    ("null", "n_sets", "low", "high"),
    [
        ("bootstrap", 200, 0.0, 0.08),
        ("circular", 200, 0.02, 0.09),
        ("phase", 200, 0.02, 0.09),
    ],
)
def test_the_tests_reject_as_often_as_they_say(null, n_sets, low, high):
    assert low <= rejections(au_like(n_sets, 300, 10), null, 39) <= high


def test_shuffling_frames_rejects_far_too_often():
    with pytest.warns(UserWarning, match="negative control"):
        assert rejections(au_like(60, 300, 10), "shuffle", 39) > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("side", ["two-sided", "greater"])
@pytest.mark.parametrize(("T", "N"), [(300, 10), (200, 6)])
@pytest.mark.parametrize("null", ["circular", "phase", "iaaft"])
@pytest.mark.parametrize("kind", ["pairwise", "leave-one-out"])
def test_calibration_holds_for_every_null_kind_and_size(null, kind, side, T, N):
    courses = au_like(300, T, N, seed=2)
    assert 0.02 <= rejections(courses, null, 99, kind=kind, side=side) <= 0.09


@pytest.mark.slow
def test_windows_reject_as_often_as_they_say():
    smallest = [
        isc_windows(pd.DataFrame(x).rename_axis("frame"), 60, n=99, seed=d)["p"].min()
        for d, x in enumerate(au_like(300, 300, 10))
    ]
    assert 0.02 <= (np.array(smallest) <= 0.05).mean() <= 0.09


# Bad series


def test_series_are_cut_to_what_they_share():
    x = pd.DataFrame(au_like(1, 100, 3)[0]).rename_axis("frame")
    x.iloc[:10, 0] = np.nan
    x.iloc[95:, 2] = np.nan
    with pytest.warns(UserWarning, match="unequal length: only 10 to 94 .*85 of 100"):
        found = isc_test(x)
    assert found.n_moments == 85
    assert found.value == isc_test(x.iloc[10:95]).value


def test_short_series_are_noted():
    x = pd.DataFrame(au_like(1, 100, 3)[0])
    with pytest.warns(UserWarning, match="only 25 moments"):
        isc_test(x.iloc[:25], n=19)


def test_a_series_that_never_changes_is_left_out():
    x = pd.DataFrame(au_like(1, 100, 4)[0]).assign(still=0.5)
    with pytest.warns(UserWarning, match="left out, as they never change: still"):
        assert isc_test(x).n_series == 4


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        (
            lambda x: x.reindex([*range(40), *range(41, 100)]).reindex(x.index),
            {},
            "missing in 0, 1",
        ),
        (lambda x: x.drop(index=[50]), {}, "put the series on one base"),
        (lambda x: x * 0, {}, "0 series that change"),
        (lambda x: x, {"null": "magic"}, "use one of bootstrap"),
        (lambda x: x, {"kind": "triplewise"}, "use one of pairwise"),
        (lambda x: x, {"method": "kendall"}, "pearson' or 'spearman"),
        (lambda x: x, {"n": 10}, "at least 19"),
        (lambda x: x[[0, 1]], {"null": "bootstrap"}, "three series"),
        (lambda x: x, {"null": "bootstrap", "kind": "leave-one-out"}, "pairwise"),
    ],
)
@pytest.mark.filterwarnings("ignore:left out")
def test_what_cannot_be_tested_is_said(change, words, message):
    x = change(pd.DataFrame(au_like(1, 100, 3)[0]).rename_axis("frame"))
    with pytest.raises(InputError, match=message):
        isc_test(x, **words)


def test_windows_that_do_not_fit_are_said():
    x = pd.DataFrame(au_like(1, 100, 3)[0]).rename_axis("frame")
    with pytest.raises(InputError, match="3 to 100 are possible"):
        isc_windows(x, 300)
    with pytest.raises(InputError, match="3 to 100 are possible"):
        isc_windows(x, 1)
