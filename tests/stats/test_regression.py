"""Regressions against closed forms, and designs that do not determine an answer."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from genface import stats
from genface.errors import InputError
from genface.fex import Fex
from genface.stats.regression import dependent_columns

N = 24


def made(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(N, 3)), columns=["AU01", "AU12", "Happy"])
    table["age"] = rng.normal(size=N)
    table["AU12"] += 2 * table["age"] + 3
    return table


def test_one_predictor_is_scipys_linear_regression():
    table = made()
    result = stats.regress(table, "age", "aus")
    for name in ("AU01", "AU12"):
        line = scipy.stats.linregress(table["age"], table[name])
        assert result.b.loc["age", name] == pytest.approx(line.slope)
        assert result.b.loc["intercept", name] == pytest.approx(line.intercept)
        assert result.se.loc["age", name] == pytest.approx(line.stderr)
        assert result.se.loc["intercept", name] == pytest.approx(line.intercept_stderr)
        assert result.p.loc["age", name] == pytest.approx(line.pvalue)
        assert result.df.loc["age", name] == N - 2
        r2 = result.partial_r2().loc["age", name]
        assert r2 == pytest.approx(line.rvalue**2)


def test_a_code_of_two_groups_is_a_t_test_with_its_interval():
    table = made()
    code = np.repeat([1.0, -1.0], N // 2)
    result = stats.regress(table, code, "Happy")
    first, second = table["Happy"][: N // 2], table["Happy"][N // 2 :]
    test = scipy.stats.ttest_ind(first, second)
    assert result.p.loc["X", "Happy"] == pytest.approx(test.pvalue)
    low, high = (ends.loc["X", "Happy"] * 2 for ends in result.interval(0.9))
    wanted = test.confidence_interval(0.9)
    assert (low, high) == pytest.approx((wanted.low, wanted.high))


def test_robust_errors_are_hc3():
    table = made()
    result = stats.regress(table, "age, Happy", "AU12", mode="robust")
    x = np.column_stack([table[["age", "Happy"]], np.ones(N)])
    inverse = np.linalg.inv(x.T @ x)
    plain = stats.regress(table, "age, Happy", "AU12")
    residuals = plain.residuals.to_numpy()[:, 0]
    leverage = np.diag(x @ inverse @ x.T)
    middle = x.T @ np.diag((residuals / (1 - leverage)) ** 2) @ x
    wanted = np.sqrt(np.diag(inverse @ middle @ inverse))
    np.testing.assert_allclose(result.se["AU12"], wanted, rtol=1e-10)
    np.testing.assert_allclose(result.b, plain.b, rtol=1e-10)
    p = 2 * scipy.stats.t.sf(np.abs(result.b["AU12"] / wanted), N - 3)
    np.testing.assert_allclose(result.p["AU12"], p, rtol=1e-8)


def test_a_random_intercept_in_a_balanced_design_has_its_closed_form():
    # Within-subject predictor, equal subjects: least squares within subjects; the
    # intercept's error is the spread of the subjects' means (Searle et al. 1992, 4.5).
    rng = np.random.default_rng(1)
    subjects, m = 6, 5
    who = np.repeat(np.arange(subjects), m)
    x = np.tile(np.linspace(-1, 1, m), subjects)
    y = 0.5 * x + rng.normal(size=subjects)[who] + 0.3 * rng.normal(size=len(who))
    table = pd.DataFrame({"AU12": y, "x": x, "who": [f"s{i}" for i in who]})
    result = stats.regress(table, "x", "AU12", mode="mixed", groups="who")
    means = table.groupby("who")["AU12"].mean().to_numpy()
    within = y - means[who]
    b = (x @ within) / (x @ x)
    mse = ((within - b * x) ** 2).sum() / (len(y) - subjects - 1)
    assert result.b.loc["x", "AU12"] == pytest.approx(b, rel=1e-6)
    assert result.se.loc["x", "AU12"] == pytest.approx(np.sqrt(mse / (x @ x)), rel=1e-4)
    assert result.b.loc["intercept", "AU12"] == pytest.approx(y.mean(), rel=1e-6)
    spread = means.std(ddof=1) / np.sqrt(subjects)
    assert result.se.loc["intercept", "AU12"] == pytest.approx(spread, rel=1e-3)
    assert np.isinf(result.df.to_numpy()).all()
    z = result.t.loc["x", "AU12"]
    p = 2 * scipy.stats.norm.sf(abs(z))
    assert result.p.loc["x", "AU12"] == pytest.approx(p)
    assert result.partial_r2().isna().to_numpy().all()


def test_without_differences_between_subjects_mixed_is_least_squares():
    # Every subject has the same mean: the variance of the intercepts is 0.
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(6, 4))
    noise -= noise.mean(axis=1, keepdims=True)
    table = pd.DataFrame({"AU12": noise.ravel(), "x": np.tile([0.0, 1, 2, 3], 6)})
    who = np.repeat(np.arange(6), 4)
    mixed = stats.regress(table, "x", "AU12", mode="mixed", groups=who)
    plain = stats.regress(table, "x", "AU12")
    np.testing.assert_allclose(mixed.se, plain.se)
    np.testing.assert_allclose(mixed.b, plain.b)


def test_correction_is_over_the_y_columns_of_each_predictor():
    table = made()
    plain = stats.regress(table, "age", "aus, Happy")
    corrected = stats.regress(table, "age", "aus, Happy", correct="bonferroni")
    np.testing.assert_allclose(corrected.p, np.minimum(plain.p * 3, 1))
    pd.testing.assert_frame_equal(corrected.t, plain.t)


def test_the_predictors_given_are_not_changed():
    table = made()
    x = pd.DataFrame({"age": table["age"]})
    before = x.copy()
    stats.regress(table, x, "aus")
    pd.testing.assert_frame_equal(x, before)


def test_missing_y_leaves_out_rows_of_that_column_only():
    table = made()
    table.loc[[2, 5], "AU01"] = np.nan
    with pytest.warns(UserWarning, match="y columns AU01 miss values"):
        result = stats.regress(table, "age", "aus")
    whole = stats.regress(table.drop(index=[2, 5]), "age", "AU01")
    np.testing.assert_allclose(result.b[["AU01"]], whole.b)
    np.testing.assert_allclose(result.p[["AU01"]], whole.p)
    assert result.df.loc["age"].tolist() == [N - 4, N - 2]
    assert result.residuals["AU01"].isna().sum() == 2
    np.testing.assert_allclose(
        result.b[["AU12"]], stats.regress(table, "age", "AU12").b
    )


def test_missing_predictors_leave_out_rows():
    table = made()
    table.loc[3, "age"] = np.nan
    with pytest.warns(UserWarning, match="1 of 24 rows are left out.*age of X"):
        result = stats.regress(table, "age", "AU01")
    whole = stats.regress(table.drop(index=3), "age", "AU01")
    np.testing.assert_allclose(result.se, whole.se)
    assert len(result.residuals) == N


def test_columns_without_an_answer_are_nan_and_named():
    table = made().assign(AU04=np.nan, AU05=0.25)
    with pytest.warns(UserWarning, match="AU04, AU05 are NaN"):
        result = stats.regress(table, "age", "aus", correct="fdr")
    assert result.p[["AU04", "AU05"]].isna().to_numpy().all()
    plain = stats.regress(table, "age", "AU01, AU12", correct="fdr")
    np.testing.assert_allclose(result.p[["AU01", "AU12"]], plain.p)


@pytest.mark.parametrize("mode", ["ols", "robust", "mixed"])
def test_singular_designs_are_named(mode):
    table = made().assign(twice=lambda t: 2 * t["age"], still=3.0)
    groups = np.arange(N) // 4 if mode == "mixed" else None
    with pytest.raises(InputError, match="singular: twice follows"):
        stats.regress(table, "age, twice", "aus", mode=mode, groups=groups)
    with pytest.raises(InputError, match="singular: still follows"):
        stats.regress(table, "still, age", "aus", mode=mode, groups=groups)


def test_one_session_cannot_be_compared():
    table = Fex(made()).update_sessions([1.0] * N)
    with pytest.raises(InputError, match="singular: sessions"):
        table.regress("sessions", "aus")


def test_too_few_rows_are_named():
    table = made().iloc[:3]
    with pytest.raises(InputError, match="3 complete rows cannot tell 4"):
        stats.regress(table, "age, Happy, AU12", "AU01")


def test_a_row_that_alone_determines_a_coefficient_has_no_hc3():
    table = made().assign(one=np.eye(N)[0])
    with pytest.warns(UserWarning, match="without a standard error"):
        result = stats.regress(table, "one", "AU01", mode="robust")
    assert result.se.isna().to_numpy().all()


def test_words_are_no_predictors():
    table = Fex(made()).update_sessions(["a", "b"] * (N // 2))
    with pytest.raises(InputError, match="sessions is not.*update_sessions"):
        table.regress("sessions", "aus")
    with pytest.raises(InputError, match="y must be numbers, and name is not"):
        table.assign(name="x").regress("age", "name")


def test_modes_and_groups_are_checked():
    table = made()
    with pytest.raises(InputError, match="mode='hac'"):
        stats.regress(table, "age", "aus", mode="hac")
    with pytest.raises(InputError, match="needs groups"):
        stats.regress(table, "age", "aus", mode="mixed")
    with pytest.raises(InputError, match='for mode="mixed"'):
        stats.regress(table, "age", "aus", groups="Happy")
    with pytest.raises(InputError, match="24 groups of at most 1 rows"):
        stats.regress(table, "age", "aus", mode="mixed", groups=np.arange(N))
    with pytest.raises(InputError, match="1 groups"):
        stats.regress(table, "age", "aus", mode="mixed", groups=np.zeros(N))


def test_dependent_columns_are_as_many_as_the_rank_lacks():
    rng = np.random.default_rng(0)
    for _ in range(50):
        p = rng.integers(1, 6)
        columns = [*(rng.random((20, p)) * 10.0 ** rng.integers(-2, 3, p)).T]
        columns.insert(rng.integers(p + 1), rng.normal(size=p) @ columns)
        columns += [np.full(20, 3.0)] * rng.integers(0, 3)
        values = np.column_stack(columns)
        values /= np.linalg.norm(values, axis=0)
        left = np.delete(values, dependent_columns(values), axis=1)
        rank = np.linalg.matrix_rank(values)
        assert left.shape[1] == np.linalg.matrix_rank(left) == rank
