"""Blocks and Fourier series of made signals."""

import numpy as np
import pandas as pd
import pytest

from genface import stats
from genface.errors import InputError
from genface.fex import Fex


def test_blocks_do_not_reach_over_sessions():
    table = Fex({"AU01": [1.0, 2, 3, 10, 20], "input": list("aaabb")})
    table = table.update_sessions(table["input"])
    small = table.downsample(2)
    assert small["AU01"].tolist() == [1.5, 3, 15]
    assert small["input"].tolist() == list("aab")
    assert small.sessions.tolist() == list("aab")
    assert list(small.columns) == list(table.columns)
    assert table.downsample(2, method="median")["AU01"].tolist() == [1.5, 3, 15]


@pytest.mark.parametrize(
    ("target", "unit", "rows"), [(4, "samples", 5), (0.2, "seconds", 5), (5, "hz", 5)]
)
def test_blocks_by_samples_seconds_and_rate(target, unit, rows):
    table = Fex({"AU01": np.arange(20.0)})
    table.sampling_freq = 20.0
    small = table.downsample(target, target_type=unit)
    np.testing.assert_array_equal(small["AU01"], np.arange(1.5, 20, 4))
    assert small.sampling_freq == 5.0 and len(small) == rows


def test_gaps_in_blocks_are_skipped():
    table = Fex({"AU01": [1.0, np.nan, np.nan, np.nan]})
    with pytest.warns(UserWarning, match="have gaps"):
        small = table.downsample(2)["AU01"]
    assert small[0] == 1 and np.isnan(small[1])


def test_a_periodic_signal_is_upsampled_exactly():
    def wave(n):
        t = np.arange(n) / n
        return np.sin(2 * np.pi * t) + 0.5 * np.cos(6 * np.pi * t)

    table = Fex({"AU01": wave(20), "frame": np.arange(20), "input": "a"})
    for target, unit, n in ((40, "hz", 40), (50, "samples", 50), (2.5, "seconds", 50)):
        large = table.upsample(target, unit, sampling_freq=20)
        np.testing.assert_allclose(large["AU01"], wave(n), atol=1e-12)
        np.testing.assert_allclose(large["frame"], np.arange(n) * 20 / n)
        assert set(large["input"]) == {"a"}
        assert large.sampling_freq == pytest.approx(n)


def test_sessions_are_upsampled_apart():
    table = Fex({"AU01": [1.0] * 4 + [5.0] * 6}).update_sessions([0] * 4 + [1] * 6)
    large = table.upsample(2, "hz", sampling_freq=1)
    np.testing.assert_allclose(large["AU01"], [1] * 8 + [5] * 12)
    assert large.sessions.tolist() == [0] * 8 + [1] * 12
    uneven = table.upsample(12, "samples", sampling_freq=1)
    assert len(uneven) == 24 and uneven.sampling_freq is None


def test_gaps_stay_gaps_when_upsampled():
    table = Fex({"AU01": [1.0, 1, np.nan, 1, 1, 1]})
    with pytest.warns(UserWarning, match="have gaps"):
        large = table.upsample(12, "samples")["AU01"]
    assert large.isna().sum() == 2
    np.testing.assert_allclose(large.dropna(), 1)


def test_targets_are_checked():
    plain = pd.DataFrame({"AU01": np.arange(6.0)})
    with pytest.raises(InputError, match="downsample to hz needs the rate"):
        stats.downsample(plain, 2, "hz")
    with pytest.raises(InputError, match="between 0 and the 4 Hz"):
        stats.downsample(plain, 5, "hz", sampling_freq=4)
    with pytest.raises(InputError, match="number of samples is whole"):
        stats.downsample(plain, 1.5)
    with pytest.raises(InputError, match="less than one row a block"):
        stats.downsample(plain, 0)
    with pytest.raises(InputError, match="target_type='min'"):
        stats.upsample(plain, 2, "min", sampling_freq=1)
    with pytest.raises(InputError, match="method='max'"):
        stats.downsample(plain, 2, method="max")
    with pytest.raises(InputError, match="upsample to hz needs the rate"):
        stats.upsample(plain, 2)
    with pytest.raises(InputError, match="sampling_freq=-1"):
        stats.upsample(plain, 2, sampling_freq=-1)
