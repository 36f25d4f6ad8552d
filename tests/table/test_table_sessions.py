"""Sessions follow their rows through pandas, or are lost with a name; never wrong."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genface.errors import InputError
from genface.fex import Fex
from genface.table import itersessions, sessions_of, update_sessions, with_sessions


def clips(*lengths: int, unique: bool = False) -> Fex:
    """Clips put together as py-feat's tutorials do; ``row`` tells the rows apart."""
    rng = np.random.default_rng(0)
    parts = [
        Fex(
            {
                "AU01": rng.random(n),
                "AU02": rng.random(n),
                "frame": np.arange(n),
                "input": f"clip{i}",
            }
        )
        for i, n in enumerate(lengths)
    ]
    fex = pd.concat(parts, ignore_index=unique)
    fex["row"] = np.arange(len(fex))
    return fex.update_sessions(fex["input"])


def right_or_lost(made: Fex) -> str:
    """``right`` if each row has its own session; a wrong one fails the test."""
    try:
        sessions = made.sessions
    except InputError:
        return "lost"
    assert sessions is not None, "sessions vanished without a word"
    assert sessions.index.equals(made.index)
    truth = clips(4, 3, 5)["input"].to_numpy()[made["row"].to_numpy(int)]
    assert sessions.tolist() == truth.tolist()
    return "right"


ROWS = {
    "copy": lambda f: f.copy(),
    "deepcopy": copy.deepcopy,
    "pickle": lambda f: pickle.loads(pickle.dumps(f)),
    "mask": lambda f: f[f["AU01"] > 0.4],
    "slice": lambda f: f[2:9],
    "reversed": lambda f: f[::-1],
    "steps": lambda f: f.iloc[10:1:-3],
    "positions": lambda f: f.iloc[[5, 1, 1]],
    "loc mask": lambda f: f.loc[(f["AU01"] > 0.5).to_numpy(), ["AU01", "row"]],
    "query": lambda f: f.query("AU01 > 0.3"),
    "head": lambda f: f.head(2),
    "sample": lambda f: f.sample(frac=1, random_state=0, ignore_index=True),
    "nlargest": lambda f: f.nlargest(3, "AU01"),
    "dropna": lambda f: f.assign(AU02=f["AU02"].where(f["AU01"] > 0.3)).dropna(),
    "duplicates": lambda f: f.drop_duplicates("frame", ignore_index=True),
    "set_index": lambda f: f.set_index("frame"),
    "assign": lambda f: f.assign(more=1),
    "astype": lambda f: f.astype({"AU01": "float32"}),
    "fillna": lambda f: f.fillna(0),
    "group": lambda f: pd.concat([f.aus, f[["row"]]], axis=1),
    "concat": lambda f: pd.concat([f, f.iloc[:3]], ignore_index=True),
    "keys": lambda f: pd.concat({"a": f, "b": f}),
    "part of groupby": lambda f: dict(iter(f.groupby("input")))["clip1"],
    "part across": lambda f: dict(iter(f.groupby("frame")))[2],
    "groupby.head": lambda f: f.groupby("input").head(2),
    "groupby.filter": lambda f: f.groupby("input").filter(lambda g: len(g) > 3),
}

BY_LABEL = {
    "sort_values": lambda f: f.sort_values("AU01"),
    "sort_index": lambda f: f.sort_index(ascending=False),
    "sort and reset": lambda f: f.sort_values("AU01").reset_index(drop=True),
    "drop": lambda f: f.drop(index=[0]),
    "labels": lambda f: f.loc[[2, 0]],
}

OTHER_ROWS = {
    "sort ignoring": lambda f: f.sort_values("AU01", ignore_index=True),
    "sort_index ignoring": lambda f: f.sort_values("AU01").sort_index(
        ignore_index=True
    ),
    "mean": lambda f: f.groupby("frame")[["AU01"]].mean(),
    "mean by array": lambda f: (
        f[["AU01", "AU02"]].groupby(f["frame"].to_numpy()).mean()
    ),
    "mean as column": lambda f: f.groupby("frame", as_index=False)[["AU01"]].mean(),
    "transpose": lambda f: f[["AU01"]].T,
    "quantile": lambda f: f[["AU01", "AU02"]].quantile([0, 1]),
    "apply": lambda f: f[["AU01"]].apply(lambda c: pd.Series([c.min(), c.max()])),
    "merge": lambda f: f.merge(pd.DataFrame({"input": ["clip2", "clip0"]})),
    "melt": lambda f: f.melt("input"),
    "concat with a stranger": lambda f: pd.concat([f, Fex({"AU01": [1.0]})]),
}


