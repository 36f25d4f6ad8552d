"""Measures of synchrony against closed forms, direct loops and planted answers."""

import numpy as np
import pytest
from scipy.signal import lfilter

from genface.errors import InputError, ShapeError
from genface.stats import (
    MEASURES,
    Dyad,
    Settings,
    band_phases,
    iaaft_surrogates,
    lag_correlations,
    phase_agreement,
    pick_peaks,
    segment_shuffles,
    synchrony,
    warping_cost,
    window_correlations,
    window_starts,
)
from genface.stats.nulls import circular_shifts


def bursts(T: int, A: int, seed: int = 0) -> np.ndarray:
    """AU-like series (T, A): sparse events that rise and decay, never negative."""
    rng = np.random.default_rng(seed)
    events = (rng.random((T + 100, A)) < 0.02) * rng.gamma(2, 0.5, (T + 100, A))
    age = np.arange(100)
    values = lfilter(np.exp(-age / 12) - np.exp(-age / 4), [1], events, axis=0)[100:]
    return np.clip(values + 0.02 * rng.standard_normal((T, A)), 0, 1)


def dyad(A: int = 3, T: int = 600, lag: int | None = None, seed: int = 0) -> Dyad:
    """Two faces at 20 moments a second; the second follows the first by ``lag``."""
    both = bursts(T + 100, 2 * A, seed)
    a, b = both[50 : T + 50, :A], both[50 : T + 50, A:]
    if lag is not None:
        b = both[50 - lag : T + 50 - lag, :A]
    return Dyad(a, b, tuple(f"AU{n:02d}" for n in range(1, A + 1)), 20.0)


# Lags


@pytest.mark.parametrize("lag", [*range(-30, 31)])
def test_planted_lags_are_found_exactly(lag):
    one = dyad(1, 300, lag)
    curve = lag_correlations(one.a[:, 0], one.b[:, 0], 40)
    assert np.nanargmax(curve) - 40 == lag
    assert curve[40 + lag] == pytest.approx(1)


def test_lag_correlations_are_those_of_the_overlaps():
    x, y = np.random.default_rng(0).standard_normal((2, 3, 50)).cumsum(-1)
    found = lag_correlations(x, y, 20)
    for n in range(3):
        for lag in range(-20, 21):
            now, later = (x[n, : 50 - lag], y[n, lag:])
            if lag < 0:
                now, later = x[n, -lag:], y[n, :lag]
            expected = np.corrcoef(now, later)[0, 1]
            assert found[n, 20 + lag] == pytest.approx(expected, abs=1e-10)
    assert np.isnan(lag_correlations(np.ones(50), y[0], 5)).all()


def test_window_correlations_are_those_of_direct_loops():
    x, y = np.random.default_rng(1).standard_normal((2, 90)).cumsum(-1)
    y[40:70] = 2.0  # no correlation while a face is still
    width, reach, hop = 17, 9, 5
    found = window_correlations(x, y, width, reach, hop)
    starts = window_starts(90, width, reach, hop)
    assert starts[0] == 9 and starts[-1] + width + reach <= 90 < starts[-1] + 31
    assert found.shape == (len(starts), 19)
    for w, t in enumerate(starts):
        for place, lag in enumerate(range(-reach, reach + 1)):
            later = y[t + lag : t + lag + width]
            if np.ptp(later) == 0:
                assert np.isnan(found[w, place])
            else:
                expected = np.corrcoef(x[t : t + width], later)[0, 1]
                assert found[w, place] == pytest.approx(expected, abs=1e-9)
    assert np.isnan(found).any()


def test_the_peak_nearest_to_lag_zero_is_picked():
    curves = np.array(
        [
            [0, 0.1, 0.2, 0.9, 0.2, 0.1, 0.3, 0.5, 0.3, 0.1, 0.0],  # 3 or 7: 7 is lower
            [0, 0.9, 0.1, 0.0, 0.1, 0.2, 0.3, 0.2, 0.1, 0.9, 0.0],  # 6 is nearest
            [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0],  # rises to the end
            [np.nan] * 11,
        ]
    )
    np.testing.assert_array_equal(pick_peaks(curves, 1), [3, 6, -1, -1])
    assert pick_peaks(curves[1], 4) == -1  # its neighbours are higher within 4
    assert pick_peaks(curves[0], 3) == 3


# Dynamic time warping


def recursion(x: np.ndarray, y: np.ndarray, band: int) -> float:
    """Cost per pair of the cheapest path, cell by cell."""
    best = {}
    for i in range(len(x)):
        for j in range(max(0, i - band), min(len(y), i + band + 1)):
            before = [best.get(at) for at in ((i - 1, j - 1), (i - 1, j), (i, j - 1))]
            cost, steps = min((b for b in before if b), default=(0.0, 0))
            best[i, j] = (cost + abs(x[i] - y[j]), steps + 1)
    cost, steps = best[len(x) - 1, len(y) - 1]
    return cost / steps


