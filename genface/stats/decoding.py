"""Predicting what a row is from what was measured, judged on rows left out."""

import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LinearRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import StratifiedGroupKFold, check_cv, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from genface.errors import InputError, warn
from genface.stats.selections import chosen_columns, numbers

Folds = list[tuple[np.ndarray, np.ndarray]]
"""Positions of training and test rows."""


@dataclass(frozen=True, eq=False)
class Decoding:
    """A decoder and how well it does on rows that it has not seen.

    ``model``, fitted on all rows; ``scores`` (F,), the estimator's own score in each
    fold; ``predictions``, a row per tested row with its ``row`` (position), ``fold``,
    ``true`` and ``predicted`` value; ``confusion``, counts of true (rows) against
    predicted (columns); ``accuracy``, the share predicted rightly, and
    ``balanced_accuracy``, its mean over true classes, chance being 1 / classes.
    ``p``: how often permuted labels did at least as well, from the balanced accuracies
    ``null`` (P,), as (1 + count) / (1 + P); NaN without permutations.
    """

    model: BaseEstimator
    scores: np.ndarray
    predictions: pd.DataFrame
    confusion: pd.DataFrame
    null: np.ndarray

    @property
    def accuracy(self) -> float:
        """Share of tested rows predicted rightly."""
        return _accuracy(self.confusion.to_numpy())

    @property
    def balanced_accuracy(self) -> float:
        """Mean over the true classes of the share predicted rightly."""
        return _balanced(self.confusion.to_numpy())

    @property
    def p(self) -> float:
        """Permutation p value of the balanced accuracy."""
        if not len(self.null):
            return float("nan")
        # Equal shares may differ in their last digit.
        as_good = self.null >= self.balanced_accuracy - 1e-12
        return float((1 + as_good.sum()) / (1 + len(self.null)))


def predict(
    frame: pd.DataFrame,
    X: Any,
    y: Any,
    model: Any = LinearRegression,
    cv_kwargs: dict[str, Any] | None = None,
    *args: Any,
    sessions: Any = None,
    **kwargs: Any,
) -> tuple[Any, np.ndarray]:
    """A scikit-learn model fitted on all rows, and its scores in cross-validation.

    ``X`` and ``y``: see :func:`genface.stats.selections.chosen_columns`. ``model`` is
    an estimator or pipeline, which is fitted, or a class, made with ``args`` and
    ``kwargs``. ``cv_kwargs`` (``{"cv": 5}``) go to ``cross_val_score``; folds are
    stratified for classifiers, and not shuffled. Rows with missing values are left
    out, as are columns without any value, with warnings. See :func:`decode` for more.
    """
    model = _estimator(model, *args, **kwargs)
    features, target, kept = _data(frame, X, y, model, sessions)
    options = {"cv": 5} | (cv_kwargs or {})
    if options.get("groups") is not None:
        options["groups"] = np.asarray(options["groups"])[kept]
    if is_classifier(model):
        _check_classes(target, options["cv"])
    else:
        _check_numbers(target, options["cv"])
    scores = cross_val_score(model, features, target, **options)
    return model.fit(features, target), scores


