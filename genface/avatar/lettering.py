"""Text that fits: fonts, the size at which a line fits its room, and where it ends."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.metadata import distribution

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from genface.errors import InputError

FINE = 2  # times finer while painting: small letters keep their shapes
SMALLEST = 9  # pixels at which letters can still be read
WIDE = "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf"  # among installed files
NOWHERE = "\uffff"  # no letter, which every font draws as it draws what it lacks


def font(size: int, text: str) -> ImageFont.FreeTypeFont:
    """A font for a text, ``size`` pixels high.

    The one that comes with Pillow, or DejaVu Sans, which comes with matplotlib, for
    letters that the first lacks. Letters that both lack are an :class:`InputError`.
    """
    for face in (_pillows, _dejavu):
        lacking = "".join(x for x in sorted(set(text)) if not _has(face, x))
        if not lacking:
            return face(size)
    raise InputError(
        f"no font here has {lacking!r} of {text!r}; letters may be Latin, Greek, "
        "Cyrillic and others of DejaVu Sans."
    )


def length(text: str, size: int) -> float:
    """Width of a line of text in pixels."""
    return _sheet().textlength(text, font(size, text))


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
        draw.text(place, line, ink, font(FINE * size, line), anchor="mm")
    return np.asarray(picture.reduce(FINE))


@lru_cache(maxsize=1)
def _sheet() -> ImageDraw.ImageDraw:
    return ImageDraw.Draw(Image.new("L", (1, 1)))


@lru_cache(maxsize=64)
def _pillows(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)  # type: ignore[return-value]


@lru_cache(maxsize=64)
def _dejavu(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(distribution("matplotlib").locate_file(WIDE)), size)


@lru_cache(maxsize=4096)
def _has(face: Callable[[int], ImageFont.FreeTypeFont], letter: str) -> bool:
    drawn, missing = (bytes(face(20).getmask(x)) for x in (letter, NOWHERE))
    return drawn != missing
