"""Distances and decompositions against scipy and against the data itself."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist

from genface.errors import InputError
from genface.fex import Fex


def made(n: int = 12) -> Fex:
    rng = np.random.default_rng(0)
    table = Fex(rng.random((n, 3)), columns=["AU01", "AU12", "Happy"])
    table["input"], table["frame"] = "a.mp4", np.arange(n)
    return table


@pytest.mark.parametrize("method", ["euclidean", "cosine", "cityblock"])
def test_distances_are_scipys(method):
    table = made()
    found = table.distance(method)
    values = table[["AU01", "AU12", "Happy"]]
    np.testing.assert_allclose(found, cdist(values, values, method), atol=1e-12)
    assert found.index.tolist() == list(range(12))


def test_distances_of_gaps_are_nan_and_said():
    table = made().assign(AU04=np.nan)
    table.loc[4, "AU01"] = np.nan
    with (
        pytest.warns(UserWarning, match="1 columns without any value.*AU04"),
        pytest.warns(UserWarning, match="1 of 12 rows have gaps.*first is row 4"),
    ):
        found = table.distance()
    assert found.isna().to_numpy().sum() == 23
    whole = made().drop(index=4).distance()
    np.testing.assert_allclose(found.drop(index=4, columns=4), whole)


def test_distances_are_checked():
    with pytest.raises(InputError, match="method='far'"):
        made().distance("far")
    with pytest.raises(InputError, match="no column has a value"):
        Fex({"AU01": [np.nan, np.nan]}).distance()
    with pytest.raises(InputError, match="no column of measurements"):
        made()[["input", "frame"]].distance()


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("algorithm", ["pca", "ica", "fa", "nnmf"])
@pytest.mark.filterwarnings("ignore:Maximum number of iterations")
def test_components_have_the_shapes_that_they_say(algorithm, axis):
    table = made()
    found = table.decompose(algorithm, axis=axis, n_components=2)
    by_row, by_column = ("components", "weights") if axis else ("weights", "components")
    assert found[by_row].shape == (12, 2)
    assert found[by_column].shape == (3, 2)
    assert found[by_row].index.tolist() == table.index.tolist()
    assert found[by_column].index.tolist() == ["AU01", "AU12", "Happy"]
    assert found["weights"].columns.tolist() == ["c1", "c2"]


def test_all_principal_components_give_the_data_back():
    table = made()
    found = table.decompose()
    values = table[["AU01", "AU12", "Happy"]].to_numpy()
    back = found["components"].to_numpy() @ found["weights"].to_numpy().T
    np.testing.assert_allclose(back + values.mean(axis=0), values, atol=1e-12)
    spread = found["components"].std()
    assert spread.is_monotonic_decreasing
    assert found["decomposition_object"].n_components_ == 3


def test_rows_with_gaps_have_no_components():
    table = made()
    table.loc[2, "AU12"] = np.nan
    with pytest.warns(UserWarning, match="1 of 12 rows have gaps"):
        found = table.decompose(n_components=1)
    assert found["components"].isna().to_numpy().nonzero()[0].tolist() == [2]


def test_decompositions_are_checked():
    table = made()
    with pytest.raises(InputError, match="n_components=4: 3 at most"):
        table.decompose(n_components=4)
    with pytest.raises(InputError, match="algorithm='svd'"):
        table.decompose("svd")
    with pytest.raises(InputError, match="axis=2"):
        table.decompose(axis=2)
    with pytest.raises(InputError, match="nnmf takes no values below 0"):
        table.assign(AU01=-1.0).decompose("nnmf")
    assert isinstance(table.decompose()["weights"], pd.DataFrame)
