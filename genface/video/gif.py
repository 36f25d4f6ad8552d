"""Pictures as a gif: one palette for the whole clip, unchanged pixels left alone."""

import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

NOISE = 10  # of 255; changes up to this are taken for noise
UNCHANGED = 255  # entry of the palette for pixels that a frame leaves alone
FASTEST = 50  # frames per second


def gif_step(rate: Fraction) -> int:
    """Each how-many-th frame a gif can show: viewers slow down what is too fast."""
    return max(1, math.ceil(rate / FASTEST))


def encode_gif(
    path: Path, frames: Iterable[np.ndarray], rate: Fraction, comment: str = ""
) -> None:
    """Write pictures (H, W, 3) uint8 at up to 50 frames/s, to be shown over and over.

    Memory holds two bytes per pixel of the clip.
    """
    codes, histogram = [], np.zeros(1 << 16, np.int64)
    shown = None
    for rgb in frames:
        shown = rgb if shown is None else _steadied(rgb, shown)
        code = _rgb565(shown)
        histogram += np.bincount(code.ravel(), minlength=1 << 16)
        codes.append(code)
    palette, nearest = _palette(histogram)

    def indexed(now: int) -> Image.Image:
        index = nearest[codes[now]]
        if now:
            index[codes[now] == codes[now - 1]] = UNCHANGED
        image = Image.fromarray(index)
        image.putpalette(palette.tobytes())
        return image

    ticks = [round(100 * k / rate) for k in range(len(codes) + 1)]
    delays = [10 * (after - now) for now, after in zip(ticks, ticks[1:], strict=False)]
    indexed(0).save(
        path,
        save_all=True,
        append_images=(indexed(now) for now in range(1, len(codes))),
        duration=delays,
        loop=0,
        transparency=UNCHANGED,
        disposal=1,
        optimize=False,
        comment=comment.encode(),
    )


def _steadied(rgb: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """New picture in which what hardly changed stays as it was: noise costs space."""
    change = np.maximum(rgb, shown) - np.minimum(rgb, shown)
    return np.where((change <= NOISE).all(axis=-1, keepdims=True), shown, rgb)


def _rgb565(rgb: np.ndarray) -> np.ndarray:
    """Colours in 16 bits, as red 5, green 6, blue 5."""
    wide = rgb.astype(np.uint16)
    return (wide[..., 0] >> 3 << 11) | (wide[..., 1] >> 2 << 5) | wide[..., 2] >> 3


def _palette(histogram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Palette (255, 3) uint8 for a histogram of 16-bit colours, and each one's index.

    Median cut (Heckbert 1982) on a picture that holds each colour in proportion.
    """
    code = np.arange(1 << 16)
    colours = np.stack([code >> 11 << 3, (code >> 5 & 63) << 2, (code & 31) << 3], 1)
    colours += [4, 2, 4]
    seen = np.flatnonzero(histogram)
    # The square root keeps small, bright details beside large, even areas.
    share = np.sqrt(histogram[seen])
    copies = np.ceil(share * (1 << 17) / share.sum()).astype(np.int64)
    sample = np.repeat(colours[seen], copies, axis=0).astype(np.uint8)
    reduced = Image.fromarray(sample[None]).quantize(
        UNCHANGED, Image.Quantize.MEDIANCUT
    )
    palette = np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)[:UNCHANGED]
    nearest = np.zeros(1 << 16, np.uint8)
    for block in np.array_split(seen, max(1, len(seen) // 4096)):
        far = colours[block, None].astype(np.int32) - palette.astype(np.int32)
        nearest[block] = (far**2 @ np.array([3, 6, 1])).argmin(axis=1)
    return palette, nearest