@pytest.mark.parametrize("change", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("unique", [True, False])
def test_sessions_follow_their_rows(change, unique):
    assert right_or_lost(change(clips(4, 3, 5, unique=unique))) == "right"


@pytest.mark.parametrize("change", BY_LABEL.values(), ids=BY_LABEL)
def test_labels_tell_rows_apart_if_they_are_unique(change):
    assert right_or_lost(change(clips(4, 3, 5, unique=True))) == "right"
    with pytest.raises(InputError, match="share a label.*reset_index"):
        _ = change(clips(4, 3, 5)).sessions


def test_labels_that_are_shared_within_a_session_are_enough():
    fex = Fex({"AU01": [3.0, 1.0, 2.0]}, index=["a", "b", "a"])
    made = fex.update_sessions([1, 2, 1]).sort_values("AU01")
    assert made.sessions.tolist() == [2, 1, 1]


@pytest.mark.parametrize("change", OTHER_ROWS.values(), ids=OTHER_ROWS)
@pytest.mark.parametrize("unique", [True, False])
def test_rows_that_are_others_have_no_sessions(change, unique):
    with pytest.raises(InputError, match="sessions of these rows are not known"):
        _ = change(clips(4, 3, 5, unique=unique)).sessions


INPLACE = {
    "sort_values": lambda f: f.sort_values("AU01", inplace=True),
    "ignore_index": lambda f: f.sort_values("AU01", inplace=True, ignore_index=True),
    "drop": lambda f: f.drop(index=[1], inplace=True),
    "drop_duplicates": lambda f: f.drop_duplicates("frame", inplace=True),
    "query": lambda f: f.query("AU01 > 0.3", inplace=True),
    "sort_index": lambda f: f.sort_index(ascending=False, inplace=True),
    "drop a column": lambda f: f.drop(columns="AU02", inplace=True),
    "reset": lambda f: f.reset_index(drop=True, inplace=True),
    "enlarge": lambda f: f.loc.__setitem__(100, [1.0, 1.0, 1, "clip0", 0]),
}


@pytest.mark.parametrize("change", INPLACE.values(), ids=INPLACE)
@pytest.mark.parametrize("unique", [True, False])
def test_changes_in_place_are_never_wrong(change, unique):
    fex = clips(4, 3, 5, unique=unique)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas 3 deprecates inplace
        change(fex)
    right_or_lost(fex)


steps = st.one_of(
    st.tuples(st.just("slice"), st.integers(0, 11), st.integers(1, 3)),
    st.tuples(st.just("mask"), st.integers(0, 2**12 - 1)),
    st.tuples(st.just("positions"), st.lists(st.integers(0, 11), max_size=6)),
    st.tuples(st.sampled_from(["sort", "reset", "aus", "concat", "group", "sample"])),
)


def walk(fex: Fex, step: tuple) -> Fex:
    n = len(fex)
    match step:
        case ("slice", start, stride):
            return fex[start::stride]
        case ("mask", bits):
            return fex[np.array([bits >> (i % 12) & 1 for i in range(n)], bool)]
        case ("positions", places):
            return fex.iloc[[i for i in places if i < n]]
        case ("sort",):
            return fex.sort_values("AU01")
        case ("reset",):
            return fex.reset_index(drop=True)
        case ("aus",):
            return pd.concat([fex.aus, fex[["row", "frame", "input"]]], axis=1)
        case ("concat",):
            return pd.concat([fex, fex[:2]])
        case ("group",):
            return next((part for _, part in fex.groupby("frame")), fex)
        case _:
            return fex.sample(frac=1, random_state=1)


@settings(max_examples=60, deadline=None)
@given(st.booleans(), st.lists(steps, max_size=5))
def test_no_chain_of_operations_mixes_sessions(unique, chain):
    fex = clips(4, 3, 5, unique=unique)
    for step in chain:
        fex = walk(fex, step)
    right_or_lost(fex)


def test_of_two_tables_in_one_sum_the_left_one_counts():
    fex = clips(2, 2, unique=True)
    baseline = Fex(fex[["AU01"]].to_numpy(), columns=["AU01"])
    assert (fex[["AU01"]] - baseline).sessions.tolist() == fex.sessions.tolist()
    assert (baseline - fex[["AU01"]]).sessions.tolist() == fex.sessions.tolist()


def test_tables_beside_each_other_must_agree():
    fex = clips(2, 2, unique=True)
    other = fex[["AU02"]].update_sessions([1, 2, 3, 4])
    with pytest.raises(InputError, match="side by side"):
        _ = pd.concat([fex[["AU01"]], other], axis=1).sessions


def test_update_takes_values_columns_and_mappings():
    fex = clips(2, 1)
    assert fex.update_sessions(["a", "b", "c"]).sessions.tolist() == ["a", "b", "c"]
    assert fex.update_sessions(np.arange(3)).sessions.tolist() == [0, 1, 2]
    good = fex.update_sessions({"clip0": "good", "clip1": "bad"})
    assert good.sessions.tolist() == ["good", "good", "bad"]
    numbers = good.update_sessions({"good": 1.0, "bad": -1})
    assert numbers.sessions.tolist() == [1.0, 1.0, -1.0]
    assert fex.sessions.tolist() == ["clip0", "clip0", "clip1"]  # untouched
    assert fex.update_sessions(None).sessions is None
    assert fex[["AU01"]].equals(good[["AU01"]])


def test_a_series_in_another_order_is_put_in_order():
    fex = clips(2, 1, unique=True)
    turned = pd.Series(["c", "b", "a"], index=[2, 1, 0])
    assert fex.update_sessions(turned).sessions.tolist() == ["a", "b", "c"]
    foreign = pd.Series(["x", "y", "z"], index=list("pqr"))
    assert fex.update_sessions(foreign).sessions.tolist() == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (["a"], "1 sessions for 3 rows"),
        ("good", "one value per row"),
        (3, "one value per row"),
    ],
)
def test_sessions_that_do_not_fit_are_named(new, problem):
    with pytest.raises(InputError, match=problem):
        clips(2, 1).update_sessions(new)


