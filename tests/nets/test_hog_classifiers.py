"""Classifiers on histograms of gradients against scikit-learn and XGBoost."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from genface.errors import ShapeError, WeightError
from genface.nets import hog_classifiers
from genface.nets.hog_classifiers import HogClassifiers, Reduction
from genface.weights.skops_file import Record, read_skops

RANDOM = np.random.default_rng(0)
HOG = RANDOM.random((120, 40)).astype(np.float32)
POINTS = RANDOM.integers(0, 112, (120, 68, 2))
LABELS = {name: RANDOM.integers(0, 2, 120) for name in ("AU1", "AU12", "AU20")}
REGION = {"AU1": "upper", "AU12": "lower", "AU20": "full"}


def record(made):
    return Record(type(made).__name__, vars(made))


@pytest.fixture(scope="module")
def reductions():
    """A scaler and a PCA of each region, and the features they give."""
    found = {}
    for size, region in enumerate(("upper", "lower", "full"), start=3):
        scaler = StandardScaler().fit(HOG * size)
        pca = PCA(size, whiten=region == "lower").fit(scaler.transform(HOG))
        reduced = pca.transform(scaler.transform(HOG))
        found[region] = scaler, pca, np.hstack([reduced, POINTS.reshape(120, -1)])
    return found


def content(reductions, classifiers, wrap=record):
    attributes = {"classifiers": {k: wrap(made) for k, made in classifiers.items()}}
    for region, (scaler, pca, _) in reductions.items():
        attributes[f"scaler_{region}"] = wrap(scaler)
        attributes[f"pca_model_{region}"] = wrap(pca)
    return attributes


@pytest.fixture(scope="module")
def separators(reductions):
    return {
        name: LinearSVC(max_iter=20, tol=1).fit(reductions[REGION[name]][2], labels)
        for name, labels in LABELS.items()
    }


def expected_of(classifiers, reductions, regions):
    return [made.predict(reductions[regions[k]][2]) for k, made in classifiers.items()]


@pytest.mark.filterwarnings("ignore:Liblinear failed to converge")
def test_linear_separators_equal_scikit_learns(reductions, separators):
    given = Record("SVMClassifier", content(reductions, separators))
    made = hog_classifiers.of_record(given, list(LABELS))
    found = made(HOG, POINTS)
    expected = np.transpose(expected_of(separators, reductions, REGION))
    np.testing.assert_array_equal(found, expected)
    assert (found.std(0) > 0).all()
    again = HogClassifiers.of_arrays(made.arrays())
    np.testing.assert_array_equal(again(HOG, POINTS), found)


def test_a_reduction_is_a_scaler_and_a_pca(reductions):
    for scaler, pca, features in reductions.values():
        reduction = Reduction.of(vars(scaler), vars(pca))
        expected = features[:, : pca.n_components_]
        np.testing.assert_allclose(reduction(HOG), expected, atol=1e-4, rtol=1e-5)


@pytest.mark.parity
def test_trees_from_a_skops_file_equal_xgboost(reductions, tmp_path):
    xgboost, skops = pytest.importorskip("xgboost"), pytest.importorskip("skops.io")
    regions = {"AU1": "upper", "AU12": "full", "AU20": "full"}
    trained = {
        name: xgboost.XGBClassifier(n_estimators=8, max_depth=3, n_jobs=1).fit(
            reductions[regions[name]][2].astype(np.float32), labels
        )
        for name, labels in LABELS.items()
    }
    skops.dump(content(reductions, trained, lambda made: made), tmp_path / "au.skops")
    given = Record("XGBClassifier", read_skops(tmp_path / "au.skops"))
    made = hog_classifiers.of_record(given, list(LABELS))
    # Other faces than those trained on: thresholds are values of these.
    new = np.random.default_rng(1).random((60, 40)).astype(np.float32)
    found, expected = made(new, POINTS[:60]), []
    for name, model in trained.items():
        scaler, pca, _ = reductions[regions[name]]
        reduced = pca.transform(scaler.transform(new))
        features = np.hstack([reduced, POINTS[:60].reshape(60, -1)])
        expected.append(model.predict_proba(features.astype(np.float32))[:, 1])
    np.testing.assert_allclose(found, np.transpose(expected), atol=1e-6)
    again = HogClassifiers.of_arrays(made.arrays())
    np.testing.assert_array_equal(again(new, POINTS[:60]), found)


def test_what_does_not_fit_is_refused(reductions, separators):
    whole = content(reductions, separators)
    made = hog_classifiers.of_record(Record("C", whole), list(LABELS))
    with pytest.raises(ShapeError, match=r"\(N, 40\) histograms"):
        made(HOG[:, :30], POINTS)
    with pytest.raises(WeightError, match="no classifiers for AU9, AU99"):
        hog_classifiers.of_record(Record("C", whole), ["AU1", "AU9", "AU99"])
    with pytest.raises(WeightError, match="calibrators"):
        calibrated = Record("C", whole | {"calibrators": {"AU1": 1}})
        hog_classifiers.of_record(calibrated, list(LABELS))
    arrays = made.arrays()
    del arrays["upper/centre"]
    with pytest.raises(WeightError, match="upper"):
        HogClassifiers.of_arrays(arrays)
