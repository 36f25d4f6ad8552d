"""X and y by words, groups and values."""

import numpy as np
import pandas as pd
import pytest

from genface.errors import InputError
from genface.fex import Fex
from genface.stats.selections import GROUPS, chosen_columns, numbers


@pytest.fixture
def table() -> Fex:
    names = ["AU01", "AU12", "Pitch", "gaze_yaw", "jawOpen", "Happy", "mean_AU04"]
    made = Fex(np.arange(14.0).reshape(2, 7), columns=names, index=["a", "b"])
    return made.update_sessions([1, -1])


def names(table: pd.DataFrame, choice) -> list[str]:
    return chosen_columns(table, choice, "X").columns.tolist()


def test_words_are_groups_columns_and_sessions(table):
    assert names(table, "poses") == ["Pitch"]
    assert names(table, " gazes ,blendshapes, Happy") == [
        "gaze_yaw",
        "jawOpen",
        "Happy",
    ]
    assert names(table, "AU12,sessions") == ["AU12", "sessions"]
    assert names(table, ["AU12", "poses"]) == ["AU12", "Pitch"]
    assert names(table, "AU12, aus") == ["AU12", "AU01", "mean_AU04"]
    assert chosen_columns(table, "sessions", "X")["sessions"].tolist() == [1, -1]


@pytest.mark.parametrize("group", GROUPS)
def test_groups_are_those_of_fex(table, group):
    of_fex = getattr(table, group).columns.tolist()
    if of_fex:
        assert names(table, group) == of_fex
    else:
        with pytest.raises(InputError, match=f"no columns for '{group}'"):
            names(table, group)


def test_unknown_words_are_named_with_a_guess(table):
    with pytest.raises(InputError, match="X: 'AU1' is no column.*did you mean AU12"):
        names(table, "AU1")
    with pytest.raises(InputError, match="'' is no column"):
        names(table, "aus,")


def test_values_go_by_position(table):
    assert chosen_columns(table, [3, 4], "X")["X"].tolist() == [3, 4]
    assert names(table, np.ones((2, 2))) == ["X0", "X1"]
    assert names(table, pd.Series([1, 2], name="dose")) == ["dose"]
    for choice in ([1, 2, 3], pd.Series([1]), np.ones((3, 2))):
        with pytest.raises(InputError, match="X has . rows and the table 2"):
            names(table, choice)


def test_the_same_rows_in_another_order_are_an_error(table):
    turned = pd.Series([1, 2], index=["b", "a"], name="dose")
    with pytest.raises(InputError, match="another order"):
        names(table, turned)
    assert names(table, turned.to_numpy()) == ["X"]


def test_two_columns_of_one_name_are_an_error(table):
    both = Fex(pd.concat([table, table[["AU12"]]], axis=1))
    with pytest.raises(InputError, match="several columns named 'AU12'"):
        names(both, "AU12")
    with pytest.raises(InputError, match="several columns of one name"):
        names(table, pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]))


def test_numbers_are_floats():
    table = pd.DataFrame({"a": [1, 2], "b": [True, False], "c": [1.5, None]})
    assert numbers(table, "X").dtypes.eq(float).all()
    held = pd.DataFrame({"a": pd.Series([1, 2.5], dtype=object)})
    assert numbers(held, "X")["a"].tolist() == [1, 2.5]
    with pytest.raises(InputError, match="X must be numbers, and d is not"):
        numbers(table.assign(d=["1", "2"]), "X")


def test_a_table_without_sessions_says_so():
    with pytest.raises(InputError, match="use update_sessions first"):
        chosen_columns(Fex({"AU01": [1.0]}), "sessions", "y")