def test_mappings_need_sessions_and_say_what_they_leave_out():
    fex = clips(2, 1)
    with pytest.warns(UserWarning, match=r"1 sessions are not in the mapping.*clip1"):
        left = fex.update_sessions({"clip0": "good"})
    assert left.sessions.isna().tolist() == [False, False, True]
    with pytest.raises(InputError, match="this table has none"):
        fex.update_sessions(None).update_sessions({"clip0": 1})


def test_itersessions_are_sorted_and_leave_out_nan():
    fex = clips(2, 2, 1).update_sessions(["b", "a", "b", None, "a"])
    parts = dict(fex.itersessions())
    assert list(parts) == ["a", "b"]
    assert parts["a"]["row"].tolist() == [1, 4]
    assert parts["b"].sessions.tolist() == ["b", "b"]
    mixed = list(fex.update_sessions([2, "a", 2, "a", 1]).itersessions())
    assert [name for name, _ in mixed] == [2, "a", 1]
    with pytest.raises(InputError, match="no sessions"):
        list(fex.update_sessions(None).itersessions())


def test_a_plain_table_can_carry_them_to_a_fex():
    table = with_sessions(pd.DataFrame({"AU01": [1.0, 2.0]}), ["a", "b"])
    assert sessions_of(table).tolist() == ["a", "b"]
    assert sessions_of(pd.DataFrame({"AU01": [1.0]})) is None
    renamed = update_sessions(table, {"a": 1, "b": 2})
    assert [value for value, _ in itersessions(renamed)] == [1, 2]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_files_keep_them(tmp_path, suffix):
    from genface.fex import read_fex

    fex = clips(2, 1)
    back = read_fex(fex.write(tmp_path / f"faces{suffix}"))
    assert back.sessions.tolist() == ["clip0", "clip0", "clip1"]
    assert "sessions" not in back.attrs and "sessions" not in back.columns
    lost = fex.groupby("input").mean(numeric_only=True)
    with pytest.warns(UserWarning, match="written without sessions"):
        lost.write(tmp_path / f"lost{suffix}")
    assert read_fex(tmp_path / f"lost{suffix}").sessions is None
