"""REACT metrics against closed forms and brute force, in both modes."""

import itertools

import numpy as np
import pytest

from genface.errors import InputError, ShapeError
from genface.realism import react
from genface.realism.alignment import alignment

ONE_GROUP = ((0, 2, 1.0),)


def noise(shape, seed=0, sd=1.0):
    return sd * np.random.default_rng(seed).standard_normal(shape)


def smooth(shape, seed=0):
    """Noise that remembers: a moving average over time, the last axis but one."""
    x = noise((*shape[:-2], shape[-2] + 8, shape[-1]), seed)
    return np.cumsum(x, -2)[..., 8:, :] - np.cumsum(x, -2)[..., :-8, :]


def paths(T, U):
    """Every warping path of T x U frames."""
    if (T, U) == (1, 1):
        return [[(0, 0)]]
    before = [(T - 1, U), (T, U - 1), (T - 1, U - 1)]
    return [
        [*path, (T - 1, U - 1)]
        for t, u in before
        if t > 0 and u > 0
        for path in paths(t, u)
    ]


@pytest.mark.parametrize("radius", [None, 1])
def test_alignment_equals_the_best_of_all_paths(radius):
    for seed in range(5):
        x, y = noise((4, 3), seed), noise((5, 3), seed + 10)
        costs = {}
        for path in paths(4, 5):
            far = max(abs(u - 4 / 3 * t) for t, u in path)
            if radius is None or far <= 4 / 3:
                total = sum(((x[t] - y[u]) ** 2).sum() for t, u in path)
                costs[total] = len(path)
        found = alignment(x, y, radius)
        assert found.cost == pytest.approx(min(costs))
        assert found.steps == costs[min(costs)]


def test_alignment_of_a_delayed_series_is_free_unless_kept_near_the_diagonal():
    x = np.r_[np.zeros(10), 1.0, np.zeros(20)][:, None]
    y = np.roll(x, 6)
    assert alignment(x, y).cost == 0.0
    assert alignment(x, y, 6).cost == 0.0
    assert alignment(x, y, 3).cost == pytest.approx(2.0)
    assert alignment(x, x, 0).steps == len(x)


def test_concordance_of_scaled_and_shifted_series():
    x = noise((400, 1))
    x = (x - x.mean()) / x.std()
    # y = s x + c: 2 s / (1 + s^2 + c^2)
    for s, c in ((1.0, 0.0), (0.5, 0.3), (-2.0, 1.0)):
        expected = 2 * s / (1 + s**2 + c**2)
        assert react.concordance(x, s * x + c) == pytest.approx(expected)
        published = react.concordance(x, s * x + c, "published")
        assert published == pytest.approx(expected, rel=1e-7)


def test_concordance_and_constant_dimensions():
    x, y = noise((100, 2)), noise((100, 2), 1)
    still = np.full((100, 1), 0.3)
    expected = react.concordance(x, y)
    wide = np.hstack([x, still]), np.hstack([y, still])
    assert react.concordance(*wide) == pytest.approx(expected)
    assert react.concordance(*wide, "published") == pytest.approx(expected * 2 / 3)
    # A constant against one that moves is worth 0 in both modes: nothing agrees.
    mixed = np.hstack([x, still]), np.hstack([y, noise((100, 1), 2)])
    assert react.concordance(*mixed) == pytest.approx(expected * 2 / 3)
    assert np.isnan(react.concordance(still, still + 1))


def test_frcorr_published_adds_up_over_reactions():
    reactions, real = smooth((3, 4, 60, 2)), smooth((5, 60, 2), 1)
    suits = np.array([[1, 1, 0, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1]], bool)
    brute = [
        max(react.concordance(real[m], reactions[n, i]) for m in np.flatnonzero(row))
        for n, row in enumerate(suits)
        for i in range(4)
    ]
    assert react.frcorr(reactions, real, suits) == pytest.approx(np.mean(brute))
    published = react.frcorr(reactions, real, suits, "published")
    assert published == pytest.approx(4 * np.mean(brute), rel=1e-6)


