"""The way back: faces that show emotions."""

import numpy as np
import pytest

from genface.errors import ShapeError
from genface.facs import AU_NAMES, EXCLUSIVE, UNITS, EmotionSpace, prototype_table
from genface.facs.expressions import without_exclusive


@pytest.fixture(scope="module")
def space() -> EmotionSpace:
    return EmotionSpace.from_table("investigators_guide", AU_NAMES)


def shown(face: np.ndarray, names=AU_NAMES) -> dict[str, float]:
    pairs = zip(names, face, strict=True)
    return {name: pytest.approx(value) for name, value in pairs if value > 0}


def test_typical_faces_are_the_first_prototypes_with_their_letters(space):
    faces = dict(zip(space.emotions, space.faces(), strict=True))
    assert shown(faces["Happy"]) == {"AU06": 1, "AU12": 1}
    assert shown(faces["Surprise"]) == {"AU01": 1, "AU02": 1, "AU05": 0.4, "AU26": 1}
    assert shown(faces["Disgust"]) == {"AU09": 1}
    assert shown(faces["Anger"]) == dict.fromkeys(
        ("AU04", "AU05", "AU07", "AU23", "AU25"), 1
    )


def test_one_emotion_decodes_to_its_face(space):
    faces = space.faces()
    for intensity in (0.2, 1.0):
        aus = space.decode(space.score(faces), intensity)
        np.testing.assert_allclose(aus, intensity * faces, atol=1e-9)
        np.testing.assert_allclose(space.intensity(aus), intensity)
    assert space.decode_error(faces, space.score(faces)).max() < 1e-9


def test_the_way_there_and_back_keeps_the_emotion_and_reports_what_it_lost(space):
    rng = np.random.default_rng(0)
    mixed = rng.dirichlet(np.full(6, 0.3), 200) @ space.faces()
    aus, error = space.reconstruction(mixed)
    before, after = space.score(mixed), space.score(aus)
    same = before.argmax(axis=1) == after.argmax(axis=1)
    assert same.mean() > 0.8
    np.testing.assert_allclose(space.intensity(aus), space.intensity(mixed))
    lost = np.linalg.norm(aus - mixed, axis=1) / np.linalg.norm(mixed, axis=1)
    np.testing.assert_allclose(error, lost)
    assert np.median(error) < 0.5


def test_intensity_and_rows_that_are_zero_or_missing(space):
    scores = np.zeros((3, 6))
    scores[1] = np.nan
    scores[2, 0] = 0.9
    aus = space.decode(scores, np.array([0.5, 0.5, 0.25]))
    assert not aus[0].any() and np.isnan(aus[1]).all()
    assert space.intensity(aus)[2] == pytest.approx(0.25)
    assert np.isnan(space.decode(scores, np.nan)[2]).any()
    assert space.decode(np.zeros((0, 6))).shape == (0, 20)
    with pytest.raises(ShapeError, match=r"\(T, 6\)"):
        space.decode(np.zeros((3, 7)))


def test_emotions_that_are_not_seen_are_not_read():
    space = EmotionSpace.from_table("emfacs", AU_NAMES)
    scores = space.score(space.faces())
    assert np.isnan(scores[:, -1]).all()  # contempt needs sides
    aus = space.decode(scores[:-1], 1.0)
    np.testing.assert_allclose(aus, space.faces()[:-1], atol=1e-9)


@pytest.mark.parametrize("seed", range(30))
def test_drawn_faces_lie_in_the_cone_of_their_emotion(space, seed):
    faces = space.faces(seed)
    cones = space.cone_scores(faces)
    np.testing.assert_allclose(np.diag(cones), 1.0)
    np.testing.assert_allclose(space.intensity(faces), 1.0)
    np.testing.assert_array_equal(faces, space.faces(seed))
    assert not np.array_equal(faces, space.faces(seed + 1))


def test_a_drawn_clip_uses_one_expression(space):
    scores = np.tile(space.score(space.faces())[:1], (5, 1))
    aus = space.decode(scores, 1.0, seed=3)
    assert np.all(aus == aus[0])


def test_no_face_shows_what_excludes_each_other():
    names = [unit.column for unit in UNITS.values()]
    aus = without_exclusive(np.random.default_rng(0).random((50, len(names))), names)
    for one, other in EXCLUSIVE:
        pair = aus[:, [names.index(UNITS[n].column) for n in (one, other)]]
        assert not np.any(pair.min(axis=1) > 0)
    all_aus = EmotionSpace(prototype_table("investigators_guide"), names)
    for seed in range(20):
        drawn = all_aus.faces(seed)
        jaw, stretch = names.index("AU26"), names.index("AU27")
        assert not np.any((drawn[:, jaw] > 0) & (drawn[:, stretch] > 0))
    closed = [space.prototype for space in all_aus.report if "27" in space.prototype]
    assert closed  # and the jaw drop does not join those
    for one in all_aus.report:
        if one.prototype in closed:
            assert not one.basis[jaw].any()
