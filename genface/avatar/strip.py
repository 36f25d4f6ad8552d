"""Bands below the panels: AUs and states over the whole clip, with a cursor.

Everything but the cursor is painted once, so that a frame costs one copy.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from genface.avatar.lettering import SMALLEST, fitted, font, text_band
from genface.errors import InputError, ShapeError
from genface.facs import UNITS, au_number

PAPER = (250, 250, 248)
INK = (44, 48, 54)
FAINT = (196, 200, 204)
CURSOR = (214, 68, 40)
# White to dark, one hue per series; told apart also by the colour blind.
REAL = ((247, 249, 250), (92, 152, 190), (10, 48, 92))
SYNTHETIC = ((251, 248, 244), (226, 150, 76), (110, 42, 4))
SCALES = (REAL, SYNTHETIC)
# Okabe and Ito's colours for the colour blind, with violet in the place of black.
STATES = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (213, 94, 0),
    (240, 228, 66),
    (120, 94, 160),
)
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
        _check_duration(duration)
        self.width, self.duration = width, duration
        self._top = 2 * MARGIN + 12
        rows = row * len(au_names)
        self.height = self._top + rows + 20
        self.height += self.height % 2
        count = len(series)
        block = (width - labels - (count + 1) * MARGIN) // count
        if block < 1:
            raise InputError(
                f"{width} pixels are too narrow for a strip of AUs; make the picture "
                "larger, or leave the strip out."
            )
        self._lefts = [labels + MARGIN + k * (block + MARGIN) for k in range(count)]
        self._block, self._rows = block, rows
        big = Image.new("RGB", (2 * width, 2 * self.height), PAPER)
        draw = ImageDraw.Draw(big)
        for index, name in enumerate(au_names):
            place = (2 * labels, 2 * (self._top + index * row) + row)
            label = _label(name, labels)
            draw.text(place, label, INK, font(2 * row - 2, label), "rm")
        for left, values, title, scale in zip(
            self._lefts, series, titles, SCALES, strict=False
        ):
            draw.text((2 * left, 2 * MARGIN), title, INK, font(24, title), "lt")
            heat = _heat(np.asarray(values, float), scale, 2 * block, 2 * row)
            big.paste(heat, (2 * left, 2 * self._top))
            self._ticks(draw, left)
        # Painted at twice the size: small letters keep their shapes and spaces.
        self._picture = np.asarray(big.reduce(2))

    def at(self, time: float) -> np.ndarray:
        """The strip (H, W, 3) uint8 with its cursor at ``time`` seconds."""
        picture = self._picture.copy()
        rows = slice(self._top - 3, self._top + self._rows + 3)
        for left in self._lefts:
            _cursor(picture[rows], left, self._block, time / self.duration)
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
            text = f"{k * step:g}" if k else "0 s"
            anchor = "mt" if k else "lt"
            draw.text((x, base + 12), text, INK, font(20, text), anchor)


class StateRibbon:
    """A coloured band of hidden states (T,) over the length of a clip, with a cursor.

    States are numbered from 0; NaN and negative numbers are grey. ``names`` (K,) are
    written at the left, for the state under the cursor: "state 1" and so on where none
    are given. Colours are told apart also by the colour blind, up to eight of them.
    ``block`` is which of how many blocks of a :class:`Strip` it lies under.
    """

    def __init__(
        self,
        width: int,
        states: np.ndarray,
        duration: float,
        names: Sequence[str] | None = None,
        height: int = 24,
        block: tuple[int, int] = (0, 1),
    ) -> None:
        states = np.asarray(states, float)
        if states.ndim != 1 or not len(states):
            raise ShapeError(f"states: expected (T,), got {states.shape}.")
        _check_duration(duration)
        self.width, self.height, self.duration = width, height, duration
        labels = min(LABELS, width // 4)
        which, blocks = block
        self._block = (width - labels - (blocks + 1) * MARGIN) // blocks
        self._left = labels + MARGIN + which * (self._block + MARGIN)
        known = np.where(np.isfinite(states), states, -1).astype(int)
        self._states = known
        count = int(known.max(initial=-1)) + 1
        if names is None:
            names = [f"state {number + 1}" for number in range(count)]
        if len(names) < count:
            raise InputError(f"states: {count} occur, but {len(names)} have a name.")
        band = np.array([*map(state_colour, range(count)), FAINT], np.uint8)[known]
        # Of many states in one pixel the middle one, as mixed colours mean nothing.
        middle = (np.arange(self._block) + 0.5) / self._block * len(known)
        base = np.empty((height, width, 3), np.uint8)
        base[:] = PAPER
        pad = max(2, height // 6)
        base[pad : height - pad, self._left : self._left + self._block] = band[
            middle.astype(int)
        ]
        size = min(14, height - 8)
        texts = [*names[:count], "no state"]
        colours = [*map(state_colour, range(count)), FAINT]
        self._pictures = [
            self._labelled(base, text, size, labels, colour)
            for text, colour in zip(texts, colours, strict=True)
        ]

    def at(self, time: float) -> np.ndarray:
        """The ribbon (H, W, 3) uint8 with its cursor at ``time`` seconds."""
        share = min(max(time / self.duration, 0.0), 1.0)
        now = self._states[min(int(share * len(self._states)), len(self._states) - 1)]
        picture = self._pictures[now if now >= 0 else -1].copy()
        _cursor(picture, self._left, self._block, share)
        return picture

    def _labelled(self, base, text, size, labels, colour) -> np.ndarray:
        text, size = fitted(text, labels - size - MARGIN, size, SMALLEST)
        box = Image.new("RGB", (2 * labels, 2 * self.height), PAPER)
        draw = ImageDraw.Draw(box)
        middle = self.height
        letters = font(2 * size, text)
        draw.text((2 * labels, middle), text, INK, letters, "rm")
        length = draw.textlength(text, letters)
        right = 2 * labels - length - size
        draw.rectangle(
            [right - size, middle - size / 2, right, middle + size / 2], colour
        )
        picture = base.copy()
        picture[:, :labels] = box.reduce(2)
        return picture


def title_bar(
    titles: Sequence[str], widths: Sequence[int], height: int = 26
) -> np.ndarray:
    """One row of titles (height, sum of widths, 3), each centred over its panel."""
    columns = []
    for title, width in zip(titles, widths, strict=True):
        text, size = fitted(title, width - 8, 15, SMALLEST)
        columns.append(text_band([text], width, size, INK, PAPER, height))
    return np.concatenate(columns, axis=1)


def state_colour(state: int) -> tuple[int, int, int]:
    """Colour of a hidden state, 0-255; after eight they come again, darker."""
    colour = STATES[state % len(STATES)]
    darker = 0.62 ** (state // len(STATES))
    return tuple(round(darker * part) for part in colour)  # type: ignore[return-value]


def _check_duration(duration):
    if not duration > 0:
        raise InputError(f"duration is {duration} s; expected more than 0.")


def _cursor(picture, left, block, share):
    """Draw the cursor into the rows of a picture, in place."""
    column = left + round(min(max(share, 0.0), 1.0) * (block - 1))
    picture[:, max(column - 1, 0) : column + 1] = CURSOR


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