@pytest.mark.parametrize("band", [0, 1, 2, 5, 24, 40])
def test_warping_costs_are_those_of_the_recursion(band):
    x, y = np.random.default_rng(band).standard_normal((2, 600, 25))
    found = warping_cost(x, y, band)
    expected = [recursion(*pair, band) for pair in zip(x[:8], y[:8], strict=True)]
    np.testing.assert_allclose(found[:8], expected, rtol=1e-12)
    np.testing.assert_allclose(warping_cost(y, x, band), found, rtol=1e-12)
    np.testing.assert_allclose(found[550], recursion(x[550], y[550], band))


def test_warping_forgives_a_lag_within_its_band():
    x = np.sin(np.arange(200) / 9)
    late = np.sin((np.arange(200) - 6) / 9)
    stiff, loose = warping_cost(x, late, 0), warping_cost(x, late, 6)
    assert stiff == pytest.approx(np.abs(x - late).mean())
    assert loose < 0.1 * stiff and warping_cost(x, x, 3) == 0
    with pytest.raises(InputError, match="band=-1"):
        warping_cost(x, x, -1)
    with pytest.raises(ShapeError, match="one sample"):
        warping_cost(np.empty((2, 0)), np.empty((2, 0)), 1)


# Phase synchrony


def test_phases_of_noise_agree_by_chance_and_by_nothing_once_corrected():
    x, y = np.random.default_rng(0).standard_normal((2, 400, 1000))
    phases = [band_phases(series, 10.0, (0.2, 2.0)) for series in (x, y)]
    assert phase_agreement(*phases, corrected=False).mean() == pytest.approx(
        0.363, abs=0.01
    )
    assert phase_agreement(*phases).mean() == pytest.approx(0, abs=0.02)


def test_phases_agree_fully_with_themselves_whatever_the_amplitude():
    x, y = bursts(600, 2, 3).T
    own, other, louder = (band_phases(series, 20.0) for series in (x, y, 7 * y + 3))
    assert (phase_agreement(own, own) == 1).all()
    np.testing.assert_allclose(
        phase_agreement(own, louder), phase_agreement(own, other), atol=1e-9
    )
    np.testing.assert_allclose(
        phase_agreement(own, own + np.pi, corrected=False), 0, atol=1e-12
    )
    turned = phase_agreement(own + 2 * np.pi, other)
    np.testing.assert_allclose(turned, phase_agreement(own, other), atol=1e-9)


def test_a_delayed_wave_agrees_by_its_angle():
    t = np.arange(4000) / 20
    x, y = np.sin(2 * np.pi * 0.4 * t), np.sin(2 * np.pi * 0.4 * t - np.pi / 3)
    phases = [band_phases(series, 20.0)[500:-500] for series in (x, y)]
    expected = 1 - np.sin(np.pi / 6)
    found = phase_agreement(*phases, corrected=False)
    assert found.mean() == pytest.approx(expected, abs=0.005)


def test_a_band_beyond_half_the_rate_is_refused():
    with pytest.raises(InputError, match="half of the 2 samples"):
        band_phases(np.arange(100.0), 2.0, (0.1, 1.0))


# Surrogates


def test_segments_keep_their_rows_and_only_change_places():
    x = np.column_stack([np.arange(83), 100 + np.arange(83)])
    drawn = segment_shuffles(x, 300, np.random.default_rng(0), 20)
    assert drawn.shape == (300, 83, 2)
    for one in drawn:
        np.testing.assert_array_equal(np.sort(one[:, 0]), x[:, 0])
        np.testing.assert_array_equal(one[:, 1] - one[:, 0], np.full(83, 100))
        # 4 segments round a circle have 4 seams, some of which may have healed
        seams = (np.diff(one[:, 0], append=one[0, 0]) % 83 != 1).sum()
        assert seams <= 4
    # Orders are all alike: one segment of four is in place on average
    assert (drawn == x).mean() == pytest.approx(0.25, abs=0.04)
    with pytest.raises(InputError, match="3 segments of 25"):
        segment_shuffles(x, 1, np.random.default_rng(0), 25)


def test_a_row_short_of_four_segments_is_enough():
    x = np.arange(599.0)[:, None]  # 20 s at 30 a second, the first moment lost
    drawn = segment_shuffles(x, 50, np.random.default_rng(0), 150)
    assert (drawn != x).any() and (np.sort(drawn, axis=1) == x).all()


