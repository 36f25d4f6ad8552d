"""Decoders that must find what is there, and must not find what is not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import (
    LeaveOneGroupOut,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from genface import stats
from genface.errors import InputError
from genface.fex import Fex


def made(n: int = 40, effect: float = 1.5, seed: int = 0) -> Fex:
    rng = np.random.default_rng(seed)
    labels = np.where(np.arange(n) % 4 == 0, "good", "bad")  # 1 to 3
    values = rng.normal(size=(n, 3)) + effect * (labels == "good")[:, None]
    table = Fex(values, columns=["AU01", "AU12", "Happy"])
    return table.update_sessions(labels)


def test_predict_is_sklearns_cross_validation():
    table = made()
    model = LogisticRegression()
    fitted, scores = table.predict("aus", "sessions", model, {"cv": 4})
    wanted = cross_val_score(LogisticRegression(), table.aus, table.sessions, cv=4)
    np.testing.assert_array_equal(scores, wanted)
    assert fitted is model and fitted.feature_names_in_.tolist() == ["AU01", "AU12"]


def test_predict_takes_classes_and_regresses_by_default():
    table = made()
    fitted, scores = table.predict("AU01", "AU12")
    assert isinstance(fitted, LinearRegression) and len(scores) == 5
    ridge, _ = table.predict("AU01", "AU12", Ridge, {"cv": 3}, alpha=7.0)
    assert ridge.alpha == 7.0


def test_decode_tells_every_prediction():
    table = made()
    found = table.decode("aus, Happy", "sessions", permutations=0)
    assert sorted(found.predictions["row"]) == list(range(40))
    for number, (_, test) in enumerate(
        StratifiedKFold(5).split(np.zeros(40), table.sessions)
    ):
        rows = found.predictions[found.predictions["fold"] == number]
        assert rows["row"].tolist() == test.tolist()
        hits = (rows["true"] == rows["predicted"]).mean()
        assert found.scores[number] == pytest.approx(hits)
    true = table.sessions.iloc[found.predictions["row"]].tolist()
    assert found.predictions["true"].tolist() == true
    hits = found.predictions["true"] == found.predictions["predicted"]
    assert found.accuracy == pytest.approx(hits.mean())
    balanced = balanced_accuracy_score(true, found.predictions["predicted"])
    assert found.balanced_accuracy == pytest.approx(balanced)
    assert found.confusion.to_numpy().sum() == 40
    assert found.confusion.loc["good"].sum() == 10
    assert np.isnan(found.p)


def test_rare_classes_do_not_flatter_the_balanced_accuracy():
    table = made(effect=0.0)
    found = table.decode("aus", "sessions", DummyClassifier(), permutations=19)
    assert found.accuracy == 0.75 and found.balanced_accuracy == 0.5
    assert found.p == 1.0


def test_an_effect_is_significant_and_the_seed_decides():
    table = made(effect=2.0)
    found = table.decode("aus", "sessions", permutations=30, seed=1)
    assert found.p == pytest.approx(1 / 31)
    again = table.decode("aus", "sessions", permutations=30, seed=1)
    np.testing.assert_array_equal(found.null, again.null)
    assert 0.35 < found.null.mean() < 0.65


@pytest.mark.slow
def test_p_values_are_even_where_nothing_is_there():
    options = dict(model=GaussianNB(), cv_kwargs={"cv": 2}, permutations=9)
    p = [
        made(24, 0.0, seed).decode("aus", "sessions", seed=seed, **options).p
        for seed in range(30)
    ]
    assert np.mean(np.array(p) <= 0.2) < 0.4  # .2 expected
    assert np.mean(p) > 0.4  # .55 expected


def clips(n_clips: int = 12, frames: int = 6, seed: int = 0) -> Fex:
    """Frames alike within their clip, and no difference between classes."""
    rng = np.random.default_rng(seed)
    clip = np.repeat(np.arange(n_clips), frames)
    values = rng.normal(size=(n_clips, 8))[clip] + 0.05 * rng.normal(
        size=(len(clip), 8)
    )
    table = Fex(values, columns=[f"AU{i:02d}" for i in (1, 2, 4, 5, 6, 7, 9, 10)])
    table["input"] = [f"{i}.mp4" for i in clip]
    table["frame"] = np.tile(np.arange(frames), n_clips)
    return table.update_sessions(np.where(clip % 2, "good", "bad"))


def test_frames_of_one_clip_leak_unless_they_are_a_group():
    # The same decoder: nearly perfect by leakage, at chance without it.
    table, model = clips(), KNeighborsClassifier(1)
    shuffled = {"cv": StratifiedKFold(3, shuffle=True, random_state=0)}
    with pytest.warns(UserWarning, match='Give groups="input"'):
        leaking = table.decode("aus", "sessions", model, shuffled, permutations=0)
    fair = table.decode(
        "aus", "sessions", model, {"cv": 3}, groups="input", permutations=19
    )
    assert leaking.accuracy > 0.95 and fair.balanced_accuracy < 0.75
    assert fair.p > 0.05
    clip = table["input"].to_numpy()[fair.predictions["row"]]
    folds = fair.predictions["fold"].groupby(clip).nunique()
    assert (folds == 1).all()


def test_labels_within_groups_are_exchanged_within_them():
    rng = np.random.default_rng(0)
    table = Fex({"AU12": rng.normal(size=40)})
    who, label = np.repeat(np.arange(4), 10), np.tile(["a", "b"], 20)
    table["AU12"] += 2 * (label == "a") + 5 * who
    found = table.decode(
        "AU12", label, cv_kwargs={"cv": LeaveOneGroupOut()}, groups=who, permutations=9
    )
    assert len(found.scores) == 4
    from genface.stats.decoding import _permuted

    mixed = _permuted(label, who, rng)
    for one in range(4):
        assert sorted(mixed[who == one]) == sorted(label[who == one])
    assert (mixed != label).any()


def test_rows_may_be_tested_more_than_once():
    found = made().decode(
        "aus",
        "sessions",
        cv_kwargs={"cv": ShuffleSplit(6, test_size=10, random_state=0)},
        permutations=0,
    )
    assert len(found.predictions) == 60 == found.confusion.to_numpy().sum()


def test_rows_and_columns_without_values_are_left_out_and_said():
    table = made().assign(AU04=np.nan)
    table.loc[5, "AU01"] = np.nan
    with (
        pytest.warns(UserWarning, match="1 columns without any value.*AU04"),
        pytest.warns(UserWarning, match="1 of 40 rows miss a value.*row 5"),
    ):
        found = table.decode("aus", "sessions", permutations=0)
    assert sorted(found.predictions["row"]) == [i for i in range(40) if i != 5]
    whole = made().drop(index=5).decode("aus", "sessions", permutations=0)
    np.testing.assert_array_equal(found.confusion, whole.confusion)


def test_models_that_take_gaps_get_them():
    table = made()
    table.loc[5, "AU01"] = np.nan
    model = HistGradientBoostingClassifier(max_iter=3)
    found = table.decode("aus", "sessions", model, permutations=0)
    assert len(found.predictions) == 40


def test_classes_are_checked():
    table = made()
    with pytest.raises(InputError, match="every row is x"):
        table.update_sessions(["x"] * 40).decode("aus", "sessions")
    with pytest.raises(InputError, match="class good has 10 rows, too few for 11"):
        table.decode("aus", "sessions", cv_kwargs={"cv": 11})
    with pytest.raises(InputError, match="class good has 10 rows, too few for 11"):
        table.predict("aus", "sessions", LogisticRegression(), {"cv": 11})
    with pytest.raises(InputError, match="groups, too few for 5"):
        clips(8).decode("aus", "sessions", groups="input")
    with pytest.raises(InputError, match="use predict for a regression"):
        table.decode("aus", "Happy", LinearRegression())
    with pytest.raises(InputError, match="y must be one column"):
        table.decode("AU01", "aus")
    with pytest.raises(InputError, match="takes only cv, not scoring"):
        table.decode("aus", "sessions", cv_kwargs={"scoring": "f1"})
    by_rows = {"cv": StratifiedKFold(3, shuffle=True)}
    with pytest.raises(InputError, match="fold 0 of cv trains and tests on the same"):
        clips().decode("aus", "sessions", cv_kwargs=by_rows, groups="input")
    two = {"cv": LeaveOneGroupOut()}
    with pytest.raises(InputError, match="fold 0 of cv trains on one class only"):
        clips(2).decode("aus", "sessions", cv_kwargs=two, groups="input")
    with pytest.raises(InputError, match="no column has a value"):
        stats.predict(pd.DataFrame({"a": [np.nan] * 4, "b": [1.0] * 4}), "a", "b")
