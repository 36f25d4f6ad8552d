"""Steering: samples lean toward an emotion by its strength, and are whole at 0."""

import functools

import numpy as np
import pytest

from genface.behavior import (
    HSMM,
    AUTransform,
    BehaviorModel,
    EmotionCodec,
    GaussianHMM,
    steer,
)
from genface.behavior.em import Run
from genface.behavior.emissions import Gaussian
from genface.behavior.inference import posterior
from genface.behavior.steering import tilted
from genface.errors import InputError
from genface.facs import AU_NAMES, prototype_table

GUIDE = prototype_table("investigators_guide")
STRENGTHS = (0, 0.5, 1, 2, 4, 8)
TRANS = np.array([[0.9, 0.08, 0.02], [0.1, 0.85, 0.05], [0.05, 0.05, 0.9]])
START = np.array([0.5, 0.3, 0.2])
REWARDS = np.array([0.0, 0.03, 0.1])


CODEC = functools.cache(lambda: EmotionCodec.of(GUIDE, AU_NAMES))


def faces(scale="intensity"):
    """Mean faces of three states: sad, at rest, and a little happy."""
    wanted = np.zeros((3, 6))
    wanted[0, CODEC().emotions.index("Sad")] = 0.5
    wanted[2, CODEC().emotions.index("Happy")] = 0.3
    return (CODEC().decode(wanted) * 0.8 + 0.1) * (5 if scale == "facs" else 1)


def chain(trans=TRANS):
    estimator = GaussianHMM(len(trans))
    means = np.resize(faces(), (len(trans), 20))
    emission = {"mean": means, "cov": np.full((len(trans), 20), 0.03**2)}
    start = np.resize(START, len(trans))
    estimator._adopt(Run(start / start.sum(), np.array(trans, float), emission))
    return estimator


def stays():
    model = HSMM(3, family=Gaussian(), max_duration=4)
    model.start_ = START
    model.jumps_ = np.array([[0, 0.7, 0.3], [0.4, 0, 0.6], [0.5, 0.5, 0]])
    model.durations_ = np.array(
        [[0.1, 0.2, 0.3, 0.4], [0, 1, 0, 0], [0.7, 0.1, 0, 0.2]]
    )
    model._emission = {"mean": faces(), "cov": np.full((3, 20), 0.03**2)}
    model._expand()
    return model


def model_of(estimator, scale="intensity"):
    top = 5 if scale == "facs" else 1
    transform = AUTransform.fit("unit", np.zeros((1, 20)), AU_NAMES, top)
    return BehaviorModel(estimator, transform, 25.0, scale, faces(scale))


def stationary(trans):
    return np.linalg.matrix_power(trans, 4096)[0]


