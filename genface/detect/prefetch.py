"""Work ahead in a thread: the next items are made while the last one is used."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

_PATIENCE = 0.05  # seconds between two looks whether anyone still listens


@contextmanager
def ahead(
    items: Iterable[Item], make: Callable[[Item], Made], depth: int = 4
) -> Iterator[Iterator[Made]]:
    """Yield an iterator over ``make(item)``, at most ``depth`` of them ahead.

    What the thread raises is raised to the reader, in its place among the items. On
    leaving, the thread has ended: ``items`` can be closed safely.
    """
    queue: Queue[tuple[str, object]] = Queue(depth)
    stop = Event()

    def put(kind: str, value: object = None) -> None:
        while not stop.is_set():
            try:
                return queue.put((kind, value), timeout=_PATIENCE)
            except Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put("item", make(item))
                if stop.is_set():
                    return
            put("end")
        except BaseException as error:  # carried to the reader, which raises it
            put("error", error)

    thread = Thread(target=work, name="genface-frames", daemon=True)
    thread.start()
    try:
        yield _drain(queue, thread)
    finally:
        stop.set()
        thread.join()


def _drain(queue: Queue, thread: Thread) -> Iterator:
    while True:
        try:
            kind, value = queue.get(timeout=_PATIENCE)
        except Empty:
            continue
        if kind == "item":
            yield value
        elif kind == "error":
            raise value
        else:
            return
