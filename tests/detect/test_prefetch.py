"""Work ahead in a thread: order, errors, and an end in all cases."""

import threading

import pytest

from genface.detect.prefetch import ahead


def threads():
    return [t for t in threading.enumerate() if t.name == "genface-frames"]


def test_items_come_in_order_and_all_of_them():
    with ahead(range(50), lambda i: i * i, depth=3) as squares:
        assert list(squares) == [i * i for i in range(50)]
    assert not threads()


def test_no_more_than_the_depth_is_made_ahead():
    made = []
    with ahead(range(1000), made.append, depth=2) as items:
        next(items)
        next(items)
    assert len(made) <= 2 + 2 + 2  # used, queued, in hand


def test_an_error_of_the_thread_reaches_the_reader_in_its_place():
    def fail_at_three(i):
        if i == 3:
            raise ValueError("three")
        return i

    with ahead(range(9), fail_at_three) as items:
        assert [next(items) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(ValueError, match="three"):
            next(items)
    assert not threads()


def test_leaving_early_ends_the_thread():
    with pytest.raises(KeyboardInterrupt):
        with ahead(iter(int, 1), str) as items:  # never ends by itself
            next(items)
            raise KeyboardInterrupt
    assert not threads()
