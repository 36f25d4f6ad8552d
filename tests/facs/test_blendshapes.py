"""AUs to ARKit's shapes and back, and maps fitted on paired columns."""

import numpy as np
import pytest

from genface.errors import FitError, InputError, ShapeError
from genface.facs import (
    ARKIT_CONFLICTS,
    ARKIT_FROM_AU,
    ARKIT_SHAPES,
    ARKIT_VERSION,
    AU_NAMES,
    ambiguous_aus,
    aus_from_blendshapes,
    blendshapes_from_aus,
    fit_map,
)


def test_names_are_arkits_52():
    assert len(ARKIT_SHAPES) == 52 == len(set(ARKIT_SHAPES))
    assert {"tongueOut", "mouthSmileLeft", "browInnerUp"} <= set(ARKIT_SHAPES)
    assert set(ARKIT_CONFLICTS) <= set(ARKIT_FROM_AU) and ARKIT_VERSION == 1


def test_a_smile_on_one_side():
    shapes = blendshapes_from_aus([[0.5, 0.2]], ["AU12_L", "AU12_R"])[0]
    found = dict(zip(ARKIT_SHAPES, shapes, strict=True))
    assert found.pop("mouthSmileLeft") == 0.5 and found.pop("mouthSmileRight") == 0.2
    assert not any(found.values())


def test_sides_come_back():
    names = ["AU02_L", "AU02_R", "AU12_L", "AU12_R", "AU26"]
    aus = np.random.default_rng(0).random((20, 5))
    shapes = blendshapes_from_aus(aus, names)
    back = aus_from_blendshapes(shapes, ARKIT_SHAPES, names)
    np.testing.assert_allclose(back, aus, atol=1e-9)


def test_clear_units_come_back_and_ambiguous_ones_are_nan():
    assert ambiguous_aus(AU_NAMES) == ("AU11", "AU23")
    assert ambiguous_aus(["AU26", "AU27", "AU43", "AU45"]) == ("AU27", "AU45")
    assert ambiguous_aus(["AU19"], ["jawOpen"]) == ("AU19",)
    clear = [name for name in AU_NAMES if name not in ("AU11", "AU15", "AU23")]
    rng = np.random.default_rng(1)
    aus = 0.5 * rng.random((50, 20)) * [name in clear for name in AU_NAMES]
    shapes = blendshapes_from_aus(aus, AU_NAMES)
    back = aus_from_blendshapes(shapes, ARKIT_SHAPES, AU_NAMES)
    for name, one, other in zip(AU_NAMES, aus.T, back.T, strict=True):
        if name in ("AU11", "AU23"):
            assert np.isnan(other).all()
        else:
            np.testing.assert_allclose(other, one, atol=1e-9, err_msg=name)


def test_weights_stay_within_bounds_and_nan_stays_where_it_is():
    aus = np.ones((1, 20))
    aus[0, AU_NAMES.index("AU26")] = np.nan
    shapes = dict(
        zip(ARKIT_SHAPES, blendshapes_from_aus(aus, AU_NAMES)[0], strict=True)
    )
    assert np.isnan(shapes.pop("jawOpen"))
    assert min(shapes.values()) >= 0 and max(shapes.values()) == 1
    frames = np.zeros((2, 52))
    frames[1, 3] = np.nan
    back = aus_from_blendshapes(frames, ARKIT_SHAPES, ["AU12"])
    assert back[0, 0] == 0 and np.isnan(back[1, 0])


def test_wrong_shapes_are_named():
    with pytest.raises(ShapeError, match=r"\(T, 20\)"):
        blendshapes_from_aus(np.zeros((2, 3)), AU_NAMES)
    with pytest.raises(ShapeError, match=r"\(T, 52\)"):
        aus_from_blendshapes(np.zeros((2, 3)), ARKIT_SHAPES, AU_NAMES)
    with pytest.raises(InputError, match="is a shape of ARKit"):
        aus_from_blendshapes(np.zeros((2, 1)), ["smile"], AU_NAMES)


def paired(seed: int, noise: float):
    rng = np.random.default_rng(seed)
    weights = np.array([[0.5, 0.0], [0.2, 0.0], [0.0, 0.6]])
    x = rng.random((400, 3))
    y = 0.1 + x @ weights + noise * rng.normal(size=(400, 2))
    return x, y, weights, np.repeat(np.arange(20), 20)


def test_a_linear_truth_is_recovered():
    x, y, weights, clips = paired(0, 0.0)
    x[3, 1] = np.nan  # rows with a hole are left out
    found = fit_map(x, y, "abc", "de", clips, ridge=0.0)
    np.testing.assert_allclose(found.weights, weights, atol=1e-9)
    np.testing.assert_allclose(found.offset, 0.1, atol=1e-9)
    np.testing.assert_allclose(found.r2, 1.0)
    np.testing.assert_allclose(found(x[4:]), y[4:], atol=1e-9)
    assert np.isnan(found(x[3:4])).any()


def test_r2_is_of_clips_left_out():
    x, y, weights, clips = paired(1, 0.1)
    expected = np.var(x @ weights, axis=0) / np.var(y, axis=0)
    assert fit_map(x, y, "abc", "de", clips).r2 == pytest.approx(expected, abs=0.1)
    rng = np.random.default_rng(2)  # what tells only the clip predicts no other clip
    told = np.eye(20)[clips]
    ours = rng.random(20)[clips][:, None]
    assert fit_map(told, ours, range(20), "d", clips).r2[0] <= 0


def test_a_map_needs_clips_and_equal_rows():
    x, y, _, clips = paired(0, 0.0)
    with pytest.raises(FitError, match="two clips"):
        fit_map(x, y, "abc", "de", np.zeros(400))
    with pytest.raises(ShapeError, match="rows differ"):
        fit_map(x, y[:3], "abc", "de", clips)
    with pytest.raises(ShapeError, match=r"\(T, 3\)"):
        fit_map(x, y, "abc", "de", clips)(x[:, :2])


def test_the_fitted_map_beats_the_table_on_the_news_sample(shared):
    import pandas as pd

    paths = sorted((shared / "data" / "news_sample").glob("[0-9]*.csv"))
    known = [shape for shape in ARKIT_SHAPES if shape != "tongueOut"]
    tables = [pd.read_csv(path, usecols=[*AU_NAMES, *known]) for path in paths]
    clips = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    table = pd.concat(tables)
    shapes, aus = table[known].to_numpy(), table[list(AU_NAMES)].to_numpy()
    by_table = aus_from_blendshapes(shapes, known, AU_NAMES)
    brow = AU_NAMES.index("AU04")
    assert np.corrcoef(by_table[:, brow], aus[:, brow])[0, 1] < 0
    r2 = dict(
        zip(AU_NAMES, fit_map(shapes, aus, known, AU_NAMES, clips).r2, strict=True)
    )
    assert r2["AU04"] > 0.2 and r2["AU12"] > 0.8 and r2["AU43"] > 0.8
