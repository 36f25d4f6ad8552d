"""Tables that no statistic can answer for: a named error, or NaN with a warning."""

import itertools

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from genface import stats
from genface.errors import InputError
from genface.fex import Fex

CALLS = {
    "baseline": {},
    "clean": {},
    "decode": {"X": "aus", "y": "sessions"},
    "decompose": {},
    "distance": {},
    "downsample": {"target": 5},
    "extract_boft": {},
    "extract_mean": {},
    "extract_wavelet": {"freq": 1.0},
    "isc": {"col": "AU01"},
    "predict": {"X": "aus", "y": "Happy"},
    "regress": {"X": "AU01", "y": "Happy"},
    "ttest_1samp": {},
    "ttest_ind": {"col": "aus"},
    "upsample": {"target": 50},
}


def clips(faces: int = 1, n: int = 40) -> Fex:
    keys = itertools.product(["a.mp4", "b.mp4"], range(n), range(faces))
    rows = pd.DataFrame(keys, columns=["input", "frame", "face_id"])
    rng = np.random.default_rng(0)
    for name in ("AU01", "AU12", "Happy", "FaceScore"):
        rows[name] = rng.random(len(rows))
    for name in ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight"):
        rows[name] = 10.0 + np.arange(len(rows)) % 3
    rows["time"] = rows["frame"] / 25
    return Fex(rows).update_sessions(rows["input"])


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("told", [True, False], ids=["sessions", "none"])
def test_tables_without_rows(name, told):
    table = clips() if told else clips().update_sessions(None)
    with pytest.raises(InputError):
        getattr(table.iloc[:0], name)(**CALLS[name])
    with pytest.raises(InputError):
        getattr(Fex(), name)(**CALLS[name])


@pytest.mark.parametrize("name", sorted({*CALLS} - {"extract_mean", "isc", "regress"}))
def test_words_where_numbers_belong(name):
    table = clips().assign(AU12="high")
    with pytest.raises(InputError, match="AU12 is not"):
        getattr(table, name)(**CALLS[name])


def test_words_are_not_left_out_of_a_summary_in_silence():
    with pytest.warns(UserWarning, match=r"AU12 \(1 columns\) hold words"):
        assert "mean_AU12" not in clips().assign(AU12="high").extract_mean()
    clips().assign(status="ok", note="mine").extract_mean()  # those hold words anyway


def test_words_in_a_face_box_are_an_error():
    with pytest.raises(InputError, match="AU12 is not"):
        clips().assign(AU12="high").rectification()


@pytest.mark.parametrize(
    ("name", "options"),
    [("ttest_1samp", {}), ("ttest_ind", {"col": "AU01"}), ("rectification", {})],
)
def test_nothing_is_over_several_people_in_silence(name, options):
    with pytest.warns(UserWarning, match="over several faces: .* frame 0 has 2 faces"):
        found = getattr(clips(faces=2), name)(**options)
    assert found is not None


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda t: t.predict("aus", "sessions"), "y holds 'a.mp4', and a regression"),
        (lambda t: t.predict("aus", "Happy", "lda"), "model='lda': give a scikit"),
        (lambda t: t.predict("aus", "Happy", cv_kwargs={"cv": 99}), "cv=99 folds of"),
        (lambda t: t.decode("aus", "sessions", "lda"), "model='lda': give a scikit"),
        (lambda t: t.decode("aus", "Happy"), "80 values .* are no classes"),
        (lambda t: t.decode("aus", "frame", permutations=-1), "permutations=-1"),
        (lambda t: t.ttest_1samp([1, 2]), r"popmean has shape \(2,\)"),
        (lambda t: t.append([1]), "append takes a table, not a list"),
        (lambda t: t.clean(confounds="AU99"), "'AU99' is no column"),
        (lambda t: t.clean(confounds=[1, 2]), "confounds has 2 rows and the table 80"),
        (lambda t: t.extract_wavelet(13), "13 Hz is above 12.5 Hz"),
        (lambda t: t.extract_boft(max_freq=13), "13 Hz is above 12.5 Hz"),
        (lambda t: t.iloc[:1].decompose(), "1 complete rows, and two"),
        (lambda t: t[["AU01"]].decompose(axis=0), "1 complete columns, and two"),
        (lambda t: t.decompose(n_components=1.5), "n_components=1.5"),
    ],
)
@pytest.mark.filterwarnings("ignore:rows of one input")
def test_what_makes_no_sense_is_named(call, problem):
    with pytest.raises(InputError, match=problem):
        call(clips())


@pytest.mark.filterwarnings("ignore:rows of one input")
def test_folds_may_come_from_a_generator():
    table = clips()
    folds = list(KFold(4, shuffle=True, random_state=0).split(table))
    options = {"model": None, "permutations": 3}
    once = table.decode("aus", "sessions", cv_kwargs={"cv": iter(folds)}, **options)
    again = table.decode("aus", "sessions", cv_kwargs={"cv": folds}, **options)
    np.testing.assert_array_equal(once.null, again.null)
    assert np.isfinite(once.null).all()


def test_warnings_name_the_line_that_called():
    table = clips().assign(AU12="high")
    for call in (table.extract_mean, lambda: stats.extract_mean(table)):
        with pytest.warns(UserWarning, match="hold words") as caught:
            call()
        assert caught[0].filename == __file__
