"""The behaviour model: states, continuations, samples, gaps."""

import itertools

import numpy as np
import pytest
from scipy import stats

from genface.behavior import (
    HSMM,
    AUTransform,
    BehaviorModel,
    GaussianHMM,
    LogisticHMM,
    PoissonHMM,
)
from genface.behavior.cells import log_cells
from genface.behavior.em import Run
from genface.behavior.emissions import Gaussian
from genface.behavior.model import reorder
from genface.errors import InputError, ShapeError

AUS = ("AU01", "AU12")
MEANS = np.array([[0.2, 0.3], [0.5, 0.6], [0.8, 0.4]])
CYCLE = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
LAZY = [[0.9, 0.1, 0], [0, 0.9, 0.1], [0.1, 0, 0.9]]
START = np.array([0.4, 0.3, 0.3])


def wrapped(estimator, kind, scale="intensity"):
    transform = AUTransform.fit(kind, np.zeros((1, 2)), AUS)
    return BehaviorModel(estimator, transform, 25.0, scale, MEANS)


def gaussian(trans=LAZY, sd=0.02):
    estimator = GaussianHMM(3)
    emission = {"mean": MEANS, "cov": np.full((3, 2), sd**2)}
    estimator._adopt(Run(START, np.array(trans, float), emission))
    return wrapped(estimator, "unit")


def poisson(trans=LAZY):
    estimator = PoissonHMM(3)
    estimator._adopt(Run(START, np.array(trans, float), {"rate": 100 * MEANS}))
    return wrapped(estimator, "counts")


@pytest.mark.parametrize("make", [gaussian, poisson])
@pytest.mark.parametrize("last", [0, 1, 2])
def test_a_continuation_of_a_cycle_starts_with_the_next_state(make, last):
    model = make(CYCLE)
    history = MEANS[np.arange(last + 4) % 3]
    expected = (len(history) + np.arange(6)) % 3
    aus = model.sample(6, 1, history)
    assert (model.states(np.vstack([history, aus]))[-6:] == expected).all()
    if make is gaussian:
        assert np.abs(aus - MEANS[expected]).max() < 0.1


def test_a_forecast_starts_from_the_filtered_posterior():
    model = gaussian(sd=0.5)  # wide states: the belief is spread
    history = np.array([[0.5, 0.4], [0.55, 0.45]])
    belief = model.filtered(history)[-1] @ model.trans
    n = 20_000
    drawn = model.forecast(history, 1, n)[:, 0]
    assert drawn.shape == (n, 2)
    # Draws are clipped to the scale: compare a probability that clipping keeps.
    inner = [0.5 < d < 0.6 for d in drawn[:, 0]]
    laws = stats.norm(MEANS[:, 0], 0.5)
    expected = belief @ (laws.cdf(0.6) - laws.cdf(0.5))
    assert abs(np.mean(inner) - expected) < 4 * np.sqrt(expected / n)
    assert 0.05 < belief.min()  # the test means something


def test_samples_stay_on_the_scale_and_follow_their_seed():
    model = gaussian(sd=0.8)
    aus = model.sample(300, 6)
    assert aus.dtype == np.float64
    assert aus.min() == 0.0 and aus.max() == 1.0
    np.testing.assert_array_equal(aus, model.sample(300, 6))
    assert (aus != model.sample(300, 7)).any()


def test_missing_frames_have_no_state_and_cost_nothing():
    model = gaussian()
    aus = model.sample(40, 7)
    states = model.states(aus)
    holed = aus.copy()
    holed[10:13] = np.nan
    found = model.states(holed)
    assert (found[10:13] == -1).all()
    keep = np.r_[0:10, 13:40]
    assert (found[keep] == states[keep]).mean() > 0.95
    assert np.isfinite(model.score(holed))
    assert np.isnan(model.score(np.full((2, 2), np.nan)))


@pytest.mark.parametrize("make", [gaussian, poisson])
def test_likelihood_sums_all_paths(make):
    model = make()
    aus = np.round(model.sample(5, 8), 2)
    logs = log_cells(model.estimator, model.transform, aus)
    total = -np.inf
    for path in itertools.product(range(3), repeat=5):
        steps = [
            START[path[0]],
            *(model.trans[a, b] for a, b in itertools.pairwise(path)),
        ]
        with np.errstate(divide="ignore"):
            here = np.log(steps).sum() + logs[range(5), path].sum()
        total = np.logaddexp(total, here)
    assert model.log_likelihood(aus) == pytest.approx(total, rel=1e-12)
    assert model.score(aus) == pytest.approx(total / 5, rel=1e-12)


def test_score_continuation_is_a_chain_rule():
    model = gaussian()
    aus = model.sample(30, 8)
    gained = model.log_likelihood(aus) - model.log_likelihood(aus[:12])
    found = model.score_continuation(aus[:12], aus[12:])
    assert found == pytest.approx(gained / 18, abs=1e-9)


