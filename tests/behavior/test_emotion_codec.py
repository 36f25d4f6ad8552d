"""Emotions as what a model is fitted to: AUs in, AUs out."""

import numpy as np
import pytest

from genface import files
from genface.behavior import (
    BehaviorModel,
    EmotionCodec,
    GaussianHMM,
    LogisticHMM,
)
from genface.behavior.storage import _digest
from genface.errors import InputError, ShapeError, WeightError
from genface.facs import (
    AU_NAMES,
    EMOTIONS,
    PersonCalibration,
    PrototypeTable,
    prototype_table,
)

GUIDE = prototype_table("investigators_guide")
SMILE = PrototypeTable.from_rows({"Happy": ("6+12",), "Sad": ("1+15",)}, name="two")


@pytest.fixture(scope="module")
def codec():
    return EmotionCodec.of(GUIDE, AU_NAMES)


def face(n=1, **aus):
    row = np.zeros((n, 20))
    for name, value in aus.items():
        row[:, AU_NAMES.index(name)] = value
    return row


def clip_of(codec, n=150, seed=0):
    """A face that turns from one emotion to another, in AUs."""
    rng = np.random.default_rng(seed)
    which = np.repeat(rng.permutation(np.arange(n // 25) % len(codec.emotions)), 25)
    strength = np.clip(0.6 + 0.05 * rng.standard_normal(n), 0, 1)
    wanted = np.eye(len(codec.emotions))[which] * strength[:, None]
    return codec.decode(wanted), wanted


def test_a_smile_is_happy_by_as_much_as_it_is_strong(codec):
    happy = codec.emotions.index("Happy")
    for strength in (0.2, 0.7, 1.0):
        strengths = codec.encode(face(AU06=strength, AU12=strength))[0]
        assert strengths.argmax() == happy
        assert strengths[happy] == pytest.approx(strength, rel=0.02)
    np.testing.assert_array_equal(codec.encode(face()), 0.0)
    assert np.isnan(codec.encode(face(AU20=np.nan))).all()


def test_one_emotion_comes_back_as_strong_as_it_went(codec):
    wanted = 0.6 * np.eye(6)
    again = codec.encode(codec.decode(wanted))
    np.testing.assert_allclose(np.diag(again), 0.6, rtol=0.02)
    np.testing.assert_array_equal(again.argmax(1), range(6))
    np.testing.assert_array_equal(codec.decode(np.zeros((1, 6))), 0.0)
    assert np.isnan(codec.decode(np.full((1, 6), np.nan))).all()


def test_drawn_expressions_show_the_same_emotions_in_other_ways(codec):
    drawn = EmotionCodec(codec.space, "intensity", seed=3)
    faces, typical = drawn.decode(np.eye(6)), codec.decode(np.eye(6))
    assert np.abs(faces - typical).max() > 0.1
    # Gauged by the angle: seeing AUs is the score's business.
    assert (codec.space.cosines(faces).argmax(1) == range(6)).sum() >= 5
    np.testing.assert_array_equal(faces, drawn.decode(np.eye(6)))


def test_five_levels_are_the_same_faces_times_five(codec):
    facs = EmotionCodec.of(GUIDE, AU_NAMES, "facs")
    aus = np.random.default_rng(0).random((50, 20))
    np.testing.assert_allclose(facs.encode(5 * aus), codec.encode(aus))
    wanted = codec.encode(aus)
    np.testing.assert_allclose(facs.decode(wanted), 5 * codec.decode(wanted))


def test_presence_is_told_from_rest_and_put_back_on_it(codec):
    rng = np.random.default_rng(1)
    presence = 0.4 + 0.5 * rng.random((200, 20)) * (rng.random((200, 20)) < 0.3)
    calibration = PersonCalibration.fitted(presence)
    own = EmotionCodec.of(GUIDE, AU_NAMES, "presence", calibration)
    np.testing.assert_array_equal(own.encode(np.full((1, 20), 0.4)), 0.0)
    np.testing.assert_allclose(own.decode(np.zeros((1, 6))), 0.4)
    happy = own.decode(np.eye(6)[[own.emotions.index("Happy")]])
    assert happy[0, AU_NAMES.index("AU12")] > 0.7
    strengths = own.encode(happy)[0]
    assert strengths.argmax() == own.emotions.index("Happy")


def test_emotions_that_cannot_be_shown_are_left_out_by_name():
    few = [name for name in AU_NAMES if name not in ("AU04", "AU15", "AU17", "AU11")]
    codec = EmotionCodec.of(prototype_table("emfacs"), few)
    assert "Contempt" in codec.left_out  # its AUs are one-sided
    assert set(codec.emotions) | set(codec.left_out) == set(codec.space.emotions)
    assert codec.encode(np.ones((2, len(few)))).shape == (2, len(codec.emotions))
    with pytest.raises(InputError, match="contempt.*AU12_R.*choose from Happy"):
        codec.known("contempt")


def test_variants_are_prototypes_too():
    plain = EmotionCodec.of(GUIDE, AU_NAMES)
    more = EmotionCodec.of(GUIDE, AU_NAMES, variants=True)
    fear = more.emotions.index("Fear")
    startled = face(AU05=1.0, AU20=1.0)  # 5*+20*
    assert more.encode(startled)[0, fear] > plain.encode(startled)[0, fear] + 0.2


def test_wrong_use_of_a_codec_is_named(codec):
    with pytest.raises(InputError, match="AU43: no emotion.*emfacs"):
        EmotionCodec.of(prototype_table("emfacs"), ["AU43"])
    with pytest.raises(InputError, match="joyous: the emotion table does not have it"):
        codec.known("joyous")
    with pytest.raises(InputError, match="Neutral: the emotion table does not have"):
        codec.known("Neutral")
    with pytest.raises(ShapeError, match="expected 20 AUs"):
        codec.encode(np.zeros((3, 2)))
    with pytest.raises(ShapeError, match="expected 6 emotions"):
        codec.decode(np.zeros((3, 7)))
    with pytest.raises(InputError, match="those of the codec"):
        BehaviorModel.fit(
            GaussianHMM(1), np.zeros((9, 2)), columns=("AU01", "AU02"), fps=9,
            codec=codec,
        )  # fmt: skip


@pytest.fixture(scope="module")
def model(codec):
    aus, _ = clip_of(codec)
    aus[40:44] = np.nan
    estimator = GaussianHMM(6, restarts=4, n_iter=30)
    return BehaviorModel.fit(estimator, aus, columns=AU_NAMES, fps=25, codec=codec)


class TestModelOfEmotions:
    def test_it_emits_emotions_and_speaks_in_aus(self, model, codec):
        assert model.features == codec.emotions and model.columns == AU_NAMES
        assert set(model.features) == set(EMOTIONS) - {"Neutral"}
        assert model.state_means.shape == (6, 20)
        drawn = model.sample(60, 0)
        assert drawn.shape == (60, 20)
        assert drawn.min() >= 0 and drawn.max() <= 1
        np.testing.assert_array_equal(drawn, model.sample(60, 0))

    def test_its_samples_are_its_chains_decoded(self, model, codec):
        coded, _ = model.estimator.sample(40, 5)
        expected = codec.decode(model.transform.decode(coded))
        np.testing.assert_allclose(model.sample(40, 5), expected)

    def test_its_likelihood_is_that_of_the_emotions(self, model, codec):
        aus, _ = clip_of(codec, seed=2)
        plain = BehaviorModel(
            model.estimator, model.transform, 25.0, "intensity", np.zeros((6, 6))
        )
        assert model.score(aus) == pytest.approx(plain.score(codec.encode(aus)))
        holed = aus.copy()
        holed[7, 3] = np.nan  # one AU: no emotion can be told
        found = plain.score(codec.encode(holed))
        assert model.score(holed) == pytest.approx(found)
        assert model.states(holed)[7] == -1

    def test_it_finds_the_emotions_that_were_shown(self, model, codec):
        aus, wanted = clip_of(codec, seed=2)
        paths, shown = model.states(aus), wanted.argmax(1)
        for state in np.unique(paths):
            assert (
                np.bincount(shown[paths == state]).max() / sum(paths == state)
            ) > 0.9

    def test_it_continues_and_fills_a_face(self, model, codec):
        aus, _ = clip_of(codec, seed=3)
        ahead = model.forecast(aus, 3, 20)
        assert ahead.shape == (20, 3, 20)
        assert np.abs(np.median(ahead[:, 0], axis=0) - aus[-1]).max() < 0.25
        holed = aus[:50].copy()
        holed[10:13] = np.nan
        filled = model.infill(holed, 2)
        np.testing.assert_array_equal(filled[:, :10], np.tile(aus[:10], (2, 1, 1)))
        assert np.isfinite(filled).all()

    def test_it_is_saved_with_its_codec(self, model, tmp_path):
        again = BehaviorModel.load(model.save(tmp_path / "m"))
        np.testing.assert_array_equal(again.sample(50, 1), model.sample(50, 1))
        assert again.features == model.features
        again.save(tmp_path / "n")
        for name in ("model.json", "arrays.npz"):
            before = (tmp_path / "m" / name).read_bytes()
            assert (tmp_path / "n" / name).read_bytes() == before


@pytest.mark.slow
def test_a_table_and_a_calibration_of_ones_own_travel_along(tmp_path):
    rng = np.random.default_rng(0)
    aus = 0.3 + 0.6 * rng.random((80, 20)) * (rng.random((80, 20)) < 0.5)
    own = EmotionCodec.of(SMILE, AU_NAMES, "presence", PersonCalibration.fitted(aus))
    model = BehaviorModel.fit(
        LogisticHMM(1, n_iter=3), aus, columns=AU_NAMES, fps=25, au_scale="presence",
        codec=own,
    )  # fmt: skip
    again = BehaviorModel.load(model.save(tmp_path / "m"))
    assert again.features == ("Happy", "Sad") and again.codec.space.table == (
        own.space.table
    )
    np.testing.assert_array_equal(again.codec.encode(aus), own.encode(aus))


def test_another_table_in_the_file_is_refused(model, tmp_path):
    saved = model.save(tmp_path / "m")
    facts = files.read_json(saved / "model.json")
    del facts["sha256"]
    rows = facts["codec"]["table"]["prototypes"]
    rows["Happy"], rows["Sad"] = rows["Sad"], rows["Happy"]
    files.write_json(saved / "model.json", {**facts, "sha256": _digest(facts)})
    with pytest.raises(WeightError, match="codec/faces"):
        BehaviorModel.load(saved)
