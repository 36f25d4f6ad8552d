"""ISC where one side is synthetic: refused between the sets, compared within them."""

import numpy as np
import pandas as pd
import pytest

from genface import Fex
from genface.errors import InputError, NotTimeLockedError
from genface.stats import (
    compare_isc,
    isc,
    mean_correlation,
    need_time_locked,
    time_courses,
)


def clips(shared: float, N: int, T: int = 200, seed: int = 0) -> pd.DataFrame:
    """Courses (T, N) of which a part ``shared`` of the variance is the same."""
    rng = np.random.default_rng(seed)
    own = rng.standard_normal((T, N))
    values = np.sqrt(shared) * rng.standard_normal((T, 1)) + np.sqrt(1 - shared) * own
    return pd.DataFrame(values).rename_axis("frame")


def fex(name: str, seed: int, **facts: object) -> Fex:
    rng = np.random.default_rng(seed)
    table = Fex({"input": name, "frame": np.arange(50), "AU12": rng.random(50)})
    table.attrs = facts
    return table


SAMPLE = {"synthetic": True, "model": {"family": "poisson"}}


def test_free_samples_are_not_correlated_with_real_clips():
    mixed = pd.concat([fex("a", 0, fps=25), fex("b", 1, **SAMPLE)])
    with pytest.raises(NotTimeLockedError, match="do not follow the clock"):
        isc(mixed, "AU12")
    with pytest.raises(NotTimeLockedError):  # nor once more rows are added
        isc(pd.concat([mixed, fex("c", 2)]), "AU12")
    with pytest.raises(NotTimeLockedError):
        mixed.isc("AU12")
    assert issubclass(NotTimeLockedError, InputError)


def test_what_follows_the_clock_and_sets_of_one_kind_are():
    free = pd.concat([fex("a", 0, **SAMPLE), fex("b", 1, **SAMPLE)])
    assert isc(free, "AU12").shape == (2, 2)
    locked = fex("b", 1, **SAMPLE, time_locked="posterior")
    assert isc(pd.concat([fex("a", 0), locked]), "AU12").shape == (2, 2)
    with pytest.raises(NotTimeLockedError):
        isc(pd.concat([locked, fex("c", 2, **SAMPLE)]), "AU12")
    need_time_locked([{}, {"synthetic": False}])


def test_isc_within_sets_is_the_mean_of_their_pairs():
    real, drawn = clips(0.5, 8), clips(0.0, 8, seed=1)
    found = compare_isc(real, drawn, n=499)
    for wide, value in ((real, found.real), (drawn, found.synthetic)):
        pairs = wide.corr().to_numpy()[np.triu_indices(8, 1)]
        assert value == pytest.approx(mean_correlation(pairs))
    assert found.real == pytest.approx(0.5, abs=0.15) and found.p < 0.01
    assert found.n_series == 8 and found.n_moments == 200
    assert found.difference == pytest.approx(
        np.arctanh(found.real) - np.arctanh(found.synthetic)
    )
    assert found.draws.mean() == pytest.approx(0, abs=0.02)
    assert found.facts()["n_draws"] == 499


def test_sets_are_cut_to_the_same_size_by_name():
    with (
        pytest.warns(UserWarning, match="synthetic: 6 of 9 series are used.*left out"),
        pytest.warns(UserWarning, match="real: only the first 150 of 200"),
    ):
        found = compare_isc(clips(0.5, 6), clips(0.5, 9, 150, seed=1), n=99)
    assert found.n_series == 6 and found.n_moments == 150 and found.p > 0.05
    with pytest.warns(UserWarning, match="5 series a set: no p"):
        assert np.isnan(compare_isc(clips(0.5, 5), clips(0.5, 5, seed=1), n=19).p)
    slow = clips(0.5, 6)
    slow.index = slow.index * 2
    with pytest.raises(InputError, match="2 apart and synthetic ones 1"):
        compare_isc(slow, clips(0.5, 6))
    with pytest.raises(InputError, match="at least 19"):
        compare_isc(slow, slow, n=3)


def test_sets_whose_frames_last_differently_are_refused():
    def courses(fps: float, times: bool, seed: int) -> pd.DataFrame:
        parts = [fex(name, seed + i, fps=fps) for i, name in enumerate("abcdef")]
        table = pd.concat(parts, ignore_index=True)
        return time_courses(
            table.assign(time=table["frame"] / fps) if times else table, "AU12"
        )

    for times in (True, False):
        real, same, other = (courses(fps, times, fps) for fps in (30, 30, 25))
        assert compare_isc(real, same, n=19).n_moments == 50
        with pytest.raises(InputError, match="synthetic: 25, real: 30.*--index time"):
            compare_isc(real, other, n=19)
    assert courses(25, True, 0).attrs == {"fps": pytest.approx(25)}


def test_equal_sets_are_told_apart_no_more_often_than_promised():
    found = [
        compare_isc(clips(0.3, 6, 60, seed), clips(0.3, 6, 60, 1000 + seed), 99, seed).p
        for seed in range(200)
    ]
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
