"""Text that fits, labels on pictures, and the ribbon of states."""

import numpy as np
import pytest

from genface.avatar.labels import emotion_label
from genface.avatar.lettering import fitted, font, length, text_band, wrapped
from genface.avatar.strip import CURSOR, FAINT, StateRibbon, state_colour
from genface.errors import InputError, ShapeError

LONG = "a caption with many words that goes on and on for longer than two lines hold"


def test_a_fitted_line_is_no_longer_than_its_room_and_keeps_what_it_can():
    assert fitted("Happy", 500, 20, 9) == ("Happy", 20)
    for room in (40, 90, 200, 400):
        text, size = fitted(LONG, room, 20, 9)
        assert length(text, size) <= room and 9 <= size <= 20
        assert LONG.startswith(text.rstrip("…"))
    smaller, size = fitted("Surprise", 45, 20, 9)
    assert smaller == "Surprise" and size < 20  # made smaller before it is cut


def test_wrapping_keeps_the_order_of_words_and_the_room():
    lines = wrapped(LONG, 150, 14, 9)
    assert " ".join(lines) == LONG
    assert all(length(line, 14) <= 150 for line in lines)
    cut = wrapped(LONG, 150, 14, 2)
    assert len(cut) == 2 and cut[1].endswith("…") and cut[0] == lines[0]
    assert wrapped("", 150, 14, 2) == []


def test_letters_of_many_scripts_are_drawn_and_others_refused():
    def ink(letter):
        return text_band([letter], 60, 30, (0, 0, 0), (255, 255, 255)).tobytes()

    letters = "ßïéŻłΩЖ–—×"
    assert len({ink(letter) for letter in letters}) == len(letters)  # no empty boxes
    assert font(20, "Größe").getname()[0] == "DejaVu Sans"
    assert font(20, "plain…").getname()[0] == "Aileron"  # pictures stay as they are
    for text in ("顔", "a 顔", "☃ 🙂"):
        with pytest.raises(InputError, match="no font here has '[顔🙂]' of"):
            text_band([text], 60, 30, (0, 0, 0), (255, 255, 255))


@pytest.mark.parametrize("size", [(256, 256), (256, 160), (720, 640), (40, 30)])
def test_labels_stay_in_the_picture_and_leave_the_face(size):
    picture = np.full((*size, 3), 120, np.uint8)
    marked = emotion_label(picture, "Surprise", 0.7)
    assert marked.shape == picture.shape and marked.dtype == np.uint8
    changed = (marked != 120).any(axis=2)
    assert changed.any()
    if size[0] > 100:
        assert not changed[: size[0] * 2 // 3].any()
    assert (picture == 120).all()


def test_the_bar_of_an_emotion_is_as_long_as_its_score():
    picture = np.full((256, 256, 3), 120, np.uint8)

    def bar(score):
        marked = emotion_label(picture, "Fear", score).astype(int)
        return ((marked[..., 2] - marked[..., 0]) > 60).sum(axis=1).max()

    assert bar(None) == bar(float("nan")) == 0
    assert 1.8 < bar(0.8) / bar(0.4) < 2.2
    assert bar(7.0) == bar(1.0) < 128


def test_the_ribbon_shows_each_state_where_it_is_with_a_cursor():
    states = np.repeat([0, 2, np.nan, 1], 50)
    ribbon = StateRibbon(400, states, duration=8.0)
    picture = ribbon.at(0.0)
    assert picture.shape == (24, 400, 3)
    row = picture[12]
    band = slice(ribbon._left + 4, ribbon._left + ribbon._block)
    width = ribbon._block / 4
    for place, colour in enumerate([state_colour(0), state_colour(2), FAINT]):
        middle = ribbon._left + round((place + 0.5) * width)
        assert tuple(row[middle]) == colour
    seen = np.unique(row[band], axis=0)
    assert len(seen) == 4  # three states and the gap
    for time in (0.0, 4.0, 8.0, 99.0):
        marked = (ribbon.at(time)[0] == CURSOR).all(axis=1)
        share = min(time / 8, 1)
        expected = ribbon._left + share * (ribbon._block - 1)
        assert abs(np.flatnonzero(marked).mean() - expected) <= 1.5


def test_the_label_of_the_ribbon_changes_with_the_state():
    ribbon = StateRibbon(400, np.array([0, 1, -1]), 3.0, names=["calm", "lively"])
    labels = [ribbon.at(time)[:, : ribbon._left - 8] for time in (0.5, 1.5, 2.5)]
    assert (labels[0] != labels[1]).any() and (labels[1] != labels[2]).any()
    assert (labels[0] == ribbon.at(0.1)[:, : ribbon._left - 8]).all()


def test_nine_states_have_nine_colours():
    assert len({state_colour(number) for number in range(9)}) == 9


def test_ribbons_that_cannot_be_drawn_are_refused():
    with pytest.raises(ShapeError, match="states"):
        StateRibbon(200, np.zeros((3, 2)), 1.0)
    with pytest.raises(ShapeError, match="states"):
        StateRibbon(200, np.array([]), 1.0)
    with pytest.raises(InputError, match="duration"):
        StateRibbon(200, np.zeros(3), 0.0)
    with pytest.raises(InputError, match="name"):
        StateRibbon(200, np.array([0, 1, 2]), 1.0, names=["one"])