@pytest.mark.parametrize("make", [chain, stays])
def test_the_tilted_chain_is_the_law_of_weighted_paths(make):
    plain = make()
    moved = tilted(plain, REWARDS)
    np.testing.assert_allclose(moved.transmat_.sum(1), 1.0)
    # The weights as what is seen in each frame: forward and backward passes.
    seen = np.tile(np.repeat(REWARDS, len(plain.startprob_) // 3), (400, 1))
    exact = posterior(plain.startprob_, plain.transmat_, seen)
    np.testing.assert_allclose(
        exact.smoothed[200], stationary(moved.transmat_), atol=1e-9
    )
    np.testing.assert_allclose(exact.smoothed[0], moved.startprob_, atol=1e-9)
    ahead = moved.startprob_ @ np.linalg.matrix_power(moved.transmat_, 7)
    np.testing.assert_allclose(exact.smoothed[7], ahead, atol=1e-9)


def test_the_mean_worth_is_the_slope_of_the_growth():
    def growth(c):
        return np.log(np.abs(np.linalg.eigvals(TRANS * np.exp(c * REWARDS))).max())

    for c in (0.0, 3.0, 20.0):
        slope = (growth(c + 1e-5) - growth(c - 1e-5)) / 2e-5
        moved = tilted(chain(), c * REWARDS).transmat_
        assert stationary(moved) @ REWARDS == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(
    "trans",
    [
        np.roll(np.eye(3), 1, axis=1),  # a cycle without a choice
        [[1, 0, 0], [0.1, 0.9, 0], [0, 0.1, 0.9]],  # an end that is not the best
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    ],
)
def test_what_cannot_be_reached_stays_out_of_reach(trans):
    for strength in (1.0, 1e3, 1e9):
        moved = tilted(chain(trans), strength * REWARDS)
        assert np.isfinite(moved.transmat_).all()
        np.testing.assert_allclose(moved.transmat_.sum(1), 1.0)
        assert (moved.transmat_[np.array(trans) == 0] == 0).all()


@pytest.mark.parametrize("make", [chain, stays])
@pytest.mark.parametrize("emotion", ["Happy", "Sad", "Anger"])
def test_the_score_rises_with_strength(make, emotion):
    model = model_of(make())
    codec = CODEC()
    at = codec.emotions.index(emotion)
    means, shown = [], []
    for strength in STRENGTHS:
        drawn = steer(model, emotion, strength).sample(1000, 0)
        assert drawn.min() >= 0 and drawn.max() <= 1
        means.append(codec.space.score(drawn)[:, at].mean())
        shown.append(codec.encode(drawn)[:, at].mean())
    assert (np.diff(means) > 0).all(), means
    assert (np.diff(shown) > 0).all(), shown


@pytest.mark.parametrize("make", [chain, stays])
def test_strength_zero_is_the_plain_model_to_the_bit(make):
    model = model_of(make())
    same = steer(model, "Happy", 0)
    history = model.sample(30, 1)
    np.testing.assert_array_equal(same.sample(200, 3), model.sample(200, 3))
    np.testing.assert_array_equal(
        same.sample(20, 3, history), model.sample(20, 3, history)
    )
    np.testing.assert_array_equal(
        same.forecast(history, 9, 4, 2), model.forecast(history, 9, 4, 2)
    )


def test_states_are_chosen_by_what_they_show():
    model = model_of(chain())
    for emotion, state in (("Happy", 2), ("joy", 2), ("Sad", 0)):
        shares = [steer(model, emotion, s).model.occupancy[state] for s in STRENGTHS]
        assert (np.diff(shares) > 0).all()
    happy = steer(model, "Happy", 1).model
    assert happy.dwell_seconds[2] > model.dwell_seconds[2]


def test_a_continuation_leaves_its_history_gently():
    model = model_of(chain(np.eye(3)))  # no moves: emissions alone
    history = np.tile(faces()[1], (20, 1))
    ahead = steer(model, "Happy", 3).forecast(history, 25, 50).mean(0)
    smile = ahead[:, AU_NAMES.index("AU12")]
    assert smile[0] < 0.2 and smile[-1] > 0.4
    assert np.abs(np.diff(smile)).max() < 0.06
    frown = ahead[:, AU_NAMES.index("AU04")]
    np.testing.assert_allclose(frown, 0.1, atol=0.02)


def test_other_scales_stay_on_theirs():
    codec = EmotionCodec.of(GUIDE, AU_NAMES, "facs")
    at = codec.emotions.index("Happy")
    model = model_of(chain(), "facs")
    model.estimator.emission_params["mean"] = faces()
    plain, happy = (steer(model, "Happy", s).sample(500, 0) for s in (0, 4))
    assert 1 < happy.max() <= 5
    assert codec.encode(happy)[:, at].mean() > codec.encode(plain)[:, at].mean() + 0.2
    belief = steer(model_of(chain(), "presence"), "Happy", 4)
    assert belief.sample(200, 0).max() <= 1
    assert belief.model.occupancy[2] > 0.8


def test_a_model_of_emotions_can_be_steered_too():
    codec = CODEC()
    aus = np.repeat(faces(), 40, axis=0)
    aus = np.clip(
        aus + 0.03 * np.random.default_rng(0).standard_normal(aus.shape), 0, 1
    )
    model = BehaviorModel.fit(
        GaussianHMM(3, n_iter=20), aus, columns=AU_NAMES, fps=25, codec=codec
    )
    at = codec.emotions.index("Happy")
    means = [
        codec.encode(steer(model, "Happy", s).sample(300, 0))[:, at].mean()
        for s in STRENGTHS
    ]
    assert (np.diff(means) > 0).all()


def test_wrong_use_of_steering_is_named():
    model = model_of(chain())
    for strength in (-1, np.nan, np.inf, None, "2"):
        with pytest.raises(InputError, match="strength is a number from 0 up"):
            steer(model, "Happy", strength)
    with pytest.raises(InputError, match="Boredom: .* choose from Happy"):
        steer(model, "Boredom", 1)
    few = EmotionCodec.of(GUIDE, [n for n in AU_NAMES if n != "AU12"])
    with pytest.raises(InputError, match="codec is of other AUs"):
        steer(model, "Anger", 1, few)
