"""What is written on a picture: an emotion and its score."""

import numpy as np
from PIL import Image, ImageDraw

from genface.avatar.lettering import FINE, SMALLEST, fitted, font, length

INK = (44, 48, 54)
PAPER = (250, 250, 248)
BAR = (92, 152, 190)
COVER = 0.86  # how much the label's ground hides


def emotion_label(
    picture: np.ndarray, name: str, score: float | None = None
) -> np.ndarray:
    """Copy of a picture (H, W, 3) with an emotion in its lower left corner.

    ``score`` (0-1) is the length of the bar below the name; None or NaN: no bar.
    """
    height, width = picture.shape[:2]
    size = _size(width)
    shown = score is not None and bool(np.isfinite(score))
    text = f"{name} {100 * score:.0f} %" if shown else name  # type: ignore[operator]
    pad = round(0.45 * size)
    text, size = fitted(text, 0.6 * width - 2 * pad, size, SMALLEST)
    across = round(length(text, size)) + 2 * pad
    down = round(1.35 * size) + pad
    box = Image.new("RGB", (FINE * across, FINE * down), PAPER)
    draw = ImageDraw.Draw(box)
    middle = FINE * (down - 0.4 * pad) / 2
    draw.text((FINE * pad, middle), text, INK, font(FINE * size, text), anchor="lm")
    if shown:
        full = across * min(max(float(score), 0.0), 1.0)  # type: ignore[arg-type]
        foot = FINE * (down - max(2, pad // 2))
        draw.rectangle([0, foot, FINE * full - 1, FINE * down], fill=BAR)
    margin = max(3, width // 50)
    top = height - down - margin
    return _veiled(picture, np.asarray(box.reduce(FINE)), max(top, 0), margin)


def _size(width: int) -> int:
    """Letters that can be read in a picture ``width`` pixels wide."""
    return max(12, round(width / 20))


def _veiled(picture, box, top, left) -> np.ndarray:
    """A copy with a box painted over it; dark or light letters stay opaque."""
    result = picture.copy()
    part = result[top : top + box.shape[0], left : left + box.shape[1]]
    box = box[: part.shape[0], : part.shape[1]].astype(np.float32)
    ground = box[0, 0]
    letter = np.abs(box - ground).max(axis=2, keepdims=True) / 255
    share = COVER + (1 - COVER) * np.clip(1.3 * letter, 0, 1)
    part[:] = part + share * (box - part) + 0.5
    return result