def test_set_size_is_the_mean_over_all_subsets():
    reactions, real = smooth((1, 1, 60, 2)), smooth((6, 60, 2), 1)
    every = np.ones((1, 6), bool)
    scores = [react.concordance(y, reactions[0, 0]) for y in real]
    for size in (1, 2, 5, 6):
        brute = np.mean([max(s) for s in itertools.combinations(scores, size)])
        found = react.frcorr(reactions, real, every, set_size=size)
        assert found == pytest.approx(brute)
    assert react.frcorr(reactions, real, every, set_size=9) == max(scores)
    with pytest.raises(InputError, match="set_size"):
        react.frcorr(reactions, real, every, set_size=0)


def test_larger_sets_look_better_unless_set_size_is_given():
    reactions, real = smooth((20, 2, 60, 1)), smooth((24, 60, 1), 1)
    few, many = np.zeros((2, 20, 24), bool)
    few[:, :2], many[:] = True, True
    gain = react.frcorr(reactions, real, many) - react.frcorr(reactions, real, few)
    assert gain > 0.15
    equal = [react.frcorr(reactions, real, s, set_size=2) for s in (few, many)]
    assert abs(equal[1] - equal[0]) < gain / 4


def test_frdist_in_both_modes():
    reactions, real = smooth((2, 3, 30, 2)), smooth((4, 30, 2), 1)
    every = np.ones((2, 4), bool)
    aligned = [[alignment(x, y) for y in real] for x in reactions.reshape(6, 30, 2)]
    summed = [min(np.sqrt(p.cost) for p in row) for row in aligned]
    published = react.frdist(reactions, real, every, "published", groups=ONE_GROUP)
    assert published == pytest.approx(3 * np.mean(summed))
    rooted = [min(np.sqrt(p.cost / p.steps) for p in row) for row in aligned]
    fixed = react.frdist(reactions, real, every, groups=ONE_GROUP)
    assert fixed == pytest.approx(np.mean(rooted))
    kept = react.frdist(reactions, real, every, groups=ONE_GROUP, radius=0)
    straight = np.sqrt(((reactions[:, :, None] - real) ** 2).sum(-1).mean(-1))
    assert kept == pytest.approx(straight.min(-1).mean())


def test_frdist_weighs_the_groups_of_the_challenge():
    reactions, real = smooth((1, 1, 20, 25)), smooth((1, 20, 25), 1)
    x, y = reactions[0, 0], real[0]
    parts = [
        weight * np.sqrt(alignment(x[:, low:high], y[:, low:high]).cost)
        for low, high, weight in ((0, 15, 1 / 15), (15, 17, 1), (17, 25, 1 / 8))
    ]
    found = react.frdist(reactions, real, np.ones((1, 1)), "published")
    assert found == pytest.approx(sum(parts))
    with pytest.raises(ShapeError, match="groups end"):
        react.frdist(reactions[..., :5], real[..., :5], np.ones((1, 1)))


def test_diversity_and_variance_of_white_noise():
    reactions = noise((30, 8, 100, 5), sd=0.7)
    assert react.frvar(reactions) == pytest.approx(0.49, rel=0.01)
    assert react.frdiv(reactions) == pytest.approx(0.98, rel=0.01)
    assert react.frdvs(reactions) == pytest.approx(0.98, rel=0.01)


def test_diversity_equals_the_pairs_one_by_one():
    reactions = smooth((3, 4, 20, 2))
    within = [
        ((a - b) ** 2).mean()
        for rows in reactions
        for a, b in itertools.permutations(rows, 2)
    ]
    across = [
        ((reactions[k, i] - reactions[m, i]) ** 2).mean()
        for i in range(4)
        for k, m in itertools.permutations(range(3), 2)
    ]
    assert react.frdiv(reactions) == pytest.approx(np.mean(within))
    assert react.frdvs(reactions) == pytest.approx(np.mean(across))
    assert react.frdiv(reactions[:, :1], "published") == 0.0
    assert np.isnan(react.frdiv(reactions[:, :1]))


def delayed(lags, T=400, D=3):
    """Reactions (1, alpha, T, D) that follow a speaker (1, T, D) by these lags."""
    source = smooth((T + 200, D))
    speaker = source[100 : 100 + T]
    return np.stack([source[100 - lag : 100 - lag + T] for lag in lags])[None], speaker[
        None
    ]


