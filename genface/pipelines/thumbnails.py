"""The small gif beside a clip: few pixels, few frames, a few megabytes."""

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from genface.files import atomic
from genface.video.gif import gif_step
from genface.video.writer import shrunk, write_clip

GIF_BYTES = 6_000_000
GIF_WIDTH = 440
GIF_SECONDS = 20.0


class Thumbnails:
    """Small copies of some frames of a clip, for a gif of a modest size."""

    def __init__(self, rate: Fraction) -> None:
        self.every = gif_step(rate)
        self.rate = rate / self.every
        self._frames: list[np.ndarray] = []
        self._cut = False

    def watch(self, pictures: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Pass pictures on, and keep some of them small."""
        for count, picture in enumerate(pictures):
            if count % self.every == 0:
                if len(self._frames) < GIF_SECONDS * self.rate:
                    self._frames.append(shrunk(picture, GIF_WIDTH))
                else:
                    self._cut = True
            yield picture

    def write(self, path: Path, comment: str = "") -> str:
        """Write the gif, smaller if it would be too large; a line on what differs."""
        width = self._frames[0].shape[1]
        with atomic(path) as gif:
            while True:
                write_clip(
                    gif, self._frames, self.rate, max_width=width, comment=comment
                )
                size = gif.stat().st_size
                if size <= GIF_BYTES or width <= 240:
                    break
                width = int(width * max(0.6, 0.95 * math.sqrt(GIF_BYTES / size)))
        cut = f", its first {GIF_SECONDS:g} s" if self._cut else ""
        rate = f"{float(self.rate):.3g} frames/s"
        return f"{path.name} is {width} pixels wide, at {rate}{cut}"
