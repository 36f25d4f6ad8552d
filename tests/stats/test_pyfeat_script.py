"""A script for py-feat runs here once its import lines name genface.

The calls are those of py-feat's tutorial "Running a full analysis", sections 4.3 to
4.6; the numbers those of py-feat 2.1.5.
"""

import json

import numpy as np
import pandas as pd
import pytest

IMPORTS = {"from feat.utils.io import read_feat": "from genface import read_feat"}

SCRIPT = """
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from feat.utils.io import read_feat

fex = pd.concat(
    read_feat(str(data / video.replace(".mp4", ".csv"))) for video in videos)
counts = (fex.inputs.nunique(), fex.shape[0], fex.groupby("input").size().mean())

by_video = fex.update_sessions(fex["input"])
video_means = by_video.extract_mean()
video001_aus = video_means.aus.loc["001.mp4"]
ax = video001_aus.plot(kind="bar", title="Video 001 AU detection")
ax.set(ylabel="Average Probability")

video2condition = dict(zip(clip_attrs["input"], clip_attrs["condition"]))
ax = by_video.update_sessions(video2condition).extract_mean().aus.plot(
    kind="bar", legend=False, title="Mean AU detection by condition")

aus = ["AU06", "AU12", "AU25"]
summary = by_video.update_sessions(video2condition).extract_summary(
    mean=True, sem=True, std=False, min=False, max=False)
bad_means = summary.loc["badNews", [f"mean_{au}" for au in aus]]
bad_sems = summary.loc["badNews", [f"sem_{au}" for au in aus]]
fig, ax = plt.subplots(figsize=(3, 4))
ind = np.arange(len(bad_means))
ax.bar(ind, bad_means, 0.35, yerr=bad_sems, label="Bad News")

by_condition = video_means.update_sessions(video2condition)
by_condition_codes = by_condition.update_sessions({"goodNews": 1.0, "badNews": -1})
b, se, t, p, df, residuals = by_condition_codes.regress(
    X="sessions", y="aus", fit_intercept=True)
p_bonf = p / p.shape[1]
results = pd.concat([
    b.round(3).loc[["sessions"]].rename(index={"sessions": "betas"}),
    se.round(3).loc[["sessions"]].rename(index={"sessions": "ses"}),
    t.round(3).loc[["sessions"]].rename(index={"sessions": "t-stats"}),
    df.round(3).loc[["sessions"]].rename(index={"sessions": "dof"}),
    p_bonf.round(3).loc[["sessions"]].rename(index={"sessions": "p-values"}),
])
ax = results.loc["betas"].plot(
    kind="bar",
    yerr=results.loc["ses"],
    color=["steelblue" if elem else "gray" for elem in results.loc["p-values"] < 0.01],
    title="Good News > Bad News")
xticks = [elem.get_text().split("_")[-1] for elem in ax.get_xticklabels()]

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import StandardScaler
from sklearn.pipeline import make_pipeline

accuracies, models = {}, {}
for features in ["emotions", "aus", "poses", "emotions,poses", "aus,poses"]:
    model, accuracy = by_condition.predict(
        X=features,
        y="sessions",
        model=make_pipeline(StandardScaler(), LinearDiscriminantAnalysis()),
        cv_kwargs={"cv": 10})
    models[features] = model
    accuracies[features] = accuracy
coefficients = models["aus"][1].coef_.squeeze()

isc = fex.isc(col="Happy", method="pearson")

def cluster_corrs(df):
    import scipy.cluster.hierarchy as sch
    pairwise_distances = sch.distance.pdist(df)
    linkage = sch.linkage(pairwise_distances, method="complete")
    cluster_distance_threshold = pairwise_distances.max() / 2
    idx_to_cluster_array = sch.fcluster(
        linkage, cluster_distance_threshold, criterion="distance")
    idx = np.argsort(idx_to_cluster_array)
    return df.iloc[idx, :].T.iloc[idx, :]

clustered = cluster_corrs(isc)
plt.close("all")
"""


@pytest.fixture(scope="module")
def ran(shared) -> dict:
    """Names that the script leaves behind."""
    script = SCRIPT
    for theirs, ours in IMPORTS.items():
        assert theirs in script
        script = script.replace(theirs, ours)
    data = shared / "data" / "news_sample"
    videos = [path.stem + ".mp4" for path in sorted(data.glob("0*.csv"))]
    attrs = pd.read_csv(data / "clip_attrs.csv").assign(
        input=lambda d: d.clipN.apply(lambda x: str(x).zfill(3) + ".mp4"),
        condition=lambda d: d["class"].replace({"gn": "goodNews", "ists": "badNews"}),
    )
    names = {
        "data": data,
        "videos": videos,
        "clip_attrs": attrs[attrs["input"].isin(videos)],
    }
    with pytest.warns(UserWarning, match="pyfeat_version"):
        exec(script, names)
    return names


def reference(shared, name: str) -> pd.DataFrame:
    return pd.read_csv(shared / "reference" / f"{name}.csv", index_col=0)


def same(found: pd.DataFrame, expected: pd.DataFrame, rtol: float) -> None:
    """The same table, in values, order and labels (a CSV has no names of axes)."""
    assert list(found.columns) == list(expected.columns)
    assert list(found.index) == list(expected.index)
    np.testing.assert_allclose(
        found.to_numpy(float), expected.to_numpy(float), rtol=rtol, atol=1e-14
    )


@pytest.mark.parity
def test_counts(ran):
    assert ran["counts"] == (20, 477, pytest.approx(23.85))


@pytest.mark.parity
def test_means_and_summaries(ran, shared):
    for name, file in (
        ("video_means", "video_means"),
        ("summary", "condition_summary_mean_sem"),
    ):
        expected = reference(shared, file)
        # The column Identity holds names here, and no name is no number.
        expected = expected[[c for c in expected if not c.endswith("_Identity")]]
        same(ran[name], expected, 1e-10)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["b", "se", "t", "p", "df", "residuals"])
def test_regression(ran, shared, name):
    same(ran[name], reference(shared, f"regress_{name}"), 1e-9)
    assert ran["xticks"][0] == "AU01" and len(ran["xticks"]) == 20


@pytest.mark.parity
def test_accuracies_are_exact(ran, shared):
    text = (shared / "reference" / "predict_accuracy.json").read_text()
    expected = json.loads(text)
    for features, accuracy in ran["accuracies"].items():
        assert accuracy.tolist() == expected[features]["fold_accuracies"]
    percent = [100 * ran["accuracies"][f].mean() for f in ran["accuracies"]]
    assert percent == pytest.approx([100, 100, 85, 100, 95])
    assert ran["coefficients"].shape == (20,)


@pytest.mark.parity
def test_isc_and_its_clusters(ran, shared):
    expected = reference(shared, "isc_happy_pearson")
    np.testing.assert_allclose(ran["isc"], expected, rtol=0, atol=1e-12)
    assert sorted(ran["clustered"].index) == sorted(expected.index)
    np.testing.assert_allclose(ran["clustered"], ran["clustered"].T)