def decode(
    frame: pd.DataFrame,
    X: Any,
    y: Any,
    model: Any = None,
    cv_kwargs: dict[str, Any] | None = None,
    *,
    groups: Any = None,
    permutations: int = 200,
    seed: int = 0,
    sessions: Any = None,
) -> Decoding:
    """Predict classes, with every prediction, the confusions and a permutation test.

    As :func:`predict`; by default scaled features and linear discriminant analysis in
    5 folds. ``groups`` (a column, or one value per row) says which rows belong together
    (one clip, one person): none is in training and test both, and the permutation
    exchanges labels of whole groups where each has one label, else those within
    groups. A table in which ``input`` repeats should have groups; a warning says so.

    The permutation test (Ojala & Garriga 2010) refits all folds ``permutations`` times;
    p is 1 / (permutations + 1) at best.
    """
    if model is None:
        model = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis())
    model = _estimator(model)
    if not is_classifier(model):
        raise InputError("decode predicts classes; use predict for a regression model.")
    features, target, kept = _data(frame, X, y, model, sessions)
    units = None
    if groups is not None:
        labels = chosen_columns(frame, groups, "groups").iloc[kept]
        units = pd.factorize(labels.iloc[:, 0])[0]
        if labels.shape[1] != 1 or (units < 0).any():
            raise InputError("groups must be one column with a value in every row.")
    else:
        _warn_if_leaking(frame, kept)
    options = {"cv": 5} | (cv_kwargs or {})
    cv = 5 if options["cv"] is None else options["cv"]
    if permutations < 0:
        raise InputError(f"permutations={permutations}: give 0 (no test) or more.")
    unknown = sorted(set(options) - {"cv"})
    if unknown:
        raise InputError(f"decode: cv_kwargs takes only cv, not {', '.join(unknown)}.")
    _check_classes(target, cv, units)
    splitter = _splitter(cv, target, units)
    folds = _folds(splitter, features, target, units)
    scores, predictions = _tested(model, features, target, folds)
    null = _null(model, features, target, splitter, units, permutations, seed)
    predictions["row"] = kept[predictions["row"]]
    names = np.unique(target)
    counts = confusion_matrix(predictions["true"], predictions["predicted"])
    confusion = pd.DataFrame(
        counts,
        index=pd.Index(names, name="true"),
        columns=pd.Index(names, name="predicted"),
    )
    fitted = clone(model).fit(features, target)
    return Decoding(fitted, scores, predictions, confusion, null)


def _estimator(model: Any, *args: Any, **kwargs: Any) -> Any:
    """The estimator, made if a class was given."""
    made = model(*args, **kwargs) if isinstance(model, type) else model
    if not (hasattr(made, "fit") and hasattr(made, "predict")):
        raise InputError(
            f"model={model!r}: give a scikit-learn estimator or its class, such as "
            "LinearDiscriminantAnalysis()."
        )
    return made