def test_planted_lags_are_recovered_exactly():
    planted = np.arange(-30, 31, 5)
    reactions, speaker = delayed([*planted, -1, 1])
    found = react.reaction_lags(reactions, speaker)
    np.testing.assert_array_equal(found[0], [*planted, -1, 1])
    assert react.frsyn(reactions[:, :13], speaker) == np.abs(planted).mean()


@pytest.mark.slow
def test_every_lag_from_minus_to_plus_30_is_recovered():
    planted = np.arange(-30, 31)
    reactions, speaker = delayed(planted)
    np.testing.assert_array_equal(react.reaction_lags(reactions, speaker)[0], planted)


def test_published_synchrony_scores_the_first_reaction_only():
    reactions, speaker = delayed([7, 20, 30])
    assert react.frsyn(reactions, speaker, "published") == 7
    assert react.frsyn(reactions, speaker) == 19


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_a_constant_au_gives_49_as_published_and_changes_nothing_when_fixed(level):
    reactions, speaker = delayed([7, -4])
    still = np.full((1, 2, 400, 1), level)
    wide = np.concatenate([reactions, still], -1)
    listener = np.concatenate([speaker, speaker[..., :1]], -1)
    assert react.frsyn(wide, listener, "published") == 49
    assert react.frsyn(wide, listener) == react.frsyn(reactions, speaker) == 5.5
    assert np.isnan(react.frsyn(still, listener[..., :1]))


def test_an_au_that_moves_late_is_constant_at_some_lags_only():
    reactions, speaker = delayed([3])
    late = np.zeros((1, 1, 400, 1))
    late[0, 0, 395:] = 1.0
    wide = np.concatenate([reactions, late], -1)
    listener = np.concatenate([speaker, speaker[..., :1]], -1)
    assert react.reaction_lags(wide, listener)[0, 0] == 3
    assert react.frsyn(wide, listener, "published") != 3


def test_published_lag_equals_numpy_lag_by_lag():
    reactions, speaker = smooth((1, 1, 120, 2)), smooth((1, 120, 2), 1)
    x, y = reactions[0, 0], speaker[0]
    curve = []
    for lag in range(-49, 50):
        a, b = (x[lag:], y[: len(y) - lag]) if lag >= 0 else (x[:lag], y[-lag:])
        curve.append(np.mean([np.corrcoef(a[:, d], b[:, d])[0, 1] for d in range(2)]))
    expected = np.argmax(curve) - 49
    assert react.reaction_lags(reactions, speaker, "published")[0, 0] == expected
    assert react.reaction_lags(reactions, speaker)[0, 0] == expected


def test_people_are_judged_by_the_other_people():
    real = smooth((5, 60, 2))
    suits = np.array([[1, 1, 1, 0, 0], [0, 0, 0, 1, 0]])
    score = react.concordance
    expected = np.mean(
        [
            max(score(real[0], real[1]), score(real[0], real[2])),
            max(score(real[1], real[0]), score(real[1], real[2])),
            max(score(real[2], real[0]), score(real[2], real[1])),
        ]
    )
    assert react.among_people(react.frcorr, real, suits) == pytest.approx(expected)
    far = react.among_people(react.frdist, real, suits, groups=ONE_GROUP, radius=5)
    near = react.among_people(react.frdist, real, suits, groups=ONE_GROUP)
    assert 0 < near < far
    assert np.isnan(react.among_people(react.frcorr, real, suits[1:]))


def test_bad_input_is_named():
    reactions, real = smooth((2, 2, 120, 2)), smooth((3, 120, 2))
    with pytest.raises(InputError, match="stimulus 1 has no"):
        react.frcorr(reactions, real, np.array([[1, 0, 0], [0, 0, 0]]))
    with pytest.raises(InputError, match="mode"):
        react.frvar(reactions, "official")
    with pytest.raises(ShapeError, match="alpha"):
        react.frvar(real)
    with pytest.raises(ShapeError, match="appropriate"):
        react.frcorr(reactions, real, np.ones((2, 2)))
    with pytest.raises(ShapeError, match="lags up to 49"):
        react.frsyn(reactions[:, :, :40], real[:2, :40])
    with pytest.raises(InputError, match="real: missing"):
        react.frcorr(reactions, np.full((3, 120, 2), np.nan), np.ones((2, 3)))
    reactions[0, 0, 0, 0] = np.nan
    with pytest.raises(InputError, match="missing"):
        react.frdiv(reactions)