def test_series_that_are_shifted_together_stay_together():
    x = np.column_stack([np.arange(50), 100 + np.arange(50)])
    drawn = circular_shifts(x, 20, np.random.default_rng(0), together=True)
    assert (drawn[..., 1] - drawn[..., 0] == 100).all()
    assert len({one[0, 0] for one in drawn}) > 5


@pytest.mark.parametrize("T", [300, 600, 1200, 2400])
def test_iaaft_surrogates_of_several_aus_keep_values_spectra_and_relations(T):
    x = bursts(T, 2, 5)
    x[:, 1] = 0.8 * x[:, 0] + 0.2 * x[:, 1]
    drawn = iaaft_surrogates(x, 30, np.random.default_rng(0), together=True)
    alone = iaaft_surrogates(x, 30, np.random.default_rng(0))
    assert drawn.min() >= x.min()
    np.testing.assert_array_equal(np.sort(drawn[3], axis=0), np.sort(x, axis=0))
    power = np.abs(np.fft.rfft(x - x.mean(0), axis=0)) ** 2
    found = np.abs(np.fft.rfft(drawn - x.mean(0), axis=1)) ** 2
    assert (np.abs(found.mean(0) - power).sum(0) / power.sum(0) < 0.02).all()

    def related(draws):
        return np.mean([np.corrcoef(one.T)[0, 1] for one in draws])

    assert related(drawn) > 0.7 > abs(related(alone)) + 0.4


# The whole test


def test_a_face_that_follows_is_found_with_its_lag():
    one = dyad(2, 600, lag=14)
    mixed = Dyad(one.a, np.column_stack([one.b[:, 0], dyad(1, seed=11).b]),
                 one.columns, one.rate)  # fmt: skip
    found = synchrony(mixed, n=99).table
    for key in ("lagged", "windowed"):
        row = found.loc[key, "AU01"]
        assert row["lag"] == pytest.approx(0.7, abs=0.02) and not row["flat"]
        assert row["p"] == row["p_corrected"] == pytest.approx(0.01)
        assert found.loc[key, "AU02"]["flat"]
    assert found.loc["lagged", "AU01"]["value"] == pytest.approx(1, abs=1e-6)
    assert (found["p_corrected"] >= found["p"]).all()
    assert (found.xs("AU02", level="column")["p_corrected"] > 0.05).all()
    assert found.loc["windowed", "AU01"]["peaks"] > 0.8


def test_identical_faces_reach_the_best_value_of_each_measure():
    one = dyad(1)
    found = synchrony(Dyad(one.a, one.a, one.columns, 20.0), n=19).table["value"]
    best = {"pearson": 1, "lagged": 1, "windowed": 1, "dtw": 0, "phase": 1}
    for key, value in best.items():
        assert found[key, "AU01"] == pytest.approx(value, abs=1e-6)


def test_pearson_values_and_p_are_those_of_hand():
    one = dyad(1, 200, seed=4)
    found = synchrony(one, ["pearson"], "circular", n=59, seed=3).table.iloc[0]
    a, b = one.a[:, 0], one.b[:, 0]
    drawn = circular_shifts(one.b, 59, np.random.default_rng(3), together=True)
    chance = np.array([np.corrcoef(a, y[:, 0])[0, 1] for y in drawn])
    r = np.corrcoef(a, b)[0, 1]
    assert found["value"] == pytest.approx(r)
    assert found["p"] == (1 + (abs(chance) >= abs(r)).sum()) / 60
    assert found["chance"] == pytest.approx(np.tanh(np.arctanh(chance).mean()))


@pytest.mark.parametrize("null", ["segment", "circular"])
def test_scale_and_offset_change_nothing(null):
    one = dyad(2, 450)
    words = {"measures": ["pearson", "lagged", "dtw", "phase"], "null": null, "n": 19}
    found = synchrony(one, **words).table
    other = synchrony(Dyad(5 * one.a + 1, one.b / 3, one.columns, 20.0), **words).table
    np.testing.assert_allclose(
        found.drop(columns="flat").astype(float),
        other.drop(columns="flat").astype(float),
        atol=1e-8,
    )


def test_the_largest_excess_of_each_draw_corrects_for_all_rows():
    one = dyad(3, 400, seed=2)
    words = ("lagged", "phase"), "circular", 39
    found = synchrony(one, *words, seed=1).table
    alone = [
        synchrony(Dyad(one.a[:, [n]], one.b[:, [n]], (c,), 20.0), [m], *words[1:],
                  seed=1).table.iloc[0]
        for m in words[0] for n, c in enumerate(one.columns)
    ]  # fmt: skip
    # The same shifts for all columns: single tests agree, and one test needs no more.
    np.testing.assert_allclose(found["p"], [row["p"] for row in alone])
    assert [row["p_corrected"] for row in alone] == [row["p"] for row in alone]
    assert (found["p_corrected"] >= np.minimum(1, found["p"])).all()
    assert (found["p_corrected"] <= np.minimum(1, 6 * found["p"] + 1e-9)).sum() >= 3


