"""Tables put together with their sessions."""

import numpy as np
import pytest

from genface.errors import InputError
from genface.fex import Fex


def made(*values: float) -> Fex:
    return Fex({"AU01": values, "frame": range(len(values))})


def test_below_with_a_session_of_its_own():
    first = made(1, 2).update_sessions(["a", "a"])
    both = first.append(made(3), session_id="b")
    assert both["AU01"].tolist() == [1, 2, 3]
    assert both.index.tolist() == [0, 1, 2]
    assert both.sessions.tolist() == ["a", "a", "b"]
    assert both.append(both).sessions.tolist() == ["a", "a", "b"] * 2
    assert made(1).append(made(2)).sessions is None


def test_rows_without_a_session_stay_without():
    both = made(1).append(made(2), session_id="b")
    assert both.sessions.isna().tolist() == [True, False]


def test_beside():
    first = made(1, 2).update_sessions(["a", "b"])
    both = first.append(Fex({"AU12": [3, 4]}, index=[7, 8]), axis=1)
    assert both.columns.tolist() == ["AU01", "frame", "AU12"]
    assert both["AU12"].tolist() == [3, 4] and both.sessions.tolist() == ["a", "b"]


def test_tables_that_do_not_fit():
    first = made(1, 2).update_sessions(["a", "b"])
    with pytest.raises(InputError, match="2 and 1 rows"):
        first.append(Fex({"AU12": [1]}), axis=1)
    with pytest.raises(InputError, match="both tables have AU01, frame"):
        first.append(made(1, 2), axis=1)
    other = Fex({"AU12": [1, 2]}).update_sessions(["b", "b"])
    with pytest.raises(InputError, match="equal sessions"):
        first.append(other, axis=1)
    with pytest.raises(InputError, match="axis=2"):
        first.append(made(1), axis=2)
    fast, slow = made(1), made(2)
    fast.sampling_freq, slow.sampling_freq = 30.0, 15.0
    with pytest.raises(InputError, match="rates differ: 30 and 15.*FILE --fps 15"):
        fast.append(slow)
    assert np.isnan(first.append(other)["AU12"][0])
