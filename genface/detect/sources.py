"""What a call to a detector was given: files or arrays, pictures or clips."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from genface.errors import InputError, MediaError
from genface.files import sha256
from genface.video import (
    Frame,
    VideoInfo,
    as_rgb,
    is_picture,
    probe,
    read_frames,
    read_image,
)

Kind = Literal["image", "video"]
Given = Path | str | np.ndarray | Sequence[Path | str | np.ndarray]

SMALLEST = 16  # pixels of the shorter side, below which no face can be told


@dataclass
class Source:
    """One picture or clip; ``number`` counts the pictures of a call.

    ``problem`` says, after reading, where a damaged file ended.
    """

    name: str
    kind: Kind
    content: Path | np.ndarray
    number: int = 0
    problem: str | None = None
    info: VideoInfo | None = field(default=None, init=False)

    @contextmanager
    def frames(
        self, start: float | None, end: float | None, skip: int | None
    ) -> Iterator[Iterable[Frame]]:
        """Yield the frames to detect; start, end and skip are for clips only."""
        if isinstance(self.content, np.ndarray):
            yield self._of_array(self.content, skip)
        elif self.kind == "image":
            yield [Frame(self.number, np.nan, read_image(self.content))]
        else:
            self.info = probe(self.content)
            with read_frames(self.content, start, end, skip) as reader:
                yield reader
                self.problem = reader.problem

    def _of_array(self, content: np.ndarray, skip: int | None) -> Iterator[Frame]:
        if self.kind == "image":
            yield Frame(self.number, np.nan, as_rgb(content))
            return
        for index in range(0, len(content), skip or 1):
            yield Frame(index, np.nan, as_rgb(content[index]))

    @property
    def fps(self) -> float | None:
        """Average frames per second of a clip, if it tells."""
        return float(self.info.fps) if self.info and self.kind == "video" else None

    def digest(self) -> str | None:
        """sha256 of the file; None for an array."""
        return sha256(self.content) if isinstance(self.content, Path) else None

    def expected(
        self, start: float | None, end: float | None, skip: int | None
    ) -> int | None:
        """About how many frames will be detected; None if the file does not tell."""
        if self.kind == "image":
            return 1
        if isinstance(self.content, np.ndarray):
            return -(-len(self.content) // (skip or 1))
        if self.info is None or self.info.n_frames is None:
            return None
        first = (start or 0.0) * float(self.info.fps)
        last = self.info.n_frames if end is None else end * float(self.info.fps)
        return max(round((min(last, self.info.n_frames) - first) / (skip or 1)), 1)


def sources_of(given: Given, data_type: Kind | None) -> list[Source]:
    """Every picture and clip of a call's input.

    A path or array, or a sequence of them. An array is a picture (H, W[, 1|3|4]) or
    several (N, H, W, 3): pictures, or with ``data_type="video"`` the frames of a clip.
    """
    if data_type not in (None, "image", "video"):
        raise InputError(f"data_type={data_type!r}: use None, 'image' or 'video'.")
    items = [given] if isinstance(given, Path | str | np.ndarray) else list(given)
    if not items:
        raise InputError("no input came; give at least one video, image or array.")
    found: list[Source] = []
    pictures = 0
    for item in items:
        for source in _sources_of_one(item, data_type):
            if source.kind == "image":
                source.number, pictures = pictures, pictures + 1
            found.append(source)
    return found


def _sources_of_one(
    item: Path | str | np.ndarray, data_type: Kind | None
) -> list[Source]:
    if isinstance(item, Path | str):
        kind: Kind = data_type or ("image" if is_picture(item) else "video")
        return [Source(str(item), kind, Path(item))]
    if not isinstance(item, np.ndarray):
        raise InputError(
            f"a {type(item).__name__} came; expected a path or a numpy array."
        )
    if data_type == "video":
        return [Source("array", "video", item)]
    several = item.ndim == 4
    pictures = list(item) if several else [item]
    return [Source("array", "image", picture) for picture in pictures]


def checked(source: Source, frame: Frame) -> Frame:
    """The frame, unless it is too small to hold a face (a MediaError)."""
    height, width = frame.rgb.shape[:2]
    if min(height, width) < SMALLEST:
        raise MediaError(
            f"{source.name}: {width} x {height} pixels are too few for a face; "
            f"expected at least {SMALLEST} x {SMALLEST}."
        )
    return frame


Report = Callable[[int, int | None], None]
