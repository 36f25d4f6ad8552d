"""Every value in sections A and B of the reference, made by py-feat 2.1.5 itself."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from genface import stats
from genface.fex import Fex

pytestmark = pytest.mark.parity

FEATURES = ["emotions", "aus", "poses", "emotions,poses", "aus,poses"]


@pytest.fixture(scope="module")
def news(shared) -> Fex:
    folder = shared / "data" / "news_sample"
    parts = [Fex(pd.read_csv(folder / f"{i:03d}.csv")) for i in range(1, 21)]
    fex = pd.concat(parts)
    return fex.update_sessions(fex["input"])


@pytest.fixture(scope="module")
def conditions(shared) -> dict[str, str]:
    return json.loads((shared / "reference" / "video2condition.json").read_text())


@pytest.fixture(scope="module")
def by_condition(news, conditions) -> Fex:
    return news.extract_mean().update_sessions(conditions)


@pytest.fixture(scope="module")
def clip(shared) -> Fex:
    """The Action Units of clip 016, as the references take them."""
    table = Fex(pd.read_csv(shared / "data" / "news_sample" / "016.csv")).aus
    table.attrs["sampling_freq"] = 15.0
    return table


@pytest.fixture
def check(shared):
    def equal(name: str, table: pd.DataFrame, rtol: float = 1e-10) -> None:
        wanted = pd.read_csv(shared / "reference" / name, index_col=0)
        assert list(map(str, table.columns)) == list(map(str, wanted.columns))
        assert list(map(str, table.index)) == list(map(str, wanted.index))
        # What rounding leaves of a 0 is judged by the size of its column.
        size = np.nanmax(np.abs(wanted.to_numpy(float)), axis=0, initial=0)
        np.testing.assert_array_equal(np.isnan(table), np.isnan(wanted))
        apart = np.abs(table.to_numpy(float) - wanted.to_numpy(float))
        limit = rtol * np.abs(wanted.to_numpy(float)) + 1e-13 * size
        assert (np.nan_to_num(apart) <= np.nan_to_num(limit)).all(), name

    return equal


def test_summaries(news, conditions, check):
    by_condition = news.update_sessions(conditions)
    check("video_means.csv", news.extract_mean())
    check("video_summary_all.csv", news.extract_summary())
    check("condition_means.csv", by_condition.extract_mean())
    asked = dict(mean=True, sem=True, std=False, min=False, max=False)
    check("condition_summary_mean_sem.csv", by_condition.extract_summary(**asked))


def test_regression(by_condition, check):
    codes = by_condition.update_sessions({"goodNews": 1.0, "badNews": -1})
    result = codes.regress(X="sessions", y="aus", fit_intercept=True)
    for name in ("b", "se", "t", "p", "df", "residuals"):
        check(f"regress_{name}.csv", getattr(result, name))


def test_regression_of_arrays(shared):
    wanted = np.load(shared / "reference" / "util_regress.npz")
    rows = pd.DataFrame(index=range(len(wanted["X"])))
    result = stats.regress(rows, wanted["X"], wanted["Y"], fit_intercept=False)
    for ours, theirs in zip(result, ("b", "se", "t", "p", "df", "res"), strict=True):
        np.testing.assert_allclose(ours, wanted[theirs], rtol=1e-10)


@pytest.mark.parametrize("features", FEATURES)
def test_decoding(by_condition, shared, features):
    model = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis())
    fitted, scores = by_condition.predict(features, "sessions", model, {"cv": 10})
    folder = shared / "reference"
    wanted = json.loads((folder / "predict_accuracy.json").read_text())[features]
    assert scores.tolist() == wanted["fold_accuracies"]
    weights = json.loads((folder / "predict_lda_coef.json").read_text())[features]
    assert fitted.feature_names_in_.tolist() == weights["columns"]
    np.testing.assert_allclose(fitted[1].coef_, [weights["coef"]], rtol=1e-8)
    decoded = by_condition.decode(
        features, "sessions", model, {"cv": 10}, permutations=0
    )
    assert decoded.scores.tolist() == wanted["fold_accuracies"]
    assert decoded.accuracy == pytest.approx(wanted["mean"])


def test_ttests(news, by_condition, check):
    aus = by_condition.aus.ttest_1samp(0.2).table
    check("ttest_1samp_videomeans_aus_0.2.csv", aus[["t", "p"]])
    two = news[news["input"].isin(["001.mp4", "011.mp4"])]
    check("ttest_ind_001_vs_011_aus.csv", two.ttest_ind("aus").table[["t", "p", "df"]])


def test_distances(clip, check):
    check("m016_distance_euclidean.csv", clip.distance())
    check("m016_distance_cosine.csv", clip.distance("cosine"))


@pytest.mark.parametrize("axis", [0, 1])
def test_principal_components(clip, shared, check, axis):
    found = clip.decompose("pca", axis=axis, n_components=3)
    for part in ("weights", "components"):
        name = f"m016_pca3_axis{axis}_{part}.csv"
        wanted = pd.read_csv(shared / "reference" / name, index_col=0)
        sign = np.sign((found[part].to_numpy() * wanted.to_numpy()).sum(axis=0))
        check(name, found[part] * sign)


def test_resampling(clip, check):
    check("m016_downsample_3.csv", clip.downsample(target=3))
    slow = clip.downsample(target=5, target_type="hz", method="median")
    check("m016_downsample_hz5_median.csv", slow)
    check("m016_upsample_30hz.csv", clip.upsample(target=30))
    more = clip.upsample(target=50, target_type="samples")
    check("m016_upsample_50samples.csv", more)


def test_cleaning(clip, check):
    check("m016_clean_default.csv", clip.clean())
    check("m016_clean_lp3.csv", clip.clean(low_pass=3))
    check("m016_clean_hp05.csv", clip.clean(high_pass=0.5))
    noise = np.linspace(0, 1, 39) ** 2
    both = clip.clean(low_pass=3, high_pass=0.5, confounds=noise)
    check("m016_clean_bp_conf.csv", both)


def test_baselines(clip, check):
    check("m016_baseline_median.csv", clip.baseline("median"))
    check("m016_baseline_begin.csv", clip.baseline("begin"))
    check("m016_baseline_mean_pct.csv", clip.baseline("mean", normalize="pct"))


def test_decibels_differ_as_documented(clip, shared):
    theirs = pd.read_csv(
        shared / "reference" / "m016_baseline_mean_db.csv", index_col=0
    )
    with np.errstate(invalid="ignore"):
        wrong = 10 * np.log10(clip - clip.mean()) / clip.mean()
    np.testing.assert_allclose(wrong, theirs, rtol=1e-10)
    with pytest.warns(UserWarning, match="no meaning as 'db'"):
        ours = clip.baseline("mean", normalize="db")
    back = 10 ** (ours / 10) * clip.mean()
    np.testing.assert_allclose(back, clip.where(clip > 0), rtol=1e-10)


def test_wavelets(clip, shared, check):
    for mode in ("filtered", "phase", "magnitude", "power"):
        found = clip.extract_wavelet(1.0, mode=mode)
        check(f"m016_wavelet_1hz_{mode}.csv", found)
        assert found.aus.shape == clip.shape
    bank = clip.extract_multi_wavelet(min_freq=0.5, max_freq=2, bank=3, mode="power")
    check("m016_multiwavelet_power.csv", bank)
    values = stats.wavelet(1.0, num_cyc=3, sampling_freq=15.0)
    parts = pd.DataFrame({"re": values.real, "im": values.imag})
    check("util_wavelet_1hz_15fs.csv", parts)
    signal = pd.read_csv(shared / "reference" / "util_calc_hist_auc_input.csv")["v"]
    check("util_calc_hist_auc.csv", stats.calc_hist_auc(signal).to_frame("0"))


def test_rectification(shared, check):
    fex = Fex(pd.read_csv(shared / "data" / "news_sample" / "016.csv"))
    kept = ["FaceRectX", "FaceRectY", "AU12", "Happy", "Pitch"]
    check("m016_rectification_std1.csv", fex.rectification(std=1)[kept])


@pytest.mark.parametrize("method", ["gallery", "connected", "hdbscan"])
def test_identities(shared, method):
    wanted = np.load(shared / "reference" / "util_cluster_identities.npz")
    with pytest.warns(UserWarning, match="2 of 14 rows have no identity embedding"):
        found = stats.cluster_identities(wanted["emb"], 0.8, method)
    assert found.astype(str).tolist() == wanted[method].tolist()