def test_infill_keeps_what_is_seen_and_follows_it():
    model = gaussian()
    aus = np.repeat(MEANS, 4, axis=0)
    holed = aus.copy()
    holed[5:7] = np.nan
    holed[:, 1] = np.nan  # one AU is not given at all
    drawn = model.infill(holed, 20)
    assert drawn.shape == (20, 12, 2)
    seen = np.isfinite(holed)
    np.testing.assert_array_equal(drawn[:, seen], np.tile(holed[seen], (20, 1)))
    assert np.abs(drawn - aus).max() < 0.12


def test_what_the_model_cannot_produce_is_refused():
    counts = poisson()
    counts.estimator._emission["rate"] = np.zeros((3, 2))
    with pytest.raises(InputError, match="impossible"):
        counts.forecast(MEANS, 3, 2)


def test_occupancy_and_dwell_are_those_of_the_chain():
    model = gaussian([[0.5, 0.5, 0], [0.25, 0.75, 0], [0, 0.5, 0.5]])
    np.testing.assert_allclose(model.occupancy, [1 / 3, 2 / 3, 0], atol=1e-9)
    np.testing.assert_allclose(model.dwell_seconds, [2 / 25, 4 / 25, 2 / 25])
    np.testing.assert_allclose(model.dwell_law(0, 3), [0.5, 0.25, 0.125])


def hsmm():
    model = HSMM(2, family=Gaussian(), max_duration=3)
    model.start_, model.jumps_ = np.array([1.0, 0.0]), 1.0 - np.eye(2)
    model.durations_ = np.array([[0.0, 0.0, 1.0], [0.5, 0.5, 0.0]])
    model._emission = {"mean": MEANS[:2], "cov": np.full((2, 2), 1e-4)}
    model._expand()
    return wrapped(model, "unit")


def test_a_law_of_durations_is_read_and_continued():
    model = hsmm()
    np.testing.assert_allclose(model.dwell_seconds, [3 / 25, 1.5 / 25])
    np.testing.assert_allclose(model.occupancy, [2 / 3, 1 / 3])
    np.testing.assert_allclose(model.dwell_law(1, 2), [0.5, 0.5])
    np.testing.assert_allclose(model.trans.sum(1), 1.0)
    assert model.filtered(MEANS[:2]).shape == (2, 2)
    # Two frames of a stay of three have passed: one more, then the other state.
    ahead = model.forecast(MEANS[[0, 0]], 2, 5)
    assert np.abs(ahead - MEANS[[0, 1]]).max() < 0.06
    holed = MEANS[[0, 0, 0, 1]].copy()
    holed[1] = np.nan
    assert np.abs(model.infill(holed, 3) - MEANS[[0, 0, 0, 1]]).max() < 0.06
    turned = reorder(model.estimator, np.array([1, 0]))
    assert turned.predict(MEANS[[0, 0, 0, 1]]).tolist() == [1, 1, 1, 0]


@pytest.fixture(scope="module")
def faces():
    return np.vstack([gaussian().sample(60, s) for s in (1, 2)])


def test_states_are_numbered_by_how_often_they_occur(faces):
    estimator = GaussianHMM(3, restarts=4, n_iter=60)
    model = BehaviorModel.fit(estimator, faces, [60, 60], columns=AUS, fps=25)
    visits = np.concatenate([model.states(faces[:60]), model.states(faces[60:])])
    assert (np.diff(np.bincount(visits, minlength=3)) <= 0).all()
    for k in range(3):
        expected = faces[visits == k].mean(0)
        np.testing.assert_allclose(model.state_means[k], expected, atol=0.01)


def test_a_family_with_lags_moves_smoothly():
    rng = np.random.default_rng(0)
    aus = np.empty((300, 2))
    aus[0] = 0.5
    for t in range(1, 300):
        aus[t] = 0.5 + 0.97 * (aus[t - 1] - 0.5) + 0.02 * rng.standard_normal(2)
    aus = np.clip(aus, 0, 1)
    estimator = LogisticHMM(1, n_iter=30)
    model = BehaviorModel.fit(estimator, aus, columns=AUS, fps=25)
    assert model.remembers and not gaussian().remembers
    drawn = model.sample(300, 0)
    moved = np.abs(np.diff(drawn, axis=0)).mean()
    assert moved == pytest.approx(np.abs(np.diff(aus, axis=0)).mean(), rel=0.3)
    # A continuation begins where the last frame stood.
    ahead = model.forecast(aus, 1, 50)[:, 0]
    assert np.abs(np.median(ahead, axis=0) - aus[-1]).max() < 0.03


def test_wrong_use_is_named():
    model = gaussian()
    with pytest.raises(ShapeError, match="AU01, AU12"):
        model.states(np.zeros((4, 3)))
    with pytest.raises(InputError, match="n_frames"):
        model.sample(0, 0)
    with pytest.raises(InputError, match="horizon"):
        model.forecast(MEANS, 0, 1)
    with pytest.raises(InputError, match="infinite"):
        model.score(np.full((2, 2), np.inf))
    with pytest.raises(InputError, match="fps"):
        BehaviorModel.fit(GaussianHMM(1, n_iter=2), MEANS, columns=AUS, fps=0)
