"""Scales of AUs, and presence read by a person's own range."""

import numpy as np
import pytest

from genface.errors import InputError, ShapeError
from genface.facs import PersonCalibration, convert_scale


def test_five_levels_make_a_full_intensity():
    levels = np.array([[0.0, 2.5, 5.0]])
    intensity = convert_scale(levels, "facs", "intensity")
    assert intensity.tolist() == [[0.0, 0.5, 1.0]]
    assert convert_scale(intensity, "intensity", "facs").tolist() == levels.tolist()
    assert convert_scale(levels, "presence", "presence") is not levels


@pytest.mark.parametrize("target", ["intensity", "facs", "occurrence"])
def test_belief_is_no_intensity(target):
    with pytest.raises(InputError, match="PersonCalibration"):
        convert_scale(np.zeros((1, 1)), "presence", target)


def series() -> np.ndarray:
    rng = np.random.default_rng(0)
    high_at_rest = 0.7 + 0.3 * rng.random(300)
    blink = np.where(np.arange(300) % 100 == 0, 0.9, 0.0)
    flat = np.full(300, 0.4) + 1e-3 * rng.random(300)
    return np.column_stack([high_at_rest, blink, flat, np.full(300, np.nan)])


def test_rest_becomes_zero_and_the_peak_stays():
    presence = series()
    fitted = PersonCalibration.fitted(presence)
    low, high = np.percentile(presence[:, 0], [5, 95])
    ends = np.array([[low, 0, 0, 0], [high, 0, 0, 0], [(low + high) / 2, 0, 0, 0]])
    assert fitted.intensity(ends)[:, 0] == pytest.approx([0, high, high / 2])
    intensity = fitted.intensity(presence)
    assert intensity[:, 1].max() == pytest.approx(0.9)
    assert not intensity[:, 2].any()
    assert np.isnan(intensity[:, 3]).all()


def test_the_inverse_gives_the_presence_back_where_nothing_was_cut_off():
    presence = series()
    fitted = PersonCalibration.fitted(presence)
    intensity = fitted.intensity(presence)
    inside = (intensity > 0) & (intensity < 1)
    assert inside[:, 0].sum() > 200
    np.testing.assert_allclose(
        fitted.presence(intensity)[inside], presence[inside], atol=1e-12
    )
    assert fitted.presence(intensity)[:, 2] == pytest.approx(0.4, abs=1e-3)
    with pytest.raises(ShapeError, match=r"\(T, A\)"):
        PersonCalibration.fitted(presence[:, 0])