def _data(
    frame: pd.DataFrame, X: Any, y: Any, model: Any, sessions: Any
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Features and target of the rows that have both, and those rows' positions."""
    features = numbers(chosen_columns(frame, X, "X", sessions), "X")
    target = chosen_columns(frame, y, "y", sessions)
    kept = target.notna().all(axis=1).to_numpy()
    if not get_tags(model).input_tags.allow_nan:
        empty = features.columns[features.isna().all()]
        if len(empty) == features.shape[1]:
            raise InputError("X: no column has a value.")
        if len(empty):
            warn(
                f"X: {len(empty)} columns without any value are left out: "
                f"{', '.join(map(str, empty[:5]))}."
            )
            features = features.drop(columns=empty)
        kept = kept & np.isfinite(features.to_numpy()).all(axis=1)
    if not kept.all():
        warn(
            f"{(~kept).sum()} of {len(kept)} rows miss a value in X or y and are left "
            f"out; the first is row {np.flatnonzero(~kept)[0]}."
        )
    rows = np.flatnonzero(kept)
    if not len(rows):
        raise InputError("no row has a value in all of X and y.")
    chosen = target.iloc[rows]
    values = np.asarray(chosen.iloc[:, 0] if chosen.shape[1] == 1 else chosen)
    return features.iloc[rows], values, rows


def _check_classes(
    target: np.ndarray, cv: Any, units: np.ndarray | None = None
) -> None:
    if target.ndim != 1:
        raise InputError(f"y must be one column of classes, not {target.shape[1]}.")
    names, codes = np.unique(target, return_inverse=True)
    if len(names) < 2:
        raise InputError(f"every row is {names[0]}; two classes are needed at least.")
    if target.dtype.kind == "f" and (names % 1).any():
        raise InputError(
            f"y has {len(names)} values such as {names[0]:g}, which are no classes; "
            "predict takes a regression model for them."
        )
    if not isinstance(cv, Integral):
        return
    _check_folds(int(cv), len(target))
    sizes = np.bincount(codes)
    what = "rows"
    if units is not None:
        pairs = np.unique(np.stack([codes, units]), axis=1)[0]
        sizes, what = np.bincount(pairs), "groups"
    if sizes.min() < cv:
        raise InputError(
            f"class {names[sizes.argmin()]} has {sizes.min()} {what}, too few for "
            f"{cv} folds; ask for fewer with cv_kwargs={{'cv': n}}."
        )


def _check_numbers(target: np.ndarray, cv: Any) -> None:
    """What a regression model needs."""
    if target.dtype.kind not in "iufb":
        raise InputError(
            f"y holds {target.ravel()[0]!r}, and a regression model predicts numbers; "
            "give a classifier, such as model=LinearDiscriminantAnalysis()."
        )
    if isinstance(cv, Integral):
        _check_folds(int(cv), len(target))


def _check_folds(cv: int, n: int) -> None:
    if not 2 <= cv <= n:
        raise InputError(
            f"cv={cv} folds of {n} rows: give 2 folds at least, {n} at most."
        )


def _warn_if_leaking(frame: pd.DataFrame, kept: np.ndarray) -> None:
    if "input" in frame.columns and frame["input"].iloc[kept].duplicated().any():
        warn(
            "rows of one input are in training and test folds both, and neighbouring "
            'frames are alike: accuracy will be too high. Give groups="input".'
        )


def _splitter(cv: Any, target: np.ndarray, units: np.ndarray | None) -> Any:
    if units is not None and isinstance(cv, Integral):
        return StratifiedGroupKFold(int(cv))
    return check_cv(cv, target, classifier=True)


def _folds(
    splitter: Any, features: pd.DataFrame, target: np.ndarray, units: np.ndarray | None
) -> Folds:
    with warnings.catch_warnings():
        # That it ignores groups is no harm where they stay together all the same.
        warnings.filterwarnings("ignore", "The groups parameter is ignored")
        folds = list(splitter.split(features, target, units))
    for number, (train, test) in enumerate(folds):
        if units is not None and np.isin(units[test], units[train]).any():
            raise InputError(
                f"fold {number} of cv trains and tests on the same group; use a number "
                "of folds, or a splitter for groups such as LeaveOneGroupOut()."
            )
        if len(np.unique(target[train])) < 2:
            raise InputError(
                f"fold {number} of cv trains on one class only; use fewer folds."
            )
    return folds


def _tested(
    model: Any, features: pd.DataFrame, target: np.ndarray, folds: Folds
) -> tuple[np.ndarray, pd.DataFrame]:
    """Score of each fold, and what was predicted for its rows."""
    scores, parts = [], []
    for number, (train, test) in enumerate(folds):
        fitted = clone(model).fit(features.iloc[train], target[train])
        unseen = features.iloc[test]
        scores.append(fitted.score(unseen, target[test]))
        parts.append(
            pd.DataFrame(
                {
                    "row": test,
                    "fold": number,
                    "true": target[test],
                    "predicted": fitted.predict(unseen),
                }
            )
        )
    return np.array(scores), pd.concat(parts, ignore_index=True)


def _null(
    model: Any,
    features: pd.DataFrame,
    target: np.ndarray,
    splitter: Any,
    units: np.ndarray | None,
    permutations: int,
    seed: int,
) -> np.ndarray:
    """Balanced accuracies (P,) of the same analysis of permuted labels."""
    rng = np.random.default_rng(seed)
    codes = np.unique(target, return_inverse=True)[1]
    null = np.empty(permutations)
    for i in range(permutations):
        mixed = _permuted(codes, units, rng)
        counts = np.zeros((codes.max() + 1,) * 2)
        for train, test in _folds(splitter, features, mixed, units):
            fitted = clone(model).fit(features.iloc[train], mixed[train])
            guesses = fitted.predict(features.iloc[test])
            np.add.at(counts, (mixed[test], guesses), 1)
        null[i] = _balanced(counts)
    return null


def _permuted(
    target: np.ndarray, units: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray:
    """Labels in another order, as exchangeable as the groups let them be."""
    if units is None:
        return rng.permutation(target)
    firsts = np.unique(units, return_index=True)[1]
    own = target[firsts]
    if (own[units] == target).all():  # a group is one thing: exchange groups
        return rng.permutation(own)[units]
    mixed = target.copy()
    for unit in range(len(firsts)):
        rows = units == unit
        mixed[rows] = rng.permutation(target[rows])
    return mixed


def _accuracy(confusion: np.ndarray) -> float:
    return float(np.trace(confusion) / confusion.sum())


def _balanced(confusion: np.ndarray) -> float:
    of_class = confusion.sum(axis=1)
    there = of_class > 0
    return float((np.diag(confusion)[there] / of_class[there]).mean())
