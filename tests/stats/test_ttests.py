"""t tests, effect sizes and corrections against scipy, statsmodels and closed forms."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from statsmodels.stats.multitest import multipletests

from genface import stats
from genface.errors import InputError
from genface.fex import Fex


def made(n: int = 30, seed: int = 0) -> Fex:
    rng = np.random.default_rng(seed)
    table = Fex(rng.normal(size=(n, 3)) + 0.3, columns=["AU01", "AU12", "Happy"])
    table["input"] = "a.mp4"
    table["frame"] = np.arange(n)
    return table.update_sessions(np.where(np.arange(n) < n // 3, "b", "a"))


def test_one_sample_is_scipys():
    table = made()
    test = table.ttest_1samp(0.1)
    wanted = scipy.stats.ttest_1samp(table[["AU01", "AU12", "Happy"]], 0.1)
    statistic, pvalue = test
    np.testing.assert_allclose(statistic, wanted.statistic)
    np.testing.assert_allclose(pvalue, wanted.pvalue)
    np.testing.assert_allclose(test.df, 29)
    ends = wanted.confidence_interval()
    np.testing.assert_allclose(test.table["low"] + 0.1, ends.low)
    np.testing.assert_allclose(test.table["high"] + 0.1, ends.high)
    assert test.table.index.tolist() == ["AU01", "AU12", "Happy"]
    d = (table["AU01"].mean() - 0.1) / table["AU01"].std()
    assert test.table.loc["AU01", "d"] == pytest.approx(d)


@pytest.mark.parametrize("equal_var", [True, False])
def test_two_samples_are_scipys(equal_var):
    table = made()
    test = table.ttest_ind("aus", equal_var=equal_var, level=0.9)
    first, second = table.aus.iloc[:10], table.aus.iloc[10:]
    wanted = scipy.stats.ttest_ind(first, second, equal_var=equal_var)
    np.testing.assert_allclose(test.statistic, wanted.statistic)
    np.testing.assert_allclose(test.pvalue, wanted.pvalue)
    np.testing.assert_allclose(test.df, wanted.df)
    np.testing.assert_allclose(test.table["low"], wanted.confidence_interval(0.9).low)
    pooled = np.sqrt((9 * first.var() + 19 * second.var()) / 28)
    np.testing.assert_allclose(test.table["d"], (first.mean() - second.mean()) / pooled)


def test_one_column_by_name_gives_numbers():
    table = made()
    test = table.ttest_ind("AU12", sessions=[1] * 12 + [2] * 18)
    wanted = scipy.stats.ttest_ind(table["AU12"][:12], table["AU12"][12:])
    assert float(test.statistic) == pytest.approx(wanted.statistic)
    assert float(test.pvalue) == pytest.approx(wanted.pvalue)


def test_the_first_session_to_appear_comes_first():
    table = Fex({"AU12": [5.0, 6, 1, 2]}).update_sessions(["z", "z", "a", "a"])
    assert table.ttest_ind("AU12").table.loc["AU12", "estimate"] == 4


def test_two_sessions_are_needed():
    table = made()
    for labels in (["a"] * 30, np.arange(30)):
        with pytest.raises(InputError, match="compares two sessions"):
            table.update_sessions(labels).ttest_ind("AU12")
    with pytest.raises(InputError, match="there are 0"):
        table.update_sessions(None).ttest_ind("AU12")


def test_gaps_are_left_out_and_said():
    table = made()
    table.loc[[3, 20], "AU01"] = np.nan
    values = table["AU01"]
    with pytest.warns(UserWarning, match="1 columns miss values.*AU01"):
        test = table.ttest_1samp()
    wanted = scipy.stats.ttest_1samp(values, 0, nan_policy="omit")
    assert test.table.loc["AU01", "p"] == pytest.approx(wanted.pvalue)
    with pytest.warns(UserWarning, match="miss values"):
        test = table.ttest_ind("aus")
    wanted = scipy.stats.ttest_ind(values[:10], values[10:], nan_policy="omit")
    assert test.table.loc["AU01", "t"] == pytest.approx(wanted.statistic)


def test_columns_that_say_nothing_are_nan_and_named():
    table = made().assign(AU04=np.nan, AU05=0.1)
    with pytest.warns(UserWarning, match=r"no test of AU04, AU05 \(2 columns"):
        test = table.ttest_1samp(correct="holm")
    assert test.table.loc[["AU04", "AU05"], "p"].isna().all()
    plain = made().ttest_1samp(correct="holm")
    np.testing.assert_allclose(test.pvalue[:3], plain.pvalue)


def test_words_are_an_error():
    with pytest.raises(InputError, match="name is not"):
        made().assign(name="x").ttest_1samp()


@pytest.mark.parametrize("method", ["bonferroni", "holm", "fdr"])
def test_corrections_are_those_of_statsmodels(method):
    p = np.random.default_rng(0).random((3, 12)) ** 3
    p[1, [2, 5]] = np.nan
    p[2, :] = 0.04
    corrected = stats.correct_pvalues(pd.DataFrame(p), method)
    for ours, family in zip(corrected.to_numpy(), p, strict=True):
        seen = ~np.isnan(family)
        name = "fdr_bh" if method == "fdr" else method
        wanted = multipletests(family[seen], method=name)[1]
        np.testing.assert_allclose(ours[seen], wanted)
        assert np.isnan(ours[~seen]).all()
    one = stats.correct_pvalues(pd.Series(p[0], name="p"), method)
    np.testing.assert_allclose(one, corrected.iloc[0])


def test_corrections_are_checked():
    with pytest.raises(InputError, match="correct='sidak'"):
        stats.correct_pvalues(np.array([0.1]), "sidak")
    with pytest.raises(InputError, match="between 0 and 1"):
        stats.correct_pvalues(np.array([1.1]), "holm")
    assert np.isnan(stats.correct_pvalues(np.array([np.nan]), "holm")).all()


def test_the_tutorials_bonferroni_was_too_kind():
    # 20 true nulls: dividing p by their number would call nearly all significant.
    p = np.linspace(0.01, 0.99, 20)
    assert (p / 20 < 0.05).mean() > 0.9
    assert (stats.correct_pvalues(p, "bonferroni") >= 0.05).all()


def test_hedges_correction():
    # Gamma(1) / (sqrt(1) Gamma(1/2)), and Hedges' approximation for larger samples.
    assert stats.hedges_g(1.0, 2) == pytest.approx(1 / np.sqrt(np.pi))
    assert stats.hedges_g(0.8, 38) == pytest.approx(0.8 * (1 - 3 / (4 * 38 - 1)), 1e-3)


@pytest.mark.parametrize("t", [-4.0, 0.0, 0.3, 2.5, 30.0])
def test_effect_intervals_invert_the_noncentral_t(t):
    low, high = stats.effect_interval(t, 18, 10, 10)
    scale = np.sqrt(1 / 10 + 1 / 10)
    assert scipy.stats.nct.sf(t, 18, low / scale) == pytest.approx(0.025, rel=1e-4)
    assert scipy.stats.nct.cdf(t, 18, high / scale) == pytest.approx(0.025, rel=1e-4)


def test_effect_intervals_are_those_of_scipys_noncentral_t():
    rng = np.random.default_rng(0)
    n = np.concatenate([[2, 2, 3], np.round(10 ** rng.uniform(0.4, 4.5, 200))])
    d = np.concatenate([[9, 0, 1e-9], 10 ** rng.uniform(-3, 1, 200)])
    t = d * np.sqrt(n) * rng.choice([-1, 1], len(n))
    for level in (0.5, 0.95, 0.99):
        low, high = stats.effect_interval(t, n - 1, n, level=level)
        for end, chance in ((low, (1 + level) / 2), (high, (1 - level) / 2)):
            found = scipy.special.nctdtr(n - 1, end * np.sqrt(n), t)
            np.testing.assert_allclose(found, chance, rtol=0, atol=1e-9)


def test_effect_intervals_of_large_t_are_those_of_a_standard_deviation():
    # The mean is sure beside the deviation, whose square is chi2: d = mean / std.
    t, n = 10.0 ** np.arange(6, 12), 40
    low, high = stats.effect_interval(t, n - 1, n)
    for end, chance in ((low, 0.025), (high, 0.975)):
        chi2 = scipy.stats.chi2.ppf(chance, n - 1)
        np.testing.assert_allclose(end, t * np.sqrt(chi2 / (n - 1) / n), rtol=1e-9)


def test_effect_intervals_cover_the_truth():
    rng = np.random.default_rng(3)
    samples = rng.normal(0.7, 1, size=(4000, 12))
    t = scipy.stats.ttest_1samp(samples, 0, axis=1).statistic
    low, high = stats.effect_interval(t, 11, 12, level=0.9)
    assert np.mean((low <= 0.7) & (high >= 0.7)) == pytest.approx(0.9, abs=0.015)


def test_effect_intervals_of_what_is_not_there():
    low, high = stats.effect_interval(np.array([np.nan, np.inf]), 10, 11)
    assert np.isnan(low).all() and np.isnan(high).all()
    with pytest.raises(InputError, match="level=95"):
        stats.effect_interval(1.0, 10, 11, level=95)
