"""Text that fits: fonts, the size at which a line fits its room, and where it ends."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FINE = 2  # times finer while painting: small letters keep their shapes
SMALLEST = 9  # pixels at which letters can still be read


@lru_cache(maxsize=64)
def font(size: int):
    """The font that comes with Pillow, ``size`` pixels high."""
    return ImageFont.load_default(size)


def length(text: str, size: int) -> float:
    """Width of a line of text in pixels."""
    return _sheet().textlength(text, font(size))


def fitted(text: str, room: float, largest: int, smallest: int) -> tuple[str, int]:
    """A line of text and the size at which it is at most ``room`` pixels long.

    It is made smaller first, then cut, with an ellipsis.
    """
    size = largest
    while size > smallest and length(text, size) > room:
        size -= 1
    if length(text, size) <= room:
        return text, size
    kept = text
    while kept and length(f"{kept.rstrip()}…", size) > room:
        kept = kept[:-1]
    return (f"{kept.rstrip()}…" if kept else ""), size


def wrapped(text: str, room: float, size: int, lines: int) -> list[str]:
    """Words in at most so many ``lines``, each at most ``room`` pixels long."""
    result: list[str] = []
    words = text.split()
    while words and len(result) < lines:
        if len(result) == lines - 1:
            result.append(fitted(" ".join(words), room, size, size)[0])
            break
        count = 1
        while count < len(words) and length(" ".join(words[: count + 1]), size) <= room:
            count += 1
        result.append(fitted(" ".join(words[:count]), room, size, size)[0])
        words = words[count:]
    return result


def text_band(
    lines: Sequence[str],
    width: int,
    size: int,
    ink: tuple[int, int, int],
    paper: tuple[int, int, int],
    height: int | None = None,
) -> np.ndarray:
    """Picture (H, width, 3) of centred lines, as high as needed if not told."""
    step = 1.3 * size
    tall = round(step * len(lines) + 0.5 * size) if height is None else height
    picture = Image.new("RGB", (FINE * width, FINE * tall), paper)
    draw = ImageDraw.Draw(picture)
    top = (tall - step * len(lines)) / 2 + step / 2
    for number, line in enumerate(lines):
        place = (FINE * width / 2, FINE * (top + number * step))
        draw.text(place, line, ink, font(FINE * size), anchor="mm")
    return np.asarray(picture.reduce(FINE))


@lru_cache(maxsize=1)
def _sheet() -> ImageDraw.ImageDraw:
    return ImageDraw.Draw(Image.new("L", (1, 1)))
