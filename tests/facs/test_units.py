"""Names of Action Units, and the table of face shapes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genface.errors import InputError
from genface.facs import (
    ARKIT_FROM_AU,
    AU_NAMES,
    EMOTIONS,
    EXCLUSIVE,
    UNITS,
    arkit_weights,
    au_name,
    au_number,
    emotion_name,
)
from genface.facs.arkit import BEYOND_ARKIT, SIDED, UNSIDED


def test_twenty_columns_in_ascending_order():
    assert len(AU_NAMES) == 20
    assert all(one < other for one, other in pairwise(AU_NAMES))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("AU12", "AU12"),
        ("au12", "AU12"),
        ("12", "AU12"),
        (6, "AU06"),
        ("AU1", "AU01"),
        ("AU12_r", "AU12"),
        ("AU45_c", "AU45"),
        ("AU12L", "AU12_L"),
        ("AU12_R", "AU12_R"),
        ("AU12Left", "AU12_L"),
        ("AU12_right", "AU12_R"),
    ],
)
def test_spellings(text, name):
    assert au_name(text) == name


@pytest.mark.parametrize("text", ["AU3", "AU99", "smile", "AU26_L", "", "AU123", "12r"])
def test_what_is_no_action_unit_is_an_input_error(text):
    with pytest.raises(InputError, match=r"Action Unit"):
        au_name(text)


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(["", "_L", "_R"]))
def test_a_name_is_its_own_spelling(number, side):
    if side and not UNITS[number].bilateral:
        return
    name = UNITS[number].column + side
    assert au_name(name) == name
    assert au_number(name) == number


def test_exclusive_pairs_are_known_units_and_stated_once():
    assert all(one in UNITS and other in UNITS for one, other in EXCLUSIVE)
    assert len({frozenset(pair) for pair in EXCLUSIVE}) == len(EXCLUSIVE)


def test_every_column_has_a_shape_and_every_shape_is_known():
    assert {au_number(name) for name in AU_NAMES} <= set(ARKIT_FROM_AU)
    whole = {shape + side for shape in SIDED for side in ("Left", "Right")}
    for number, shapes in ARKIT_FROM_AU.items():
        assert number in UNITS
        assert set(shapes) <= SIDED | UNSIDED | whole
    # ARKit has 52 shapes: the sided ones twice, without ICT-FaceKit's additions.
    assert len(UNSIDED) + 2 * len(SIDED - BEYOND_ARKIT) == 52


def test_shapes_are_those_of_ict_facekit(shared):
    import numpy as np

    with np.load(shared / "data" / "ict_facekit.npz") as data:
        names = [str(name) for name in data["expression_names"]]
    bases = {name.removesuffix("_L").removesuffix("_R") for name in names}
    assert bases - {"PupilDilate"} == (SIDED | UNSIDED) - {"tongueOut"}


def test_two_sides_together_are_the_whole():
    for name in ("AU01", "AU06", "AU12", "AU23", "AU43"):
        both = arkit_weights(name)
        left, right = arkit_weights(name + "_L"), arkit_weights(name + "_R")
        total = {
            shape: left.get(shape, 0) + right.get(shape, 0) for shape in left | right
        }
        assert total == pytest.approx(both)


def test_looking_left_turns_the_left_eye_outward():
    assert arkit_weights(61) == {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}
    with pytest.raises(InputError, match="no ARKit shape"):
        arkit_weights("AU51")


def test_emotion_words_of_every_dialect():
    v1 = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
    assert {emotion_name(word) for word in v1} == set(EMOTIONS)
    assert all(emotion_name(name) == name for name in EMOTIONS)
    assert emotion_name(" Joy ") == "Happy"
    with pytest.raises(InputError, match="'hungry' is no emotion"):
        emotion_name("hungry")