def test_partner_swap_is_over_all_orders_of_the_second_faces():
    dyads = [dyad(1, 200 + 10 * n, seed=n) for n in range(4)]
    found = synchrony(dyads, ["pearson"], "partner", n=2000)
    row = found.table.iloc[0]
    z = np.array(
        [
            [np.arctanh(np.corrcoef(x.a[:200, 0], y.b[:200, 0])[0, 1]) for y in dyads]
            for x in dyads
        ]
    )
    from itertools import permutations

    every = [z[range(4), list(order)].mean() for order in permutations(range(4))]
    observed = np.diag(z).mean()
    assert row["value"] == pytest.approx(np.tanh(observed))
    exact = np.mean(np.abs(every) >= abs(observed) - 1e-12)
    assert row["p"] == pytest.approx(exact, abs=0.04)
    assert found.n_dyads == 4 and any("cut to 10 s" in note for note in found.notes)
    with pytest.raises(InputError, match="four dyads"):
        synchrony(dyads[:3], ["pearson"], "partner")


def test_what_is_wrong_is_named():
    one = dyad(1, 200)
    with pytest.raises(InputError, match="measure jaccard: use pearson"):
        synchrony(one, ["jaccard"])
    with pytest.raises(InputError, match="null='phase': use one of"):
        synchrony(one, null="phase")
    with pytest.raises(InputError, match="at least 19"):
        synchrony(one, n=5)
    for settings, message in (
        ({"window": 0}, "^window 0: expected seconds above 0"),
        ({"max_lag": np.nan}, "^max_lag nan: expected seconds above 0"),
        ({"warp": -1}, "^warp -1: expected seconds, 0 or more"),
        ({"band": (0, 1)}, "^band 0-1: expected Hz"),
    ):
        with pytest.raises(InputError, match=message):
            Settings(**settings)
    with pytest.raises(InputError, match="no dyad"):
        synchrony([])
    with pytest.raises(InputError, match="10, 20 moments a second"):
        synchrony([one, Dyad(one.a, one.b, one.columns, 10.0)])
    with pytest.raises(InputError, match="phase needs 20 s"):
        synchrony(one, ["phase"])
    with pytest.warns(UserWarning, match="negative control"):
        synchrony(one, ["pearson"], "shuffle", n=19)


def test_measures_columns_and_series_that_do_not_fit_are_left_out_with_a_note():
    one = dyad(2, 300)
    two = Dyad(one.a[:, :1], one.b[:, :1], ("AU01",), 20.0)
    found = synchrony([one, two], n=19, settings=Settings(segment=2))
    assert set(found.table.index.unique("measure")) == set(MEASURES) - {"phase"}
    assert any("phase needs 20 s" in note for note in found.notes)
    assert any("not in every dyad: AU02" in note for note in found.notes)
    assert any("remember up to" in note for note in found.notes)
    short = synchrony(one, ["lagged"], "circular", n=19)
    assert any("hardly falls below 0.27" in note for note in short.notes)
    facts = found.facts()
    assert facts["n_dyads"] == 2 and "table" not in facts
    assert facts["measures"]["dtw"].startswith("mean distance")


# How often nulls reject what is not there


def rejected(null: str, T: int, n: int, runs: int = 1000) -> float:
    """Part of independent pairs of AU-like series in which p of Pearson is <= .05.

    Each column of a dyad is a pair of its own, so that one call is many runs.
    """
    found = []
    for part in range(4):
        both = bursts(T, runs // 2, 100 + part)
        A = runs // 4
        names = tuple(map(str, range(A)))
        if null == "partner":
            courses = [bursts(T, 2 * A, 1000 + part * 20 + k) for k in range(5)]
            dyads = [Dyad(x[:, :A], x[:, A:], names, 20.0) for x in courses]
        else:
            dyads = [Dyad(both[:, :A], both[:, A:], names, 20.0)]
        found.append(synchrony(dyads, ["pearson"], null, n, seed=part).table["p"])
    return float((np.concatenate(found) <= 0.05).mean())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("null", "T", "n"),
    [("circular", 1200, 79), ("segment", 1200, 79), ("partner", 300, 199),
     ("iaaft", 300, 39)],
)  # fmt: skip
def test_nulls_reject_as_often_as_they_promise(null, T, n):
    assert rejected(null, T, n) == pytest.approx(0.05, abs=3 * 0.0069)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:null='shuffle'")
def test_shuffled_frames_reject_far_too_often():
    assert rejected("shuffle", 300, 79) > 0.2
