"""Boosted trees: against a walk node by node, scikit-learn, and XGBoost itself."""

import json

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from genface.errors import ShapeError, WeightError
from genface.nets.trees import Trees, of_xgboost
from genface.weights.ubjson import read_ubjson

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(200, 8)).astype(np.float32)
LABELS = (X[:, 0] * X[:, 1] + X[:, 2] > 0.2).astype(int)


def random_tree(depth):
    """A tree in XGBoost's form, with leaves at different depths."""
    left, right, feature, condition, default = [], [], [], [], []

    def grow(level):
        index = len(left)
        for column in (left, right):
            column.append(-1)
        feature.append(int(RANDOM.integers(8)))
        condition.append(float(np.float32(RANDOM.normal())))
        default.append(int(RANDOM.integers(2)))
        if level < depth and RANDOM.random() < 0.8:
            left[index] = grow(level + 1)
            right[index] = grow(level + 1)
        return index

    grow(0)
    return {
        "left_children": left,
        "right_children": right,
        "split_indices": feature,
        "split_conditions": condition,
        "default_left": default,
        "split_type": [0] * len(left),
    }


def model(trees, objective="binary:logistic", base="5E-1"):
    booster = {"name": "gbtree", "model": {"trees": trees}}
    return {
        "learner": {
            "objective": {"name": objective},
            "learner_model_param": {"base_score": base},
            "gradient_booster": booster,
        }
    }


def walk(tree, x):
    node = 0
    while tree["left_children"][node] >= 0:
        value = x[tree["split_indices"][node]]
        goes_left = value < np.float32(tree["split_conditions"][node])
        if np.isnan(value):
            goes_left = tree["default_left"][node]
        node = tree["left_children" if goes_left else "right_children"][node]
    return tree["split_conditions"][node]


def margins(trees, x):
    return np.array([sum(walk(tree, row) for tree in trees) for row in x])


def test_equals_a_walk_node_by_node():
    many = [[random_tree(depth) for _ in range(7)] for depth in (0, 3, 6)]
    models = [
        model(many[0], base="2E-1"),
        model(many[1], "binary:hinge", "[5E-1]"),
        model(many[2]),
    ]
    trees = Trees.joined([of_xgboost(m) for m in models])
    x = np.where(RANDOM.random(X.shape) < 0.2, np.nan, X).astype(np.float32)
    found = trees(x)
    first, step, last = (margins(part, x) for part in many)
    logistic = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    np.testing.assert_allclose(found[:, 0], logistic(first + np.log(0.25)), atol=1e-6)
    np.testing.assert_array_equal(found[:, 1], (step + 0.5 > 0).astype(float))
    np.testing.assert_allclose(found[:, 2], logistic(last), atol=1e-6)
    assert 0 < found[:, 1].mean() < 1
    np.testing.assert_array_equal(Trees(**trees.arrays())(x[:1]), found[:1])


def of_sklearn(tree, rate):
    """A tree of scikit-learn, which goes left at <=, in XGBoost's form."""
    is_leaf = tree.children_left < 0
    just_above = np.nextafter(tree.threshold.astype(np.float32), np.float32(np.inf))
    return {
        "left_children": tree.children_left,
        "right_children": tree.children_right,
        "split_indices": np.maximum(tree.feature, 0),
        "split_conditions": np.where(is_leaf, tree.value[:, 0, 0] * rate, just_above),
        "default_left": np.zeros(len(is_leaf)),
        "split_type": np.zeros(len(is_leaf)),
    }


def test_equals_scikit_learns_gradient_boosting():
    fitted = GradientBoostingClassifier(n_estimators=30, random_state=0).fit(X, LABELS)
    trees = [
        of_sklearn(t.tree_, fitted.learning_rate) for t in fitted.estimators_[:, 0]
    ]
    found = of_xgboost(model(trees, base=str(LABELS.mean())))(X)
    np.testing.assert_allclose(found[:, 0], fitted.predict_proba(X)[:, 1], atol=1e-5)


@pytest.mark.parity
@pytest.mark.parametrize("objective", ["binary:logistic", "binary:hinge"])
def test_equals_xgboost(objective):
    xgboost = pytest.importorskip("xgboost")
    fitted = xgboost.XGBClassifier(
        n_estimators=25, max_depth=3, objective=objective, n_jobs=1
    ).fit(np.where(X > 1.5, np.nan, X), LABELS)
    holed = np.where(X < -1, np.nan, X)
    booster = fitted.get_booster()
    expected = fitted.predict_proba(holed)[:, 1]
    forms = [
        json.loads(bytes(booster.save_raw("json"))),
        read_ubjson(bytes(booster.save_raw("ubj"))),
        read_ubjson(bytes(booster.__getstate__()["handle"])),  # as skops keeps it
    ]
    for form in forms:
        np.testing.assert_allclose(of_xgboost(form)(holed)[:, 0], expected, atol=1e-6)


def test_other_models_and_broken_trees_are_refused():
    with pytest.raises(WeightError, match="reg:squarederror"):
        of_xgboost(model([random_tree(2)], "reg:squarederror"))
    categorical = random_tree(2) | {"split_type": [1]}
    with pytest.raises(WeightError, match="categories"):
        of_xgboost(model([categorical]))
    stump = {
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0],
        "split_conditions": [0.5, -1, 1],
        "default_left": [0, 0, 0],
        "split_type": [0, 0, 0],
    }
    for change in (
        {"left_children": [7, -1, -1]},
        {"left_children": [-1, -1, -1]},
        {"split_indices": [-1, 0, 0]},
    ):
        with pytest.raises(WeightError, match="nowhere"):
            of_xgboost(model([stump | change]))
    loop = of_xgboost(model([stump | {"left_children": [0, -1, -1]}]))
    with pytest.raises(WeightError, match="way back"):
        loop(X)
    with pytest.raises(ShapeError, match="F > 0"):
        of_xgboost(model([stump]))(X[0])
