"""Numbers of faces by where they were seen last."""

import numpy as np

from genface.detect.numbering import Numbers, nearest


def box(x, y=0.0, side=10.0):
    return np.array([x, y, x + side, y + side])


def test_faces_are_counted_as_they_appear():
    numbers = Numbers()
    assert numbers([box(0), box(50)]) == [0, 1]
    assert numbers([box(52), box(90), box(1)]) == [1, 2, 0]


def test_the_number_waits_where_the_face_was_last():
    numbers = Numbers()
    assert numbers([box(0)]) == [0]
    assert numbers([]) == []
    assert numbers([box(3)]) == [0]
    assert numbers([box(6)]) == [0]


def test_a_face_of_another_size_is_another():
    numbers = Numbers()
    numbers([box(0)])
    assert numbers([box(-5, -5, side=20)]) == [1]


def test_the_nearest_pair_comes_first():
    known = {7: box(0), 9: box(4)}
    # 5.5 is too far from where 7 was.
    assert nearest([box(3.5), box(5.5)], known) == {0: 9}
    assert nearest([box(3.5), box(1)], known) == {0: 9, 1: 7}
