"""Wavelets and their areas against sums written out."""

import numpy as np
import pandas as pd
import pytest

from genface import stats
from genface.errors import InputError
from genface.fex import Fex


def made(n: int = 80) -> Fex:
    rng = np.random.default_rng(0)
    table = Fex(rng.normal(size=(n, 2)), columns=["AU01", "AU12"])
    table.sampling_freq = 20.0
    return table


def test_the_wavelet_is_morlets():
    values = stats.wavelet(2.0, num_cyc=3, sampling_freq=40.0)
    times = np.arange(-60, 60) / 40
    spread = 3 / (4 * np.pi)
    wanted = np.exp(4j * np.pi * times - times**2 / (2 * spread**2))
    np.testing.assert_allclose(values, wanted, atol=1e-12)


def test_a_convolution_is_the_sum_it_says():
    table = made()
    found = table.extract_wavelet(2.0)["f2.0_complex_AU12"].to_numpy()
    kernel = stats.wavelet(2.0, sampling_freq=20.0)
    x, middle = table["AU12"].to_numpy(), (len(kernel) - 1) // 2
    for i in (0, 7, 40, 79):
        terms = (
            x[j] * kernel[i + middle - j]
            for j in range(len(x))
            if 0 <= i + middle - j < len(kernel)
        )
        assert found[i] == pytest.approx(sum(terms))


def test_modes_are_parts_of_the_complex_values():
    table = made()
    z = table.extract_wavelet(1.0)["f1.0_complex_AU01"].to_numpy()
    for mode, wanted in (
        ("filtered", z.real),
        ("phase", np.angle(z)),
        ("magnitude", np.abs(z)),
        ("power", np.abs(z) ** 2),
    ):
        found = table.extract_wavelet(1.0, mode=mode)
        np.testing.assert_allclose(found[f"f1.0_{mode}_AU01"], wanted)


def test_sessions_are_convolved_apart_and_kept():
    table = made().update_sessions([1] * 30 + [0] * 50)
    power = table.extract_wavelet(1.0, mode="power")
    alone = table.iloc[:30].extract_wavelet(1.0, mode="power")
    np.testing.assert_allclose(power.iloc[:30], alone)
    assert power.sessions.equals(table.sessions)
    together = table.extract_wavelet(1.0, mode="power", ignore_sessions=True)
    assert not np.allclose(together.iloc[:30], alone)
    assert power.extract_mean().aus.shape == (2, 2)


def test_a_bank_is_geometric_and_its_names_tell_bands_apart():
    table = made()
    names = table.extract_multi_wavelet(0.5, 2, bank=3, mode="power").columns
    assert names[::2].tolist() == [f"f{f}_power_AU01" for f in ("0.5", "1.0", "2.0")]
    close = table.extract_multi_wavelet(1.0, 1.002, bank=3).columns
    assert close.is_unique


def test_gaps_stay_gaps():
    table = made()
    table.loc[5, "AU01"] = np.nan
    with pytest.warns(UserWarning, match="a wavelet: 1 columns have gaps"):
        power = table.extract_wavelet(2.0, mode="power")
    assert power["f2.0_power_AU01"].isna().to_numpy().nonzero()[0].tolist() == [5]


def test_areas_are_counted_by_size_and_sign():
    # Half waves of equal height: squared, each has an area of about h^2 pi/2 * step.
    t = np.linspace(0, 10 * np.pi, 1001)
    counts = stats.calc_hist_auc(2 * np.sin(t))  # area near 4 * 50 = 200
    bins = np.logspace(0, 5, 7)
    place = np.searchsorted(bins, 200) - 1
    assert counts[place] + counts[6 + place] == counts.sum() > 6
    assert stats.calc_hist_auc(np.ones(20)).sum() == 0
    twice = stats.calc_hist_auc(20 * np.sin(t))
    assert np.flatnonzero(twice)[0] > np.flatnonzero(counts)[0]


@pytest.mark.parametrize("bank", [1, 3])
def test_bags_of_temporal_features(bank):
    table = made().update_sessions([1] * 40 + [0] * 40)
    bags = table.extract_boft(min_freq=0.5, max_freq=2, bank=bank)
    assert bags.shape == (2, 2 * bank * 12) and bags.index.tolist() == [0, 1]
    first = "2.0" if bank > 1 else "0.5"
    assert bags.columns[0] == f"pos0_hz_{first}_AU01"
    assert bags.columns[11] == f"neg5_hz_{first}_AU01"
    kernel = stats.wavelet(float(first), sampling_freq=20.0).real
    wanted = stats.calc_hist_auc(np.convolve(table["AU01"][:40], kernel))
    np.testing.assert_array_equal(bags.iloc[1, :12], wanted)
    alone = table.update_sessions(None).extract_boft(0.5, 2, bank=bank)
    assert len(alone) == 1


def test_bags_of_columns_with_gaps_are_nan():
    table = made()
    table.loc[5, "AU01"] = np.nan
    with pytest.warns(UserWarning, match="extract_boft: 1 columns have gaps"):
        bags = table.extract_boft(0.5, 2, bank=1)
    assert bags.isna().to_numpy().sum() == 12


def test_wavelets_are_checked():
    table = made()
    with pytest.raises(InputError, match="mode='real'"):
        table.extract_wavelet(1.0, mode="real")
    with pytest.raises(InputError, match="must be above 0"):
        table.extract_wavelet(0)
    with pytest.raises(InputError, match="a bank of 0"):
        table.extract_multi_wavelet(bank=0)
    with pytest.raises(InputError, match="a wavelet needs the rate"):
        stats.extract_wavelet(pd.DataFrame({"AU01": [1.0, 2]}), 1.0)
