"""Numbers for the faces of a clip, by where and how large they were seen last."""

from collections.abc import Iterable, Mapping

import numpy as np

NEAR = 0.5  # distance between centres, in box widths, up to which it is the same face
SIZE = 1.6  # ratio of box widths up to which sizes are similar


class Numbers:
    """The faces of one clip, counted from 0 in the order of their appearance.

    Identity is position only: someone who reappears near where a face was last seen,
    at a similar size, gets that face's number back, and a cut to another person at the
    same place does not make a new one.
    """

    def __init__(self) -> None:
        self._last: dict[int, np.ndarray] = {}

    def __call__(self, boxes: Iterable[np.ndarray]) -> list[int]:
        """Number of each box (4,) x1, y1, x2, y2 of the next frame."""
        boxes, numbers = list(boxes), []
        known = nearest(boxes, self._last)
        for place, box in enumerate(boxes):
            number = known.get(place, len(self._last))
            self._last[number] = box
            numbers.append(number)
        return numbers


def nearest(
    boxes: Iterable[np.ndarray], known: Mapping[int, np.ndarray]
) -> dict[int, int]:
    """Key of the known box that is the nearest, by the place of each box that has one.

    The nearest pairs first; no two boxes have the same key. Boxes far from all known
    ones, or of another size, are left out.
    """
    pairs = sorted(
        (distance, key, place)
        for place, box in enumerate(boxes)
        for key, other in known.items()
        if (distance := _distance(box, other)) is not None
    )
    found: dict[int, int] = {}
    for _, key, place in pairs:
        if place not in found and key not in found.values():
            found[place] = key
    return found


def _distance(a: np.ndarray, b: np.ndarray) -> float | None:
    """Distance of two boxes' centres in widths, or None if far or of other size."""
    widths = np.array([a[2] - a[0], b[2] - b[0]])
    apart = np.linalg.norm((a[:2] + a[2:]) / 2 - (b[:2] + b[2:]) / 2)
    near = apart <= NEAR * widths.mean() and widths.max() <= SIZE * widths.min()
    return float(apart / widths.mean()) if near else None
