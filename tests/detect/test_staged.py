"""Clips and pictures through stages: when the finder looks, and what follows it."""

import numpy as np
import pytest
from patches import SIDE, Blind, Corners, Finder, frame, shots

from genface.detect import staged
from genface.detect.staged import Preset
from genface.errors import InputError


def glide(count, jump=None):
    """A square that moves by two pixels to the right and one down per frame."""
    corners = [(4 + 2 * k, 3 + k) for k in range(count)]
    if jump is not None:
        corners = [(x, y + 40 * (k >= jump)) for k, (x, y) in enumerate(corners)]
    return corners


def looked_at(frames, batch_size=1, a_second=25, **options):
    """The finder, and by frame the face_ids and the values."""
    finder = Finder()
    preset = Preset(finder, [Corners()], **options)
    seen = list(preset.look(shots(frames), a_second, batch_size))
    assert [shot.frame for shot, _ in seen] == list(range(len(frames)))
    ids = [[face.face_id for face in faces] for _, faces in seen]
    values = [[face.values.tolist() for face in faces] for _, faces in seen]
    return finder, ids, values


def edges(corner):
    return [*corner, corner[0] + SIDE, corner[1] + SIDE]


def test_boxes_follow_between_runs_of_the_finder():
    corners = glide(25)
    frames = [frame(k, [corner]) for k, corner in enumerate(corners)]
    finder, ids, values = looked_at(frames, find_every=10)
    assert finder.looked == [0, 10, 20]
    assert values == [[edges(corner)] for corner in corners]
    assert ids == [[0]] * 25


@pytest.mark.parametrize(("given", "second"), [(1, 25), (7, 25), (None, 9)])
def test_the_finder_looks_every_so_often(given, second):
    frames = [frame(k, [corner]) for k, corner in enumerate(glide(20))]
    finder, _, _ = looked_at(frames, a_second=second, find_every=given)
    assert finder.looked == list(range(0, 20, given or second))


@pytest.mark.parametrize("find_every", [1, 6])
def test_the_batch_size_changes_nothing(find_every):
    glides = glide(30, jump=15)
    frames = [
        frame(k, [corner, (100, 70)] if k < 20 else [])
        for k, corner in enumerate(glides)
    ]
    one, ids, values = looked_at(frames, 1, find_every=find_every)
    for batch_size in (4, 16):
        other = looked_at(frames, batch_size, find_every=find_every)
        assert other[1:] == (ids, values)
        assert sorted(other[0].looked) == sorted(one.looked)
        assert len(other[0].calls) < len(one.calls)


def test_few_pictures_are_held_at_once(monkeypatch):
    frames = [frame(k, [corner]) for k, corner in enumerate(glide(30))]
    one, *known = looked_at(frames, 1, find_every=4)
    nbytes = shots(frames)[0].pixels.colours.nbytes
    monkeypatch.setattr(staged, "HELD", 8 * nbytes)
    finder, *found = looked_at(frames, 16, find_every=4)
    assert found == known
    assert [len(call) for call in finder.calls] == [2, 2, 2, 2]


def test_a_face_that_jumps_is_found_again_and_is_another():
    frames = [frame(k, [corner]) for k, corner in enumerate(glide(20, jump=12))]
    finder, ids, values = looked_at(frames, find_every=10)
    assert finder.looked == [0, 10, 12]
    assert values[12] == [edges(glide(20, jump=12)[12])]
    assert ids == [[0]] * 12 + [[1]] * 8


def test_a_face_that_goes_and_returns_keeps_its_number():
    frames = [frame(k, [] if 5 <= k < 9 else [(40, 40)]) for k in range(14)]
    finder, ids, _ = looked_at(frames, find_every=100)
    # While nobody is there, the finder looks at every frame.
    assert finder.looked == [0, 5, 6, 7, 8, 9]
    assert ids == [[0]] * 5 + [[]] * 4 + [[0]] * 5


def test_newcomers_are_found_by_the_next_run():
    both = [(10, 10), (80, 40)]
    frames = [frame(k, both if k >= 3 else both[1:]) for k in range(10)]
    _, ids, values = looked_at(frames, find_every=5)
    assert ids == [[0]] * 5 + [[0, 1]] * 5
    assert values[9] == [edges(both[1]), edges(both[0])]


def test_a_face_that_leaves_the_picture_is_lost():
    frames = [frame(k, [(92 + 2 * k, 30)]) for k in range(18)]
    finder, _, _ = looked_at(frames, find_every=100)
    assert finder.looked[0] == 0 and 9 < finder.looked[1] < 18


def test_pictures_are_found_and_measured_in_groups():
    frames = [frame(k, [(4 * k, 10), (100, 60)]) for k in range(6)]
    finder, corners = Finder(), Corners()
    seen = list(Preset(finder, [corners]).look(shots(frames), None, 4))
    assert [len(call) for call in finder.calls] == [4, 2]
    assert corners.sizes == [8, 4]
    assert [[face.face_id for face in faces] for _, faces in seen] == [[0, 1]] * 6


def test_without_landmarks_the_finder_looks_at_every_frame():
    frames = [frame(k, [corner]) for k, corner in enumerate(glide(6))]
    finder = Finder()
    seen = list(Preset(finder, [Blind()]).look(shots(frames), 25, 1))
    assert finder.looked == list(range(6)) and len(seen) == 6
    with pytest.raises(InputError, match="find_every=5: without landmarks"):
        Preset(finder, [Blind()], find_every=5)


def test_no_frame_is_no_look():
    assert list(Preset(Finder(), [Corners()]).look([], 25, 1)) == []


def test_a_film_without_faces_has_every_frame():
    frames = [frame(k, []) for k in range(5)]
    _, ids, _ = looked_at(frames, 4, find_every=2)
    assert ids == [[]] * 5


def test_values_have_a_row_of_their_own():
    frames = [frame(k, [(10, 10), (60, 60)]) for k in range(3)]
    _, _, values = looked_at(frames, find_every=2)
    assert np.shape(values) == (3, 2, 4)
