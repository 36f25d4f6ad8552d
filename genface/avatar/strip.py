"""The strip below the panels: AUs over the whole clip, with a cursor; and titles.

Everything but the cursor is painted once, so that a frame costs one copy.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from genface.facs import UNITS, au_number

PAPER = (250, 250, 248)
INK = (44, 48, 54)
FAINT = (196, 200, 204)
CURSOR = (214, 68, 40)
# White to dark, one hue per series; told apart also by the colour blind.
REAL = ((247, 249, 250), (92, 152, 190), (10, 48, 92))
SYNTHETIC = ((251, 248, 244), (226, 150, 76), (110, 42, 4))
SCALES = (REAL, SYNTHETIC)
LABELS = 178  # pixels for the AU names
MARGIN = 8


class Strip:
    """Heat rows of one or two series of AUs (T, A) that share the names of their AUs.

    Colour goes from 0 (pale) to 1 (dark); NaN is grey. Each series has its own block;
    all blocks have the length of the clip.
    """

    def __init__(
        self,
        width: int,
        au_names: Sequence[str],
        series: Sequence[np.ndarray],
        titles: Sequence[str],
        duration: float,
        row: int = 12,
    ) -> None:
        labels = min(LABELS, width // 4)
        self.width, self.duration = width, duration
        self._top = 2 * MARGIN + 12
        rows = row * len(au_names)
        self.height = self._top + rows + 20
        self.height += self.height % 2
        count = len(series)
        block = (width - labels - (count + 1) * MARGIN) // count
        self._lefts = [labels + MARGIN + k * (block + MARGIN) for k in range(count)]
        self._block, self._rows = block, rows
        big = Image.new("RGB", (2 * width, 2 * self.height), PAPER)
        draw = ImageDraw.Draw(big)
        for index, name in enumerate(au_names):
            place = (2 * labels, 2 * (self._top + index * row) + row)
            draw.text(place, _label(name, labels), INK, _font(2 * row - 2), "rm")
        for left, values, title, scale in zip(
            self._lefts, series, titles, SCALES, strict=False
        ):
            draw.text((2 * left, 2 * MARGIN), title, INK, _font(24), "lt")
            heat = _heat(np.asarray(values, float), scale, 2 * block, 2 * row)
            big.paste(heat, (2 * left, 2 * self._top))
            self._ticks(draw, left)
        # Painted at twice the size: small letters keep their shapes and spaces.
        self._picture = np.asarray(big.reduce(2))

    def at(self, time: float) -> np.ndarray:
        """The strip (H, W, 3) uint8 with its cursor at ``time`` seconds."""
        picture = self._picture.copy()
        share = min(max(time / self.duration, 0.0), 1.0)
        rows = slice(self._top - 3, self._top + self._rows + 3)
        for left in self._lefts:
            column = left + round(share * (self._block - 1))
            picture[rows, max(column - 1, 0) : column + 1] = CURSOR
        return picture

    def _ticks(self, draw: ImageDraw.ImageDraw, left: int) -> None:
        step = next(
            (s for s in (0.5, 1, 2, 5, 10, 30, 60, 120, 300) if self.duration / s <= 8),
            600,
        )
        base = 2 * (self._top + self._rows)
        for k in range(int(self.duration / step) + 1):
            x = 2 * (left + round(k * step / self.duration * (self._block - 1)))
            draw.line([x, base, x, base + 8], fill=FAINT, width=2)
            unit = " s" if k == 0 else ""
            anchor = "lt" if k == 0 else "mt"
            draw.text((x, base + 12), f"{k * step:g}{unit}", INK, _font(20), anchor)


def title_bar(
    titles: Sequence[str], widths: Sequence[int], height: int = 26
) -> np.ndarray:
    """One row of titles (height, sum of widths, 3), each centred over its panel."""
    picture = Image.new("RGB", (2 * sum(widths), 2 * height), PAPER)
    draw = ImageDraw.Draw(picture)
    left = 0
    for title, width in zip(titles, widths, strict=True):
        size = 30
        while size > 16 and draw.textlength(title, _font(size)) > 2 * width - 16:
            size -= 2
        place = (2 * left + width, height)
        draw.text(place, title, INK, _font(size), anchor="mm")
        left += width
    return np.asarray(picture.reduce(2))


@lru_cache(maxsize=32)
def _font(size: int):
    return ImageFont.load_default(size)


def _label(name: str, room: int) -> str:
    """``12 lip corner puller``, or the column's name where there is little room."""
    if room < LABELS:
        return name
    unit = UNITS.get(au_number(name))
    return f"{name}  {unit.name}" if unit else name


def _heat(values, scale, width, row) -> Image.Image:
    """Heat rows of (T, A) values, ``row`` pixels each, a light line between."""
    stops = np.array(scale, float)
    share = np.clip(values.T, 0, 1)
    known = np.nan_to_num(share)
    shades = [np.interp(known, [0, 0.45, 1], stops[:, k]) for k in range(3)]
    colour = np.stack(shades, axis=-1)
    colour[np.isnan(share)] = FAINT
    image = Image.fromarray(colour.round().astype(np.uint8))
    long = image.width > width
    resample = Image.Resampling.BOX if long else Image.Resampling.NEAREST
    image = image.resize((width, image.height), resample)
    pixels = np.repeat(np.asarray(image), row, axis=0)
    pixels[row - 1 :: row] = PAPER
    pixels[row - 2 :: row] = PAPER
    return Image.fromarray(pixels)
